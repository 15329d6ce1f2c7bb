// Package vaulttest holds the suites that every store, encrypter, decrypter,
// indexer and cache has to pass, whatever it is built on, and faults to put
// under the use cases. A difference that is found between two back ends becomes
// a test in its suite.
package vaulttest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// StoreUnderTest is what a database adapter offers.
type StoreUnderTest interface {
	vault.Reader
	vault.KeyedReader
	vault.CopyReader
	vault.LoginReader
	vault.LabelReader
	vault.IndexReader
	vault.Writer
}

// Store holds a store against everything that the ports promise. Each test
// opens a store of its own, empty and migrated, with a first index plan.
func Store(t *testing.T, open func(t *testing.T) StoreUnderTest) {
	t.Helper()
	for _, group := range []map[string]func(*storeTest){
		userTests, fieldTests, indexTests, consentTests, standingTests,
		policyTests, auditTests, keepingTests, heldTests, labelTests, copyTests, loginTests, planTests, writeTests,
		erasureTests, leaseTests, objectValueTests, disclosureTests, technicalTests, claimTests, breachTests,
	} {
		for name, test := range group {
			t.Run(name, func(t *testing.T) {
				s := &storeTest{T: t, store: open(t), clock: dawn()}
				_, err := s.store.IndexPlan(t.Context())
				s.wantError(err, vault.ErrNotFound)
				s.must(s.maintain(func(tx vault.KeepingTx) { tx.PutPlan(vault.FirstPlan(1)) }))
				test(s)
			})
		}
	}
}

// dawn is when the tests take place.
func dawn() time.Time { return time.Date(2026, 11, 23, 6, 30, 0, int(250*time.Millisecond), time.UTC) }

// storeTest is a store with the shortest words for what tests do to it.
type storeTest struct {
	*testing.T
	store StoreUnderTest
	clock time.Time
}

func (s *storeTest) id() uuid.UUID {
	s.Helper()
	id, err := uuid.NewV7()
	s.must(err)
	return id
}

// tick is a moment later than the last.
func (s *storeTest) tick() time.Time {
	s.clock = s.clock.Add(time.Second)
	return s.clock
}

func (s *storeTest) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *storeTest) wantError(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("got error %v, want %v", err, want)
	}
}

// wantTaken wants ErrTaken with a parameter that says what is taken.
func (s *storeTest) wantTaken(err error, name, value string) {
	s.Helper()
	s.wantError(err, vault.ErrTaken)
	var taken *vault.Error
	if errors.As(err, &taken) && taken.Param(name) != value {
		s.Fatalf("%s is %q, want %q", name, taken.Param(name), value)
	}
}

func (s *storeTest) same(got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Fatalf("difference (-want +got):\n%s", diff)
	}
}

func none[T any](s *storeTest, got []T) {
	s.Helper()
	if len(got) != 0 {
		s.Fatalf("got %v, want nothing", got)
	}
}

// try writes with an event beside it.
func (s *storeTest) try(queue func(vault.Tx)) error {
	s.Helper()
	event := s.event()
	return s.store.Write(s.Context(), func(tx vault.Tx) error {
		queue(tx)
		tx.Record(event)
		return nil
	})
}

func (s *storeTest) write(queue func(vault.Tx)) {
	s.Helper()
	s.must(s.try(queue))
}

func (s *storeTest) event() vault.AuditEvent {
	s.Helper()
	return vault.AuditEvent{
		ID: s.id(), At: dawn(), Kind: vault.System, Role: vault.System, Action: vault.UserUpdated,
		Outcome: vault.OutcomeOK, RequestID: "test",
	}
}

// race calls do n times at once, and answers how many errors were nil; the
// others have to be want.
func (s *storeTest) race(n int, want error, do func(i int) error) (won int) {
	s.Helper()
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = do(i) })
	}
	all.Wait()
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		s.wantError(err, want)
	}
	return won
}

// person adds somebody with a login.
func (s *storeTest) person() (vault.User, vault.SubjectKey) {
	s.Helper()
	id := s.id()
	u := vault.User{ID: id, Status: vault.StatusActive, Revision: 1, Locale: "kk", CreatedAt: s.tick()}
	login := vault.SubjectKey{Issuer: "https://id.example", KeyVersion: 1, Digest: vault.Hash(id[:])}
	s.write(func(tx vault.Tx) { tx.InsertUser(u, login) })
	return u, login
}

