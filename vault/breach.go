package vault

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// BreachKind is what sort of breach of security it was. The schema's enum of
// the same name is bound to it; so are those below.
type BreachKind string

// The kinds.
const (
	BreachAccess     BreachKind = "UNAUTHORISED_ACCESS"
	BreachDisclosure BreachKind = "DISCLOSURE"
	BreachLoss       BreachKind = "LOSS"
	BreachAlteration BreachKind = "ALTERATION"
	BreachOther      BreachKind = "OTHER"
)

// BreachMeasure is a code of what was done about a breach.
type BreachMeasure string

// The measures.
const (
	MeasureAccessRevoked  BreachMeasure = "ACCESS_REVOKED"
	MeasureKeysRotated    BreachMeasure = "KEYS_ROTATED"
	MeasureIsolated       BreachMeasure = "SYSTEM_ISOLATED"
	MeasureRestored       BreachMeasure = "DATA_RESTORED"
	MeasureLoginsReset    BreachMeasure = "LOGINS_RESET"
	MeasureMended         BreachMeasure = "WEAKNESS_MENDED"
	MeasurePoliceInformed BreachMeasure = "POLICE_INFORMED"
	MeasureOther          BreachMeasure = "OTHER"
)

// BreachState is where the work on a breach stands.
type BreachState string

// The states.
const (
	BreachOpen   BreachState = "OPEN"
	BreachClosed BreachState = "CLOSED"
)

// Audience is whom a notice of a breach is for.
type Audience string

// The audiences.
const (
	ForAuthority Audience = "AUTHORITY"
	ForPeople    Audience = "PEOPLE"
)

// Audiences are all of them.
func Audiences() []Audience { return []Audience{ForAuthority, ForPeople} }

// rule is the rule that says what the notice names, and by when.
func (a Audience) rule() RuleID {
	if a == ForPeople {
		return RuleBreachPeople
	}
	return RuleBreachAuthority
}

// TakenMeasure is something that was done.
type TakenMeasure struct {
	Code      BreachMeasure `json:"code"`
	Reference string        `json:"reference,omitempty"` // of a ticket or an order; see Basis
	At        time.Time     `json:"at"`
}

// Criterion says whom of the breach's app it touches where nobody is named: one
// of its parts. The people are looked up each time, so that nothing of them is
// kept, and who is erased is nobody any more.
type Criterion struct {
	App         string    `json:"app,omitempty"` // the breach's: everybody who had decided there by the detection
	CreatedFrom time.Time `json:"createdFrom,omitzero"`
	CreatedTo   time.Time `json:"createdTo,omitzero"` // exclusive
	// RevealedTo is a colleague or a service: those of whom they were shown Field
	// (empty: any) from RevealedFrom until before RevealedUntil.
	RevealedTo    uuid.UUID `json:"revealedTo,omitzero"`
	RevealedFrom  time.Time `json:"revealedFrom,omitzero"`
	RevealedUntil time.Time `json:"revealedUntil,omitzero"`
	Field         string    `json:"field,omitempty"`
}

// Breach is a breach of security.
type Breach struct {
	ID         uuid.UUID
	Revision   int64
	App        string
	Kind       BreachKind
	State      BreachState
	DetectedAt time.Time
	RecordedAt time.Time
	Rules      string // name of the pack
	// By when, and when it was done; zero: the law sets no time, or not yet.
	AuthorityDue, PeopleDue   time.Time
	AuthorityTold, PeopleTold time.Time
	ClosedAt                  time.Time
	Fields                    []string
	Measures                  []TakenMeasure
	Criterion                 Criterion // zero: the people are named
}

// Due is by when an audience is to be told; zero: the law sets no time.
func (b Breach) Due(a Audience) time.Time {
	if a == ForPeople {
		return b.PeopleDue
	}
	return b.AuthorityDue
}

// Told is when an audience was told; zero: not yet.
func (b Breach) Told(a Audience) time.Time {
	if a == ForPeople {
		return b.PeopleTold
	}
	return b.AuthorityTold
}

// Overdue reports whether an audience should have been told by a moment.
func (b Breach) Overdue(a Audience, now time.Time) bool {
	due := b.Due(a)
	return b.Told(a).IsZero() && !due.IsZero() && due.Before(now)
}

func (b Breach) object() string { return "Breach:" + b.ID.String() }

