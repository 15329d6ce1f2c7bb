package main

import (
	"archive/zip"
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

//go:embed export/page.html
var copyPage embed.FS

// exportsAtOnce bounds the memory that copies take which are being put together.
const exportsAtOnce = 4

// exports answers GET /exports/{id}: a copy of one's data as a ZIP of data.json
// and index.html, once, to the person's own token. The copy is put together in
// memory before it is marked as fetched, so that what fails on our side uses
// nothing up.
func (e *edge) exports() http.HandlerFunc {
	turn := make(chan struct{}, exportsAtOnce)
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet { // "GET" lets HEAD through, which would use it up
			w.Header().Set("Allow", http.MethodGet)
			answerText(w, http.StatusMethodNotAllowed, "an export is fetched with GET\n")
			return
		}
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-r.Context().Done():
			return
		}
		copied, err := e.export(r)
		if err != nil {
			e.refuseExport(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", `attachment; filename="my-data.zip"`)
		w.Header().Set("Content-Length", strconv.Itoa(len(copied)))
		_, _ = w.Write(copied) //nolint:gosec // a ZIP that is saved, and its page escapes what it shows; a client that is gone asks for a new one
	}
}

func (e *edge) export(r *http.Request) ([]byte, error) {
	ctx := r.Context()
	a, err := e.actor(r)
	if err != nil {
		return nil, err
	}
	a.RequestID = requestID(ctx)
	if !a.Authenticated() {
		return nil, vault.NewError(vault.CodeUnauthenticated, "this needs the person's token")
	}
	id, err := graph.ParseExportID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	export, me, err := e.vault.OpenExport(ctx, a, id)
	if err != nil {
		return nil, err
	}
	request, err := e.vault.SubjectRequest(ctx, a, export.Request)
	if err != nil {
		return nil, err
	}
	data, err := e.vault.CopyFor(ctx, a, me, request.Locale)
	if err != nil {
		return nil, err
	}
	rules, err := e.vault.Rules.Of("")
	if err != nil {
		return nil, err
	}
	packed, err := pack(data, rules.Zone)
	if err != nil {
		return nil, err
	}
	return packed, e.vault.UseExport(ctx, a, export)
}

// refuseExport says why there is nothing to fetch. The text is for whoever looks
// at the answer; clients go by the status.
func (e *edge) refuseExport(w http.ResponseWriter, r *http.Request, err error) {
	code := vault.CodeOf(err)
	switch {
	case errors.Is(err, vault.ErrGone):
		answerText(w, http.StatusGone, vault.ErrGone.Error()+"\n")
	case code == vault.CodeUnauthenticated:
		w.Header().Set("WWW-Authenticate", "Bearer")
		answerText(w, http.StatusUnauthorized, "send the token of the person whose data it is\n")
	case code == vault.CodeNotFound || code == vault.CodeForbidden:
		answerText(w, http.StatusNotFound, "there is no such export, or it is not yours\n")
	default:
		e.log.LogAttrs(r.Context(), slog.LevelError, "an export could not be put together",
			slog.String("requestId", requestID(r.Context())), slog.Any("error", err))
		w.Header().Set("Retry-After", "5")
		answerText(w, http.StatusServiceUnavailable, "the copy cannot be put together at the moment; try again, it can still be fetched\n")
	}
}

// pack makes the ZIP; the page has its times in a zone.
func pack(data *vault.PersonalCopy, zone *time.Location) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	err := errors.Join(
		entry(z, "data.json", data.MadeAt, func(w io.Writer) error {
			lines := json.NewEncoder(w)
			lines.SetEscapeHTML(false)
			lines.SetIndent("", "  ")
			return lines.Encode(data)
		}),
		entry(z, "index.html", data.MadeAt, func(w io.Writer) error { return copyPageTo(w, data, zone) }),
		z.Close(),
	)
	return out.Bytes(), err
}

func entry(z *zip.Writer, name string, at time.Time, write func(io.Writer) error) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
	if err != nil {
		return err
	}
	return write(w)
}

// copyPageTo writes the readable page.
func copyPageTo(w io.Writer, data *vault.PersonalCopy, zone *time.Location) error {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"say":    func(kk, ru, en string) string { return map[string]string{"kk": kk, "ru": ru, "en": en}[data.Locale] },
		"moment": func(at time.Time) string { return vault.SayMoment(at, zone, data.Locale) },
		"word":   func(code any) any { return inWords(code, data.Locale) },
		"last":   func(list []vault.CopyOfAccess) []vault.CopyOfAccess { return list[:min(len(list), 500)] },
	}).ParseFS(copyPage, "export/page.html")
	if err != nil {
		return err
	}
	return t.Execute(w, data)
}
