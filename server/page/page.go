// Package page serves what people read in a browser: an app's privacy policy and
// its versions, how to have data deleted, and the sheet of one consent. The pages
// are whole in themselves: no scripts, no cookies, nothing from another host, and
// what they say is computed from the version's facts and the rule pack.
package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/yuin/goldmark"

	"github.com/kelisim/kelisim/vault"
)

//go:embed page.html style.css
var files embed.FS

// Options are what the pages are made of; all of it is required.
type Options struct {
	Vault *vault.Service
	// Match picks the available language that fits the requested ones best.
	Match func(requested, available []string) (string, bool)
	// Languages reads an Accept-Language header, best first.
	Languages func(header string) []string
	// Caller finds out who calls; nobody is asked for but the sheet of a consent.
	Caller func(*http.Request) (vault.Actor, error)
	// Denied counts refusals of callers without a token, by operation.
	Denied func(operation string)
	// ConsentID reads the id of a consent as clients know it.
	ConsentID func(id string) (user, consent uuid.UUID, err error)
	Clock     func() time.Time
	Log       *slog.Logger
}

// Pages are the handlers.
type Pages struct {
	Options
	shelf
	markdown goldmark.Markdown
	html     *template.Template
	style    template.HTML
	policy   string // Content-Security-Policy
}

// New prepares the pages.
func New(o Options) (*Pages, error) {
	css, err := files.ReadFile("style.css")
	if err != nil {
		return nil, fmt.Errorf("the pages' style: %w", err)
	}
	html, err := template.ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("the pages: %w", err)
	}
	shelf, err := newShelf()
	if err != nil {
		return nil, fmt.Errorf("the shelf of pages: %w", err)
	}
	sum := sha256.Sum256(css)
	return &Pages{
		Options: o, shelf: shelf, markdown: newMarkdown(), html: html,
		style: template.HTML("<style>" + string(css) + "</style>"), //nolint:gosec // our own file
		policy: "default-src 'none'; img-src data:; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}, nil
}

// Mount adds the pages to a server. GET answers HEAD too.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /policy/{app}", p.guarded(p.current, open))
	mux.HandleFunc("GET /policy/{app}/{version}", p.guarded(p.version, open))
	mux.HandleFunc("GET /policy/{app}/delete", p.guarded(p.deletion, open))
	mux.HandleFunc("GET /policy/", p.guarded(func(*http.Request, reader) (view, error) { return view{}, vault.ErrNotFound }, open))
	mux.HandleFunc("GET /consents/{id}", p.guarded(p.consent, private))
}

// What may be kept of an answer: a page for everybody is asked for again each
// time, because a version takes effect at its moment; a sheet is never kept.
const (
	open    = "public, no-cache"
	private = "no-store"
)

// reader is who reads: the languages that they want, most wanted first.
type reader struct {
	wishes []string
	lang   string // the page's own
}

// view is a page that can be written.
type view struct {
	name string // of the template
	lang string
	key  pageKey // what names all that the page says; zero: it is personal, and not kept
	data func() (any, error)
}

// guarded writes what a handler answers, or the page that says why there is none.
func (p *Pages) guarded(handle func(*http.Request, reader) (view, error), keep string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		r = r.WithContext(ctx)
		h := w.Header()
		h.Set("Content-Security-Policy", p.policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Vary", "Accept-Language, Authorization")
		h.Set("Cache-Control", keep)
		who := p.reader(r)
		v, err := handle(r, who)
		var out rendered
		if err == nil {
			out, err = p.made(v)
		}
		if err != nil {
			p.trouble(w, r, who, err)
			return
		}
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Language", v.lang)
		if keep == open {
			h.Set("ETag", out.tag)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(out.html))
	}
}

