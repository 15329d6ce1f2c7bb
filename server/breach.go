package main

import (
	"archive/zip"
	"encoding/csv"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// notice hands out the notice of a breach, once: a zip of the notice and of the
// people as CSV, page by page, so that no number of people takes more memory.
func (e *edge) notice(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet { // "GET" lets HEAD through, which would use it up
		w.Header().Set("Allow", http.MethodGet)
		answerText(w, http.StatusMethodNotAllowed, "a notice is fetched with GET\n")
		return
	}
	actor, err := e.actor(r)
	actor.RequestID = requestID(r.Context())
	if err != nil {
		e.refuseNotice(w, r, err)
		return
	}
	if !actor.Authenticated() {
		answerText(w, http.StatusUnauthorized, "a token of COMPLIANCE is needed\n")
		return
	}
	id, err := graph.ParseBreachID(r.PathValue("id"))
	audience, locale := vault.Audience(r.URL.Query().Get("for")), r.URL.Query().Get("locale")
	switch {
	case err != nil:
		e.refuseNotice(w, r, err)
		return
	case !slices.Contains(vault.Audiences(), audience) || !slices.Contains(vault.Languages, locale):
		answerText(w, http.StatusBadRequest, "for is AUTHORITY or PEOPLE, locale kk, ru or en\n")
		return
	}
	file := noticeFile{to: w, locale: locale}
	err = e.vault.DownloadNotice(r.Context(), actor, id, audience, file.begin, file.people)
	if err == nil {
		err = file.end()
	}
	switch {
	case err == nil:
	case file.begun(): // the client is to see that it is not whole
		e.log.LogAttrs(r.Context(), slog.LevelError, "the notice of a breach ended half-way; issue another",
			slog.String("requestId", actor.RequestID), slog.Any("error", err))
		panic(http.ErrAbortHandler)
	default:
		e.refuseNotice(w, r, err)
	}
}

// refuseNotice answers why there is no notice.
func (e *edge) refuseNotice(w http.ResponseWriter, r *http.Request, err error) {
	switch code := vault.CodeOf(err); {
	case errors.Is(err, vault.ErrUsed):
		answerText(w, http.StatusGone, "the notice was downloaded, and is gone; issueBreachNotice issues another\n")
	case code == vault.CodeUnauthenticated:
		answerText(w, http.StatusUnauthorized, "the token is not valid\n")
	case code == vault.CodeForbidden:
		answerText(w, http.StatusForbidden, "this role sees no personal data of many\n")
	case code == vault.CodeNotFound:
		answerText(w, http.StatusNotFound, "there is no such notice; issueBreachNotice issues one\n")
	case code == vault.CodeUnavailable:
		w.Header().Set("Retry-After", "5")
		answerText(w, http.StatusServiceUnavailable, "the notice cannot be made at the moment; it is not used up: try again\n")
	default:
		e.log.LogAttrs(r.Context(), slog.LevelError, "the notice of a breach failed",
			slog.String("requestId", requestID(r.Context())), slog.Any("error", err))
		answerText(w, http.StatusInternalServerError, "something went wrong on our side\n")
	}
}

// noticeFile is a notice on its way out.
type noticeFile struct {
	to     http.ResponseWriter
	locale string
	zip    *zip.Writer
	rows   *csv.Writer
}

func (f *noticeFile) begun() bool { return f.zip != nil }

// noticePatience is how long a page of people may take on its way out.
const noticePatience = 30 * time.Second

func (f *noticeFile) begin(text vault.NoticeText) error {
	html, err := text.HTML(f.locale)
	if err != nil {
		return err
	}
	f.to.Header().Set("Content-Type", "application/zip")
	f.to.Header().Set("Content-Disposition", `attachment; filename="notice.zip"`)
	f.zip = zip.NewWriter(f.to)
	page, err := f.zip.Create("notice.html")
	if err == nil {
		_, err = io.WriteString(page, html)
	}
	if err != nil {
		return err
	}
	table, err := f.zip.Create("people.csv")
	if err != nil {
		return err
	}
	f.rows = csv.NewWriter(table)
	head := []string{"id"}
	for _, field := range text.Fields {
		label, _ := vault.WordsIn(field.Label, f.locale)
		head = append(head, label)
	}
	return f.rows.Write(head)
}

func (f *noticeFile) people(page []vault.NoticePerson) error {
	for _, p := range page {
		row := []string{graph.UserID(p.User)}
		for _, value := range p.Values {
			row = append(row, cell(value.Reveal()))
		}
		if err := f.rows.Write(row); err != nil {
			return err
		}
	}
	f.rows.Flush()
	// Each page gets its time anew; a deadline is by the real clock. It is sent at
	// once: a client that has the beginning of an answer does not ask again by itself.
	out := http.NewResponseController(f.to)
	return errors.Join(f.rows.Error(), f.zip.Flush(), out.SetWriteDeadline(time.Now().Add(noticePatience)), out.Flush())
}

// phoneForm is how phone numbers are stored: E.164.
var phoneForm = regexp.MustCompile(`^\+[0-9]+$`)

// cell keeps spreadsheets from reading a value as a formula.
func cell(value string) string {
	if value == "" || !strings.ContainsRune("=@-+\t\r", rune(value[0])) || phoneForm.MatchString(value) {
		return value
	}
	return "'" + value
}

func (f *noticeFile) end() error {
	f.rows.Flush()
	return errors.Join(f.rows.Error(), f.zip.Close())
}
