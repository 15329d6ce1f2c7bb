package idptest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

const page = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Sign in</title><link rel="icon" href="data:,">
<h1>Sign in</h1><form method="post"><input type="hidden" name="id" value="{{.ID}}">
{{range .Users}}<p><button name="user" value="{{.}}">{{.}}</button></p>{{end}}</form></html>`

// ask is the page on which one says who one is. No password: it is a test's.
func (p *Provider) ask(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	users := slices.Sorted(maps.Keys(p.users))
	p.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	form, err := template.New("").Parse(page)
	if err == nil {
		err = form.Execute(w, map[string]any{"ID": r.FormValue("id"), "Users": users})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (p *Provider) signedIn(callback func(context.Context, string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		l, pending := p.pending[r.FormValue("id")]
		user, known := p.users[r.FormValue("user")]
		if pending && known {
			l.user, l.at = user.Subject, p.clock()
		}
		p.mu.Unlock()
		if !pending || !known {
			http.Error(w, "nobody", http.StatusForbidden)
			return
		}
		http.Redirect(w, r, callback(r.Context(), l.id), http.StatusSeeOther)
	}
}

// SignIn signs a user in to a client, as its program and their browser do it
// together, and answers the tokens.
func (p *Provider) SignIn(ctx context.Context, client Client, user string) (*oauth2.Token, error) {
	endpoints, browser, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	program := oauth2.Config{ClientID: client.ID, RedirectURL: client.Redirect, Endpoint: endpoints, Scopes: []string{"openid", "offline_access"}}
	verifier := oauth2.GenerateVerifier()
	at, err := visit(ctx, browser, http.MethodGet, program.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), nil)
	if err != nil {
		return nil, err
	}
	form := url.Values{"id": {at.Query().Get("id")}, "user": {user}}
	if at, err = visit(ctx, browser, http.MethodPost, p.URL+"/login", form); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(at.String(), client.Redirect) || at.Query().Get("code") == "" {
		return nil, fmt.Errorf("idptest: the login of %s ended at %s", user, at.Path)
	}
	return program.Exchange(context.WithValue(ctx, oauth2.HTTPClient, browser), at.Query().Get("code"), oauth2.VerifierOption(verifier))
}

// Renew exchanges a refresh token.
func (p *Provider) Renew(ctx context.Context, client Client, token *oauth2.Token) (*oauth2.Token, error) {
	endpoints, browser, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	program := oauth2.Config{ClientID: client.ID, Endpoint: endpoints}
	return program.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, browser), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
}

// discover reads where the provider's endpoints are, and answers a browser that
// trusts it and goes no further than the provider sends it.
func (p *Provider) discover(ctx context.Context) (oauth2.Endpoint, *http.Client, error) {
	browser := &http.Client{
		Transport: p.Transport(),
		CheckRedirect: func(next *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(next.URL.String(), p.URL) {
				return nil
			}
			return http.ErrUseLastResponse
		},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/.well-known/openid-configuration", http.NoBody)
	if err != nil {
		return oauth2.Endpoint{}, nil, err
	}
	answer, err := browser.Do(r)
	if err != nil {
		return oauth2.Endpoint{}, nil, err
	}
	var said struct {
		Authorize string `json:"authorization_endpoint"`
		Token     string `json:"token_endpoint"`
	}
	err = errors.Join(json.NewDecoder(answer.Body).Decode(&said), answer.Body.Close())
	return oauth2.Endpoint{AuthURL: said.Authorize, TokenURL: said.Token, AuthStyle: oauth2.AuthStyleInParams}, browser, err
}

// visit answers where a browser ends up.
func visit(ctx context.Context, browser *http.Client, method, address string, form url.Values) (*url.URL, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := browser.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("idptest: %s: %s", answer.Status, body)
	}
	if next, err := answer.Location(); err == nil {
		return next, nil
	}
	return answer.Request.URL, nil
}
