package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// claims are what a verified token says.
type claims struct {
	issuer, subject string
	expiry          time.Time
	audiences       []string // those that are accepted, each once
	all             map[string]any
}

// text answers a claim that is a string, or "".
func (c claims) text(name string) string {
	s, _ := c.all[name].(string)
	return s
}

// proven answers a claim that the provider says it has verified. Some
// providers write the flag as a string.
func (c claims) proven(name string) vault.Plain {
	if v := c.all[name+"_verified"]; v != true && v != "true" {
		return vault.Plain{}
	}
	return vault.NewPlain(c.text(name))
}

// strings answers an array of strings at a dotted path. A name that has dots
// itself, as namespaced claims do, is found as well.
func (c claims) strings(path string) []string {
	list, ok := at(c.all, path).([]any)
	if !ok {
		return nil
	}
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func at(object map[string]any, path string) any {
	if v, ok := object[path]; ok {
		return v
	}
	name, rest, dotted := strings.Cut(path, ".")
	inner, ok := object[name].(map[string]any)
	if !dotted || !ok {
		return nil
	}
	return at(inner, rest)
}

// roleOrder is the order of an actor's roles: events name the first.
var roleOrder = []vault.Role{vault.Machine, vault.Support, vault.Compliance, vault.Security, vault.Auditor}

// caller makes the caller of a verified token.
func (p *Provider) caller(ctx context.Context, is *issuer, c claims) (Caller, error) {
	a := vault.Actor{Issuer: c.issuer, Subject: c.subject}
	if is.Kind == Staff {
		a.Roles = is.grants(c)
		if a.Has(vault.Machine) {
			p.serve(&a, c)
		}
		return Caller{Actor: a, Name: vault.NewPlain(c.text("name"))}, nil
	}
	app, err := p.app(ctx, c)
	if err != nil {
		return Caller{}, err
	}
	a.Roles, a.App = []vault.Role{vault.Subject}, app
	a.Phone, a.Email = c.proven("phone_number"), c.proven("email")
	return Caller{Actor: a}, nil
}

// grants are the roles that the token claims and its issuer may grant.
func (is *issuer) grants(c claims) []vault.Role {
	var claimed []vault.Role
	for _, name := range c.strings(is.RolesClaim) {
		claimed = append(claimed, is.Roles[name])
	}
	var out []vault.Role
	for _, r := range roleOrder {
		if slices.Contains(claimed, r) {
			out = append(out, r)
		}
	}
	return slices.Clip(out)
}

// serve gives a service what the configuration lets it name. A service that
// the configuration does not know is none.
func (p *Provider) serve(a *vault.Actor, c claims) {
	for _, s := range p.services {
		if s.Issuer == c.issuer && s.is(c) {
			a.Apps, a.Purposes = slices.Clip(s.Apps), slices.Clip(s.Purposes)
			return
		}
	}
	a.Roles = slices.DeleteFunc(a.Roles, func(r vault.Role) bool { return r == vault.Machine })
}

func (s Service) is(c claims) bool {
	if s.Subject != "" {
		return s.Subject == c.subject
	}
	// RFC 9068 says client_id; OpenID Connect says azp.
	return s.ClientID == c.text("client_id") || s.ClientID == c.text("azp")
}

// app is the app that the token was issued for. Where several audiences are
// accepted, the party that the token was issued to decides.
func (p *Provider) app(ctx context.Context, c claims) (string, error) {
	audiences := c.audiences
	if party := c.text("azp"); len(audiences) > 1 && slices.Contains(audiences, party) {
		audiences = []string{party}
	}
	var found string
	for _, audience := range audiences {
		app, ok, err := p.appOf(ctx, audience)
		switch {
		case err != nil:
			return "", vault.NewError(vault.CodeUnavailable, "the token's app cannot be looked up at the moment; try again").Because(err)
		case !ok:
			continue
		case found != "" && found != app:
			return "", refuse("the token's audiences (aud) stand for several apps; ask for a token of one")
		}
		found = app
	}
	if found == "" {
		return "", refuse("the token's audience (aud) stands for no app; name it in the app's configuration")
	}
	return found, nil
}
