package vault

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
)

// DisclosureGround is on what data is passed on.
type DisclosureGround string

// The grounds.
const (
	ByConsent DisclosureGround = "CONSENT"
	ByLaw     DisclosureGround = "LAW"
	ByDispute DisclosureGround = "DISPUTE"
)

// Violation is what somebody is said to have done, in a dispute.
type Violation string

// The violations.
const (
	AgreementBroken Violation = "AGREEMENT_BROKEN"
	PaymentOwed     Violation = "PAYMENT_OWED"
	DamageDone      Violation = "DAMAGE_DONE"
	FraudSuspected  Violation = "FRAUD_SUSPECTED"
	RightsInfringed Violation = "RIGHTS_INFRINGED"
)

// DisclosedTo is who was given data: a recipient that a policy version names,
// or an organisation by its number in a public register.
type DisclosedTo struct {
	Name         Words  `json:"name,omitempty"`
	Registration string `json:"registration,omitempty"`
	Country      string `json:"country"` // ISO 3166-1 alpha-2
}

// Disclosure says that data of a person was passed on. It records and sends
// nothing. Its canonical bytes are the stored truth; nothing personal is in it.
type Disclosure struct {
	ID        uuid.UUID        `json:"id"`
	User      uuid.UUID        `json:"user"`
	Act       uuid.UUID        `json:"act"` // one call, of several people
	App       string           `json:"app"`
	Recipient DisclosedTo      `json:"recipient"`
	Fields    []string         `json:"fields"`
	Purpose   string           `json:"purpose,omitempty"` // code of an item
	Ground    DisclosureGround `json:"ground"`
	Version   uuid.UUID        `json:"version"`  // in force then
	Items     []string         `json:"items"`    // whose consents it rested on
	Consents  []uuid.UUID      `json:"consents"` // these, in the order of Items
	// Reference is of the order (LAW), or of the case (DISPUTE).
	Reference string    `json:"reference,omitempty"`
	Violation Violation `json:"violation,omitempty"`
	Recorder  uuid.UUID `json:"recorder"`
	Role      Role      `json:"role"`
	Approver  uuid.UUID `json:"approver,omitzero"` // LAW, DISPUTE: the other colleague, who answers for it
	Approval  uuid.UUID `json:"approval,omitzero"` // the event by which they approved it
	// Requester is the authority that demanded it (LAW).
	Requester *DisclosedTo `json:"requester,omitempty"`
	// Withheld is the legal reference that bars the person from being told.
	Withheld string    `json:"withheld,omitempty"`
	Rules    string    `json:"rules"` // the rule pack, with its version
	At       time.Time `json:"-"`
	TellBy   time.Time `json:"-"` // when the person is told at the latest; zero: no rule says, or it is withheld

	// What happened afterwards, which is no part of the bytes.
	Seen     time.Time `json:"-"`
	Released time.Time `json:"-"` // the bar was lifted
}

// Barred reports whether the person must not be told.
func (d Disclosure) Barred() bool { return d.Withheld != "" && d.Released.IsZero() }

type plainDisclosure Disclosure // without methods, so that json sees only the fields

type storedDisclosure struct {
	V int `json:"v"`
	plainDisclosure
	At     int64  `json:"at"` // Unix milliseconds
	TellBy *int64 `json:"tellBy,omitempty"`
}

// Bytes are the disclosure's canonical bytes, version 1.
func (d Disclosure) Bytes() ([]byte, error) {
	out := storedDisclosure{V: 1, plainDisclosure: plainDisclosure(d), At: d.At.UnixMilli()}
	if !d.TellBy.IsZero() {
		by := d.TellBy.UnixMilli()
		out.TellBy = &by
	}
	return Canonical(out)
}

// ReadDisclosure reads canonical bytes.
func ReadDisclosure(raw []byte) (Disclosure, error) {
	var in storedDisclosure
	if err := json.Unmarshal(raw, &in); err != nil || in.V != 1 {
		return Disclosure{}, NewError(CodeInternal, "a stored disclosure does not read as one").Because(err)
	}
	d := Disclosure(in.plainDisclosure)
	d.At = time.UnixMilli(in.At).UTC()
	if in.TellBy != nil {
		d.TellBy = time.UnixMilli(*in.TellBy).UTC()
	}
	return d, nil
}

// DisclosureMark is what can happen to a disclosure, once each.
type DisclosureMark string

// The marks.
const (
	MarkSeen     DisclosureMark = "SEEN"     // the app has shown it to the person
	MarkReleased DisclosureMark = "RELEASED" // the person may be told
)

// DisclosureReader reads what was passed on.
type DisclosureReader interface {
	// Disclosures lists a person's, newest first; those that the person must not
	// be told of only when asked.
	Disclosures(ctx context.Context, user uuid.UUID, barred bool, page Page) ([]Disclosure, error)
	// Disclosure answers one; ErrNotFound.
	Disclosure(ctx context.Context, user, id uuid.UUID) (Disclosure, error)
	// DisclosedIn answers those of one act, by person.
	DisclosedIn(ctx context.Context, act uuid.UUID) ([]Disclosure, error)
	// RecipientNotices lists notices by when they are due.
	RecipientNotices(ctx context.Context, filter NoticeFilter, page Page) ([]RecipientNotice, error)
	// RecipientNotice answers one; ErrNotFound.
	RecipientNotice(ctx context.Context, id uuid.UUID) (RecipientNotice, error)
}

