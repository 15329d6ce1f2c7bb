package main

import (
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

// Kept in the database: that the demo has begun to fill it, and that it is whole.
const (
	metaDemoBegun = "demo.begun"
	metaDemo      = "demo"
)

// fillDemo puts the demo app, its policy and its people into an empty database.
// They go through the same use cases as everybody's. An interrupted start is
// continued by the next one; what others filled is left alone.
func (p *process) fillDemo(sys *system, dev *identity.Dev) error {
	whole, err := p.marked(sys, metaDemo)
	if err != nil || whole {
		return err
	}
	ours, err := p.beginDemo(sys)
	if err != nil || !ours {
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
	version, err := p.publishDemo(sys, app, files)
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
	return p.mark(sys, metaDemo, version.ID.String())
}

// beginDemo reports whether the demo may fill the database: it began to, or
// nobody has brought in an app.
func (p *process) beginDemo(sys *system) (bool, error) {
	begun, err := p.marked(sys, metaDemoBegun)
	if err != nil || begun {
		return begun, err
	}
	apps, err := sys.db.Apps(p.ctx)
	if err != nil || len(apps) > 0 {
		return false, err
	}
	return true, p.mark(sys, metaDemoBegun, version)
}

func (p *process) marked(sys *system, name string) (bool, error) {
	_, err := sys.db.Meta(p.ctx, name)
	if errors.Is(err, vault.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// mark keeps a value under a name. Another replica may have been first: it did
// the same.
func (p *process) mark(sys *system, name, value string) error {
	err := sys.db.Maintain(p.ctx, func(tx vault.KeepingTx) error { tx.InsertMeta(name, value); return nil })
	if errors.Is(err, vault.ErrTaken) {
		return nil
	}
	return err
}

// publishDemo answers the demo policy that is in force, and makes it so first.
func (p *process) publishDemo(sys *system, app vault.App, files fs.FS) (*vault.Version, error) {
	if err := checkApp("app.yaml", app); err != nil {
		return nil, err
	}
	if err := sys.vault.ApplyApp(p.ctx, p.systemActor(), app); err != nil {
		return nil, err
	}
	inForce, err := sys.vault.PolicyInForce(p.ctx, p.systemActor(), app.Code, time.Time{})
	if err != nil || inForce != nil {
		return inForce, err
	}
	texts, err := fs.Sub(files, "policy")
	if err != nil {
		return nil, err
	}
	policy, err := folder.ReadPolicyFS(texts)
	if err != nil {
		return nil, err
	}
	draft, err := sys.vault.CreateDraft(p.ctx, p.systemActor(), draftOf(app.Code, policy))
	if err != nil {
		return nil, err
	}
	return sys.vault.Publish(p.ctx, p.systemActor(), vault.Publishing{ID: draft.ID})
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

type devCommand struct {
	Token devTokenCommand `cmd:"" help:"Print a token of the local issuer, for a server run with --dev on the same data folder."`
}

type devTokenCommand struct {
	Role  string        `default:"subject" enum:"subject,service,support,compliance,security,auditor" help:"What the token's holder is: ${enum}."`
	Sub   string        `help:"Subject of the token, that is, who the holder is; by default that of the ready-made token of the role."`
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
	if c.Role != "subject" && c.Phone+c.Email != "" {
		return errors.New("--phone and --email are for the role subject: colleagues are not in the vault")
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
