package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/server/folder"
	"github.com/kelisim/kelisim/server/identity"
	"github.com/kelisim/kelisim/vault"
)

//go:embed demo
var demo embed.FS

// openDev makes or opens the local token issuer, and writes fresh tokens.
func openDev(p *process, s settings) (*identity.Dev, error) {
	dev, err := identity.NewDev(s.in("dev"), p.clock)
	if err != nil {
		return nil, fmt.Errorf("the development issuer: %w", err)
	}
	if err := dev.WriteTokens(s.in("dev")); err != nil {
		return nil, fmt.Errorf("the development tokens: %w", err)
	}
	return dev, nil
}

// devTokens reads the tokens for the console's role picker.
func devTokens(s settings, log *slog.Logger) map[string]string {
	out := map[string]string{}
	raw, err := os.ReadFile(s.in("dev", "tokens.json"))
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		log.Error("the development tokens cannot be read", slog.Any("error", err))
	}
	return out
}

// fillDemo puts the demo app, its policy and its people into a new database.
// They go through the same use cases as everybody's.
func (p *process) fillDemo(sys *system, dev *identity.Dev) error {
	apps, err := sys.db.Apps(p.ctx)
	if err != nil || len(apps) > 0 {
		return err
	}
	files, err := fs.Sub(demo, "demo")
	if err != nil {
		return err
	}
	app, err := folder.AppFS(files, "app.yaml")
	if err != nil {
		return err
	}
	if err := checkApp(app); err != nil {
		return err
	}
	if err := sys.vault.ApplyApp(p.ctx, p.systemActor(), app); err != nil {
		return err
	}
	texts, err := fs.Sub(files, "policy")
	if err != nil {
		return err
	}
	policy, err := folder.ReadPolicyFS(texts)
	if err != nil {
		return err
	}
	draft, err := sys.vault.CreateDraft(p.ctx, p.systemActor(), draftOf(app.Code, policy))
	if err != nil {
		return readable(err)
	}
	version, err := sys.vault.Publish(p.ctx, p.systemActor(), vault.Publishing{ID: draft.ID})
	if err != nil {
		return readable(err)
	}
	people, err := folder.People(files)
	if err != nil {
		return err
	}
	for _, person := range people {
		if err := p.register(sys, dev.Config().Issuers[0].URL, version, person); err != nil {
			return fmt.Errorf("%s: %w", person.Subject, readable(err))
		}
	}
	return nil
}

// register is a demo person's first act.
func (p *process) register(sys *system, issuer string, version *vault.Version, person folder.Person) error {
	actor := vault.Actor{
		Issuer: issuer, Subject: person.Subject, Roles: []vault.Role{vault.Subject},
		App: version.App, RequestID: p.newID().String(),
	}
	in := vault.Registration{Locale: person.Locale, Changes: person.Profile, Consent: vault.Screen{
		Act: p.newID(), Version: version.ID, Locale: person.Locale, Decisions: person.Decisions, Path: []string{"consent"},
	}}
	in.Consent.Document, _ = version.Document(person.Locale)
	for _, f := range person.Profile {
		switch {
		case f.Value == nil || !slices.Contains(person.Verified, f.Field):
		case f.Field == vault.FieldPhone:
			actor.Phone = *f.Value
		case f.Field == vault.FieldEmail:
			actor.Email = *f.Value
		}
	}
	_, err := sys.vault.RegisterMe(p.ctx, actor, in)
	return err
}

// greet prints where the console is, and lines that work when pasted.
func (p *process) greet(e *edge) error {
	policy, err := e.vault.PolicyInForce(p.ctx, p.systemActor(), e.demoAppCode(p.ctx), time.Time{})
	if err != nil {
		return err
	}
	if policy == nil {
		return errors.New("the demo policy is not in force")
	}
	hash, ok := policy.Document("en")
	if !ok {
		return errors.New("the demo policy has no English text")
	}
	base := "http://" + e.settings.Addr
	curl := func(role, query string) string {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			return ""
		}
		return fmt.Sprintf(`curl -sS %s/graphql -H 'Content-Type: application/json' -H "Authorization: Bearer $(cat %s)" -d '%s'`,
			base, e.settings.in("dev", role+".token"), strings.ReplaceAll(string(body), "'", `'\''`))
	}
	register := fmt.Sprintf(`mutation { registerMe(input: { locale: "en", profile: { familyName: "Ахметова", givenName: "Айсұлу", phone: "8 701 234 56 78", email: "aisulu@mail.example" }, consent: { eventId: "%s", version: "%s", locale: "en", documentHash: "%s", decisions: [{ item: "identify", decision: GIVEN }, { item: "contact", decision: GIVEN }, { item: "marketing", decision: REFUSED }] } }) { created user { id policyStatus { accepted } } userErrors { code message path } } }`,
		p.newID(), graph.VersionID(policy.ID), hash)
	readBack := `{ me { id policyStatus { accepted missing } profile { familyName { value } phone { value state } email { value } } consents { nodes { item state locale documentHash } } } }`
	find := `{ findUsers(by: { phone: "+7 701 234 56 78" }) { id profile { familyName { value state } phone { value state } email { value state } } } }`
	_, err = fmt.Fprintf(p.out, `
Kelisim %s is ready: %s

  Console   %s/console/
  Tokens    %s (roles: subject service support compliance security auditor)

Register, and record what you agree to:

%s

Read yourself back:

%s

Find the same person by phone, as support, masked:

%s

`, version, e.backEnds(), base, e.settings.in("dev", "tokens.json"), curl("subject", register), curl("subject", readBack), curl("support", find))
	return err
}

func (e *edge) demoAppCode(ctx context.Context) string {
	code, err := e.vault.DefaultApp(ctx, vault.Actor{})
	if err != nil {
		return "dala"
	}
	return code
}

type devCommand struct {
	Token devTokenCommand `cmd:"" help:"Print a token of the local issuer, for a server run with --dev on the same data folder."`
}

type devTokenCommand struct {
	Role  string        `default:"subject" enum:"subject,service,support,compliance,security,auditor" help:"What the token's holder is: ${enum}."`
	Sub   string        `help:"Subject of the token; by default that of the ready-made token of the role."`
	TTL   time.Duration `name:"ttl" default:"1h" help:"How long it is valid."`
	Phone string        `help:"A phone number that counts as verified (subject only)."`
	Email string        `help:"An e-mail address that counts as verified (subject only)."`
}

// Run prints a token.
func (c devTokenCommand) Run(p *process) error {
	s, err := p.settings()
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.in("dev")); err != nil {
		return fmt.Errorf("there is no development issuer in %s; start `kelisim serve --dev` there first", s.Data)
	}
	dev, err := identity.NewDev(s.in("dev"), p.clock)
	if err != nil {
		return err
	}
	claims := map[string]any{}
	for name, value := range map[string]string{"phone_number": c.Phone, "email": c.Email} {
		if value != "" {
			claims[name], claims[name+"_verified"] = value, true
		}
	}
	if c.Sub == "" {
		c.Sub = c.Role
		if c.Role == "subject" {
			c.Sub = identity.DevSubject
		}
	}
	token, err := dev.Token(vault.Role(strings.ToUpper(c.Role)), c.Sub, c.TTL, claims)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, token)
	return err
}
