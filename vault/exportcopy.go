package vault

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// PersonalCopy is everything that is held of one person, as they get it. Its
// values are in clear: it is written to the person and to nobody else, and is
// kept nowhere. docs/export.schema.json describes it.
type PersonalCopy struct {
	V        int             `json:"v"`
	MadeAt   time.Time       `json:"madeAt"`
	Locale   string          `json:"locale"`
	App      string          `json:"app"`
	Operator CopyOfOperator  `json:"operator"`
	Person   CopyOfPerson    `json:"person"`
	Fields   []CopyOfField   `json:"fields"`
	Consents []CopyOfConsent `json:"consents"`
	Passed   []CopyOfPassing `json:"disclosures"` // newest first
	Requests []CopyOfRequest `json:"requests"`
	Reads    []CopyOfAccess  `json:"accesses"` // newest first
	AllReads bool            `json:"accessesComplete"`
}

// CopyOfOperator is who answers for the data.
type CopyOfOperator struct {
	Name string `json:"name"`
	BIN  string `json:"bin"`
}

// CopyOfPerson is what is held beside the fields.
type CopyOfPerson struct {
	ID        string    `json:"id"`
	Status    Status    `json:"status"`
	Locale    string    `json:"locale,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	// Contexts is beside how many decisions the connection's address and browser
	// are kept as evidence, encrypted.
	Contexts int64 `json:"networkContexts"`
}

// CopyOfField is a field with its value.
type CopyOfField struct {
	Code       string     `json:"code"`
	Label      string     `json:"label"`
	Value      string     `json:"value"`
	Verified   bool       `json:"verified"`
	Visibility Visibility `json:"visibility"`
	UpdatedAt  time.Time  `json:"updatedAt"`
}

// CopyOfConsent is a decision, with the hash of what was shown.
type CopyOfConsent struct {
	App          string       `json:"app"`
	Item         string       `json:"item"`
	Title        string       `json:"title"`
	State        ConsentState `json:"state"`
	Version      string       `json:"version"`
	Locale       string       `json:"locale"`
	DocumentHash string       `json:"documentHash"`
	Method       Method       `json:"method"`
	DecidedAt    time.Time    `json:"decidedAt"`
	ValidUntil   *time.Time   `json:"validUntil"`
}

// CopyOfPassing is that data was passed on.
type CopyOfPassing struct {
	App       string           `json:"app"`
	At        time.Time        `json:"at"`
	Recipient string           `json:"recipient"` // its name, or its number in a public register
	Country   string           `json:"country"`
	Fields    []string         `json:"fields"`
	Purpose   string           `json:"purpose,omitempty"`
	Ground    DisclosureGround `json:"ground"`
	Reference string           `json:"reference,omitempty"`
	SeenAt    *time.Time       `json:"seenAt"`
}

// CopyOfRequest is a request of the person's, with their own words.
type CopyOfRequest struct {
	Number       string         `json:"number"`
	Kind         RequestKind    `json:"kind"`
	State        RequestState   `json:"state"`
	Channel      RequestChannel `json:"channel"`
	ReceivedAt   time.Time      `json:"receivedAt"`
	DueAt        time.Time      `json:"dueAt"`
	ClosedAt     *time.Time     `json:"closedAt"`
	Outcome      RequestOutcome `json:"outcome,omitempty"`
	Ground       RefusalGround  `json:"ground,omitempty"`
	DocumentHash string         `json:"documentHash,omitempty"`
	Text         string         `json:"text,omitempty"` // what was written
	Note         string         `json:"note,omitempty"` // what was answered
}

// CopyOfAccess is that somebody else did something with the person's data.
type CopyOfAccess struct {
	At        time.Time `json:"at"`
	By        Role      `json:"by"`
	Action    Action    `json:"action"`
	Outcome   Outcome   `json:"outcome"`
	Fields    []string  `json:"fields"`
	Purpose   string    `json:"purpose,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Reference string    `json:"reference,omitempty"`
}

const (
	// copiedReads is how many of the latest accesses a copy has; it bounds the
	// memory that making one takes.
	copiedReads = 10_000
	// copiedRows bounds the other lists.
	copiedRows     = 1_000
	copiedRequests = 200
	copiedPage     = 500
)

// CopyFor puts together what is held of a person, for themselves. Whatever
// cannot be decrypted fails it with ErrUnavailable, and nothing is used up.
func (s *Service) CopyFor(ctx context.Context, a Actor, me *Person, locale string) (*PersonalCopy, error) {
	o := me.App.Operator
	out := &PersonalCopy{
		V: 1, MadeAt: s.now(), Locale: locale, App: me.App.Code, Operator: CopyOfOperator{wordsOr(o.Name, locale), o.BIN},
		Person: CopyOfPerson{me.User.ID.String(), me.User.Status, me.User.Locale, me.User.CreatedAt, 0},
	}
	var err error
	if out.Person.Contexts, err = s.contextsKept(ctx, me.User.ID); err != nil {
		return nil, err
	}
	if out.Fields, err = s.copyFields(ctx, a, me, locale); err != nil {
		return nil, err
	}
	if out.Consents, err = s.copyConsents(ctx, a, me, locale); err != nil {
		return nil, err
	}
	if out.Passed, err = s.copyDisclosures(ctx, me, locale); err != nil {
		return nil, err
	}
	if out.Requests, err = s.copyRequests(ctx, a, me, locale); err != nil {
		return nil, err
	}
	out.Reads, out.AllReads, err = s.copyAccesses(ctx, me.User.ID)
	return out, err
}