// DisclosureTx queues changes of what was passed on.
type DisclosureTx interface {
	// Disclose adds a disclosure. ErrStale: the person's ConsentSeq or status is
	// another one by now. It waits for whoever changes these, and they for it.
	Disclose(d Disclosure, seq int64, status Status)
	// MarkDisclosure adds a mark; one that is there stays. The time by which the
	// person has to be told changes with it, unless it is zero.
	MarkDisclosure(user, id uuid.UUID, what DisclosureMark, at, tellBy time.Time)
	// TellRecipients queues a notice for each recipient that a telling concerns,
	// found in the ledger by the same transaction: it comes after a change of the
	// person's row, so that no disclosure slips by. Equal ones still to be told
	// are not added again.
	TellRecipients(t Telling)
	// MoveNotice puts a notice into its state. ErrStale: the revision is another
	// one.
	MoveNotice(n RecipientNotice, expected int64)
}

// Disclosures lists what was passed on of a person, newest first. The person
// sees nothing of what they must not be told of.
func (s *Service) Disclosures(ctx context.Context, a Actor, user uuid.UUID, page Page) ([]Disclosure, error) {
	_, all := a.Allowed(Compliance, Auditor)
	if !all {
		if err := s.ownDisclosures(ctx, a, user); err != nil {
			return nil, err
		}
	}
	return s.Reader.Disclosures(ctx, user, all, page)
}

// Disclosure answers one. To the person, one that is barred is not there.
func (s *Service) Disclosure(ctx context.Context, a Actor, user, id uuid.UUID) (*Disclosure, error) {
	_, all := a.Allowed(Compliance, Auditor)
	if !all {
		if err := s.ownDisclosures(ctx, a, user); err != nil {
			return nil, err
		}
	}
	d, err := s.Reader.Disclosure(ctx, user, id)
	if err != nil {
		return nil, err
	}
	if !all && d.Barred() {
		return nil, ErrNotFound
	}
	return &d, nil
}

// ownDisclosures refuses whoever is neither the person nor entitled by role.
func (s *Service) ownDisclosures(ctx context.Context, a Actor, user uuid.UUID) error {
	if !a.Has(Subject) {
		return s.refuse(ctx, a, "disclosures", user, NewError(CodeForbidden, "this role may not read what was passed on"))
	}
	me, err := s.Me(ctx, a)
	if err != nil {
		return err
	}
	if me.User == nil || me.User.ID != user {
		return s.refuse(ctx, a, "disclosures", user, ErrNotFound)
	}
	return nil
}

// MarkDisclosuresSeen says that the app has shown the person these: they are
// told.
func (s *Service) MarkDisclosuresSeen(ctx context.Context, a Actor, ids []uuid.UUID, idempotencyKey string) ([]Disclosure, error) {
	me, err := s.registered(ctx, a)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > disclosedAtOnce {
		return nil, NewError(CodeRequired, "name 1 to 100 disclosures").At("disclosures")
	}
	input := make([]string, len(ids))
	for i, id := range ids {
		input[i] = id.String()
		if _, err := s.Disclosure(ctx, a, me.User.ID, id); err != nil {
			return nil, atUser(err, "disclosures", i)
		}
	}
	_, err = s.once(ctx, a, "markDisclosuresSeen", idempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		event := s.event(a.as(me.User.ID), Subject, DisclosureSeen)
		event.Subject = me.User.ID
		if len(ids) == 1 {
			event.Object = "Disclosure:" + ids[0].String()
		}
		return me.User.ID, s.Writer.Write(ctx, func(tx Tx) error {
			for _, id := range ids {
				tx.MarkDisclosure(me.User.ID, id, MarkSeen, event.At, time.Time{})
			}
			tx.Record(event)
			remember(tx, me.User.ID)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	out := make([]Disclosure, len(ids))
	for i, id := range ids {
		d, err := s.Reader.Disclosure(ctx, me.User.ID, id)
		if err != nil {
			return nil, err
		}
		out[i] = d
	}
	return out, nil
}

// ReleaseDisclosure lifts the bar: from now on the person sees the disclosure,
// and is to be told of it in the time of the rule.
func (s *Service) ReleaseDisclosure(ctx context.Context, a Actor, user, id uuid.UUID, idempotencyKey string) (*Disclosure, error) {
	_, err := s.once(ctx, a, "releaseDisclosure", idempotencyKey, []string{user.String(), id.String()}, func(remember rememberer) (uuid.UUID, error) {
		d, err := s.Reader.Disclosure(ctx, user, id)
		if err != nil {
			return uuid.Nil, err
		}
		if d.Withheld == "" {
			return uuid.Nil, NewError(CodeInvalidValue, "the person sees this disclosure: nothing bars it").At("disclosure")
		}
		event := s.event(a, Compliance, DisclosureReleased)
		event.Subject, event.App, event.Object, event.Reference = user, d.App, "Disclosure:"+id.String(), d.Withheld
		tellBy, err := s.due(ctx, d.App, RuleDisclosureNotice, event.At)
		if err != nil {
			return uuid.Nil, err
		}
		return id, s.Writer.Write(ctx, func(tx Tx) error {
			tx.MarkDisclosure(user, id, MarkReleased, event.At, tellBy)
			tx.Record(event)
			remember(tx, id)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	d, err := s.Reader.Disclosure(ctx, user, id)
	return &d, err
}

// due is the end of a rule's deadline in an app; zero where no rule sets one.
func (s *Service) due(ctx context.Context, code string, rule RuleID, from time.Time) (time.Time, error) {
	app, err := s.App(ctx, code)
	if err != nil {
		return time.Time{}, err
	}
	pack, err := s.pack(app)
	if err != nil {
		return time.Time{}, err
	}
	at, _ := pack.Due(rule, from)
	return at, nil
}

// atUser points an error about the n-th of a list at its place.
func atUser(err error, list string, n int) error {
	if errors.Is(err, ErrNotFound) {
		return ErrNotFound.At(list, itoa(int64(n)))
	}
	return err
}