// app adds an app of one operator.
func (s *storeTest) app(code string) vault.App {
	s.Helper()
	a := vault.App{
		ID: s.id(), Code: code, Name: vault.Words{{Locale: "kk", Text: "Әмиян"}},
		Operator:  vault.Operator{Code: "op", Name: vault.Words{{Locale: "ru", Text: "ТОО «Пример»"}}, BIN: "123456789012"},
		Languages: []string{"kk", "ru"}, AuthoritativeLanguage: "kk", Audiences: []string{code},
	}
	s.write(func(tx vault.Tx) { tx.PutApp(a) })
	return a
}

// draft adds a version of an app with documents in two languages.
func (s *storeTest) draft(app string) (*vault.Version, []vault.StoredDocument) {
	s.Helper()
	now := s.tick()
	term := "P3Y"
	v := &vault.Version{
		ID: s.id(), App: app, Label: "1.0", Status: vault.Draft, Revision: 1, CreatedAt: now, UpdatedAt: now,
		Authoritative: "kk", Source: []byte("# facts\r\nterm: P3Y\n"),
		Facts: vault.Facts{Term: &term, LawTitle: vault.Words{{Locale: "ru", Text: "О персональных данных"}}, Items: []vault.Item{{
			Code: "service", Kind: vault.Purpose, Required: true, Basis: vault.BasisConsent,
			Title:  vault.Words{{Locale: "kk", Text: "Қызмет"}},
			Fields: []vault.ItemField{{Field: vault.FieldEmail, Required: true}},
		}}},
	}
	docs := documents(v)
	s.write(func(tx vault.Tx) { tx.InsertVersion(v, docs) })
	return v, docs
}

// documents gives a version two texts, in an order that is not the alphabet's.
func documents(v *vault.Version) []vault.StoredDocument {
	var docs []vault.StoredDocument
	v.Documents = nil
	for _, locale := range []string{"ru", "kk"} {
		text := []byte("# " + locale + "\r\n  Құжат \u2028 " + v.Label + v.ID.String() + " \n")
		hash := vault.Hash(text)
		docs = append(docs, vault.StoredDocument{
			Version: v.ID, Locale: locale, Canonical: text, Hash: hash, TextHash: vault.Hash([]byte(hash)),
		})
		v.Documents = append(v.Documents, vault.DocumentRef{Locale: locale, Hash: hash, TextHash: vault.Hash([]byte(hash))})
	}
	return docs
}

// published adds a version that is in force from the moment on.
func (s *storeTest) published(app string, effective time.Time) *vault.Version {
	s.Helper()
	v, docs := s.draft(app)
	_, moments, err := s.store.App(s.Context(), app)
	s.must(err)
	v.Status, v.Revision, v.PublishedAt, v.EffectiveAt = vault.Published, 2, s.tick(), effective
	v.Operators = []string{"123456789012", "210987654321"}
	v.RulePack = "KZ/2026-11-23"
	v.Acknowledged = []vault.Acknowledgement{{Rule: vault.RuleRetentionSaid, Reason: "№ 17-П", By: s.id(), At: v.PublishedAt}}
	s.write(func(tx vault.Tx) { tx.PublishVersion(v, 1, len(moments), docs) })
	return v
}

// act makes an act of a person with one event for each item.
func (s *storeTest) act(user uuid.UUID, v *vault.Version, after int64, items ...string) (vault.Act, []vault.ConsentEvent) {
	s.Helper()
	now := s.tick()
	a := vault.Act{
		User: user, ID: s.id(), Digest: vault.Hash([]byte(now.String())), ReceivedAt: now,
		Context: vault.Ciphertext{Key: "kelisim-pii", Version: 2, Text: "vault:v2:b3BhcXVl"},
	}
	var events []vault.ConsentEvent
	for i, item := range items {
		id := s.id()
		events = append(events, vault.ConsentEvent{
			ID: id, User: user, Seq: after + int64(i) + 1, Act: a.ID, Consent: id, Type: vault.Given,
			App: v.App, Item: item, Version: v.ID, Locale: v.Documents[0].Locale, Document: v.Documents[0].Hash,
			Operators: []string{"123456789012"}, Method: vault.InAppConfirmed, GivenBy: vault.BySubject, ReceivedAt: now,
		})
	}
	return a, events
}

func (s *storeTest) standing(app string, login vault.SubjectKey) vault.Standing {
	s.Helper()
	standing, err := s.store.Standing(s.Context(), app, login)
	s.must(err)
	return standing
}

// events answers how many audit events there are.
func (s *storeTest) recorded() int {
	s.Helper()
	events, err := s.store.Events(context.WithoutCancel(s.Context()), vault.AuditFilter{}, vault.Page{Limit: 10_000})
	s.must(err)
	return len(events)
}

// people answers how many people there are.
func (s *storeTest) people() int64 {
	s.Helper()
	n, err := s.store.CountUsers(context.WithoutCancel(s.Context()), vault.UserFilter{})
	s.must(err)
	return n
}
