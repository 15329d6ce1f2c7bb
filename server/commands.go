package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/server/folder"
	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/identifier"
	"github.com/kelisim/kelisim/vault/sqlstore"
)

type migrateCommand struct {
	RuntimeRole string `placeholder:"NAME" help:"PostgreSQL: also give this role what serving takes, and nothing else. Once named, it gets it at each migrate."`
}

// Run brings the schema up to date, and what roles may do in it.
func (c migrateCommand) Run(p *process) error {
	s, err := p.settings()
	if err != nil {
		return err
	}
	db, err := p.openStore(s, s.logger(p.err), true)
	if err != nil {
		return err
	}
	err = c.finish(p, db)
	return errors.Join(err, db.Close())
}

func (c migrateCommand) finish(p *process, db *sqlstore.Store) error {
	roles, err := db.Entitle(p.ctx, c.RuntimeRole)
	if err != nil {
		return err
	}
	at, err := db.SchemaVersion(p.ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "the schema is at version %d\n", at)
	for _, role := range roles {
		_, printed := fmt.Fprintf(p.out, "%s may do what serving takes, and no more\n", role)
		err = errors.Join(err, printed)
	}
	return err
}

type appCommand struct {
	Apply appApplyCommand `cmd:"" help:"Create an app, or bring it up to date, from its file."`
}

type appApplyCommand struct {
	File string `arg:"" type:"existingfile" help:"The app's file, app.yaml."`
}

// Run applies the file.
func (c appApplyCommand) Run(p *process) (err error) {
	app, err := folder.App(c.File)
	if err != nil {
		return err
	}
	if err := checkApp(c.File, app); err != nil {
		return err
	}
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if err := sys.vault.ApplyApp(p.ctx, p.systemActor(), app); err != nil {
		return fmt.Errorf("%s: %w", c.File, readable(err))
	}
	_, err = fmt.Fprintf(p.out, "app %s is as %s says\n", app.Code, c.File)
	return err
}

// checkApp says everything that is wrong with an app, each with its place.
func checkApp(file string, app vault.App) error {
	var errs []error
	for _, e := range app.Validate(func(bin string) error { _, err := identifier.BIN(bin); return err }) {
		errs = append(errs, fmt.Errorf("%s: %w", file, readable(e)))
	}
	return errors.Join(errs...)
}

// readable words the vault's errors for a terminal: the place, then the
// message; of a back end that does not answer, the cause.
func readable(err error) error {
	if many, ok := errors.AsType[vault.Errors](err); ok {
		var errs []error
		for _, e := range many {
			errs = append(errs, readable(e))
		}
		return errors.Join(errs...)
	}
	var one *vault.Error
	if errors.As(err, &one) && one.Code.OfPayload() {
		if len(one.Path) > 0 {
			return fmt.Errorf("%s: %s", strings.Join(one.Path, "."), one.Message)
		}
		return errors.New(one.Message)
	}
	switch {
	case one == nil:
		return err
	case one.Code == vault.CodeNotFound:
		return errors.New("there is no such object")
	case one.Code == vault.CodeUnavailable && one.Unwrap() != nil:
		return one.Unwrap()
	}
	return err
}

type healthcheckCommand struct{}

// Run asks the running server at KELISIM_ADDR.
func (healthcheckCommand) Run(p *process) error {
	s, err := p.settings()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(p.ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("no server answers at %s", s.Addr)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server at %s answers %s", s.Addr, answer.Status)
	}
	return nil
}

type auditCommand struct {
	Export auditExportCommand `cmd:"" help:"Write events as JSON lines, newest first."`
}

type auditExportCommand struct {
	Since instant `placeholder:"TIME" help:"Only events from this moment on: 2026-11-23T08:30:00Z, or 2026-11-23 for midnight UTC."`
	Until instant `placeholder:"TIME" help:"Only events before this moment."`
	Out   string  `help:"The file to write; stdout by default." type:"path"`
}

// instant is a moment as it is written on a command line.
type instant struct{ time.Time }

// UnmarshalText reads RFC 3339, or a date, which is midnight UTC.
func (i *instant) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			i.Time = t
			return nil
		}
	}
	return errors.New("not a moment; write it as 2026-11-23T08:30:00Z, or 2026-11-23 for midnight UTC")
}

// exportPage is how many events are read at a time.
const exportPage = 1000

