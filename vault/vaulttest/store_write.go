package vaulttest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// newcomer queues a person with nothing wrong.
func (s *storeTest) newcomer() func(vault.Tx) {
	u := vault.User{ID: s.id(), Status: vault.StatusActive, Revision: 1, CreatedAt: dawn()}
	login := vault.SubjectKey{Issuer: "i", KeyVersion: 1, Digest: u.ID.String()}
	return func(tx vault.Tx) { tx.InsertUser(u, login) }
}

var writeTests = map[string]func(*storeTest){
	"NothingIsWrittenWithoutAnEvent": func(s *storeTest) {
		newcomer := s.newcomer()
		for what, queue := range map[string]func(vault.Tx){
			"no call of Record": newcomer,
			"Record of nothing": func(tx vault.Tx) { newcomer(tx); tx.Record() },
			"nothing at all":    func(vault.Tx) {},
		} {
			err := s.store.Write(s.Context(), func(tx vault.Tx) error { queue(tx); return nil })
			if err == nil || !strings.Contains(err.Error(), "audit event") {
				s.Errorf("%s: got %v", what, err)
			}
		}
		s.same(s.people(), int64(0))
	},

	"AFailingLastChangeLeavesNothing": func(s *storeTest) {
		u, _ := s.person()
		events := s.recorded()
		newcomer, event := s.newcomer(), s.event()
		ru := "ru"
		s.wantError(s.store.Write(s.Context(), func(tx vault.Tx) error {
			tx.Record(event)
			newcomer(tx)
			tx.ReviseUser(u.ID, 1, &ru)
			tx.PutField(s.field(u.ID, "email"))
			tx.ReviseUser(u.ID, 1, nil)
			return nil
		}), vault.ErrStale)
		s.same(s.recorded(), events)
		users, err := s.store.Users(s.Context(), vault.UserFilter{}, vault.Page{Limit: 10})
		s.must(err)
		s.same(users, []vault.User{u})
		none(s, s.fields(u.ID))
	},

	"TheFirstTroubleIsAnswered": func(s *storeTest) {
		u, login := s.person()
		twice := u
		twice.ID = s.id()
		s.wantError(s.try(func(tx vault.Tx) {
			tx.Count(u.ID, vault.CountIdentifiers, "2026-11-23", 1)
			tx.Count(u.ID, vault.CountIdentifiers, "2026-11-23", 1)
			tx.InsertUser(twice, login)
			tx.ReviseUser(u.ID, 9, nil)
		}), vault.ErrLimited)
		s.wantError(s.try(func(tx vault.Tx) {
			tx.ReviseUser(u.ID, 9, nil)
			tx.InsertUser(twice, login)
		}), vault.ErrStale)
		s.wantError(s.try(func(tx vault.Tx) {
			tx.InsertUser(twice, login)
			tx.ReviseUser(u.ID, 9, nil)
		}), vault.ErrTaken)
	},

	"TheFunctionsOwnErrorComesBackAsItIs": func(s *storeTest) {
		own := errors.New("changed my mind")
		newcomer, event := s.newcomer(), s.event()
		err := s.store.Write(s.Context(), func(tx vault.Tx) error {
			newcomer(tx)
			tx.Record(event)
			return own
		})
		if err != own { //nolint:errorlint // itself, not wrapped
			s.Fatalf("got %v", err)
		}
		err = s.store.Maintain(s.Context(), func(tx vault.KeepingTx) error {
			tx.InsertMeta("a", "b")
			return own
		})
		s.wantError(err, own)
		s.same(s.people(), int64(0))
		_, err = s.store.Meta(s.Context(), "a")
		s.wantError(err, vault.ErrNotFound)
	},

	"TheNarrowDoorLetsNothingElseThrough": func(s *storeTest) {
		s.must(s.maintain(func(tx vault.KeepingTx) {
			if _, wide := tx.(vault.UserTx); wide {
				s.Error("housekeeping reaches people")
			}
			if _, wide := tx.(vault.AuditTx); wide {
				s.Error("housekeeping reaches the audit log")
			}
		}))
		s.same(s.recorded(), 0)
	},

	"ACancelledCallLeavesNothing": func(s *storeTest) {
		ctx, cancel := context.WithCancel(s.Context())
		newcomer, event := s.newcomer(), s.event()
		err := s.store.Write(ctx, func(tx vault.Tx) error {
			newcomer(tx)
			tx.Record(event)
			cancel() // while it is under way
			return nil
		})
		s.wantError(err, context.Canceled)
		s.wantError(err, vault.ErrUnavailable)
		s.same(s.people(), int64(0))
		s.same(s.recorded(), 0)

		_, err = s.store.CountUsers(ctx, vault.UserFilter{})
		s.wantError(err, context.Canceled)
		s.wantError(err, vault.ErrUnavailable)
		s.write(newcomer) // the next one is not disturbed
	},

	"ADeadlineThatHasPassedIsRecognised": func(s *storeTest) {
		ctx, cancel := context.WithDeadline(s.Context(), time.Unix(0, 0))
		defer cancel()
		event := s.event()
		err := s.store.Write(ctx, func(tx vault.Tx) error { tx.Record(event); return nil })
		s.wantError(err, context.DeadlineExceeded)
		s.wantError(err, vault.ErrUnavailable)
	},

	"TextThatDatabasesKeepDifferentlyIsRefused": func(s *storeTest) {
		bad := vault.NewError(vault.CodeBadRequest, "")
		for _, text := range []string{"a\x00b", "a\xffb", strings.Repeat("k", 513)} {
			event := s.event()
			event.RequestID = text
			s.wantError(s.record(event), bad)
			_, err := s.store.Events(s.Context(), vault.AuditFilter{RequestID: text}, vault.Page{Limit: 1})
			s.wantError(err, bad)
			_, err = s.store.Remembered(s.Context(), "p", "o", text)
			s.wantError(err, bad)
			_, err = s.store.Standing(s.Context(), text, vault.SubjectKey{})
			s.wantError(err, bad)
		}
		s.same(s.recorded(), 0)
		event := s.event()
		event.RequestID = strings.Repeat("ұ", 256)
		s.must(s.record(event))
	},

	"WritersOfManyPeopleAllGetThrough": func(s *storeTest) {
		s.same(s.race(24, nil, func(int) error {
			for range 5 {
				if err := s.try(s.newcomer()); err != nil {
					return err
				}
			}
			return nil
		}), 24)
		s.same(s.people(), int64(120))
		s.same(s.recorded(), 120)
	},

	"AListOfManyPeopleIsOneQuestion": func(s *storeTest) {
		ids := make([]uuid.UUID, 1000)
		for i := range ids {
			ids[i] = s.id()
		}
		none(s, s.fields(ids...))
	},
}
