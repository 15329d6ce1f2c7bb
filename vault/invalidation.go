package vault

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Invalidation declares a consent invalid: it was given, and by whoever could
// not give it, or not freely. It is no withdrawal: that is a person's own.
//
// In law it never held. On record it ends when it is declared so: a check about
// a moment before it answers what the operator could know then, which is what
// shows whether it acted in good faith. What was read on the ground of the
// consent is in the audit log, by the consent.
type Invalidation struct {
	Act            uuid.UUID
	User           uuid.UUID
	Consent        uuid.UUID
	Reason         Flaw
	Reference      string
	IdempotencyKey string
}

func (in Invalidation) digestParts() []string {
	return []string{"invalidate", in.Consent.String(), string(in.Reason), in.Reference}
}

// Invalidate declares one consent invalid, whether it still holds or not. The
// person is asked again.
func (s *Service) Invalidate(ctx context.Context, a Actor, in Invalidation) (Acted, error) {
	if _, ok := a.Allowed(Compliance); !ok {
		return Acted{}, NewError(CodeForbidden, "only compliance declares consents invalid")
	}
	app, err := s.appOfConsent(ctx, in.User, in.Consent)
	if err != nil {
		return Acted{}, err
	}
	return s.about(ctx, a, colleagues{
		"invalidateConsent", in.User, app, in.IdempotencyKey,
		func(e ConsentEvent) bool { return e.Type == Invalidated },
	}, deed{
		id: in.Act, digest: in.digestParts(), action: InvalidityRecorded, role: Compliance, reason: in.Reason,
		receipt: &Receipt{Reference: in.Reference},
		decide:  func(p *Person) (Act, []ConsentEvent, error) { return s.invalidate(p, in) },
	})
}

func (s *Service) appOfConsent(ctx context.Context, user, consent uuid.UUID) (string, error) {
	events, err := s.Reader.Decided(ctx, user)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(events, func(e ConsentEvent) bool { return e.Consent == consent })
	if i < 0 {
		return "", ErrNotFound
	}
	return events[i].App, nil
}

// invalidate makes the event.
func (s *Service) invalidate(p *Person, in Invalidation) (Act, []ConsentEvent, error) {
	var errs Errors
	if !slices.Contains(flaws, in.Reason) {
		errs = append(errs, NewError(CodeInvalidReason, "the reason is FRAUD, CHILD, COERCION, MISTAKEN_IDENTITY or MISRECORDED").At("reason"))
	}
	if !legalForm.MatchString(in.Reference) {
		errs = append(errs, NewError(CodeInvalidReason, referenceForm).At("reference"))
	}
	all := p.Consents()
	i := slices.IndexFunc(all, func(c Consent) bool { return c.Consent == in.Consent })
	if i < 0 || all[i].Type != Given || all[i].State == ConsentInvalidated {
		errs = append(errs, NewError(CodeNotGiven, "this is no consent that was given, or it is invalid already").At("consent"))
	}
	if err := errs.orNil(); err != nil {
		return Act{}, nil, err
	}
	now := s.now()
	e := all[i].ConsentEvent
	e.ID, e.Seq, e.Act, e.Type = s.NewID(), p.User.ConsentSeq+1, in.Act, Invalidated
	e.Method, e.GivenBy, e.Reference, e.Ground, e.Reason = OperatorAct, ByOperator, in.Reference, "", in.Reason
	e.ReceivedAt, e.SignedAt, e.DeviceAt, e.AppBuild = now, time.Time{}, time.Time{}, ""
	act := Act{User: p.User.ID, ID: in.Act, Digest: actDigest(in.digestParts()), ReceivedAt: now}
	return act, []ConsentEvent{e}, nil
}
