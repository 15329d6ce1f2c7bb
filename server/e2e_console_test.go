package main

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/server/identity"
	"github.com/kelisim/kelisim/server/identity/idptest"
	"github.com/kelisim/kelisim/vault"
)

// formLook is how a form looks to those who cannot see it, and to a narrow window.
type formLook struct {
	Nameless []string `json:"nameless"` // inputs without a label
	Cut      []string `json:"cut"`      // what is wider than its place
	Wide     int      `json:"wide"`     // how much wider than the window the page is
	Tall     int      `json:"tall"`
}

const formShape = `
	document.querySelectorAll('.form details').forEach(d => { d.open = true; });
	const inputs = [...document.querySelectorAll('#form input, #form select, #form textarea, #form button, header select, header button, header input')];
	return {
		nameless: inputs.filter(i => !i.hidden && !(i.labels?.length && [...i.labels].some(l => l.textContent.trim())) && !i.textContent.trim() && !i.getAttribute('aria-label')).map(i => i.id || i.outerHTML),
		cut: [...document.querySelectorAll('#form label, #form legend, #form button, #form .help, #form h2, header button')].filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).position !== 'absolute' && e.clientWidth > 0).map(e => e.textContent),
		wide: document.documentElement.scrollWidth - innerWidth, tall: document.documentElement.scrollHeight - innerHeight,
	}`

func (b *browser) wellFormed(what string) {
	b.Helper()
	if got := inPage[formLook](b, formShape); len(got.Nameless) > 0 || len(got.Cut) > 0 || got.Wide > 0 || got.Tall > 0 {
		b.Errorf("%s: %+v", what, got)
	}
}

func TestEveryReadyOperationHasAFormForEverybody(t *testing.T) {
	t.Parallel()
	w := embedded(t)
	b := newBrowser(t, w.http.URL)
	b.open(w.http.URL+"/console/", 1280)
	b.until("the console", `document.querySelector('.form h2')`)
	for i, o := range b.offers() {
		b.choose(o)
		b.wellFormed(o.Group + ": " + o.Title)
		act(b, chromedp.EmulateViewport(390, 844))
		b.speak([]string{"kk", "ru"}[i%2])
		b.wellFormed(o.Group + ": " + o.Title + ", narrow")
		b.keep(fmt.Sprintf("console-%d-narrow", i))
		b.speak("en")
		act(b, chromedp.EmulateViewport(1280, 844))
		b.keep(fmt.Sprintf("console-%d", i))
		if o.Group != "Anonymous" && o.Group != "App user" { // colleagues run theirs signed in, below
			continue
		}
		if said, isBad := b.send(); isBad {
			t.Errorf("%s: %s: %s", o.Group, o.Title, said)
		}
	}
	ink := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		ink[scheme] = inPage[string](b, `return getComputedStyle(document.body).color`)
		b.keep("console-" + scheme)
	}
	if ink["light"] == ink["dark"] {
		t.Errorf("the console is %s by day and by night", ink["dark"])
	}
	b.nothingKept()
	b.calm()
}

// What the tests say to the page: the text of the variables, and how a value gets into an input.
const (
	variables = `document.querySelector('.graphiql-editor-tool .CodeMirror').CodeMirror`
	enter     = `const enter = (id, value) => { const e = document.getElementById(id); Object.getOwnPropertyDescriptor(e.constructor.prototype, 'value').set.call(e, value);
		e.dispatchEvent(new Event(e.tagName === 'SELECT' ? 'change' : 'input', {bubbles: true})); }; `
)

// pick chooses a ready operation by its title.
func (b *browser) pick(title string) {
	b.Helper()
	all := b.offers()
	i := slices.IndexFunc(all, func(o offered) bool { return o.Title == title })
	if i < 0 {
		b.Fatalf("there is no %q", title)
	}
	b.choose(all[i])
}

