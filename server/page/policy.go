package page

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// published is an app with its versions as they are at a moment.
type published struct {
	*history
	current *vault.Version // nil: none is in force
	pack    *vault.RulePack
	now     time.Time
}

func (p *Pages) published(ctx context.Context, code string) (published, error) {
	h, timeline, err := p.history(ctx, code)
	if err != nil {
		return published{}, err
	}
	pack, err := p.Vault.Rules.Of(h.app.Jurisdiction)
	if err != nil {
		return published{}, err
	}
	out := published{history: h, pack: pack, now: p.Clock()}
	if id, ok := timeline.InForce(out.now); ok {
		out.current = h.versions[timeline.Position(id)]
	}
	return out, nil
}

// key names a page of the app as it is at the moment.
func (of published) key(name, lang string, v *vault.Version) pageKey {
	coming := 0
	for _, one := range of.versions {
		if one.EffectiveAt.After(of.now) {
			coming++
		}
	}
	return pageKey{name: name, lang: lang, state: of.state, version: v.ID, coming: coming}
}

// find is the version of a label, or of an id.
func (of published) find(name string) *vault.Version {
	for _, v := range slices.Backward(of.versions) {
		if v.Label == name || v.ID.String() == name {
			return v
		}
	}
	return nil
}

var plainLabel = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// href leads to a version: by its label where that can stand in an address.
func (of published) href(v *vault.Version, lang string) string {
	name := v.Label
	if !plainLabel.MatchString(name) || name == "delete" {
		name = v.ID.String()
	}
	return "/policy/" + of.app.Code + "/" + name + "?" + url.Values{"locale": {lang}}.Encode()
}

// line is a version in a list.
type line struct {
	Label, Href, Mark, Effective, Updated string
	Shown                                 bool
}

func (of published) line(v *vault.Version, lang string) line {
	say, zone := sayings[lang], of.pack.Zone
	out := line{Label: v.Label, Href: of.href(v, lang), Effective: vault.SayDay(v.EffectiveAt, zone, lang), Updated: vault.SayDay(v.UpdatedAt, zone, lang)}
	switch {
	case v == of.current:
		out.Mark = say.MarkCurrent
	case v.EffectiveAt.After(of.now):
		out.Mark = say.MarkComing
	}
	return out
}

// policyPage is a version as people read it.
type policyPage struct {
	frame
	Label, Hash, TextLang                        string
	Updated, UpdatedISO, Effective, EffectiveISO string
	Coming, Past, Fallback                       bool
	Current                                      *line
	Text, Form                                   template.HTML
	Changes                                      []string
	Versions                                     []line // newest first
	DeleteHref                                   string
}

func (p *Pages) current(r *http.Request, who reader) (view, error) {
	return p.show(r, who, func(of published) *vault.Version { return of.current })
}

func (p *Pages) version(r *http.Request, who reader) (view, error) {
	return p.show(r, who, func(of published) *vault.Version { return of.find(r.PathValue("version")) })
}

func (p *Pages) show(r *http.Request, who reader, pick func(published) *vault.Version) (view, error) {
	of, err := p.published(r.Context(), r.PathValue("app"))
	if err != nil {
		return view{}, err
	}
	v := pick(of)
	if v == nil {
		return view{}, vault.ErrNotFound
	}
	lang := p.in(of.app, who)
	return view{
		name: "policy", lang: lang, key: of.key("policy", lang, v),
		data: func() (any, error) { return p.policyOf(r.Context(), of, v, lang) },
	}, nil
}

