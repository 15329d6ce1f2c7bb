package vault

import (
	"context"

	"github.com/google/uuid"
)

// UpdateProfile is a change of one's own data.
type UpdateProfile struct {
	Changes          []Change
	Locale           *string
	ExpectedRevision *int64
	IdempotencyKey   string
}

// UpdateMyProfile changes any part of the actor's own data.
func (s *Service) UpdateMyProfile(ctx context.Context, a Actor, in UpdateProfile) (*Person, error) {
	_, err := s.once(ctx, a, "updateMyProfile", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return inTurn(ctx, s, a, func() (uuid.UUID, error) {
			id, err := s.updateMyProfile(ctx, a, in, remember)
			return id, s.follow(ctx, err)
		})
	})
	if err != nil {
		return nil, err
	}
	return s.Me(ctx, a)
}

func (s *Service) updateMyProfile(ctx context.Context, a Actor, in UpdateProfile, remember rememberer) (uuid.UUID, error) {
	me, err := s.registered(ctx, a)
	if err != nil {
		return uuid.Nil, err
	}
	user := me.User
	if err := me.changeable(in.ExpectedRevision, nil); err != nil {
		return uuid.Nil, err
	}
	if err := me.gate(); err != nil {
		return uuid.Nil, s.refuse(ctx, a, "Mutation.updateMyProfile", user.ID, err)
	}
	if err := me.changeable(nil, in.Locale); err != nil {
		return uuid.Nil, err
	}
	set := changeset{user: user.ID, at: s.now(), source: FromApp, by: Subject}
	if err := s.stored(ctx, &set); err != nil {
		return uuid.Nil, err
	}
	if set, err = s.check(a, me, set, in.Changes); err != nil {
		return uuid.Nil, err
	}
	if err := s.ofAge(ctx, a, me, &set); err != nil {
		return uuid.Nil, err
	}
	event := s.event(a.as(user.ID), Subject, UserUpdated)
	event.Subject, event.Fields = user.ID, set.codes()
	if _, err := s.encrypt(ctx, &set, event.ID); err != nil {
		return uuid.Nil, err
	}
	if err := s.against(ctx, &set); err != nil {
		return uuid.Nil, err
	}
	answered, err := s.selfCorrected(ctx, a, me, set.codes())
	if err != nil {
		return uuid.Nil, err
	}
	corrected := s.corrects(me.App, set)
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.ReviseUser(user.ID, user.Revision, in.Locale)
		set.queue(tx)
		corrected.queue(tx)
		answered.write(tx)
		tx.Record(event)
		remember(tx, user.ID)
		return nil
	})
	return user.ID, set.taken(limited(err))
}

// stored reads which fields of the person hold something.
func (s *Service) stored(ctx context.Context, set *changeset) error {
	fields, err := s.Reader.Fields(ctx, []uuid.UUID{set.user})
	for _, f := range fields {
		set.stored = append(set.stored, f.Code)
	}
	set.fresh = len(fields) == 0
	return err
}

// proofs reads what the person is found by, when that may change.
func (s *Service) proofs(ctx context.Context, set *changeset) error {
	if !set.identifiers() {
		return nil
	}
	owned, err := s.Reader.Indexes(ctx, set.user)
	set.keepProofs(owned)
	return err
}

func conflict(actual int64) *Error {
	return NewError(CodeRevisionConflict, "the data was changed since it was read; read it again, then change it").
		With("revision", itoa(actual)).At("expectedRevision")
}
