package vault

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Registration is a person's first act: the decisions, and what they tell
// about themselves.
type Registration struct {
	Changes        []Change
	Consent        Screen
	Locale         string
	IdempotencyKey string
}

// Registered is the answer to a registration.
type Registered struct {
	Person  *Person
	Created bool // false: the person was registered before; nothing was written
}

// RegisterMe registers the person of the actor's token and records the
// decisions, in one transaction. Where a required item is not given nothing
// personal is stored: a profile is refused by the gate, and without one the
// decisions alone are recorded. Repeated, it answers the same person; sent by
// somebody who has not agreed to what is required, it completes what an
// earlier one began.
func (s *Service) RegisterMe(ctx context.Context, a Actor, in Registration) (Registered, error) {
	created := false
	input := append(append(changeParts(in.Changes), in.Consent.digestParts()...), in.Locale)
	_, err := s.once(ctx, a, "registerMe", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return inTurn(ctx, s, a, func() (id uuid.UUID, err error) {
			id, created, err = s.registerMe(ctx, a, in, remember)
			return id, s.follow(ctx, err)
		})
	})
	if err != nil {
		return Registered{}, err
	}
	me, err := s.registered(ctx, a)
	return Registered{Person: me, Created: created}, err
}

func (s *Service) registerMe(ctx context.Context, a Actor, in Registration, remember rememberer) (uuid.UUID, bool, error) {
	me, err := s.Me(ctx, a)
	if err != nil {
		return uuid.Nil, false, err
	}
	if me.User != nil {
		done, err := s.registeredBefore(ctx, me, in)
		if done || err != nil {
			return me.User.ID, false, err
		}
	}
	if err := me.App.speaks(in.Locale); err != nil {
		return uuid.Nil, false, err
	}
	e, err := s.enrol(ctx, a, me, in)
	if err != nil {
		return uuid.Nil, false, err
	}
	if err := s.encryptEnrolment(ctx, a, e); err != nil {
		return uuid.Nil, false, err
	}
	login, ended := s.Pepper.Login(a.Issuer, a.Subject), s.ends(me, e.decided)
	err = s.Writer.Write(ctx, func(tx Tx) error {
		switch {
		case e.fresh:
			tx.InsertUser(e.user, login)
		case len(e.set.changes) > 0:
			tx.ReviseUser(e.user.ID, e.user.Revision, chosen(in.Locale))
		}
		e.set.queue(tx)
		if !e.fresh {
			tx.Count(e.user.ID, CountDecisions, e.set.at.Format(time.DateOnly), decisionsPerDay)
		}
		tx.Append(e.act, e.user.ConsentSeq, e.decided)
		ended.queue(tx)
		s.corrects(me.App, e.set).queue(tx)
		tx.Record(e.events...)
		remember(tx, e.user.ID)
		return nil
	})
	if what := asError(err).Param("what"); errors.Is(err, ErrTaken) && (what == "login" || what == "act") {
		return uuid.Nil, false, ErrStale.Because(err) // registered meanwhile: read again
	}
	return e.user.ID, e.fresh, e.set.taken(limited(err))
}

// enrolment is a registration on its way to the store.
type enrolment struct {
	me      *Person // as they will be
	user    User
	fresh   bool // nobody was registered under the login
	act     Act
	decided []ConsentEvent
	set     changeset
	events  []AuditEvent // the first one is the reference of what is encrypted
}

// enrol holds a registration against the rules, and makes its events.
func (s *Service) enrol(ctx context.Context, a Actor, me *Person, in Registration) (_ *enrolment, err error) {
	e := &enrolment{me: me, fresh: me.User == nil, set: changeset{at: s.now(), source: FromApp, by: Subject}}
	if e.fresh {
		me.User = &User{ID: s.NewID(), Status: StatusActive, Revision: 1, Locale: in.Locale, CreatedAt: e.set.at}
	}
	e.user, e.set.user = *me.User, me.User.ID
	if e.act, e.decided, err = s.deciding(ctx, in.Consent)(me); err != nil {
		return nil, err
	}
	me.History = append(me.History, e.decided...)
	if len(in.Changes) > 0 {
		if err := s.checkForm(ctx, a, e, in.Changes); err != nil {
			return nil, err
		}
	}
	actor := a.as(e.user.ID)
	if e.fresh || len(in.Changes) > 0 {
		action := UserRegistered
		if !e.fresh {
			action = UserUpdated
		}
		told := s.event(actor, Subject, action)
		told.Subject, told.Fields = e.user.ID, e.set.codes()
		e.events = append(e.events, told)
	}
	e.events = append(e.events, s.consentEvent(actor, deed{action: ConsentRecorded, role: Subject}, e.act, e.decided))
	return e, nil
}

// checkForm checks what a registration tells about the person, behind the gate.
func (s *Service) checkForm(ctx context.Context, a Actor, e *enrolment, changes []Change) (err error) {
	if err := e.me.gate(); err != nil {
		return s.refuse(ctx, a, "Mutation.registerMe", uuid.Nil, err)
	}
	e.set.fresh, e.set.uncounted = true, e.fresh
	if !e.fresh {
		if err := s.stored(ctx, &e.set); err != nil {
			return err
		}
	}
	if e.set, err = s.check(a, e.me, e.set, changes); err != nil {
		return err
	}
	return s.ofAge(ctx, a, e.me, &e.set)
}

// registeredBefore reports whether a known person's registration has nothing
// left to do: they have agreed, or this act was recorded.
func (s *Service) registeredBefore(ctx context.Context, me *Person, in Registration) (bool, error) {
	if me.User.Status != StatusActive || me.gate() == nil {
		return true, nil
	}
	was, err := s.Reader.Act(ctx, me.User.ID, in.Consent.Act)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, was.repeats(in.Consent.digestParts(), in.Consent.Path)
}

// chosen is the language to set, nil when none was named.
func chosen(locale string) *string {
	if locale == "" {
		return nil
	}
	return &locale
}

// encryptEnrolment encrypts the profile and the network context in one call.
// The profile has to be encrypted or nothing is stored; the context is
// evidence that helps, and a decision is not lost for want of it. Without what
// is required nothing personal is stored, the connection's address included.
func (s *Service) encryptEnrolment(ctx context.Context, a Actor, e *enrolment) error {
	if !e.me.Status().Accepted {
		return nil
	}
	reference := e.events[0].ID
	if len(e.set.changes) == 0 {
		e.act.Context = s.encryptContext(ctx, a, e.user.ID, reference)
		return nil
	}
	results, err := s.encrypt(ctx, &e.set, reference, a.contextItem(e.user.ID, reference)...)
	if err != nil {
		return err
	}
	if len(results) > 0 && results[0].Err == nil {
		e.act.Context = results[0].Ciphertext
	}
	if e.fresh {
		return nil
	}
	return s.against(ctx, &e.set)
}
