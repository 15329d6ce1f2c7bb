package folder

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/kelisim/kelisim/vault"
)

const header = `# The facts of a policy version; its texts are beside it, one per language.
# Written from what the vault holds: everything that can be said is here, and
# null, "" or [] is what was not said.
`

// generate writes policy.yaml from the facts. Equal facts make equal bytes:
// words stand in the order of vault.Languages, whatever theirs is.
func generate(p Policy) ([]byte, error) {
	effective := none()
	if p.EffectiveAt != nil {
		effective = text(p.EffectiveAt.UTC().Format(time.RFC3339Nano))
	}
	f := p.Facts
	sections := [][]member{
		{{"label", text(p.Label)}, {"effectiveAt", effective}},
		{{"title", words(f.Title)}},
		{{"term", optional(f.Term)}, {"purposesEnd", words(f.PurposesEnd)}},
		{{"lawTitle", words(f.LawTitle)}},
		{{"thirdParties", flag(f.ThirdParties)}, {"crossBorder", flag(f.CrossBorder)}, {"publicSources", flag(f.PublicSources)}},
		{{"items", list(f.Items, fromItem)}},
		{{"fields", list(f.Fields, fromField)}},
		{{"withdrawal", words(f.Withdrawal)}},
		{{"approval", fromApproval(f.Approval)}},
		{{"externalLinks", list(f.ExternalLinks, fromExternalLink)}},
	}
	out := bytes.NewBufferString(header)
	for _, section := range sections {
		out.WriteByte('\n')
		enc := yaml.NewEncoder(out)
		enc.SetIndent(2)
		if err := enc.Encode(mapping(section...)); err != nil {
			return nil, fmt.Errorf("%s: %s cannot be written: %w", policyFile, section[0].key, err)
		}
		if err := enc.Close(); err != nil {
			return nil, fmt.Errorf("%s: %w", policyFile, err)
		}
	}
	return out.Bytes(), nil
}

func fromItem(i vault.Item) *yaml.Node {
	members := []member{
		{"code", text(i.Code)},
		{"kind", text(string(i.Kind))},
		{"required", flag(&i.Required)},
		{"basis", text(string(i.Basis))},
		{"title", words(i.Title)},
		{"statement", words(i.Statement)},
		{"fields", list(i.Fields, fromItemField)},
		{"retention", optional(i.Retention)},
		{"recipients", list(i.Recipients, fromRecipient)},
	}
	if len(i.Channels) > 0 {
		members = append(members, member{"channels", list(i.Channels, func(c vault.Channel) *yaml.Node { return text(string(c)) })})
	}
	return mapping(members...)
}

func fromItemField(f vault.ItemField) *yaml.Node {
	n := mapping(member{"field", text(f.Field)}, member{"required", flag(&f.Required)})
	n.Style = yaml.FlowStyle // one line each, a table of them
	return n
}

func fromRecipient(r vault.Recipient) *yaml.Node {
	return mapping(member{"name", words(r.Name)}, member{"country", text(r.Country)}, member{"purpose", words(r.Purpose)})
}

func fromField(f vault.Field) *yaml.Node {
	return mapping(
		member{"code", text(f.Code)},
		member{"class", text(string(f.Class))},
		member{"kind", text(string(f.Kind))},
		member{"mask", text(string(f.Mask))},
		member{"label", words(f.Label)},
		member{"help", words(f.Help)},
	)
}

func fromExternalLink(l vault.ExternalLink) *yaml.Node {
	return mapping(member{"title", words(l.Title)}, member{"url", text(l.URL)})
}

func fromApproval(a *vault.Approval) *yaml.Node {
	if a == nil {
		return none()
	}
	return mapping(member{"by", text(a.By)}, member{"at", text(a.At)}, member{"reference", text(a.Reference)})
}

// member is a key of a mapping and what stands under it.
type member struct {
	key   string
	value *yaml.Node
}

func mapping(members ...member) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, m := range members {
		n.Content = append(n.Content, text(m.key), m.value)
	}
	return n
}

func list[T any](entries []T, from func(T) *yaml.Node) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if len(entries) == 0 {
		n.Style = yaml.FlowStyle
	}
	for _, e := range entries {
		n.Content = append(n.Content, from(e))
	}
	return n
}

func words(w vault.Words) *yaml.Node {
	if len(w) == 0 {
		return none()
	}
	w = slices.Clone(w)
	slices.SortStableFunc(w, func(a, b vault.Word) int { return rank(a.Locale) - rank(b.Locale) })
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, word := range w {
		n.Content = append(n.Content, text(word.Locale), text(word.Text))
	}
	return n
}

// rank puts a language that the product does not have last: reading refuses it.
func rank(locale string) int {
	if i := slices.Index(vault.Languages, locale); i >= 0 {
		return i
	}
	return len(vault.Languages)
}

// truth is what older readers of YAML take for a boolean, Norway's code included.
var truth = regexp.MustCompile(`^(?i:y|n|yes|no|on|off)$`)

// text is a string that reads back as itself: plain where YAML allows it, in
// quotes where it would mean something else.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if s == "" || truth.MatchString(s) || !prose(s) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// prose reports whether a text stands in a file well as it is: printed
// characters alone, and neither an end nor a line's end that is a space.
func prose(s string) bool {
	if s != strings.TrimSpace(s) {
		return false
	}
	for line := range strings.SplitSeq(s, "\n") {
		if line != strings.TrimSpace(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return false
		}
	}
	return true
}

func optional(s *string) *yaml.Node {
	if s == nil {
		return none()
	}
	return text(*s)
}

func flag(b *bool) *yaml.Node {
	if b == nil {
		return none()
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(*b)}
}

func none() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"} }
