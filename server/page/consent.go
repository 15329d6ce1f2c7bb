package page

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"

	"github.com/kelisim/kelisim/vault"
)

// sheet is one consent on paper.
type sheet struct {
	frame
	Item, State, Decided, ValidUntil, Method, GivenBy string
	Label, ShownIn, Hash, Person, ID, Statement, Zone string
	TextLang, DocumentTitle                           string
	Reference, Signed, Ground                         string // of what did not come through the app
	Operators                                         []string
	Events                                            []happening
	Others                                            []decision
	Text, Form                                        template.HTML
}

// happening is something that happened to the consent.
type happening struct {
	Seq                int64
	What, When, Method string
}

// decision is one that was made on the same screen.
type decision struct{ Item, Decision string }

// consentOperation is how refusals of the sheet are counted.
const consentOperation = "GET /consents/{id}"

func (p *Pages) consent(r *http.Request, who reader) (view, error) {
	actor, err := p.Caller(r)
	if err != nil {
		return view{}, err
	}
	if !actor.Authenticated() {
		p.Denied(consentOperation)
		return view{}, vault.NewError(vault.CodeUnauthenticated, "this needs a token")
	}
	user, id, err := p.ConsentID(r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	found, err := p.Vault.ConsentSheet(r.Context(), actor, user, id)
	if err != nil {
		return view{}, err
	}
	pack, err := p.Vault.Rules.Of(found.App.Jurisdiction)
	if err != nil {
		return view{}, err
	}
	lang := p.in(found.App, who)
	return view{name: "consent", lang: lang, data: func() (any, error) {
		out := p.sheet(found, pack, lang)
		out.ID = r.PathValue("id")
		if out.Text, err = p.render(found.Document.Text, found.Document.Title); err != nil {
			return nil, err
		}
		out.Form, err = p.render(found.Document.ConsentForm, "")
		return out, err
	}}, nil
}

// sheet words what is known of a consent.
func (p *Pages) sheet(of vault.ConsentSheet, pack *vault.RulePack, lang string) sheet {
	say, c, zone := sayings[lang], of.Consent, pack.Zone
	item := func(code string) vault.DocumentItem {
		i := slices.IndexFunc(of.Document.Items, func(d vault.DocumentItem) bool { return d.Code == code })
		if i < 0 {
			return vault.DocumentItem{Title: code}
		}
		return of.Document.Items[i]
	}
	out := sheet{
		frame: p.frame(of.App, lang, say.SheetTitle),
		Item:  item(c.Item).Title, Statement: item(c.Item).Statement, State: cmp.Or(say.states[c.State], string(c.State)),
		Decided: vault.SayMoment(c.ReceivedAt, zone, lang), Method: method(say, c.Method), GivenBy: cmp.Or(say.givers[c.GivenBy], string(c.GivenBy)),
		Label: of.Version.Label, ShownIn: cmp.Or(say.languages[c.Locale], c.Locale), Hash: of.Hash, Person: c.User.String(), Zone: zone.String(),
		TextLang: c.Locale, DocumentTitle: of.Document.Title,
	}
	if !c.ValidUntil.IsZero() {
		out.ValidUntil = vault.SayMoment(c.ValidUntil, zone, lang)
	}
	out.receipt(say, c, vault.SayMoment(c.SignedAt, zone, lang))
	members := of.Version.Entities(of.App)
	for _, bin := range c.Operators {
		name := say.BIN + " " + bin
		if i := slices.IndexFunc(members, func(o vault.Operator) bool { return o.BIN == bin }); i >= 0 {
			name = in(members[i].Name, lang, of.App) + ", " + name
		}
		out.Operators = append(out.Operators, name)
	}
	for _, e := range c.Events() {
		out.Events = append(out.Events, happening{e.Seq, cmp.Or(say.happened[e.Type], string(e.Type)), vault.SayMoment(e.ReceivedAt, zone, lang), method(say, e.Method)})
	}
	for _, other := range of.Act {
		out.Others = append(out.Others, decision{item(other.Item).Title, say.happened[other.Type]})
	}
	return out
}

// receipt is what a decision on paper rests on. Who signed for somebody is told
// by their right to, and never by name: a sheet goes from hand to hand.
func (s *sheet) receipt(say wording, c vault.Consent, signed string) {
	s.Reference, s.Ground = c.Reference, cmp.Or(say.grounds[c.Ground], string(c.Ground))
	if !c.SignedAt.IsZero() {
		s.Signed = signed
	}
}

func method(say wording, m vault.Method) string { return cmp.Or(say.methods[m], string(m)) }
