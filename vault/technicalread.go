package vault

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
)

// packedTechnical is the plaintext of a batch, version 1. What repeats itself
// stands there once: an event is its time after the batch's beginning, in
// milliseconds, and four places in the words, 0 for none.
type packedTechnical struct {
	V      int        `json:"v"`
	Words  []string   `json:"words"`
	Events [][5]int64 `json:"events"`
}

func packTechnical(from time.Time, events []TechnicalEvent) Plain {
	out := packedTechnical{V: 1, Words: []string{}, Events: make([][5]int64, len(events))}
	known := map[string]int64{"": 0}
	for i, e := range events {
		out.Events[i][0] = e.At.Sub(from).Milliseconds()
		for k, value := range []Plain{e.IP, e.CookieID, e.UserAgent, e.Page} {
			word := value.Reveal()
			if _, ok := known[word]; !ok {
				out.Words = append(out.Words, word)
				known[word] = int64(len(out.Words))
			}
			out.Events[i][1+k] = known[word]
		}
	}
	raw, err := json.Marshal(out)
	if err != nil { // of texts and integers it cannot
		return Plain{}
	}
	return NewPlain(string(raw))
}

func unpackTechnical(from time.Time, packed Plain) ([]TechnicalEvent, error) {
	var in packedTechnical
	if err := json.Unmarshal([]byte(packed.Reveal()), &in); err != nil || in.V != 1 {
		return nil, ErrUndecryptable.Because(errors.New("a batch of technical data does not read as one of version 1")) // the cause would quote it
	}
	out := make([]TechnicalEvent, len(in.Events))
	for i, e := range in.Events {
		out[i].At = from.Add(time.Duration(e[0]) * time.Millisecond)
		for k, to := range []*Plain{&out[i].IP, &out[i].CookieID, &out[i].UserAgent, &out[i].Page} {
			switch n := e[1+k]; {
			case n < 0 || n > int64(len(in.Words)):
				return nil, ErrUndecryptable
			case n > 0:
				*to = NewPlain(in.Words[n-1])
			}
		}
	}
	return out, nil
}

// TechnicalData answers batches of a person with what is in them, newest first:
// to the person their own, to COMPLIANCE on a request or by law. The event is on
// record before there is plaintext.
func (s *Service) TechnicalData(ctx context.Context, a Actor, user uuid.UUID, basis Basis, page Page) ([]TechnicalBatch, error) {
	event, err := s.technicalEvent(ctx, a, user, basis)
	if err != nil {
		return nil, err
	}
	batches, err := s.Reader.Technical(ctx, user, page)
	if err != nil || len(batches) == 0 {
		return []TechnicalBatch{}, err
	}
	if err := s.record(ctx, event); err != nil {
		return nil, err
	}
	return batches, s.openTechnical(ctx, batches, event.ID)
}

// openTechnical decrypts batches under an event that is on record.
func (s *Service) openTechnical(ctx context.Context, batches []TechnicalBatch, event uuid.UUID) error {
	items := make([]DecryptItem, len(batches))
	for i, b := range batches {
		items[i] = DecryptItem{Place{b.User, FieldTechnical}, b.Ciphertext, event}
	}
	results, err := s.Decrypter.Decrypt(ctx, items)
	if err != nil {
		return err
	}
	for i, r := range results {
		if r.Err != nil {
			return r.Err
		}
		if batches[i].Events, err = unpackTechnical(batches[i].From, r.Value); err != nil {
			return err
		}
	}
	return nil
}

// technicalEvent is the event of the reading, or its refusal.
func (s *Service) technicalEvent(ctx context.Context, a Actor, user uuid.UUID, basis Basis) (AuditEvent, error) {
	if a.Has(Subject) && !a.hasStaffRole() {
		me, err := s.Me(ctx, a)
		if err == nil && (me.User == nil || me.User.ID != user) {
			err = ErrNotFound
		}
		if err != nil {
			return AuditEvent{}, err
		}
		event := s.event(a.as(user), Subject, TechnicalRevealed)
		event.Subject, event.Fields = user, technicalCodes
		return event, nil
	}
	role, ok := a.Allowed(Compliance)
	if !ok {
		return AuditEvent{}, s.refuse(ctx, a, "User.technicalData", user, NewError(CodeForbidden, "this role sees no technical data"))
	}
	if err := basis.validate(); err != nil {
		return AuditEvent{}, err
	}
	if basis.Ticket == "" && basis.Legal == "" {
		return AuditEvent{}, NewError(CodeForbidden, "technical data is read on a request or by law: give the ground").At("basis")
	}
	event := s.event(a, role, TechnicalRevealed)
	event.Subject, event.Fields, event.Reason, event.Reference = user, technicalCodes, basis.Reason, basis.Ticket+basis.Legal
	return event, nil
}
