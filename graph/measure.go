package graph

import "github.com/vektah/gqlparser/v2/ast"

// enough is where counting stops: fragments that spread one another twice
// reach 2^100 within the limit of tokens.
const enough = 1 << 30

// size is what was counted below one place of a document.
type size struct {
	depth         int // levels of fields, those of introspection apart
	introspection int // levels of fields below __schema or __type
	fields        int // on the outermost level
	aliases       int
	directives    int
	selections    int
}

// beside is the size of two places next to each other.
func (s size) beside(t size) size {
	return size{
		depth:         max(s.depth, t.depth),
		introspection: max(s.introspection, t.introspection),
		fields:        min(s.fields+t.fields, enough),
		aliases:       min(s.aliases+t.aliases, enough),
		directives:    min(s.directives+t.directives, enough),
		selections:    min(s.selections+t.selections, enough),
	}
}

// measure counts what a document asks for, each fragment once however often it
// is spread.
type measure struct {
	doc       *ast.QueryDocument
	fragments map[string]*ast.FragmentDefinition
	known     map[string]size // a fragment being measured is known as empty: a cycle adds nothing
	streamed  string          // @defer or @stream, if the document has one
}

func newMeasure(doc *ast.QueryDocument) *measure {
	m := &measure{doc: doc, fragments: map[string]*ast.FragmentDefinition{}, known: map[string]size{}}
	for _, fragment := range doc.Fragments {
		if m.fragments[fragment.Name] == nil { // the first of one name, as gqlparser does
			m.fragments[fragment.Name] = fragment
		}
	}
	return m
}

// document is the size of all operations together, and the most root fields of
// one operation. A fragment that is spread nowhere is validated all the same,
// so where one alone asks for more than the operations, that counts.
func (m *measure) document() (total size, widest int) {
	for _, op := range m.doc.Operations {
		at := m.set(op.SelectionSet)
		widest = max(widest, at.fields)
		at.directives += m.directives(op.Directives)
		for _, variable := range op.VariableDefinitions {
			at.directives += m.directives(variable.Directives)
		}
		total = total.beside(at)
	}
	for _, fragment := range m.doc.Fragments {
		at := m.set(fragment.SelectionSet)
		total.aliases = max(total.aliases, at.aliases)
		total.directives = max(total.directives, at.directives+m.directives(fragment.Directives))
		total.selections = max(total.selections, at.selections)
	}
	return total, widest
}

func (m *measure) set(selections ast.SelectionSet) size {
	var total size
	for _, selection := range selections {
		total = total.beside(m.selection(selection))
	}
	return total
}

func (m *measure) selection(selection ast.Selection) size {
	var at size
	switch s := selection.(type) {
	case *ast.Field:
		at = m.set(s.SelectionSet)
		if s.Name == "__schema" || s.Name == "__type" {
			at.introspection, at.depth = max(at.introspection, at.depth+1), 0
		}
		at.depth++
		at.fields = 1
		at.directives += m.directives(s.Directives)
		if s.Alias != s.Name {
			at.aliases++
		}
	case *ast.InlineFragment:
		at = m.set(s.SelectionSet)
		at.directives += m.directives(s.Directives)
	case *ast.FragmentSpread:
		at = m.fragment(s.Name)
		at.directives += m.directives(s.Directives)
	}
	at.selections++
	return at
}

func (m *measure) fragment(name string) size {
	if at, ok := m.known[name]; ok || m.fragments[name] == nil {
		return at
	}
	m.known[name] = size{}
	fragment := m.fragments[name]
	at := m.set(fragment.SelectionSet)
	at.directives += m.directives(fragment.Directives)
	m.known[name] = at
	return at
}

func (m *measure) directives(list ast.DirectiveList) int {
	for _, directive := range list {
		if directive.Name == "defer" || directive.Name == "stream" {
			m.streamed = directive.Name
		}
	}
	return len(list)
}