// BreachNotice is one notice that may be downloaded once.
type BreachNotice struct {
	Breach   uuid.UUID
	Audience Audience
	IssuedAt time.Time
	IssuedBy uuid.UUID
	UsedAt   time.Time // zero: not yet
}

// BreachReader reads breaches.
type BreachReader interface {
	// Breach answers one; ErrNotFound.
	Breach(ctx context.Context, id uuid.UUID) (Breach, error)
	// Breaches lists them, the one detected last first; only those that are
	// not closed when asked.
	Breaches(ctx context.Context, open bool, page Page) ([]Breach, error)
	// BreachPeople lists those whom a breach touches by id, after one: of its app
	// only, and nobody who is erased.
	BreachPeople(ctx context.Context, b Breach, after uuid.UUID, limit int) ([]uuid.UUID, error)
	CountBreachPeople(ctx context.Context, b Breach) (int64, error)
	// BreachNotices lists the notices of a breach, newest first.
	BreachNotices(ctx context.Context, breach uuid.UUID) ([]BreachNotice, error)
}

// BreachTx queues changes of breaches.
type BreachTx interface {
	InsertBreach(b Breach)
	// UpdateBreach puts a breach in the place of itself. ErrStale: it is of
	// another revision than the one before, or closed.
	UpdateBreach(b Breach)
	// AddBreachPeople names people; one who is named already stays so.
	AddBreachPeople(breach uuid.UUID, users []uuid.UUID)
	InsertBreachNotice(n BreachNotice)
	// UseBreachNotice notes UsedAt. ErrStale: somebody has used it.
	UseBreachNotice(n BreachNotice)
}

// mayBreach is the role that lets the actor work on breaches.
func mayBreach(a Actor) (Role, error) {
	role, ok := a.Allowed(Compliance, Security)
	if !ok {
		return role, NewError(CodeForbidden, "this role does not work on breaches")
	}
	return role, nil
}

// Breach answers one breach.
func (s *Service) Breach(ctx context.Context, id uuid.UUID) (Breach, error) {
	return s.Reader.Breach(ctx, id)
}

// Breaches lists breaches, newest first.
func (s *Service) Breaches(ctx context.Context, open bool, page Page) ([]Breach, error) {
	return s.Reader.Breaches(ctx, open, page)
}

// CountBreachPeople is how many people a breach touches.
func (s *Service) CountBreachPeople(ctx context.Context, b Breach) (int64, error) {
	return s.Reader.CountBreachPeople(ctx, b)
}

// BreachNotices are the notices of a breach, newest first.
func (s *Service) BreachNotices(ctx context.Context, id uuid.UUID) ([]BreachNotice, error) {
	return s.Reader.BreachNotices(ctx, id)
}

// OverdueBreaches counts, by audience, the notices that are due and not given,
// and those that are overdue. It is what the alert looks at.
func (s *Service) OverdueBreaches(ctx context.Context) (due, overdue map[Audience]int, err error) {
	due, overdue = map[Audience]int{}, map[Audience]int{}
	open, err := s.Reader.Breaches(ctx, true, Page{Limit: maxOpenBreaches})
	now := s.now()
	for _, b := range open {
		for _, a := range Audiences() {
			switch {
			case b.Overdue(a, now):
				overdue[a]++
			case b.Told(a).IsZero() && !b.Due(a).IsZero():
				due[a]++
			}
		}
	}
	return due, overdue, err
}

// maxOpenBreaches are looked at for that.
const maxOpenBreaches = 1000

var (
	breachKinds    = []BreachKind{BreachAccess, BreachDisclosure, BreachLoss, BreachAlteration, BreachOther}
	breachMeasures = []BreachMeasure{
		MeasureAccessRevoked, MeasureKeysRotated, MeasureIsolated, MeasureRestored, MeasureLoginsReset, MeasureMended, MeasurePoliceInformed, MeasureOther,
	}
)

// checkMeasures refuses what is not of the agreed form.
func checkMeasures(measures []TakenMeasure, errs Errors) Errors {
	for _, m := range measures {
		if !slices.Contains(breachMeasures, m.Code) || m.Reference != "" && !legalForm.MatchString(m.Reference) && !ticketForm.MatchString(m.Reference) {
			return append(errs, NewError(CodeInvalidReason, "a measure is one of the codes, with a reference as SUP-1234 or none").At("measures"))
		}
	}
	return errs
}