// Run exports the events; the export is an event too.
func (c auditExportCommand) Run(p *process) (err error) {
	if !c.Until.IsZero() && !c.Since.IsZero() && !c.Since.Before(c.Until.Time) {
		return errors.New("--since is not before --until")
	}
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	to := p.out
	if c.Out != "" {
		f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("--out names a new file: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		to = f
	}
	return sys.vault.ExportEvents(p.ctx, p.systemActor(), vault.AuditFilter{From: c.Since.Time, To: c.Until.Time}, exportPage,
		func(e vault.StoredEvent) error {
			_, err := fmt.Fprintf(to, "%s\n", e.Canonical)
			return err
		})
}

type policyCommand struct {
	Lint    policyLintCommand    `cmd:"" help:"Hold a policy's files against the law before they are published; needs no server."`
	Import  policyImportCommand  `cmd:"" help:"Read a policy folder, or a single text, as a draft."`
	Export  policyExportCommand  `cmd:"" help:"Write a version as a folder, byte for byte what was imported."`
	Publish policyPublishCommand `cmd:"" help:"Publish a draft: it never changes again."`
	List    policyListCommand    `cmd:"" help:"List an app's versions, newest first."`
	Diff    policyDiffCommand    `cmd:"" help:"Say what differs between two versions, and who would be asked again."`
}

type policyImportCommand struct {
	App    string `required:"" help:"Code of the app."`
	Path   string `arg:"" help:"The folder with policy.yaml and a text per language, or one text file."`
	Locale string `help:"Language of a single text file; by default from its name, policy.ru.md."`
}

// Run imports a draft and prints its id.
func (c policyImportCommand) Run(p *process) (err error) {
	policy, err := readPolicy(c.Path, c.Locale)
	if err != nil {
		return err
	}
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	v, err := sys.vault.CreateDraft(p.ctx, p.systemActor(), draftOf(c.App, policy))
	if err != nil {
		return readable(err)
	}
	_, err = fmt.Fprintln(p.out, v.ID)
	return err
}

func readPolicy(path, locale string) (folder.Policy, error) {
	info, err := os.Stat(path)
	if err != nil {
		return folder.Policy{}, err
	}
	if info.IsDir() {
		return folder.ReadPolicy(path)
	}
	return folder.ReadText(path, locale)
}

func draftOf(app string, policy folder.Policy) vault.PolicyDraft {
	return vault.PolicyDraft{
		App: app, Label: &policy.Label, EffectiveAt: policy.EffectiveAt, Facts: &policy.Facts,
		Texts: policy.Texts, Source: policy.Source(),
	}
}

// versionArg is the id of a policy version as it is written on a command line.
type versionArg uuid.UUID

// UnmarshalText reads a UUID, as commands print it, or the id that the API
// answers.
func (v *versionArg) UnmarshalText(text []byte) error {
	id, err := uuid.ParseBytes(text)
	if err != nil {
		id, err = graph.ParseVersionID(string(text))
	}
	if err != nil {
		return errors.New("not the id of a policy version; give the UUID that `kelisim policy list` prints, or the id that the API and the console show")
	}
	*v = versionArg(id)
	return nil
}

type policyExportCommand struct {
	ID    versionArg `arg:"" help:"Id of the version, as import and list print it, or as the API and the console show it."`
	Dir   string     `arg:"" type:"path" help:"The folder to write."`
	Force bool       `help:"Replace files that differ."`
}

// Run writes a version as a folder.
func (c policyExportCommand) Run(p *process) (err error) {
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	v, texts, err := sys.vault.ExportPolicy(p.ctx, p.systemActor(), uuid.UUID(c.ID))
	if err != nil {
		return readable(err)
	}
	out := folder.Policy{Label: v.Label, Facts: v.Facts, Texts: texts, Files: folder.Sources(v.Source)}
	if !v.EffectiveAt.IsZero() {
		out.EffectiveAt = &v.EffectiveAt
	}
	return folder.WritePolicy(c.Dir, out, c.Force)
}

type policyPublishCommand struct {
	ID          versionArg `arg:"" help:"Id of the draft, as import and list print it, or as the API and the console show it."`
	EffectiveAt *instant   `placeholder:"TIME" help:"When it takes effect: 2026-11-23T08:30:00Z, or 2026-11-23 for midnight UTC; at once by default."`
	publishingFlags
}

// Run publishes a draft.
func (c policyPublishCommand) Run(p *process) (err error) {
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	publishing, err := c.publishing(uuid.UUID(c.ID))
	if err != nil {
		return err
	}
	if c.EffectiveAt != nil {
		publishing.EffectiveAt = &c.EffectiveAt.Time
	}
	v, err := sys.vault.Publish(p.ctx, p.systemActor(), publishing)
	if err != nil {
		return readable(err)
	}
	_, err = fmt.Fprintf(p.out, "%s %q is published and takes effect at %s\n", v.ID, v.Label, v.EffectiveAt.Format(time.RFC3339))
	for _, d := range v.Documents {
		_, printed := fmt.Fprintf(p.out, "  %s  %s\n", d.Locale, d.Hash)
		err = errors.Join(err, printed)
	}
	return err
}

type policyListCommand struct {
	App string `required:"" help:"Code of the app."`
}

// Run lists versions.
func (c policyListCommand) Run(p *process) (err error) {
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if _, err := sys.vault.App(p.ctx, c.App); errors.Is(err, vault.ErrNotFound) {
		return fmt.Errorf("there is no app %q", c.App)
	} else if err != nil {
		return readable(err)
	}
	page := vault.Page{Limit: 100}
	for {
		versions, err := sys.vault.PolicyVersions(p.ctx, p.systemActor(), c.App, page)
		if err != nil {
			return readable(err)
		}
		for _, v := range versions {
			if _, err := fmt.Fprintf(p.out, "%s  %-9s  %-10s  %s  %v\n", v.ID, v.Status, v.Label, moment(v.EffectiveAt), v.Locales()); err != nil {
				return err
			}
		}
		if len(versions) < page.Limit {
			return nil
		}
		page.After = versions[len(versions)-1].ID
	}
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-                   "
	}
	return t.Format(time.RFC3339)
}
