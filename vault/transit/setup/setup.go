// Package setup prepares HashiCorp's Vault for Kelisim: the mount, the keys,
// least-privilege policies and an AppRole for each. It adds what is missing and
// puts right what protects too little; a key that is not what it has to be is
// refused, and nothing is changed then.
//
// What it would do is also a shell script, so that somebody may read it first,
// or run that instead.
package setup

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/deploy"
)

// Config names what is prepared. Empty names are the defaults.
type Config struct {
	Mount   string // path of the transit mount; "transit"
	Prefix  string // of the keys' names; "kelisim"
	AppRole string // path of the AppRole mount; "approle"
	Suffix  string // of the names of policies and AppRoles, for mounts of one Vault whose keys have the same names; none

	RecreateKeys bool // also keys that were there and are gone; what they encrypted is lost
}

// Roles are what Kelisim does in Vault, each with a policy and an AppRole of
// its own. To retire and to trim are none of them: people do that.
func Roles() []string { return []string{"encrypt", "decrypt", "rewrap", "reindex", "observe"} }

// State is how an object in Vault stands, or what became of it.
type State string

// The states. Check answers the first five, Apply all but Missing and Differs.
const (
	Right   State = "already right"
	Missing State = "missing"
	Differs State = "differs"
	Kept    State = "left as it is" // it differs, and is the operator's to decide
	Refused State = "refused"       // it is wrong, and changing it would lose something
	Created State = "created"
	Updated State = "updated"
)

// Result is one object's.
type Result struct {
	Object   string // as "key transit/keys/kelisim-pii"
	State    State
	Detail   string   // what differs or is wrong; empty otherwise
	Warnings []string // what weakens it, each with what to do about it
}

// String is the result in a line, without its warnings.
func (r Result) String() string {
	line := fmt.Sprintf("%-14s %s", r.State, r.Object)
	if r.Detail != "" {
		line += ": " + r.Detail
	}
	return line
}

// object is one thing that has to be in Vault. It does not change.
type object interface {
	title() string
	shell() string // the same for people: commands that may be repeated
	inspect(ctx context.Context, v server) (Result, error)
	put(ctx context.Context, v server) error
}

// Plan is everything that has to be in Vault, in the order in which it is made.
type Plan struct {
	config  Config
	objects []object
}

// segment is a part of a path that means nothing to a shell, HCL or a URL.
var segment = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// New makes the plan for the names, and refuses names that are none.
func New(c Config) (*Plan, error) {
	fill := func(name *string, fallback string) {
		if *name = strings.Trim(*name, "/"); *name == "" {
			*name = fallback
		}
	}
	fill(&c.Mount, "transit")
	fill(&c.Prefix, "kelisim")
	fill(&c.AppRole, "approle")
	for _, name := range []string{c.Prefix, c.Prefix + c.Suffix} {
		if !segment.MatchString(name) {
			return nil, fmt.Errorf("setup: %q is no name: letters, digits, dots, - and _ make one", name)
		}
	}
	for _, path := range []string{c.Mount, c.AppRole} {
		for part := range strings.SplitSeq(path, "/") {
			if !segment.MatchString(part) {
				return nil, fmt.Errorf("setup: %q is no path of a mount", path)
			}
		}
	}
	p := &Plan{config: c, objects: []object{
		mount{table: "mounts", path: c.Mount, engine: "transit", enable: "secrets"},
		upsert{mount: c.Mount},
		newKey(c, "pii", "aes256-gcm96", "derived=true"),
		newKey(c, "index", "hmac", "key_size=32"),
		newKey(c, "receipt", "ed25519"),
		header{name: "X-Request-Id"},
		mount{table: "auth", path: c.AppRole, engine: "approle", enable: "auth"},
	}}
	for _, name := range Roles() {
		rules, err := deploy.Policy(name, c.Mount, c.Prefix)
		if err != nil {
			return nil, fmt.Errorf("setup: %w", err)
		}
		p.objects = append(p.objects, policy{p.Policy(name), rules, c.Mount, c.Prefix}, role{mount: c.AppRole, name: p.Policy(name)})
	}
	return p, nil
}

// Policy is the name of a role's policy, and of its AppRole.
func (p *Plan) Policy(role string) string { return p.config.Prefix + "-" + role + p.config.Suffix }

// Script is the plan as a shell script with the HCL of each policy in it.
func (p *Plan) Script() string {
	var out strings.Builder
	fmt.Fprintf(&out, `#!/bin/sh
# Prepares HashiCorp's Vault for Kelisim: the transit mount %q, the keys
# %s-pii, %[2]s-index and %[2]s-receipt, policies, and an AppRole for each.
#
# `+"`kelisim vault setup --dry-run`"+` prints this. Without --dry-run the command does
# the same itself, says what it found, and refuses what is wrong, where this
# script only adds what is missing, be it a key that somebody deleted. Both may
# be repeated. For somebody who may administer Vault, named by VAULT_ADDR and
# VAULT_TOKEN.
set -eu
`, p.config.Mount, p.config.Prefix)
	for _, o := range p.objects {
		out.WriteString("\n" + o.shell())
	}
	return out.String()
}

// Check says of each object how it stands, and changes nothing.
func (p *Plan) Check(ctx context.Context, client *api.Client) ([]Result, error) {
	var out []Result
	for _, o := range p.objects {
		r, err := look(ctx, o, server{client})
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, p.refuseDeleted(ctx, server{client}, out)
}

// Apply makes what is missing and updates what differs, and tells the result of
// each object once Vault confirms it. It looks at everything first: when
// something is refused, it answers that as an error and has changed nothing.
func (p *Plan) Apply(ctx context.Context, client *api.Client, tell func(Result)) error {
	before, err := p.Check(ctx, client)
	if err != nil {
		return err
	}
	var refused []error
	for _, r := range before {
		if r.State == Refused {
			refused = append(refused, fmt.Errorf("setup: %s: %s", r.Object, r.Detail))
		}
	}
	if len(refused) > 0 {
		return errors.Join(append(refused, errors.New("setup: nothing was changed"))...)
	}
	for i, o := range p.objects {
		r, err := bring(ctx, o, before[i], server{client})
		if err != nil {
			return err
		}
		tell(r)
	}
	return nil
}

// bring makes one object right, and looks at it again.
func bring(ctx context.Context, o object, before Result, v server) (Result, error) {
	if before.State != Missing && before.State != Differs {
		return before, nil
	}
	failed := o.put(ctx, v)
	after, err := look(ctx, o, v)
	switch {
	case failed != nil && err == nil && after.State == Right:
		return after, nil // somebody else made it meanwhile
	case failed != nil:
		return Result{}, failed
	case err != nil:
		return Result{}, err
	case after.State != Right:
		return Result{}, fmt.Errorf("setup: %s was written, and still it is not right: %s", o.title(), after)
	}
	after.State, after.Detail = Created, ""
	if before.State == Differs {
		after.State, after.Detail = Updated, before.Detail
	}
	return after, nil
}

func look(ctx context.Context, o object, v server) (Result, error) {
	r, err := o.inspect(ctx, v)
	r.Object = o.title()
	return r, err
}