func TestTheFormAndTheVariablesAreOne(t *testing.T) {
	t.Parallel()
	w := embedded(t)
	b := newBrowser(t, w.http.URL)
	b.open(w.http.URL+"/console/", 1280)
	b.until("the console", `document.querySelector('.form h2')`)
	b.asksForWhatIsMissing()
	b.followsTheJSON()
	b.runsWhatIsUnderTheCursor()
	b.actsOnceWithAKeyOfItsOwn()
	b.growsListsAndReadsMoments()
	if n := inPage[int](b, `document.getElementById('show-query').click(); return document.querySelectorAll('.graphiql-history-item').length`); n > 0 {
		t.Errorf("%d queries are kept as history", n)
	}
	b.nothingKept()
	b.calm()
}

// asksForWhatIsMissing: nobody was found yet, so that the form asks for the id before
// anything is sent.
func (b *browser) asksForWhatIsMissing() {
	b.Helper()
	b.pick("Take a request")
	if said, _ := b.send(); said != "To put right: 2" {
		b.Errorf("without an id the form says %q", said)
	}
	if focus := inPage[string](b, `return document.activeElement.id`); focus != "f-input-id" {
		b.Errorf("the focus is at %q", focus)
	}
	if note := inPage[string](b, `return document.getElementById(document.activeElement.getAttribute('aria-describedby').split(' ').at(-1)).textContent`); !strings.HasPrefix(note, "Find it first") {
		b.Errorf("what is wrong is told as %q", note)
	}
}

// followsTheJSON, and is followed by it.
func (b *browser) followsTheJSON() {
	b.Helper()
	b.pick("Find a person by phone")
	inPage[bool](b, enter+`enter('f-by-which', 'email'); await new Promise(r => setTimeout(r, 100)); enter('f-by-email', 'aigul@mail.example'); return true`)
	b.until("the JSON to follow the form", variables+`.getValue().replace(/\s/g, '') === '{"by":{"email":"aigul@mail.example"}}'`)
	inPage[bool](b, variables+`.setValue('{"by": {"phone": "8 701 000 00 01"}}'); return true`)
	b.until("the form to follow the JSON", `document.getElementById('f-by-phone')?.value === '8 701 000 00 01'`)
	inPage[bool](b, variables+`.setValue('{"by": '); return true`)
	b.until("JSON that cannot be read to be told", `document.querySelector('.form [role=alert]') && document.querySelector('.form .send button').disabled`)
	inPage[bool](b, variables+`.setValue('{"by": {"phone": "8 701 000 00 01"}}'); return true`)
	b.until("the form to be back", `!document.querySelector('.form [role=alert]')`)
	if said, isBad := b.send(); isBad {
		b.Error(said)
	}

	if caret := inPage[int](b, `const i = document.getElementById('f-by-phone'); i.focus(); i.setSelectionRange(3, 3); document.execCommand('insertText', false, '7'); return i.selectionStart`); caret != 4 {
		b.Errorf("the caret is at %d after a digit was typed at 3", caret)
	}
}

// runsWhatIsUnderTheCursor: the form is that of the operation there, and that is run.
func (b *browser) runsWhatIsUnderTheCursor() {
	b.Helper()
	inPage[bool](b, `const q = document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror; q.setValue('query A { __typename }\nquery B($code: String!) { app(code: $code) { code } }'); q.setCursor({line: 1, ch: 9}); return true`)
	b.until("the form of B", `document.querySelector('.form h2').textContent === 'B'`)
	inPage[bool](b, enter+`enter('f-code', 'dala'); return true`)
	if said, isBad := b.send(); isBad || !inPage[bool](b, `return document.querySelector('.result-window .CodeMirror').CodeMirror.getValue().includes('"code": "dala"')`) {
		b.Errorf("B: %s", said)
	}
}

