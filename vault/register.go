package vault

import (
	"context"
	"errors"

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
// decisions alone are recorded. Repeated, it answers the same person.
func (s *Service) RegisterMe(ctx context.Context, a Actor, in Registration) (Registered, error) {
	created := false
	input := append(append(changeParts(in.Changes), in.Consent.digestParts()...), in.Locale)
	_, err := s.once(ctx, a, "registerMe", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (id uuid.UUID, err error) {
			id, created, err = s.registerMe(ctx, a, in, remember)
			return id, err
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
		return me.User.ID, false, nil
	}
	if err := me.App.speaks(in.Locale); err != nil {
		return uuid.Nil, false, err
	}
	user := User{ID: s.NewID(), Status: StatusActive, Revision: 1, Locale: in.Locale, CreatedAt: s.now()}
	me.User = &user // as they will be, for the rules below
	act, events, err := s.decide(me, in.Consent)
	if err != nil {
		return uuid.Nil, false, err
	}
	me.History = append(me.History, events...)
	set := changeset{user: user.ID, fresh: true, at: user.CreatedAt}
	if len(in.Changes) > 0 {
		if err := me.gate(); err != nil {
			return uuid.Nil, false, err
		}
		if set, err = s.check(a, me.Current(), set, in.Changes); err != nil {
			return uuid.Nil, false, err
		}
	}
	registered := s.event(a.as(user.ID), Subject, UserRegistered)
	registered.Subject, registered.Fields = user.ID, set.codes()
	recorded := s.consentEvent(a.as(user.ID), ConsentRecorded, act, events)
	if me.gate() == nil { // without what is required nothing personal is stored, the connection's address included
		if act.Context, err = s.encryptWith(ctx, a, &set, registered.ID); err != nil {
			return uuid.Nil, false, err
		}
	}
	login := s.Pepper.Login(a.Issuer, a.Subject)
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.InsertUser(user, login)
		set.queue(tx)
		tx.Append(act, 0, events)
		tx.Record(registered, recorded)
		remember(tx, user.ID)
		return nil
	})
	if errors.Is(err, ErrTaken) && asError(err).Param("what") == "login" {
		return uuid.Nil, false, ErrStale.Because(err) // registered meanwhile: read again
	}
	return user.ID, true, set.taken(err)
}

// encryptWith encrypts the profile and the network context in one call. The
// profile has to be encrypted or nothing is stored; the context is evidence
// that helps, and a decision is not lost for want of it.
func (s *Service) encryptWith(ctx context.Context, a Actor, set *changeset, reference uuid.UUID) (Ciphertext, error) {
	if len(set.changes) == 0 {
		return s.encryptContext(ctx, a, set.user, reference), nil
	}
	extra := a.contextItem(set.user, reference)
	results, err := s.encrypt(ctx, set, reference, extra...)
	if err != nil || len(results) == 0 || results[0].Err != nil {
		return Ciphertext{}, err
	}
	return results[0].Ciphertext, nil
}
