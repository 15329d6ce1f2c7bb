package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// doctorCommand looks at the settings, and at what they name, for what is
// insecure. It changes nothing and serves nobody.
type doctorCommand struct {
	JSON    bool     `name:"json" help:"Answer as JSON."`
	Keyring bool     `help:"The keys are in the embedded engine, as with serve --keyring."`
	Accept  []string `placeholder:"CHECK" help:"Findings of this check are told and change nothing about the exit status. May be repeated."`
}

// Help is what --help tells besides.
func (doctorCommand) Help() string {
	return `Run it with the settings of the server, as the account that the server runs as: it looks at the same files and ` +
		`logs in with the same logins.

Severities are insecure (somebody may read or change what is not theirs), weak (one more mistake is enough for that), ` +
		`note (no danger by itself) and unchecked (it could not be looked at, and why).

Exit status 0: nothing but notes. 1: there are findings. 2: it was called wrongly. docs/operations.md explains each check.`
}

// Validate is called by the parser.
func (c doctorCommand) Validate() error {
	for _, name := range c.Accept {
		if !slices.ContainsFunc(examinations(), func(e examination) bool { return e.name == name }) {
			return fmt.Errorf("--accept: there is no check %q", name)
		}
	}
	return nil
}

// severity is how much a finding matters.
type severity string

const (
	insecure  severity = "insecure"  // somebody may read or change what is not theirs
	weak      severity = "weak"      // one more mistake is enough for that
	note      severity = "note"      // no danger by itself
	unchecked severity = "unchecked" // it could not be looked at
)

// finding is one thing that is not as it should be.
type finding struct {
	Check    string   `json:"check"`
	Severity severity `json:"severity"`
	Subject  string   `json:"subject"` // a setting, a file, a login, a key
	Found    string   `json:"found"`
	Do       string   `json:"do"`
	Accepted bool     `json:"accepted,omitempty"`
}

// Run examines, tells, and fails when there are findings.
func (c doctorCommand) Run(p *process) error {
	s, err := p.settings()
	if err != nil {
		return err
	}
	found := examine(&patient{process: p, settings: s, keyring: c.Keyring})
	for i := range found {
		found[i].Accepted = slices.Contains(c.Accept, found[i].Check)
	}
	tell := tellFindings
	if c.JSON {
		tell = tellJSON
	}
	if err := tell(p.out, found); err != nil {
		return err
	}
	if count := counted(found); count != "" {
		return errors.New(count)
	}
	return nil
}

// examine runs all checks, in the order of their table.
func examine(on *patient) []finding {
	defer on.discharge()
	all := []finding{}
	for _, e := range examinations() {
		for _, f := range e.run(on) {
			f.Check = e.name
			all = append(all, f)
		}
	}
	return all
}

func tellFindings(to io.Writer, found []finding) error {
	var text strings.Builder
	for _, f := range found {
		fmt.Fprintf(&text, "%-9s  %s  %s: %s\n", f.Severity, f.Check, f.Subject, f.Found)
		if f.Do != "" {
			fmt.Fprintf(&text, "           %s\n", f.Do)
		}
	}
	if len(found) == 0 {
		fmt.Fprintf(&text, "%d checks found nothing\n", len(examinations()))
	}
	_, err := io.WriteString(to, text.String())
	return err
}

func tellJSON(to io.Writer, found []finding) error {
	names := []string{}
	for _, e := range examinations() {
		names = append(names, e.name)
	}
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"checks": names, "findings": found})
}

// counted sums up what fails a run; empty: nothing does.
func counted(found []finding) string {
	var parts []string
	for _, s := range []severity{insecure, weak, unchecked} {
		n := 0
		for _, f := range found {
			if f.Severity == s && !f.Accepted {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}
