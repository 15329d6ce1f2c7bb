package folder

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// form reads one YAML file and gathers everything that is wrong with it.
type form struct {
	path   string
	faults []fault
}

// fault is one thing that is wrong with a file.
type fault struct {
	line int
	text string
}

// maxFaults is how many faults one error tells.
const maxFaults = 20

// decode reads a file's top mapping by way of read, which asks for every key
// that it knows; what it did not ask for is refused.
func decode[T any](path string, raw []byte, read func(*object) T) (T, error) {
	var none T
	if err := checkText(path, raw); err != nil {
		return none, err
	}
	f := &form{path: path}
	root, err := f.root(raw)
	if err != nil {
		return none, err
	}
	top := value{form: f, node: root, line: root.Line, name: "the file"}.object()
	out := read(top)
	top.close()
	if err := f.err(); err != nil {
		return none, err
	}
	return out, nil
}

// root is the one document of the file.
func (f *form) root(raw []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: the file says nothing; fill it in", f.path)
	case err != nil:
		return nil, f.syntax(err)
	}
	var second yaml.Node
	switch err := dec.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("%s:%d: a second document begins here; keep one, without ---", f.path, second.Line)
	case !errors.Is(err, io.EOF):
		return nil, f.syntax(err)
	}
	root := doc.Content[0]
	if root.ShortTag() == "!!null" {
		return nil, fmt.Errorf("%s: the file says nothing; fill it in", f.path)
	}
	return root, nil
}

var syntaxLine = regexp.MustCompile(`^line (\d+): `)

// syntax words the YAML library's error like ours. The library tells places
// and kinds of things, and only of an unknown *name also the text.
func (f *form) syntax(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	place := f.path
	if at := syntaxLine.FindStringSubmatch(text); at != nil {
		place += ":" + at[1]
		text = strings.TrimPrefix(text, at[0])
	}
	if strings.HasPrefix(text, "unknown anchor") {
		text = "a text that begins with * is not in quotes"
	}
	return fmt.Errorf("%s: not valid YAML: %s; check the indentation and the quotes about there", place, text)
}

func (f *form) faultf(line int, format string, args ...any) {
	f.faults = append(f.faults, fault{line, fmt.Sprintf(format, args...)})
}

// err is everything that is wrong, in the file's order.
func (f *form) err() error {
	if len(f.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(f.faults, func(a, b fault) int { return cmp.Compare(a.line, b.line) })
	var lines []string
	for _, fault := range f.faults[:min(len(f.faults), maxFaults)] {
		lines = append(lines, f.path+":"+strconv.Itoa(fault.line)+": "+fault.text)
	}
	if more := len(f.faults) - maxFaults; more > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more", f.path, more))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// object is a mapping that remembers which of its keys were asked for.
type object struct {
	form   *form
	line   int
	keys   []*yaml.Node // in the file's order
	values map[string]*yaml.Node
	asked  []string
}

// at is what stands under a key. Asking makes the key known.
func (o *object) at(key string) value {
	o.asked = append(o.asked, key)
	return o.value(key)
}

func (o *object) value(key string) value {
	node, line := o.values[key], o.line
	if node != nil {
		line = node.Line
	}
	return value{form: o.form, node: node, line: line, name: key}
}

// rest is what stands under the keys nobody asked for, in the file's order.
func (o *object) rest() []value {
	var out []value
	for _, key := range o.keys {
		if !slices.Contains(o.asked, key.Value) {
			out = append(out, o.value(key.Value))
		}
	}
	return out
}

// close refuses the keys that nobody asked for.
func (o *object) close() {
	known := strings.Join(o.asked, ", ")
	for _, key := range o.keys {
		if !slices.Contains(o.asked, key.Value) {
			o.form.faultf(key.Line, "%s is not known here; correct it to one of: %s, or remove it", quote(key.Value), known)
		}
	}
}

// quote shows a key from a file, however strange.
func quote(key string) string {
	if runes := []rune(key); len(runes) > 40 {
		key = string(runes[:40]) + "…"
	}
	return strconv.Quote(key)
}
