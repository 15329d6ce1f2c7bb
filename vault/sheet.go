package vault

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// ConsentSheet is everything that is known of one consent, to be printed: the
// decision, what became of it, and what was shown.
type ConsentSheet struct {
	Consent  Consent
	Act      []Consent // all decisions of the same screen, this one included, in their order
	App      App
	Version  *Version
	Document Document // as it was shown
	Hash     string   // of the document as it is stored
}

// ConsentSheet answers the sheet of a consent. It may be seen by whoever may see
// the consent, and is on record before it is answered: a sheet leaves the vault.
func (s *Service) ConsentSheet(ctx context.Context, a Actor, user, id uuid.UUID) (ConsentSheet, error) {
	role, ok := a.Allowed(Subject, Support, Compliance, Auditor)
	switch {
	case !a.Authenticated():
		return ConsentSheet{}, NewError(CodeUnauthenticated, "this needs a token: send it as Authorization: Bearer …")
	case !ok:
		refusal := NewError(CodeForbidden, "the token's role may not see consents")
		return ConsentSheet{}, s.refuse(ctx, a, "consent", user, refusal)
	}
	c, err := s.Consent(ctx, a, user, id)
	if err != nil {
		return ConsentSheet{}, err
	}
	out := ConsentSheet{Consent: c}
	if out.App, err = s.App(ctx, c.App); err != nil {
		return out, err
	}
	if out.Version, err = s.published(ctx, c.Version); err != nil {
		return out, err
	}
	shown, stored, err := s.document(ctx, c.Version, c.Locale)
	if err != nil {
		return out, err
	}
	out.Document, out.Hash = shown, stored.Hash
	all, err := s.Consents(ctx, a, user)
	if err != nil {
		return out, err
	}
	for _, one := range slices.Backward(all) {
		if one.ConsentEvent.Act == c.ConsentEvent.Act {
			out.Act = append(out.Act, one)
		}
	}
	if role == Subject {
		a = a.as(user)
	}
	event := s.event(a, role, ConsentPrinted)
	event.Subject, event.Consent, event.App = user, id, c.App
	return out, s.record(ctx, event)
}

// PolicyTimeline answers an app with the moments from which its published
// versions count. It asks the database, in one statement, and no cache. What can
// be no app's code is not looked for.
func (s *Service) PolicyTimeline(ctx context.Context, app string) (App, Timeline, error) {
	if !appCodeForm.MatchString(app) {
		return App{}, nil, ErrNotFound
	}
	found, moments, err := s.Reader.App(ctx, app)
	return found, NewTimeline(moments), err
}

// PolicyVersionsOf are the versions of a timeline, in its order. They never
// change.
func (s *Service) PolicyVersionsOf(ctx context.Context, timeline Timeline) ([]*Version, error) {
	out := make([]*Version, len(timeline))
	for i, m := range timeline {
		var err error
		if out[i], err = s.published(ctx, m.Version); err != nil {
			return nil, err
		}
	}
	return out, nil
}
