package vault

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// What the gate looks for in a policy's text is little, since prose cannot be
// read by rules: where links lead, and whether the law is called by half its
// name. Everything else is asked of the facts.

// passage is some words of a text, and the line that they are in, from 1.
type passage struct {
	words string
	line  int
}

var (
	webAddress = regexp.MustCompile(`(?i)\bhttps?://[^\s<>()\[\]"'«»“”]+`)
	quotation  = regexp.MustCompile(`«([^«»]+)»|“([^“”]+)”|"([^"]+)"`)
)

// links are the hosts that a text's web addresses lead to, each once.
func (t PolicyText) links() []passage {
	var out []passage
	t.each(webAddress, func(found []string, line int) {
		to, err := url.Parse(strings.TrimRight(found[0], ".,;:!?*_"))
		if err != nil || to.Hostname() == "" {
			return
		}
		host := strings.ToLower(to.Hostname())
		if !slices.ContainsFunc(out, func(p passage) bool { return p.words == host }) {
			out = append(out, passage{host, line})
		}
	})
	return out
}

// shortened are the quotations that begin like a name and end before it does.
func (t PolicyText) shortened(name string) []passage {
	var out []passage
	t.each(quotation, func(found []string, line int) {
		words := strings.TrimSpace(found[1] + found[2] + found[3])
		if strings.Contains(words, " ") && folded(words) != folded(name) && strings.HasPrefix(folded(name), folded(words)+" ") {
			out = append(out, passage{words, line})
		}
	})
	return out
}

// each calls for each match with its groups and the line that it is in.
func (t PolicyText) each(form *regexp.Regexp, do func(found []string, line int)) {
	line := 1
	for text := range strings.Lines(t.Text) {
		for _, found := range form.FindAllStringSubmatch(text, -1) {
			do(found, line)
		}
		line++
	}
}

// quoted is the name in quotation marks within a title: what a law is called.
// It is empty where there is none.
func quoted(title string) string {
	found := quotation.FindStringSubmatch(title)
	if found == nil {
		return ""
	}
	return found[1] + found[2] + found[3]
}

// folded are the words without case, punctuation and the number of spaces:
// what is the same title, however it is set.
func folded(s string) string {
	apart := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), apart), " ")
}