// actsOnceWithAKeyOfItsOwn: it is kept while the act failed, and replaced once it counted.
func (b *browser) actsOnceWithAKeyOfItsOwn() {
	b.Helper()
	b.pick("Correct a person’s data")
	key := func() string {
		return inPage[string](b, `return JSON.parse(`+variables+`.getValue()).input.idempotencyKey`)
	}
	first := key()
	inPage[bool](b, enter+`enter('f-input-basis-ticket', 'no ticket'); return true`)
	if said, isBad := b.send(); !isBad || key() != first || inPage[string](b, `return document.querySelector('.form fieldset[aria-invalid=true] > legend').textContent`) != "Ground\u00a0*" {
		b.Errorf("a refusal: %q, the key has changed: %v", said, key() != first)
	}
	inPage[bool](b, enter+`enter('f-input-basis-ticket', 'SUP-7'); document.querySelectorAll('.form details').forEach(d => { d.open = true; }); return true`)
	inPage[bool](b, `const clear = [...document.querySelectorAll('.form button.null')].find(x => x.getAttribute('aria-label').includes('Postal')); clear.click(); return true`)
	b.until("null to be sent", variables+`.getValue().includes('"postalAddress": null')`)
	if said, isBad := b.send(); isBad {
		b.Error(said)
	}
	b.until("a new key", `JSON.parse(`+variables+`.getValue()).input.idempotencyKey !== '`+first+`'`)
	if !strings.Contains(key(), "-7") || len(key()) != 36 {
		b.Errorf("the key is %q, want a UUIDv7", key())
	}
}

// growsListsAndReadsMoments: a moment is entered as of here and sent in UTC.
func (b *browser) growsListsAndReadsMoments() {
	b.Helper()
	b.pick("Write down a consent that came on paper")
	press := func(label string) {
		inPage[bool](b, `[...document.querySelectorAll('.form button')].find(x => x.getAttribute('aria-label') === '`+label+`').click(); return true`)
	}
	decisions := `JSON.parse(` + variables + `.getValue()).input.consent.decisions.length`
	press("Add: Decisions")
	b.until("a second decision", decisions+` === 2 && document.getElementById('f-input-consent-decisions-1-item')`)
	press("Remove: Decisions 2")
	b.until("one decision again", decisions+` === 1`)
	inPage[bool](b, enter+`enter('f-input-consent-receipt-signedAt', '2026-11-20T10:30:00'); return true`)
	b.until("the moment", `JSON.parse(`+variables+`.getValue()).input.consent.receipt.signedAt === new Date('2026-11-20T10:30:00').toISOString()`)
}

// signedInTo is the demo, served as in production: with a real provider.
func signedInTo(t *testing.T) (*idptest.Provider, string) {
	t.Helper()
	w := embedded(t)
	provider := newProvider(t)
	srv := httptest.NewUnstartedServer(nil)
	srv.Start()
	t.Cleanup(srv.Close)
	roles := map[string]string{"support": "SUPPORT", "compliance": "COMPLIANCE", "security": "SECURITY", "auditor": "AUDITOR", "service": "SERVICE"}
	var users []idptest.User
	for name, role := range roles {
		users = append(users, idptest.User{Subject: name, Claims: nestedRoles(role)})
	}
	provider.Add(append(users, idptest.User{Subject: "nobody"}), idptest.Client{
		ID: "kelisim-console", Audiences: []string{"kelisim"}, Redirect: srv.URL + "/console/callback", Lifetime: 31 * time.Second, // a session renews its token half a minute before its end
	})
	config := identity.Config{Issuers: []identity.Issuer{{
		URL: provider.URL, Kind: identity.Staff, Audiences: []string{"kelisim"}, Algorithms: []string{"RS256"}, RolesClaim: "realm_access.roles",
		Roles:   map[string]vault.Role{"SUPPORT": "SUPPORT", "COMPLIANCE": "COMPLIANCE", "SECURITY": "SECURITY", "AUDITOR": "AUDITOR", "SERVICE": "SERVICE"},
		Console: &identity.ConsoleClient{ClientID: "kelisim-console", Scopes: []string{"openid", "offline_access"}},
	}}, Services: []identity.Service{{Issuer: provider.URL, Subject: "service", Apps: []string{"dala"}, Purposes: []string{"contact"}}}}
	who, err := identity.New(identity.Options{Config: config, Clock: w.p.clock, AppOf: w.sys.appOf, Transport: provider.Transport()})
	if err != nil {
		t.Fatal(err)
	}
	w.sys.settings.SavedQueries = filepath.Join("testdata", "saved")
	e, err := newEdge(w.p, w.sys, who, nil, graph.SchemaText())
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = e.internal()
	return provider, srv.URL
}

