package vaulttest

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func (s *storeTest) record(events ...vault.AuditEvent) error {
	s.Helper()
	return s.store.Write(s.Context(), func(tx vault.Tx) error { tx.Record(events...); return nil })
}

func (s *storeTest) audit(filter vault.AuditFilter) []uuid.UUID {
	s.Helper()
	return pages(s, 3, func(page vault.Page) ([]vault.StoredEvent, error) {
		return s.store.Events(s.Context(), filter, page)
	}, func(e vault.StoredEvent) uuid.UUID { return e.ID })
}

func (s *storeTest) fullEvent() vault.AuditEvent {
	return vault.AuditEvent{
		ID: s.id(), At: s.tick(), Actor: s.id(), Kind: vault.Support, Role: vault.Compliance,
		Action: vault.ProfileRevealed, Subject: s.id(), App: "wallet", Fields: []string{"phone", "email"},
		Purpose: "delivery", Reason: "COMPLAINT", Reference: "CRM-1", Consent: s.id(),
		Object: "PolicyVersion:" + s.id().String(), Outcome: vault.OutcomeMasked, RequestID: "r-1",
	}
}

var auditTests = map[string]func(*storeTest){
	"AnEventIsReadAsItWasRecorded": func(s *storeTest) {
		full, bare := s.fullEvent(), s.event()
		s.must(s.record(full, bare))
		got, err := s.store.Events(s.Context(), vault.AuditFilter{}, vault.Page{Limit: 10})
		s.must(err)
		s.same(len(got), 2)
		for i, want := range []vault.AuditEvent{full, bare} {
			s.same(got[i].AuditEvent, want)
			stored, err := want.Bytes()
			s.must(err)
			rebuilt, err := got[i].Bytes()
			s.must(err)
			if !bytes.Equal(got[i].Canonical, stored) || !bytes.Equal(rebuilt, stored) {
				s.Fatalf("stored %s, columns give %s, recorded was %s", got[i].Canonical, rebuilt, stored)
			}
		}
	},

	"AnEventIsRecordedOnce": func(s *storeTest) {
		e := s.fullEvent()
		s.must(s.record(e))
		s.wantError(s.record(s.fullEvent(), e), vault.ErrTaken)
		s.same(s.audit(vault.AuditFilter{}), []uuid.UUID{e.ID})
	},

	"EventsAreListedNewestFirstOverTies": func(s *storeTest) {
		var ids []uuid.UUID
		for range 11 {
			ids = append(ids, s.id())
		}
		for _, i := range []int{10, 3, 0, 6, 1, 9, 5, 2, 8, 4, 7} {
			e := s.fullEvent()
			e.ID, e.At = ids[i], dawn().Add(time.Duration(i/5)*time.Millisecond)
			s.must(s.record(e))
		}
		slices.Reverse(ids)
		s.same(s.audit(vault.AuditFilter{}), ids)
	},

	"EventsAreFiltered": func(s *storeTest) {
		var all []vault.AuditEvent
		for range 4 {
			all = append(all, s.fullEvent())
		}
		one := &all[1]
		one.Action, one.Outcome, one.Purpose, one.RequestID = vault.AccessDenied, vault.OutcomeDenied, "other", "r-2"
		s.must(s.record(all...))
		for what, filter := range map[string]vault.AuditFilter{
			"actor": {Actor: one.Actor}, "subject": {Subject: one.Subject}, "action": {Action: string(one.Action)},
			"outcome": {Outcome: one.Outcome}, "purpose": {Purpose: one.Purpose}, "request": {RequestID: one.RequestID},
			"id":       {ID: one.ID},
			"time":     {From: one.At, To: one.At.Add(time.Millisecond)},
			"together": {Actor: one.Actor, Subject: one.Subject, From: one.At},
			"consent":  {Subject: one.Subject, Consent: one.Consent},
			"actions":  {Actions: []vault.Action{vault.AuditExported, one.Action}, Subject: one.Subject},
			"one of":   {Actions: []vault.Action{one.Action}},
		} {
			if got := s.audit(filter); !slices.Equal(got, []uuid.UUID{one.ID}) {
				s.Errorf("by %s: got %v, want %v alone", what, got, one.ID)
			}
		}
		for what, filter := range map[string]vault.AuditFilter{
			"another":       {Actor: s.id()},
			"other actions": {Actions: []vault.Action{vault.AuditExported, vault.AuditRead}},
			"its consent":   {Consent: s.id()},
			"case":          {RequestID: "R-2"},
			"contradictory": {Actor: one.Actor, Subject: all[0].Subject},
			"between":       {From: one.At.Add(time.Microsecond), To: one.At.Add(time.Millisecond)},
			"empty time":    {From: one.At, To: one.At},
		} {
			if got := s.audit(filter); len(got) != 0 {
				s.Errorf("%s: got %v", what, got)
			}
		}
		s.same(s.audit(vault.AuditFilter{To: one.At}), []uuid.UUID{all[0].ID})
		s.same(s.audit(vault.AuditFilter{From: one.At}), []uuid.UUID{all[3].ID, all[2].ID, one.ID})
	},

	"AThousandEventsAreRecordedTogether": func(s *storeTest) {
		events := make([]vault.AuditEvent, 1003)
		for i := range events {
			events[i] = s.fullEvent()
		}
		s.must(s.record(events...))
		got, err := s.store.Events(s.Context(), vault.AuditFilter{}, vault.Page{Limit: 5000})
		s.must(err)
		s.same(len(got), len(events))
		s.same(got[0].AuditEvent, events[1002])
		s.same(got[1002].AuditEvent, events[0])
	},
}
