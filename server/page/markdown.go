package page

import (
	"bytes"
	"fmt"
	"html/template"
	"net/url"
	"slices"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newMarkdown renders what publishers write. It is harmless whatever they write:
// raw HTML is left out, a link leads to the web, to a mailbox or to a phone or is
// none, and of an image its description stays, so that a page asks no other host.
func newMarkdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(tame{}, 100))),
	)
}

// render makes a part of a page of Markdown. The page has the title as its own
// heading, so that it is left out at the
// beginning, where it may also stand as a line of plain text. If it was no
// heading, all others go down a level.
func (p *Pages) render(source, title string) (template.HTML, error) {
	ctx := parser.NewContext()
	ctx.Set(titleKey, title)
	var out bytes.Buffer
	if err := p.markdown.Convert([]byte(source), &out, parser.WithContext(ctx)); err != nil {
		return "", fmt.Errorf("rendering a policy's text: %w", err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // goldmark escapes, and leaves raw HTML out
}

//nolint:gochecknoglobals // the library's way of naming a value
var titleKey = parser.NewContextKey()

// tame makes a document fit for a page.
type tame struct{}

// Transform implements parser.ASTTransformer.
func (tame) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	title, _ := pc.Get(titleKey).(string)
	source := reader.Source()
	down := 1
	if first := doc.FirstChild(); first != nil && title != "" && string(plain(first, source)) == title {
		if first.Kind() == ast.KindHeading {
			down = 0 // what was below it is below the page's heading
		}
		doc.RemoveChild(doc, first)
	}
	var unwrapped []ast.Node
	walk := func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(max(n.Level+down, 2), 6)
		case *ast.Image:
			unwrapped = append(unwrapped, n)
		case *ast.Link:
			if harmless(n.Destination) {
				n.SetAttributeString("rel", []byte("noopener noreferrer"))
			} else {
				unwrapped = append(unwrapped, n)
			}
		}
		return ast.WalkContinue, nil
	}
	_ = ast.Walk(doc, walk) // walk has no errors
	for _, n := range slices.Backward(unwrapped) {
		unwrap(n)
	}
}

// unwrap leaves what stands in a node in its place.
func unwrap(n ast.Node) {
	parent := n.Parent()
	for child := n.FirstChild(); child != nil; child = n.FirstChild() {
		n.RemoveChild(n, child)
		parent.InsertBefore(parent, n, child)
	}
	parent.RemoveChild(parent, n)
}

// harmless reports whether a link may be one.
func harmless(destination []byte) bool {
	u, err := url.Parse(string(destination))
	return err == nil && slices.Contains([]string{"https", "http", "mailto", "tel"}, u.Scheme)
}

// plain is the text of a node without its marks.
func plain(n ast.Node, source []byte) []byte {
	var out []byte
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if t, ok := child.(*ast.Text); ok {
			out = append(out, t.Segment.Value(source)...)
			continue
		}
		out = append(out, plain(child, source)...)
	}
	return out
}
