package vault

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Gate holds policies against the law of one jurisdiction before they are
// published. What it asks for, and how much it matters, the pack says.
type Gate struct {
	Pack      *RulePack
	Catalogue Catalogue
	CheckBIN  func(string) error
	Previous  *Version // the one published before; nil: none, or none is known
	Now       time.Time
}

// Report is what the gate has to say about one policy.
type Report struct {
	Pack        *RulePack
	Form        []Finding // what not even a draft may contain
	Findings    []Finding // in the order in which the rules are asked
	Unconfirmed []Rule    // of the rules that were asked: those that nobody has read in the law
}

// Finding is one thing that a rule wants of a policy, and that is not so. What
// a version needs to be shown at all is wanted by a rule without an id.
type Finding struct {
	Rule    Rule
	Code    Code     // of what not even a draft may contain; empty for all else
	Path    []string // outermost first: app.operator.bin, facts.term, texts.0.text
	Line    int      // in the text that Path names, from 1; 0: the finding is not about a line
	Message Words
}

// Of are the findings of a severity.
func (r Report) Of(severity Severity) []Finding {
	var out []Finding
	for _, f := range r.Findings {
		if f.Rule.Severity == severity {
			out = append(out, f)
		}
	}
	return out
}

// Stops reports whether the policy cannot be published as it is.
func (r Report) Stops() bool { return len(r.Form) > 0 || len(r.Of(Fatal)) > 0 }

// Check holds a version, its app and its texts against the rules. An app
// without a code is one that nobody has described yet.
func (g Gate) Check(v *Version, app App, texts []PolicyText) Report {
	i := &inspection{Gate: g, app: app, facts: v.Facts, texts: texts}
	i.must(v.Label != "", says("label"), "label")
	i.operators()
	i.contacts()
	i.answers()
	i.data()
	i.law()
	i.languages()
	i.links()
	i.words()
	i.agreeing()
	i.contradicting()
	i.stillAsked(v)
	form := proofread(g.Catalogue, v, app, texts)
	return Report{Pack: g.Pack, Form: form, Findings: i.findings, Unconfirmed: g.Pack.Unconfirmed(i.asked...)}
}

// inspection is one policy being held against the rules.
type inspection struct {
	Gate
	app      App
	facts    Facts
	texts    []PolicyText
	findings []Finding
	asked    []RuleID
}

// asks reports whether the pack has the rule asked for at all.
func (i *inspection) asks(id RuleID) bool {
	r := i.Pack.Rule(id)
	if r.Severity != Warning && r.Severity != Fatal {
		return false
	}
	if !slices.Contains(i.asked, id) {
		i.asked = append(i.asked, id)
	}
	return true
}

// need finds what a rule wants when it is not so.
func (i *inspection) need(id RuleID, ok bool, message Words, path ...string) {
	if i.asks(id) && !ok {
		i.findings = append(i.findings, Finding{Rule: i.Pack.Rule(id), Path: slices.Clone(path), Message: message})
	}
}

// must finds what no version is published without, whatever the law.
func (i *inspection) must(ok bool, message Words, path ...string) {
	if !ok {
		i.findings = append(i.findings, Finding{Rule: Rule{Severity: Fatal}, Path: slices.Clone(path), Message: message})
	}
}

// line finds something in a line of a text.
func (i *inspection) line(id RuleID, text, line int, message Words) {
	i.findings = append(i.findings, Finding{
		Rule: i.Pack.Rule(id), Path: []string{"texts", strconv.Itoa(text), "text"}, Line: line, Message: message,
	})
}

// said reports whether there are words in the language that prevails.
func (i *inspection) said(w Words) bool {
	text, ok := WordsIn(w, i.app.AuthoritativeLanguage)
	return ok && strings.TrimSpace(text) != ""
}

func (i *inspection) operators() {
	i.entity(RuleOperatorNamed, i.app.Operator, "operator")
	i.entity(RuleOwnerNamed, i.app.Owner, "owner")
	i.need(RuleGroupNamed, i.app.Code != "", says("groupUnsaid"), "app", "group")
	for n, member := range i.app.Group {
		i.entity(RuleGroupNamed, member, "group", strconv.Itoa(n))
	}
}

// entity wants the name and the BIN of a legal entity.
func (i *inspection) entity(id RuleID, o Operator, path ...string) {
	path = append([]string{"app"}, path...)
	i.need(id, i.said(o.Name), says(path[1]+"Name"), append(path, "name")...)
	message := says("binWrong")
	if o.BIN == "" {
		message = says(path[1] + "BIN")
	}
	i.need(id, o.BIN != "" && i.CheckBIN(o.BIN) == nil, message, append(path, "bin")...)
}

func (i *inspection) contacts() {
	person := i.app.ResponsiblePerson
	i.need(RuleContactsSaid, i.app.Contacts.Email != "", says("contacts"), "app", "contacts", "email")
	i.need(RuleResponsibleNamed, i.said(person.Name) && person.Email != "", says("responsiblePerson"), "app", "responsiblePerson")
	i.need(RuleWithdrawalSaid, i.said(i.facts.Withdrawal), says("withdrawal"), "facts", "withdrawal")
}

// answers wants what is a yes, a no or a term.
func (i *inspection) answers() {
	f := i.facts
	i.need(RuleTermSaid, f.Term != nil || i.said(f.PurposesEnd), says("term"), "facts", "term")
	i.need(RuleThirdPartiesSaid, f.ThirdParties != nil, says("thirdParties"), "facts", "thirdParties")
	for n, item := range f.Items {
		i.need(RuleThirdPartiesSaid, item.Kind != ThirdParties || len(item.Recipients) > 0, says("recipients"),
			"facts", "items", strconv.Itoa(n), "recipients")
	}
	i.need(RuleCrossBorderSaid, f.CrossBorder != nil, says("crossBorder"), "facts", "crossBorder")
	i.need(RulePublicSourcesSaid, f.PublicSources != nil, says("publicSources"), "facts", "publicSources")
}

