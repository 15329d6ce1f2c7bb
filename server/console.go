package main

import (
	"cmp"
	"net/http"

	"github.com/kelisim/kelisim/server/console"
	"github.com/kelisim/kelisim/vault"
)

// consoleOptions is what the console offers here: in development the role picker,
// elsewhere signing in.
func (e *edge) consoleOptions(schema []byte) (console.Options, error) {
	o := console.Options{Endpoint: "/graphql", Dev: e.dev != nil, Who: e.whoIsThere}
	for _, is := range e.who.ConsoleClients() {
		scopes := is.Console.Scopes
		if len(scopes) == 0 {
			scopes = []string{"openid"}
		}
		o.Issuers = append(o.Issuers, console.Issuer{URL: is.URL, ClientID: is.Console.ClientID, Scopes: scopes})
	}
	if e.dev != nil {
		o.Tokens = func() map[string]string { return devTokens(e.settings, e.log) }
	}
	if e.settings.SavedQueries == "" {
		return o, nil
	}
	var err error
	o.Saved, err = console.OpenSaved(e.settings.SavedQueries, schema, e.log)
	return o, err
}

// whoIsThere tells the console's user what their token is worth.
func (e *edge) whoIsThere(r *http.Request) (roles []string, problem string) {
	actor, err := e.actor(r)
	if err != nil {
		return nil, string(cmp.Or(vault.CodeOf(err), vault.CodeUnavailable))
	}
	for _, role := range actor.Roles {
		roles = append(roles, string(role))
	}
	return roles, ""
}
