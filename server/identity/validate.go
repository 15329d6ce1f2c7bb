package identity

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/kelisim/kelisim/vault"
)

// algorithms are those whose verifying key is not also a signing key.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
}

var (
	appForm  = regexp.MustCompile(`^[a-z][a-z0-9-]{1,31}$`)
	codeForm = regexp.MustCompile(`^[a-z][A-Za-z0-9_]{1,39}$`)
	// RFC 6749 lets a scope hold these characters.
	scopeForm = regexp.MustCompile(`^[!#-\[\]-~]+$`)
	hostForm  = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$|^\[[0-9A-Fa-f:.]+\](:[0-9]+)?$`)
)

// Validate says everything that is wrong with the configuration, or nil.
// Development lets an issuer be http on a loopback address, and lets there be
// none: it has issuers of its own.
func (c Config) Validate(development bool) error {
	v := validation{development: development}
	if len(c.Issuers) == 0 && !development {
		v.bad("name at least one issuer whose tokens are believed", "issuers")
	}
	seen := map[string]Issuer{}
	for i, is := range c.Issuers {
		if _, twice := seen[is.URL]; twice {
			v.bad("this issuer is configured twice; keep one of them", "issuers", i, "issuer")
		}
		seen[is.URL] = is
		v.issuer(is, "issuers", i)
	}
	for i, s := range c.Services {
		v.service(s, seen, "services", i)
	}
	v.list(c.Access.SupportNeverReveals, codeForm, "a field's code, such as birthDate", "access", "supportNeverReveals")
	if len(v.found) == 0 {
		return nil
	}
	return v.found
}

// validation gathers what is wrong.
type validation struct {
	development bool
	found       problems
}

func (v *validation) bad(text string, key ...any) {
	v.found = append(v.found, problem{key, text})
}

func (v *validation) issuer(is Issuer, key ...any) {
	v.url(is.URL, under(key, "issuer")...)
	v.console(is, under(key, "console"))
	v.needed(is.Audiences, "name each audience (aud) that is accepted", under(key, "audiences")...)
	v.list(is.Audiences, nil, "", under(key, "audiences")...)
	v.needed(is.Algorithms, "name the algorithms that the issuer signs with, such as [ES256, RS256]", under(key, "algorithms")...)
	for i, a := range is.Algorithms {
		if !slices.Contains(algorithms, a) {
			v.bad(fmt.Sprintf("%q is not accepted: neither `none` nor a shared secret (HS…) proves who signed; choose from %s",
				a, strings.Join(algorithms, " ")), under(key, "algorithms", i)...)
		}
	}
	switch is.Kind {
	case Customers:
		if len(is.Roles) > 0 || is.RolesClaim != "" {
			v.bad("an issuer of customers grants no roles: remove rolesClaim and roles, or make it kind STAFF", under(key, "roles")...)
		}
	case Staff:
		v.roles(is, key)
	default:
		v.bad("kind is CUSTOMERS (people, for their own data) or STAFF (colleagues and services)", under(key, "kind")...)
	}
}

// console: the console's policy of contents names the issuer's host, so that it has
// to be one that means nothing else there.
func (v *validation) console(is Issuer, key []any) {
	if is.Console == nil {
		return
	}
	u, err := url.Parse(is.URL)
	switch {
	case is.Kind != Staff:
		v.bad("the console is for colleagues: remove this, or make the issuer kind STAFF", key...)
	case err != nil || !hostForm.MatchString(u.Host):
		v.bad("the issuer's host is not a name or an address", key...)
	}
	if is.Console.ClientID == "" {
		v.bad("name the client that the issuer knows the console by", under(key, "clientId")...)
	}
	v.list(is.Console.Scopes, scopeForm, "a scope, such as offline_access", under(key, "scopes")...)
	if len(is.Console.Scopes) > 0 && !slices.Contains(is.Console.Scopes, oidc.ScopeOpenID) {
		v.bad("openid is missing; without it nobody signs in", under(key, "scopes")...)
	}
}

func (v *validation) roles(is Issuer, key []any) {
	if is.RolesClaim == "" {
		v.bad("name the claim that holds the roles, as a dotted path such as realm_access.roles", under(key, "rolesClaim")...)
	}
	if len(is.Roles) == 0 {
		v.bad("say which roles the issuer may grant, such as {kelisim-support: SUPPORT}", under(key, "roles")...)
	}
	for _, name := range slices.Sorted(maps.Keys(is.Roles)) {
		if !is.Roles[name].IsStaff() {
			v.bad("no issuer of staff grants this role; choose from SERVICE SUPPORT COMPLIANCE SECURITY AUDITOR", under(key, "roles", name)...)
		}
	}
}

func (v *validation) url(text string, key ...any) {
	u, err := url.Parse(text)
	switch {
	case text == "" || err != nil || u.Host == "":
		v.bad("give the issuer's URL, byte for byte the `iss` of its tokens", key...)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		v.bad("an issuer's URL has no user, query or fragment; give it as the `iss` of its tokens has it", key...)
	case text == devCustomers || text == devStaff:
		v.bad("this is an issuer for development, which is never configured; remove it", key...)
	case !private(u, v.development):
		v.bad("an issuer is asked over https only; in development also over http on a loopback address", key...)
	}
}

func (v *validation) service(s Service, issuers map[string]Issuer, key ...any) {
	is, ok := issuers[s.Issuer]
	switch {
	case !ok:
		v.bad("this issuer is not among `issuers`; name one that is", under(key, "issuer")...)
	case is.Kind != Staff || !slices.Contains(slices.Collect(maps.Values(is.Roles)), vault.Machine):
		v.bad("this issuer grants no SERVICE; map one of its roles to SERVICE", under(key, "issuer")...)
	}
	if (s.Subject == "") == (s.ClientID == "") {
		v.bad("name the service by one of subject and clientId", under(key, "subject")...)
	}
	v.needed(s.Apps, "name the apps whose people the service may ask about", under(key, "apps")...)
	v.list(s.Apps, appForm, "an app's code, such as dala", under(key, "apps")...)
	v.needed(s.Purposes, "name the purposes for which the service may read", under(key, "purposes")...)
	v.list(s.Purposes, codeForm, "a purpose's code, such as contact", under(key, "purposes")...)
}

func (v *validation) needed(list []string, text string, key ...any) {
	if len(list) == 0 {
		v.bad(text, key...)
	}
}

// list refuses empty and repeated entries, and those not of the form, if any.
func (v *validation) list(list []string, form *regexp.Regexp, of string, key ...any) {
	for i, text := range list {
		switch {
		case text == "":
			v.bad("this entry is empty; remove it", under(key, i)...)
		case slices.Contains(list[:i], text):
			v.bad("this entry stands here twice; remove one", under(key, i)...)
		case form != nil && !form.MatchString(text):
			v.bad("this is not "+of, under(key, i)...)
		}
	}
}

// under is a key further in.
func under(key []any, steps ...any) []any { return slices.Concat(key, steps) }