// data wants the list of what is collected, a purpose for each, and for each
// purpose a ground that the law knows and how long data is kept.
func (i *inspection) data() {
	f := i.facts
	i.need(RuleFieldsListed, len(f.Collected(i.Catalogue)) > 0, says("fields"), "facts", "items")
	for n, field := range f.Fields {
		used := slices.ContainsFunc(f.Items, func(item Item) bool { return item.Uses(field.Code) })
		i.need(RuleFieldsListed, used, says("fieldWithoutPurpose", field.Code), "facts", "fields", strconv.Itoa(n))
	}
	bases := i.Pack.Rule(RuleBases).List
	for n, item := range f.Items {
		path := []string{"facts", "items", strconv.Itoa(n)}
		i.need(RuleBases, slices.Contains(bases, string(item.Basis)), says("basis", string(item.Basis)), append(path, "basis")...)
		i.need(RuleRetentionSaid, item.Kind != Purpose || item.Retention != nil, says("retention", item.Code), append(path, "retention")...)
	}
	i.asks(RuleBases) // a policy without items leans on them just as well
	i.asks(RuleRetentionSaid)
}

func (i *inspection) law() {
	title := i.facts.LawTitle
	short := slices.ContainsFunc(title, func(w Word) bool {
		full, known := WordsIn(i.Pack.Law, w.Locale)
		return known && !strings.Contains(folded(w.Text), folded(full))
	})
	i.need(RuleLawTitle, i.said(title), says("lawTitle", i.Pack.Law), "facts", "lawTitle")
	i.need(RuleLawTitle, !i.said(title) || !short, says("lawTitleShort", i.Pack.Law), "facts", "lawTitle")
	i.lawInTexts()
	a := i.facts.Approval
	i.need(RuleApproval, a != nil && a.By != "" && a.Reference != "", says("approval"), "facts", "approval")
	dated := a != nil && isDate(a.At)
	i.need(RuleDate, dated, says("date"), "facts", "approval", "at")
	i.need(RuleDate, !dated || a.At <= i.Now.In(i.Pack.Zone).Format(time.DateOnly), says("dateAhead"), "facts", "approval", "at")
}

// lawInTexts wants a text to call the law by its whole name, if it does.
func (i *inspection) lawInTexts() {
	if !i.asks(RuleLawInText) {
		return
	}
	for n, text := range i.texts {
		for _, half := range text.shortened(quoted(wordsOr(i.Pack.Law, text.Locale))) {
			i.line(RuleLawInText, n, half.line, says("lawInText", half.words, wordsOr(i.Pack.Law, text.Locale)))
		}
	}
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func (i *inspection) languages() {
	has := func(locale string) bool {
		return slices.ContainsFunc(i.texts, func(t PolicyText) bool { return t.Locale == locale })
	}
	main := i.app.AuthoritativeLanguage
	i.need(RuleAuthoritativeText, has(main), says("authoritativeText", main), "texts")
	if i.app.Code == "" {
		return // nobody knows which languages the app speaks
	}
	for _, locale := range i.app.Languages {
		i.need(RuleOtherTexts, locale == main || has(locale), says("otherText", locale), "texts")
	}
}

// links wants each link that leads out of the app to be declared.
func (i *inspection) links() {
	if !i.asks(RuleLinks) {
		return
	}
	for n, text := range i.texts {
		for _, link := range text.links() {
			declared := slices.ContainsFunc(i.facts.ExternalLinks, func(l ExternalLink) bool { return l.Host() == link.words })
			if !declared {
				i.line(RuleLinks, n, link.line, says("link", link.words))
			}
		}
	}
}

// words wants words in the language that prevails: they stand in for those that
// are missing in another.
func (i *inspection) words() {
	for n, item := range i.facts.Items {
		path := []string{"facts", "items", strconv.Itoa(n)}
		i.must(i.said(item.Title), says("itemTitle"), append(path, "title")...)
		i.must(i.said(item.Statement), says("itemStatement"), append(path, "statement")...)
	}
	for n, field := range i.facts.Fields {
		i.must(i.said(field.Label), says("fieldLabel"), "facts", "fields", strconv.Itoa(n), "label")
	}
	for n, link := range i.facts.ExternalLinks {
		i.must(i.said(link.Title), says("linkTitle"), "facts", "externalLinks", strconv.Itoa(n), "title")
	}
}

// agreeing holds the explicit answers against the items: an item that the
// answer denies, an answer without an item to agree to, a recipient abroad
// where no data leaves the country.
func (i *inspection) agreeing() {
	f := i.facts
	for _, answer := range []struct {
		kind ItemKind
		yes  *bool
	}{{ThirdParties, f.ThirdParties}, {CrossBorder, f.CrossBorder}, {Publication, f.PublicSources}} {
		if answer.yes == nil {
			continue
		}
		has := slices.ContainsFunc(f.Items, func(item Item) bool { return item.Kind == answer.kind })
		i.must(has || !*answer.yes, says("yesWithoutItem", string(answer.kind)), "facts", "items")
		i.must(!has || *answer.yes, says("noWithItem", string(answer.kind)), "facts", "items")
	}
	home := i.Pack.Rule(RuleHomeCountry).List
	for n, item := range f.Items {
		abroad := slices.ContainsFunc(item.Recipients, func(r Recipient) bool { return !slices.Contains(home, r.Country) })
		stays := f.CrossBorder != nil && !*f.CrossBorder
		i.must(!abroad || !stays, says("abroad"), "facts", "items", strconv.Itoa(n), "recipients")
	}
}