func TestColleaguesSignInAtARealProviderAndRunWhatTheirRoleMay(t *testing.T) {
	t.Parallel()
	provider, own := signedInTo(t)
	b := newBrowser(t, own)
	b.also = strings.TrimPrefix(provider.URL, "https://")
	arrive := func(user string) {
		b.open(own+"/console/", 1280)
		b.until("a way to sign in", `document.querySelector('#sign-in button')`)
		inPage[bool](b, `document.querySelector('#sign-in button').click(); return true`)
		b.until("the provider's page", `document.querySelector('button[value="`+user+`"]')`)
		inPage[bool](b, `document.querySelector('button[value="`+user+`"]').click(); return true`)
		b.until("to be back", `document.getElementById('signed-in')?.textContent || document.getElementById('notice') && !document.getElementById('notice').hidden && !document.getElementById('notice').textContent.startsWith('Signing')`)
	}
	for user, group := range map[string]string{
		"support": "Support", "compliance": "Compliance", "service": "Service", "security": "Security", "auditor": "Auditor",
	} {
		arrive(user)
		if at := inPage[string](b, `return location.pathname + location.search`); at != "/console/" {
			t.Errorf("%s is left at %s", user, at)
		}
		for _, o := range b.offers() {
			switch {
			case !slices.Contains([]string{"Anonymous", "Our own", group}, o.Group):
				t.Errorf("%s is offered %s: %s", user, o.Group, o.Title)
			case o.Group == "Anonymous", o.Group == "Our own" && user != "support":
				continue
			}
			b.choose(o)
			if said, isBad := b.send(); isBad {
				t.Errorf("%s: %s: %s", user, o.Title, said)
			}
		}
		b.nothingKept()
	}
	b.keep("console-signed-in")
	act(b, chromedp.EmulateViewport(390, 844))
	b.speak("kk")
	b.wellFormed("signed in, narrow")
	b.keep("console-signed-in-390")
	b.speak("en")
	if provider.Asked("/oauth/token") < 6 { // once for each, and to renew
		t.Errorf("the tokens were asked for %d times", provider.Asked("/oauth/token"))
	}
	inPage[bool](b, `document.getElementById('sign-out').click(); return true`)
	b.until("to be signed out", `document.querySelector('#sign-in button')`)
	arrive("nobody")
	if notice := inPage[string](b, `return document.getElementById('notice').textContent`); !strings.HasPrefix(notice, "You have no role") {
		t.Errorf("without a role: %q", notice)
	}
	b.nothingKept()
	b.open(own+"/console/callback?code=stolen&state=guessed", 390)
	b.until("an answer that nobody asked for to be refused", `document.getElementById('notice').textContent.startsWith('The provider’s answer')`)
	b.keep("console-refused-390")
	b.calm()

	provider.Down()
	b.open(own+"/console/", 1280)
	b.until("a way to sign in", `document.querySelector('#sign-in button')`)
	inPage[bool](b, `document.querySelector('#sign-in button').click(); return true`)
	b.until("a word about the provider", `document.getElementById('notice').textContent.startsWith('The login provider does not answer')`)
	b.keep("console-provider-down")
}