func (p *Pages) policyOf(ctx context.Context, of published, v *vault.Version, lang string) (any, error) {
	textLang := lang
	if _, ok := v.Document(lang); !ok {
		textLang = v.Authoritative
	}
	document, stored, err := p.Vault.PolicyDocument(ctx, v, textLang)
	if err != nil {
		return nil, err
	}
	zone := of.pack.Zone
	out := policyPage{
		frame: p.frame(of.app, lang, document.Title), Label: v.Label, Hash: stored.Hash, TextLang: textLang, Fallback: textLang != lang,
		Updated: vault.SayDay(v.UpdatedAt, zone, lang), UpdatedISO: day(v.UpdatedAt, zone),
		Effective: vault.SayDay(v.EffectiveAt, zone, lang), EffectiveISO: day(v.EffectiveAt, zone),
		Coming: v.EffectiveAt.After(of.now), Past: v != of.current && !v.EffectiveAt.After(of.now),
		DeleteHref: "/policy/" + of.app.Code + "/delete?" + url.Values{"locale": {lang}}.Encode(),
	}
	if out.Text, err = p.render(document.Text, document.Title); err != nil {
		return nil, err
	}
	if out.Form, err = p.render(document.ConsentForm, ""); err != nil {
		return nil, err
	}
	if of.current != nil {
		current := of.line(of.current, lang)
		out.Current = &current
	}
	for i, one := range slices.Backward(of.versions) {
		listed := of.line(one, lang)
		listed.Shown = one == v
		out.Versions = append(out.Versions, listed)
		if one == v && i > 0 {
			for _, c := range vault.DescribeChanges(of.app, p.Vault.Catalogue, of.versions[i-1], v) {
				out.Changes = append(out.Changes, in(c.Sentence, lang, of.app))
			}
		}
	}
	return out, nil
}

// deletionPage says how one's data is deleted, and what is kept.
type deletionPage struct {
	frame
	Withdrawal       string
	Responsible      struct{ Name, Email string }
	Deadlines, Rules []rule
	Fields           []string
	ByLaw            []kept
	Unread           bool // some rule that it leans on, nobody has read in the law
	Pack             string
	PolicyHref       string
}

// rule is a rule of the pack in a sentence.
type rule struct {
	Says, Article string
	Unread        bool // nobody has read it in the law
}

// kept is what the law has the operator keep.
type kept struct{ Title, Statement, Retention string }

func (p *Pages) deletion(r *http.Request, who reader) (view, error) {
	of, err := p.published(r.Context(), r.PathValue("app"))
	if err != nil {
		return view{}, err
	}
	if of.current == nil {
		return view{}, vault.ErrNotFound
	}
	lang := p.in(of.app, who)
	return view{
		name: "delete", lang: lang, key: of.key("delete", lang, of.current),
		data: func() (any, error) { return p.deletionOf(of, lang), nil },
	}, nil
}

func (p *Pages) deletionOf(of published, lang string) deletionPage {
	say, facts := sayings[lang], of.current.Facts
	out := deletionPage{
		frame: p.frame(of.app, lang, say.DeleteTitle), Withdrawal: in(facts.Withdrawal, lang, of.app),
		PolicyHref: "/policy/" + of.app.Code + "?" + url.Values{"locale": {lang}}.Encode(), Pack: of.pack.Name(),
	}
	out.Responsible.Name, out.Responsible.Email = in(of.app.ResponsiblePerson.Name, lang, of.app), of.app.ResponsiblePerson.Email
	for _, c := range facts.Collected(p.Vault.Catalogue) {
		out.Fields = append(out.Fields, in(c.Label, lang, of.app))
	}
	for _, item := range facts.Items {
		if item.Asked() {
			continue
		}
		one := kept{Title: in(item.Title, lang, of.app), Statement: in(item.Statement, lang, of.app)}
		if item.Retention != nil {
			one.Retention = vault.SayDuration(*item.Retention, lang)
		}
		out.ByLaw = append(out.ByLaw, one)
	}
	deadlines, rules := []vault.RuleID{vault.RuleErasure, vault.RuleWithdrawalStop}, []vault.RuleID{vault.RuleEvidence, vault.RuleAudit}
	out.Deadlines, out.Rules = of.says(lang, deadlines), of.says(lang, rules)
	out.Unread = len(of.pack.Unconfirmed(append(deadlines, rules...)...)) > 0
	return out
}

// says are the sentences of those rules that the pack has.
func (of published) says(lang string, ids []vault.RuleID) []rule {
	var out []rule
	for _, id := range ids {
		r := of.pack.Rule(id)
		one := rule{Says: in(r.Says, lang, of.app), Unread: !r.Confirmed()}
		if article, ok := vault.CiteArticle(r.Article, lang); ok {
			one.Article = article
		}
		if one.Says != "" {
			out = append(out, one)
		}
	}
	return out
}

func day(at time.Time, zone *time.Location) string { return at.In(zone).Format(time.DateOnly) }
