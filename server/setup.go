package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/transit/setup"
)

type vaultCommand struct {
	Setup vaultSetupCommand `cmd:"" help:"Prepare Vault: mount, keys, policies, AppRoles. Repeated, it checks them. Needs an administrator's token."`
}

type vaultSetupCommand struct {
	DryRun     bool          `help:"Change nothing: print the vault commands and the policies, and to stderr what differs."`
	AppRole    string        `name:"approle" default:"approle" help:"Path of the AppRole mount."`
	Role       []string      `default:"encrypt,decrypt" enum:"encrypt,decrypt,rewrap,reindex,observe" help:"Whose logins the two folders get: ${enum}."`
	TokenDir   string        `type:"path" help:"A folder that gets a token for each --role, as files (0600) with its name."`
	AppRoleDir string        `name:"approle-dir" type:"path" help:"A folder that gets a role id and a secret id for each --role (0600)."`
	Recreate   bool          `name:"recreate-keys" help:"Make keys anew that were deleted. What they encrypted is lost for good."`
	WrapTTL    time.Duration `name:"wrap-ttl" placeholder:"TIME" help:"Wrap the secret ids: each file holds a token that gives its secret id once, within this time, as 10m."`
}

// Validate is called by the parser.
func (c vaultSetupCommand) Validate() error {
	switch {
	case c.WrapTTL != 0 && c.AppRoleDir == "":
		return errors.New("--wrap-ttl wraps what --approle-dir writes, and needs it")
	case c.WrapTTL < 0 || c.WrapTTL%time.Second != 0:
		return errors.New("--wrap-ttl is a number of whole seconds, as 10m")
	}
	return nil
}

// Run prepares the Vault that VAULT_ADDR names.
func (c vaultSetupCommand) Run(p *process) error {
	p = p.byPerson()
	s, err := p.settings()
	if err != nil {
		return err
	}
	plan, err := setup.New(setup.Config{Mount: s.TransitMount, Prefix: s.KeyPrefix, AppRole: c.AppRole, RecreateKeys: c.Recreate})
	if err != nil {
		return err
	}
	if c.DryRun {
		return c.show(p, s, plan)
	}
	client, err := operator(s)
	if err != nil {
		return err
	}
	told := results{out: p.out, warn: p.err}
	err = plan.Apply(p.ctx, client, told.tell)
	if err == nil && c.TokenDir != "" {
		err = plan.WriteTokens(p.ctx, client, c.TokenDir, c.Role, told.tell)
	}
	if err == nil && c.AppRoleDir != "" {
		err = plan.WriteAppRoles(p.ctx, client, c.AppRoleDir, c.Role, c.WrapTTL, told.tell)
	}
	return errors.Join(err, told.err)
}

// show prints the plan. With a login it looks at the Vault, too.
func (vaultSetupCommand) show(p *process, s settings, plan *setup.Plan) error {
	if _, err := io.WriteString(p.out, plan.Script()); err != nil {
		return err
	}
	if s.VaultAddr == "" || s.VaultToken == "" && s.EncryptLogin.TokenFile == "" {
		return nil
	}
	client, err := operator(s)
	if err != nil {
		return err
	}
	found, err := plan.Check(p.ctx, client)
	told := results{out: p.err, warn: p.err}
	for _, r := range found {
		told.tell(r)
	}
	return errors.Join(err, told.err)
}

// operator is a client of Vault for whoever runs a command.
func operator(s settings) (*api.Client, error) {
	if s.VaultAddr == "" {
		return nil, errors.New("VAULT_ADDR is not set: which Vault?")
	}
	if err := fromFile("VAULT_TOKEN", &s.VaultToken, s.EncryptLogin.TokenFile); err != nil {
		return nil, err
	}
	if s.VaultToken == "" {
		return nil, errors.New("no login for Vault: give VAULT_TOKEN_FILE or VAULT_TOKEN, of somebody who administers it")
	}
	return transit.Operator(s.transit(), s.VaultToken)
}

// results prints what a set-up tells.
type results struct {
	out, warn io.Writer
	err       error
}

func (t *results) tell(r setup.Result) {
	_, err := fmt.Fprintln(t.out, r)
	t.err = errors.Join(t.err, err)
	for _, w := range r.Warnings {
		_, err := fmt.Fprintln(t.warn, "warning:", w)
		t.err = errors.Join(t.err, err)
	}
}
