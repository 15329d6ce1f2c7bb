package vault

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Decision is what a person decided about an item.
type Decision string

// EventType is what can happen to a consent.
type EventType string

// The decisions and events. A decision's event has the decision's name.
const (
	Give   Decision = "GIVEN"
	Refuse Decision = "REFUSED"

	Given       EventType = "GIVEN"
	Refused     EventType = "REFUSED"
	Withdrawn   EventType = "WITHDRAWN"
	Invalidated EventType = "INVALIDATED"
)

// ConsentState is where one consent stands; derived, never stored.
type ConsentState string

// The states of a consent.
const (
	ConsentGiven       ConsentState = "GIVEN"
	ConsentRefused     ConsentState = "REFUSED"
	ConsentWithdrawn   ConsentState = "WITHDRAWN"
	ConsentExpired     ConsentState = "EXPIRED"
	ConsentInvalidated ConsentState = "INVALIDATED"
	ConsentSuperseded  ConsentState = "SUPERSEDED"
)

// Method is how a decision reached the operator.
type Method string

// The methods. All but InAppConfirmed come with what colleagues record.
const (
	InAppConfirmed  Method = "IN_APP_CONFIRMED" // in the app, under the person's own token
	Written         Method = "WRITTEN"
	Signed          Method = "ESIGNATURE"
	StateService    Method = "STATE_SERVICE"
	NonstateService Method = "NONSTATE_SERVICE"
	OperatorAct     Method = "OPERATOR_ACT" // no decision of the person: an invalidation
)

// GivenBy is who made a decision.
type GivenBy string

// Who it may be.
const (
	BySubject        GivenBy = "SUBJECT"        // the person themselves
	ByRepresentative GivenBy = "REPRESENTATIVE" // somebody who may act for the person
	ByOperator       GivenBy = "OPERATOR"       // an invalidation
)

// ConsentEvent is something that happened to a consent. Events are only
// appended; the order is Seq, never a clock. Its canonical bytes are the
// stored truth, columns are copies.
type ConsentEvent struct {
	ID         uuid.UUID `json:"id"`
	User       uuid.UUID `json:"user"`
	Seq        int64     `json:"seq"`     // 1, 2, 3 … per person
	Act        uuid.UUID `json:"act"`     // the client's eventId: one screen is one act
	Consent    uuid.UUID `json:"consent"` // id of the decision that it belongs to
	Type       EventType `json:"type"`
	App        string    `json:"app"`
	Item       string    `json:"item"`
	Version    uuid.UUID `json:"version"`
	Locale     string    `json:"locale"`
	Document   string    `json:"document"`  // hash of what was shown
	Operators  []string  `json:"operators"` // BINs of the group's members at that moment
	Method     Method    `json:"method"`
	GivenBy    GivenBy   `json:"givenBy"`
	ReceivedAt time.Time `json:"-"`
	DeviceAt   time.Time `json:"-"` // evidence only; zero when not sent
	AppBuild   string    `json:"appBuild,omitempty"`

	// Of what colleagues record; empty in what came through the app.
	Reference string    `json:"reference,omitempty"` // of the document that it rests on
	Ground    Ground    `json:"ground,omitempty"`    // why a representative may act
	Reason    Flaw      `json:"reason,omitempty"`    // of an invalidation
	SignedAt  time.Time `json:"-"`                   // when it was decided; zero: when it was received
}

// Bytes are the event's canonical bytes, version 1.
func (e ConsentEvent) Bytes() ([]byte, error) {
	type plain ConsentEvent // without methods, so that json sees only the fields
	out := struct {
		V int `json:"v"`
		plain
		ReceivedAt int64  `json:"receivedAt"` // Unix milliseconds
		DeviceAt   *int64 `json:"deviceAt,omitempty"`
		SignedAt   *int64 `json:"signedAt,omitempty"`
	}{V: 1, plain: plain(e), ReceivedAt: e.ReceivedAt.UnixMilli(), DeviceAt: millis(e.DeviceAt), SignedAt: millis(e.SignedAt)}
	return Canonical(out)
}

// millis are Unix milliseconds, or nil for no time.
func millis(at time.Time) *int64 {
	if at.IsZero() {
		return nil
	}
	ms := at.UnixMilli()
	return &ms
}

// decidedAt is when the person decided, as far as the operator knows.
func (e ConsentEvent) decidedAt() time.Time {
	if e.SignedAt.IsZero() {
		return e.ReceivedAt
	}
	return e.SignedAt
}

func (e ConsentEvent) isDecision() bool { return e.Type == Given || e.Type == Refused }

// Act is one act of a person: a screen of decisions, or a withdrawal. Its id
// is made by the client and is unique per person for ever, so that a retry or
// a late replay counts once.
type Act struct {
	User       uuid.UUID
	ID         uuid.UUID
	Digest     string // SHA-256 of what the act says; nothing personal is in it
	ReceivedAt time.Time
	// Context is the encrypted network context; evidence, erasable. Its Text
	// is empty when the connection said nothing.
	Context Ciphertext
}

// FieldConsentContext is the reserved code under which an act's network context
// is encrypted.
const FieldConsentContext = "consentContext"

