// Package console serves the GraphQL console: GraphiQL and its parts, embedded
// in the binary, with nothing fetched from another host.
package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"
)

// Path is where the handler expects to be mounted.
const Path = "/console/"

// policy is strict where it can be: GraphiQL sets style attributes, so styles
// alone may be inline, and its typefaces are data URLs inside its style sheet. The
// page asks nobody but this server and the issuers at which one signs in.
func policy(issuers []Issuer) string {
	hosts := "'self'"
	for _, is := range issuers {
		if origin := " " + is.origin(); !strings.Contains(hosts, origin) {
			hosts += origin
		}
	}
	return "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
		"font-src data:; img-src 'self' data:; connect-src " + hosts + "; " +
		"base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
}

//go:embed index.html *.js *.css examples.json third_party
var files embed.FS

// Options say where the console sends its requests and what it may offer.
type Options struct {
	// Endpoint is the path of the GraphQL API on the same origin, "/graphql" if empty.
	Endpoint string
	// Dev marks a development server. Outside of it no token is ever handed out.
	Dev bool
	// Tokens answers a token for each role, for the role picker. Nil outside development.
	Tokens func() map[string]string
	// Issuers are those at which colleagues sign in from the page.
	Issuers []Issuer
	// Who answers what roles a request's token has, or the code of why it is refused. Nil: nobody signs in.
	Who func(*http.Request) (roles []string, problem string)
	// Saved are the operator's own queries; nil for none.
	Saved *Saved
}

// Issuer is an OpenID provider at which the page signs in as a public client.
type Issuer struct {
	URL      string   `json:"issuer"`
	ClientID string   `json:"clientId"`
	Scopes   []string `json:"scopes"`
}

func (is Issuer) origin() string {
	u, err := url.Parse(is.URL)
	if err != nil { // the configuration was validated
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// settings is what the page has to know about its server.
type settings struct {
	Endpoint string   `json:"endpoint"`
	Schema   string   `json:"schema"`
	Dev      bool     `json:"dev"`
	Issuers  []Issuer `json:"issuers"`
}

// caller is who the server takes the page's user for.
type caller struct {
	Roles   []string `json:"roles"`
	Problem string   `json:"problem,omitempty"`
}

// Handler serves the console below Path.
func Handler(opts Options) http.Handler {
	if opts.Endpoint == "" {
		opts.Endpoint = "/graphql"
	}
	offersTokens := opts.Dev && opts.Tokens != nil

	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path+"{$}", serveFile)
	mux.HandleFunc("GET "+Path+"callback", serveFile) // the page again, with a provider's answer in its address
	mux.HandleFunc("GET "+Path+"{file...}", serveFile)
	mux.HandleFunc("GET "+Path+"settings.json", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, settings{Endpoint: opts.Endpoint, Schema: "/schema.graphql", Dev: offersTokens, Issuers: append([]Issuer{}, opts.Issuers...)})
	})
	mux.HandleFunc("GET "+Path+"saved.json", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, opts.Saved.Examples()) })
	if opts.Who != nil {
		mux.HandleFunc("GET "+Path+"me.json", func(w http.ResponseWriter, r *http.Request) {
			roles, problem := opts.Who(r)
			writeJSON(w, caller{append([]string{}, roles...), problem})
		})
	}
	if offersTokens {
		mux.HandleFunc("GET "+Path+"dev-tokens.json", func(w http.ResponseWriter, r *http.Request) {
			if !isLocal(r) || !isOwnPage(r) {
				http.Error(w, "refused", http.StatusForbidden)
				return
			}
			writeJSON(w, opts.Tokens())
		})
	}
	return withHeaders(mux, policy(opts.Issuers))
}

// withHeaders sets the headers that hold for every answer, refusals included.
func withHeaders(next http.Handler, policy string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// serveFile answers one embedded file. The third parties' files never change
// within a build, so a browser may keep them and ask again by ETag; our own are
// small and always fetched.
func serveFile(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if name == "" { // also the callback
		name = "index.html"
	}
	content, err := files.ReadFile(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mediaType(name))
	if strings.HasPrefix(name, "third_party/") {
		sum := sha256.Sum256(content)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}

// mediaType does not ask the machine's own table, which differs between machines.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json":
		return "application/json"
	default:
		return "text/plain; charset=utf-8"
	}
}

// isLocal tells a caller on this machine who also believes to talk to it. The
// address alone is not enough: a page elsewhere can point its own name at a
// loopback address (DNS rebinding), but then the Host header still says that name.
func isLocal(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}

// isOwnPage tells a request that no other site's page has caused. Browsers set
// the header by themselves and scripts cannot; tools such as curl send none.
func isOwnPage(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	default:
		return false
	}
}

func writeJSON(w http.ResponseWriter, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, fmt.Sprintf("cannot encode %T", value), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// A write fails only when the caller has gone, and then nobody is left to be told.
	_, _ = w.Write(body)
}
