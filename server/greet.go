package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// greet prints where the console is, and lines that work when pasted.
func (p *process) greet(e *edge, addr string) error {
	dev, err := filepath.Abs(e.settings.in("dev"))
	if err != nil {
		return err
	}
	var out strings.Builder
	base := "http://" + addr
	fmt.Fprintf(&out, `
Kelisim %s is ready: %s

  Console   %s/console/
  Tokens    %s (roles: subject service support compliance security auditor)

`, version, e.backEnds(), base, filepath.Join(dev, "tokens.json"))
	policy, err := p.demoPolicy(e.system)
	if err != nil {
		return err
	}
	if policy == nil {
		fmt.Fprint(&out, "There is no demo, and so there are no lines to paste: this database has an app that\n"+
			"the demo did not bring in. To see it, set KELISIM_DATA to a new folder.\n\n")
	} else {
		for _, line := range p.tryouts(policy) {
			curl, err := line.curl(base, dev)
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, "%s:\n\n%s\n\n", line.title, curl)
		}
	}
	_, err = fmt.Fprint(p.out, out.String())
	return err
}

// demoPolicy is what the lines to paste are made for; nil without a demo.
func (p *process) demoPolicy(sys *system) (*vault.Version, error) {
	whole, err := p.marked(sys, metaDemo)
	if err != nil || !whole {
		return nil, err
	}
	return sys.vault.PolicyInForce(p.ctx, p.systemActor(), demoApp, time.Time{})
}

// demoApp is the code in demo/app.yaml.
const demoApp = "dala"

// tryout is one request to paste into a shell.
type tryout struct{ title, role, query string }

// tryouts are a first walk through the API under the policy in force.
func (p *process) tryouts(policy *vault.Version) []tryout {
	shown := policy.Documents[0]
	for _, d := range policy.Documents {
		if d.Locale == "en" {
			shown = d
		}
	}
	var decisions []string
	for _, item := range policy.Facts.Items {
		decision := vault.Refused
		if item.Required {
			decision = vault.Given
		}
		if item.Asked() {
			decisions = append(decisions, fmt.Sprintf(`{ item: %q, decision: %s }`, item.Code, decision))
		}
	}
	return []tryout{
		{"Register, and record what you agree to", "subject", fmt.Sprintf(`mutation { registerMe(input: { locale: %[1]q, `+
			`profile: { familyName: "Ахметова", givenName: "Айсұлу", phone: "8 701 234 56 78", email: "aisulu@mail.example" }, `+
			`consent: { eventId: "%[2]s", version: "%[3]s", locale: %[1]q, documentHash: "%[4]s", decisions: [%[5]s] } }) `+
			`{ created user { id policyStatus { accepted } } userErrors { code message path } } }`,
			shown.Locale, p.newID(), graph.VersionID(policy.ID), shown.Hash, strings.Join(decisions, ", "))},
		{"Read yourself back", "subject", `{ me { id policyStatus { accepted missing } profile { familyName { value } phone { value state } email { value } } ` +
			`consents { nodes { item state locale documentHash } } } }`},
		{"Find the same person by phone, as support, masked", "support", `{ findUsers(by: { phone: "+7 701 234 56 78" }) ` +
			`{ id profile { familyName { value state } phone { value state } email { value state } } } }`},
	}
}

// curl is the request as a command line. The token stays in its file.
func (t tryout) curl(base, dev string) (string, error) {
	body, err := json.Marshal(map[string]string{"query": t.query})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`curl -sS %s/graphql -H 'Content-Type: application/json' -H "Authorization: Bearer $(cat %s)" -d %s`,
		base, quoted(filepath.Join(dev, t.role+".token")), quoted(string(body))), nil
}

// quoted is a text that a shell takes as it is.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