// Consent is one decision and what became of it.
type Consent struct {
	ConsentEvent                // the decision
	Later        []ConsentEvent // what happened to it afterwards, oldest first
	State        ConsentState
	ValidUntil   time.Time // of what holds, or held until then; zero: no end is set, or it ended otherwise
	term         time.Time // until when a given one was to hold, whatever became of it
}

// Events is the decision and what followed, oldest first.
func (c Consent) Events() []ConsentEvent {
	return append([]ConsentEvent{c.ConsentEvent}, c.Later...)
}

// History is a person's events about one app, by Seq.
type History []ConsentEvent

// Of is the events about one item.
func (h History) Of(item string) History {
	return slices.DeleteFunc(slices.Clone(h), func(e ConsentEvent) bool { return e.Item != item })
}

// Until is the events received by a moment. It is for questions about the
// past only: for the present every event counts, whatever a replica's clock
// said when it was received.
func (h History) Until(at time.Time) History {
	return slices.DeleteFunc(slices.Clone(h), func(e ConsentEvent) bool { return e.ReceivedAt.After(at) })
}

// LastTakenBack is the Seq of the event that last took consent to the item
// back, or 0: a withdrawal, an invalidation, or a refusal of what was given.
func (h History) LastTakenBack(item string) int64 {
	var seq int64
	given := false
	for _, e := range h.Of(item) {
		if !e.isDecision() || given && e.Type == Refused {
			seq = e.Seq
		}
		given = e.Type == Given
	}
	return seq
}

// endedSince is the Seq of the last event that says no to the item and was
// decided at a moment or later, or 0.
func (h History) endedSince(item string, at time.Time) int64 {
	var seq int64
	for _, e := range h.Of(item) {
		if e.Type != Given && !e.decidedAt().Before(at) {
			seq = e.Seq
		}
	}
	return seq
}

// itemPosition is where one item stands at a moment: the decision that counts, or why none does.
type itemPosition struct {
	event ConsentEvent // the event that decides; zero for NEVER_ASKED
	state Reason
}

// position folds the item's events by Seq. A decision counts from the moment
// its version takes effect; until then the one before it goes on. A grant of
// an older version takes nothing from that of a newer one: it came late. A
// withdrawal counts at once and ends every decision made before it. An
// invalidation ends the one decision that it is about, and brings no earlier
// one back: the person is asked again.
func (h History) position(item string, timeline Timeline, at time.Time) itemPosition {
	p := itemPosition{state: NeverAsked}
	for _, e := range h {
		switch {
		case e.Item != item:
		case e.Type == Withdrawn:
			p = itemPosition{e, ReasonWithdrawn}
		case e.Type == Invalidated:
			if e.Consent == p.event.Consent {
				p = itemPosition{e, ReasonInvalidated}
			}
		default:
			effective, ok := timeline.Effective(e.Version)
			switch {
			case !ok || effective.After(at):
				if p.state == NeverAsked {
					p = itemPosition{e, NotInForce}
				}
			case e.Type == Given:
				if p.state != ReasonGiven || timeline.Position(p.event.Version) <= timeline.Position(e.Version) {
					p = itemPosition{e, ReasonGiven}
				}
			default:
				p = itemPosition{e, ReasonRefused}
			}
		}
	}
	return p
}

// Consents derives the consents from the events, newest first.
func (h History) Consents(timeline Timeline, now time.Time, expires func(ConsentEvent) time.Time) []Consent {
	var out []Consent
	index := map[uuid.UUID]int{}
	for _, e := range h {
		if e.isDecision() {
			index[e.Consent] = len(out)
			out = append(out, Consent{ConsentEvent: e, State: ConsentState(e.Type)})
		} else if i, ok := index[e.Consent]; ok {
			out[i].Later = append(out[i].Later, e)
			out[i].State = ConsentState(e.Type)
		}
	}
	for i := range out {
		c := &out[i]
		if c.Type == Given {
			c.term = expires(c.ConsentEvent)
		}
		switch {
		case len(c.Later) > 0:
		case h.superseded(c.ConsentEvent, out[i+1:], timeline, now):
			c.State = ConsentSuperseded
		case c.State == ConsentGiven && !c.term.IsZero() && !now.Before(c.term):
			c.State = ConsentExpired
		}
		if c.State == ConsentGiven || c.State == ConsentExpired {
			c.ValidUntil = c.term
		}
	}
	slices.Reverse(out)
	return out
}

// superseded reports whether another decision has taken a decision's place: of
// what has taken effect one decision stands; of what is to come the last one
// about its version.
func (h History) superseded(d ConsentEvent, later []Consent, timeline Timeline, now time.Time) bool {
	effective, ok := timeline.Effective(d.Version)
	if ok && !effective.After(now) {
		standing := h.in(d.App).position(d.Item, timeline, now)
		return standing.event.Consent != d.Consent
	}
	return slices.ContainsFunc(later, func(l Consent) bool {
		return l.App == d.App && l.Item == d.Item && l.Version == d.Version
	})
}

// in is the events about one app.
func (h History) in(app string) History {
	return slices.DeleteFunc(slices.Clone(h), func(e ConsentEvent) bool { return e.App != app })
}