// reader finds the page's language: ?locale=, then Accept-Language, then that of
// the country.
func (p *Pages) reader(r *http.Request) reader {
	out := reader{lang: vault.Languages[0]}
	if asked := r.URL.Query().Get("locale"); asked != "" {
		out.wishes = []string{asked}
	}
	out.wishes = append(out.wishes, p.Languages(r.Header.Get("Accept-Language"))...)
	if match, ok := p.Match(out.wishes, vault.Languages); ok {
		out.lang = match
	}
	return out
}

// in is the page's language in an app: what the reader wants, or the app's own.
func (p *Pages) in(app vault.App, who reader) string {
	if match, ok := p.Match(who.wishes, app.Languages); ok {
		return match
	}
	return app.AuthoritativeLanguage
}

// frame is what every page has.
type frame struct {
	Lang     string
	Say      wording
	Title    string
	Brand    string
	Style    template.HTML
	Switch   []language
	Operator *operator
}

// language is a link to the same page in another language.
type language struct {
	Code, Name, Href string
	Current          bool
}

// operator is who answers for the data.
type operator struct{ Name, BIN, Address, Email, Phone string }

func (p *Pages) frame(app vault.App, lang, title string) frame {
	f := frame{
		Lang: lang, Say: sayings[lang], Title: title, Brand: in(app.Name, lang, app), Style: p.style, Switch: links(lang, app.Languages),
		Operator: &operator{
			Name: in(app.Operator.Name, lang, app), BIN: app.Operator.BIN, Address: in(app.Contacts.Address, lang, app),
			Email: app.Contacts.Email, Phone: app.Contacts.Phone,
		},
	}
	return f
}

// links lead to the same page in each language. They are relative: a page that
// is missing does not repeat what was asked for.
func links(lang string, available []string) []language {
	var out []language
	for _, code := range vault.Languages {
		if slices.Contains(available, code) {
			out = append(out, language{Code: code, Name: sayings[code].Own, Href: "?locale=" + code, Current: code == lang})
		}
	}
	return out
}

// in are words in a language, or in the app's own.
func in(w vault.Words, lang string, app vault.App) string {
	if text, ok := vault.WordsIn(w, lang); ok {
		return text
	}
	text, _ := vault.WordsIn(w, app.AuthoritativeLanguage)
	return text
}

// trouble says why there is no page. It repeats nothing of the request.
func (p *Pages) trouble(w http.ResponseWriter, r *http.Request, who reader, err error) {
	say := sayings[who.lang]
	status, title, message := http.StatusInternalServerError, say.Failed, say.FailedWhy
	switch vault.CodeOf(err) {
	case vault.CodeNotFound:
		status, title, message = http.StatusNotFound, say.Missing, say.MissingWhy
	case vault.CodeUnauthenticated:
		status, title, message = http.StatusUnauthorized, say.NoToken, say.NoTokenWhy
		w.Header().Set("WWW-Authenticate", "Bearer")
	case vault.CodeForbidden:
		status, title, message = http.StatusForbidden, say.Forbidden, say.ForbiddenWhy
	case vault.CodeUnavailable, vault.CodeTimeout:
		status, title, message = http.StatusServiceUnavailable, say.Away, say.AwayWhy
		w.Header().Set("Retry-After", "10")
	default:
		if r.Context().Err() == nil {
			p.Log.LogAttrs(r.Context(), slog.LevelError, "a page could not be made", slog.Any("error", err))
		}
	}
	out, err := p.made(view{
		name: "trouble", lang: who.lang, key: pageKey{name: title, lang: who.lang},
		data: func() (any, error) {
			f := frame{Lang: who.lang, Say: say, Title: title, Style: p.style, Switch: links(who.lang, vault.Languages)}
			return troublePage{f, message}, nil
		},
	})
	if err != nil {
		p.Log.LogAttrs(r.Context(), slog.LevelError, "a page could not be written", slog.Any("error", err))
		http.Error(w, "something went wrong on our side", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", private)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", who.lang)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out.html) // a reader who is gone has no use for an error
	}
}

// troublePage says why there is no page.
type troublePage struct {
	frame
	Message string
}

// patience is how long a page may take.
const patience = 10 * time.Second
