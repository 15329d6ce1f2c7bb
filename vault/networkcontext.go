package vault

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// SeenContext is by which connection a decision came; empty where the
// connection did not say.
type SeenContext struct{ Address, UserAgent Plain }

// ContextQuestion asks by which connection a decision about a consent came.
type ContextQuestion struct {
	User, Consent uuid.UUID
	Seq           int64 // of one of the consent's events; 0: the decision
	Basis         Basis
}

// NetworkContext answers by which connection somebody decided, or nil when
// nothing is kept of it: it is evidence, for COMPLIANCE on a request or by law,
// and by law only of somebody who is erased. Who asked, and why, is on record
// before anything is decrypted.
func (s *Service) NetworkContext(ctx context.Context, a Actor, q ContextQuestion) (*SeenContext, error) {
	if err := q.Basis.validate(); err != nil {
		return nil, err
	}
	if _, ok := a.Allowed(Compliance); !ok || q.Basis.Ticket == "" && q.Basis.Legal == "" {
		return nil, NewError(CodeForbidden, "compliance sees the evidence beside consents, for a request or by law")
	}
	user, err := s.Reader.User(ctx, q.User)
	if err != nil {
		return nil, err
	}
	events, err := s.Reader.Decided(ctx, q.User)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(events, func(e ConsentEvent) bool { return e.Consent == q.Consent && (q.Seq == 0 || e.Seq == q.Seq) })
	switch {
	case i < 0:
		return nil, ErrNotFound
	case user.Status == StatusErased && q.Basis.Legal == "":
		return nil, s.refuse(ctx, a, "networkContext", q.User, NewError(CodeForbidden, "what is kept of somebody who is erased is seen by law only"))
	}
	act, err := s.Reader.Act(ctx, q.User, events[i].Act)
	if err != nil {
		return nil, err
	}
	event := s.event(a, Compliance, ContextRevealed)
	event.Subject, event.App, event.Consent, event.Fields = q.User, events[i].App, q.Consent, []string{FieldConsentContext}
	event.Reason, event.Reference = q.Basis.Reason, q.Basis.Ticket+q.Basis.Legal
	if err := s.record(ctx, event); err != nil || act.Context.Text == "" {
		return nil, err
	}
	got, err := s.Decrypter.Decrypt(ctx, []DecryptItem{{Place{q.User, FieldConsentContext}, act.Context, event.ID}})
	if err == nil {
		err = got[0].Err
	}
	if err != nil {
		return nil, err
	}
	return unpackContext(got[0].Value)
}

// packedContext is the plaintext of a network context.
type packedContext struct {
	IP        string `json:"ip"`
	UserAgent string `json:"userAgent"`
}

func unpackContext(packed Plain) (*SeenContext, error) {
	var in packedContext
	if err := json.Unmarshal([]byte(packed.Reveal()), &in); err != nil {
		return nil, ErrUndecryptable.Because(errors.New("a network context does not read as one")) // the cause would quote it
	}
	return &SeenContext{NewPlain(in.IP), NewPlain(in.UserAgent)}, nil
}

// contextsKept is beside how many of a person's acts a network context is kept.
func (s *Service) contextsKept(ctx context.Context, user uuid.UUID) (int64, error) {
	traces, err := s.Reader.Traces(ctx, user, Evidence{})
	for _, t := range traces {
		if t.Trace == TraceContexts {
			return t.Rows, err
		}
	}
	return 0, err
}
