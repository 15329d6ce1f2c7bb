package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// lookAgain is how often the folder of manifests is looked at.
const lookAgain = 2 * time.Second

// manifest is Apollo's persisted-query manifest, version 1.
type manifest struct {
	Format     string `json:"format"`
	Version    int    `json:"version"`
	Operations []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Body string `json:"body"`
		Type string `json:"type"`
	} `json:"operations"`
}

// manifests are the documents that apps were released with: all files of a
// folder, because several releases of an app are in use at once.
type manifests struct {
	settings settings
	schema   *ast.Schema
	log      *slog.Logger
	metrics  *metrics
	texts    atomic.Pointer[map[string]string] // by SHA-256
	state    string                            // of the folder as it was read last
}

// openManifests reads the folder; nil where none is set.
func openManifests(sys *system) (*manifests, error) {
	if sys.settings.TrustedDocuments == "" {
		return nil, nil //nolint:nilnil // no folder is no fault
	}
	m := &manifests{settings: sys.settings, schema: graph.Schema(), log: sys.log, metrics: sys.metrics}
	state, err := m.look()
	if err != nil {
		return nil, err
	}
	m.state = state
	return m, m.read()
}

// documents are what the API asks.
func (m *manifests) documents() *graph.Documents {
	if m == nil {
		return nil
	}
	return &graph.Documents{
		Text: func(hash string) (string, bool) {
			text, known := (*m.texts.Load())[hash]
			return text, known
		},
		Trust:   func(a vault.Actor) graph.Trust { return m.settings.trustFor(audienceOf(a)) },
		Unknown: m.unknown,
	}
}

// unknown counts a document that is in no manifest, and tells one that was
// answered by the fields that it asked for: those are the schema's words.
func (m *manifests) unknown(ctx context.Context, a vault.Actor, refused bool, roots []string) {
	m.metrics.untrustedDocument(audienceOf(a), refused)
	if !refused {
		m.log.LogAttrs(ctx, slog.LevelWarn, "a document of no manifest was answered", slog.String("audience", audienceOf(a)),
			slog.String("fields", strings.Join(roots, " ")), slog.String("requestId", a.RequestID))
	}
}

// Who may be held to documents of a manifest. Colleagues may not: they work
// with documents of their own.
const (
	audienceMobile   = "mobile" // people, and callers without a token
	audienceServices = "services"
	audienceStaff    = "staff"
)

func audienceOf(a vault.Actor) string {
	switch {
	case !a.Authenticated(), a.Has(vault.Subject):
		return audienceMobile
	case a.Has(vault.Machine):
		return audienceServices
	default:
		return audienceStaff
	}
}

func (s settings) trustFor(audience string) graph.Trust {
	switch audience {
	case audienceMobile:
		return graph.Trust(s.TrustMobile)
	case audienceServices:
		return graph.Trust(s.TrustServices)
	default:
		return graph.TrustOff
	}
}

// checkTrust reports settings that cannot be meant.
func (s settings) checkTrust() error {
	var errs []error
	for _, one := range []struct{ name, mode string }{{"KELISIM_TRUST_MOBILE", s.TrustMobile}, {"KELISIM_TRUST_SERVICES", s.TrustServices}} {
		switch mode := graph.Trust(one.mode); {
		case mode != "" && mode != graph.TrustOff && mode != graph.TrustLog && mode != graph.TrustEnforce:
			errs = append(errs, fmt.Errorf("%s: %q is not off, log or enforce", one.name, mode))
		case s.TrustedDocuments == "" && (mode == graph.TrustLog || mode == graph.TrustEnforce):
			errs = append(errs, fmt.Errorf("%s: %s needs KELISIM_TRUSTED_DOCUMENTS, the folder of the manifests", one.name, mode))
		}
	}
	return errors.Join(errs...)
}

// watch reads the folder again when it changed. What cannot be read changes
// nothing: the documents known so far stay.
func (m *manifests) watch(ctx context.Context) {
	if m == nil {
		return
	}
	for ticks := time.NewTicker(lookAgain); ; {
		select {
		case <-ctx.Done():
			ticks.Stop()
			return
		case <-ticks.C:
		}
		m.again(ctx)
	}
}

func (m *manifests) again(ctx context.Context) {
	state, err := m.look()
	if err == nil && state == m.state {
		return
	}
	if err == nil {
		m.state = state // told once, however wrong it is
		err = m.read()
	}
	if err != nil {
		m.log.LogAttrs(ctx, slog.LevelError, "the manifests of trusted documents cannot be read; those read before stay", slog.Any("error", err))
		return
	}
	m.log.LogAttrs(ctx, slog.LevelInfo, "trusted documents were read again", slog.Int("documents", len(*m.texts.Load())))
}

func (m *manifests) files() ([]string, error) {
	if info, err := os.Stat(m.settings.TrustedDocuments); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("KELISIM_TRUSTED_DOCUMENTS: no folder at %s", m.settings.TrustedDocuments)
	}
	return filepath.Glob(filepath.Join(m.settings.TrustedDocuments, "*.json"))
}

// look says how the folder is: names, sizes and times of its manifests.
func (m *manifests) look() (string, error) {
	files, err := m.files()
	if err != nil {
		return "", err
	}
	state := make([]string, len(files))
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return "", fmt.Errorf("KELISIM_TRUSTED_DOCUMENTS: %w", err)
		}
		state[i] = fmt.Sprint(file, info.Size(), info.ModTime().UnixNano())
	}
	return strings.Join(state, "\n"), nil
}

// read takes all manifests, or none of them.
func (m *manifests) read() error {
	files, err := m.files()
	if err != nil {
		return err
	}
	texts, errs := map[string]string{}, []error{}
	for _, file := range files {
		of, err := m.manifest(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("KELISIM_TRUSTED_DOCUMENTS: %s: %w", filepath.Base(file), err))
		}
		maps.Copy(texts, of)
	}
	if len(texts) == 0 && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("KELISIM_TRUSTED_DOCUMENTS: no manifest (*.json) with documents in %s", m.settings.TrustedDocuments))
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	m.texts.Store(&texts)
	return nil
}

// manifest reads one file. A document that the API would refuse makes all of
// it wrong: an app that sends it would not work.
func (m *manifests) manifest(file string) (map[string]string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var is manifest
	if err := json.Unmarshal(bytes.TrimPrefix(raw, []byte("\ufeff")), &is); err != nil {
		return nil, fmt.Errorf("no JSON of a manifest: %w", err)
	}
	if is.Format != "apollo-persisted-query-manifest" || is.Version != 1 {
		return nil, errors.New(`a manifest has "format": "apollo-persisted-query-manifest" and "version": 1`)
	}
	texts, errs := map[string]string{}, []error{}
	for _, op := range is.Operations {
		sum := sha256.Sum256([]byte(op.Body))
		if op.ID != hex.EncodeToString(sum[:]) {
			errs = append(errs, fmt.Errorf("%s: its id is not the SHA-256 of its body", op.Name))
		} else if err := graph.Limits(m.settings.Limits).CheckDocument(m.schema, op.Body); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", op.Name, err))
		}
		texts[op.ID] = op.Body
	}
	return texts, errors.Join(errs...)
}