func (s *Service) copyFields(ctx context.Context, a Actor, me *Person, locale string) ([]CopyOfField, error) {
	stored, err := s.Reader.Fields(ctx, []uuid.UUID{me.User.ID})
	if err != nil {
		return nil, err
	}
	ask := RevealRequest{Person: me}
	for _, f := range stored {
		ask.Fields = append(ask.Fields, Wanted{f.Code, true})
	}
	slices.SortFunc(ask.Fields, func(a, b Wanted) int { return strings.Compare(a.Code, b.Code) })
	got, err := s.Reveal(ctx, a, []RevealRequest{ask})
	if err == nil {
		err = got[0].Err
	}
	if err != nil {
		return nil, err
	}
	out := []CopyOfField{}
	for _, f := range got[0].Fields {
		switch f.State {
		case StatePlain:
			out = append(out, CopyOfField{f.Field.Code, wordsOr(f.Field.Label, locale), f.Value.Reveal(), f.Verified, f.Visibility, f.UpdatedAt})
		case StateEmpty, StateErased: // it went meanwhile
		default:
			return nil, ErrUnavailable
		}
	}
	return out, nil
}

func (s *Service) copyConsents(ctx context.Context, a Actor, me *Person, locale string) ([]CopyOfConsent, error) {
	all, err := s.Consents(ctx, a, me.User.ID)
	if err != nil {
		return nil, err
	}
	out := []CopyOfConsent{}
	for _, c := range all[:min(len(all), copiedRows)] {
		v, err := s.published(ctx, c.ConsentEvent.Version)
		if err != nil {
			return nil, err
		}
		item, _ := v.Facts.Item(c.Item)
		out = append(out, CopyOfConsent{
			c.App, c.Item, wordsOr(item.Title, locale), c.State, v.Label, c.Locale, c.Document, c.Method, c.ReceivedAt, momentOrNil(c.ValidUntil),
		})
	}
	return out, nil
}

// copyDisclosures are those that the person may be told of.
func (s *Service) copyDisclosures(ctx context.Context, me *Person, locale string) ([]CopyOfPassing, error) {
	all, err := s.Reader.Disclosures(ctx, me.User.ID, false, Page{Limit: copiedRows})
	if err != nil {
		return nil, err
	}
	out := []CopyOfPassing{}
	for _, d := range all {
		to := d.Recipient
		out = append(out, CopyOfPassing{
			d.App, d.At, cmp.Or(wordsOr(to.Name, locale), to.Registration), to.Country, d.Fields, d.Purpose, d.Ground, d.Reference, momentOrNil(d.Seen),
		})
	}
	return out, nil
}

func (s *Service) copyRequests(ctx context.Context, a Actor, me *Person, locale string) ([]CopyOfRequest, error) {
	all, err := s.Reader.SubjectRequests(ctx, RequestFilter{User: me.User.ID, Own: true}, ByReceived, Page{Limit: copiedRequests})
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(all))
	for i, r := range all {
		ids[i] = r.ID
	}
	event := s.event(a.as(me.User.ID), Subject, RequesterRevealed)
	event.Subject = me.User.ID
	words, err := s.openObjects(ctx, ids, event)
	if err != nil {
		return nil, err
	}
	out := []CopyOfRequest{}
	for _, r := range all {
		d, err := s.RequestDocument(ctx, r, locale)
		if err != nil {
			return nil, err
		}
		c := CopyOfRequest{
			Number: r.Number(), Kind: r.Kind, State: r.State, Channel: r.Channel, ReceivedAt: r.ReceivedAt, DueAt: r.DueAt,
			ClosedAt: momentOrNil(r.ClosedAt), Outcome: r.Outcome, Ground: r.Ground,
			Text: words[r.ID][FieldRequestText].Reveal(), Note: words[r.ID][FieldRequestAnswer].Reveal(),
		}
		if d != nil {
			c.DocumentHash = d.Hash
		}
		out = append(out, c)
	}
	return out, nil
}

// untold is what no copy lists among the accesses: of disclosures it has a list
// of its own, without those that the law bars, and what stands against an erasure
// is shown to colleagues only.
func untold(action Action) bool {
	switch action {
	case DisclosureApproved, DisclosureRecorded, DisclosureReleased, HoldPlaced, HoldLifted, ObligationRecorded, ObligationSettled, TechnicalKept:
		return true
	default:
		return false
	}
}

// copyAccesses are what others did with the person's data, newest first, and
// whether that is all of it.
func (s *Service) copyAccesses(ctx context.Context, user uuid.UUID) ([]CopyOfAccess, bool, error) {
	out, page := []CopyOfAccess{}, Page{Limit: copiedPage}
	for {
		events, err := s.Reader.Events(ctx, AuditFilter{Subject: user}, page)
		if err != nil {
			return nil, false, err
		}
		for _, e := range events {
			if e.Actor == user || untold(e.Action) {
				continue
			}
			if len(out) == copiedReads {
				return out, false, nil
			}
			fields := e.Fields
			if fields == nil {
				fields = []string{}
			}
			out = append(out, CopyOfAccess{e.At, e.Role, e.Action, e.Outcome, fields, e.Purpose, e.Reason, e.Reference})
		}
		if len(events) < page.Limit {
			return out, true, nil
		}
		page.After = events[len(events)-1].ID
	}
}

func momentOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
