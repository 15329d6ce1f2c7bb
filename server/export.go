package main

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// exportsAtOnce bounds the memory that copies take which are being put together.
const exportsAtOnce = 4

// exportTime is how long putting a copy together and sending it may take.
const exportTime = 5 * time.Minute

// exports answers GET /exports/{id}: a copy of one's data as a ZIP of data.json
// and index.html, once, to the person's own token. The copy is put together, and
// compressed while it is read page by page, before it is marked as fetched: what
// fails on our side uses nothing up. It is kept in memory meanwhile, and never in
// a file, because its values are in clear.
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
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			e.refuseExport(w, r, err)
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
	packed, err := packCopy(data)
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
