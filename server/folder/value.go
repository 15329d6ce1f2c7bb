package folder

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kelisim/kelisim/vault"
)

// value is what stands in one place of a form. Its methods read it as what
// the place asks for; where it is something else they note the fault and
// answer nothing.
type value struct {
	form *form
	node *yaml.Node // nil: the key is not there
	line int
	name string // the key that it stands under
}

func (v value) faultf(format string, args ...any) { v.form.faultf(v.line, format, args...) }

// none reports whether nothing is said: no such key, or null.
func (v value) none() bool { return v.node == nil || v.node.ShortTag() == "!!null" }

// is reports whether the value is of a kind, and notes what is wanted if not.
func (v value) is(kind yaml.Kind, wanted string) bool {
	switch {
	case v.none():
		return false
	case v.node.Kind == yaml.AliasNode:
		v.faultf("%s: *names and &names are not read here; write the value out", v.name)
	case v.node.Style&yaml.TaggedStyle != 0:
		v.faultf("%s: !tags are not read here; remove it", v.name)
	case v.node.Kind != kind:
		v.faultf("%s: %s", v.name, wanted)
	default:
		return true
	}
	return false
}

// text is one scalar as it is written: 1.10 stays 1.10 and NO stays NO,
// whatever YAML would make of them. Nothing said is "".
func (v value) text() string {
	if !v.is(yaml.ScalarNode, "one text belongs here, not a list or keys of its own; put it in quotes") {
		return ""
	}
	if strings.ContainsRune(v.node.Value, 0) {
		v.faultf("%s: a NUL character; remove it", v.name)
	}
	return v.node.Value
}

// optional is a text that may be left out.
func (v value) optional() *string {
	if v.none() {
		return nil
	}
	text := v.text()
	return &text
}

// flag is an explicit true or false, or nil when nothing is said.
func (v value) flag() *bool {
	const wanted = "write true or false, without quotes"
	if !v.is(yaml.ScalarNode, wanted) {
		return nil
	}
	yes := v.node.Value == "true"
	if v.node.ShortTag() != "!!bool" || !yes && v.node.Value != "false" {
		v.faultf("%s: %s", v.name, wanted)
		return nil
	}
	return &yes
}

// answer is a flag that may not be left out.
func (v value) answer() bool {
	if v.none() {
		v.faultf("%s is missing; write true or false", v.name)
	}
	flag := v.flag()
	return flag != nil && *flag
}

// moment is a time of RFC 3339, or nil when nothing is said.
func (v value) moment() *time.Time {
	if v.none() {
		return nil
	}
	at, err := time.Parse(time.RFC3339, v.text())
	if err != nil {
		v.faultf("%s: not a time; write it like 2026-10-01T00:00:00+05:00, or null", v.name)
		return nil
	}
	at = at.UTC()
	return &at
}

// date is a day as YYYY-MM-DD, or "" when nothing is said. With quotes or
// without, it stays the text it is.
func (v value) date() string {
	text := v.text()
	if _, err := time.Parse(time.DateOnly, text); text != "" && err != nil {
		v.faultf("%s: not a date; write it like 2026-10-01", v.name)
	}
	return text
}

// words are texts by language, in the file's order.
func (v value) words() vault.Words {
	if !v.is(yaml.MappingNode, "words are given by language: "+languages("%: …")) {
		return nil
	}
	o := v.object()
	var out vault.Words
	for _, word := range o.rest() {
		switch {
		case !slices.Contains(vault.Languages, word.name):
			word.faultf("%s is not a language of the product; use one of %s", quote(word.name), languages("%"))
		case word.none():
			word.faultf("%s: no words; write them, or remove the line", word.name)
		default:
			out = append(out, vault.Word{Locale: word.name, Text: word.text()})
		}
	}
	return out
}

// languages names each language of the product the way of the pattern.
func languages(pattern string) string {
	var out []string
	for _, l := range vault.Languages {
		out = append(out, strings.ReplaceAll(pattern, "%", l))
	}
	return strings.Join(out, ", ")
}

// object is the value as a mapping, each key once.
func (v value) object() *object {
	o := &object{form: v.form, line: v.line, values: map[string]*yaml.Node{}}
	if !v.is(yaml.MappingNode, "keys and their values belong here, like code: dala") {
		o.form = &form{} // one fault is enough: what is missing inside is noise
		return o
	}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, node := v.node.Content[i], v.node.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0 || key.ShortTag() == "!!null" {
			v.form.faultf(key.Line, "a key is a plain word; write it out")
			continue
		}
		if first, ok := o.values[key.Value]; ok {
			v.form.faultf(key.Line, "%s is here twice, first at line %d; keep one", quote(key.Value), first.Line)
			continue
		}
		o.keys, o.values[key.Value] = append(o.keys, key), node
	}
	return o
}

// each reads the entries of a list; nothing said is an empty list.
func each[T any](v value, read func(value) T) []T {
	out := []T{}
	if !v.is(yaml.SequenceNode, "a list belongs here, each entry on a line that begins with - ; [] is the empty list") {
		return out
	}
	for _, node := range v.node.Content {
		entry := value{form: v.form, node: node, line: node.Line, name: "an entry of " + v.name}
		if entry.none() {
			entry.faultf("%s is empty; fill it in, or remove it", entry.name)
			continue
		}
		out = append(out, read(entry))
	}
	return out
}
