package vault

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
)

// ObstacleKind is what stands against a withdrawal or an erasure.
type ObstacleKind string

// The kinds: the law wants the data kept, or the person owes something that
// cannot be brought to its end without it.
const (
	LegalHold  ObstacleKind = "LEGAL_HOLD"
	Obligation ObstacleKind = "OBLIGATION"
)

// ObstacleGround says why it stands there.
type ObstacleGround string

// The grounds: of holds, then of obligations.
const (
	GroundCourt         ObstacleGround = "COURT"
	GroundInvestigation ObstacleGround = "INVESTIGATION"
	GroundStateBody     ObstacleGround = "STATE_BODY"
	GroundClaim         ObstacleGround = "CLAIM"

	GroundPayment  ObstacleGround = "PAYMENT"
	GroundDelivery ObstacleGround = "DELIVERY"
	GroundContract ObstacleGround = "CONTRACT"
	GroundLaw      ObstacleGround = "LAW"
)

// suits reports whether the ground is one of the kind.
func (g ObstacleGround) suits(kind ObstacleKind) bool {
	switch g {
	case GroundCourt, GroundInvestigation, GroundStateBody, GroundClaim:
		return kind == LegalHold
	case GroundPayment, GroundDelivery, GroundContract, GroundLaw:
		return kind == Obligation
	}
	return false
}

// Obstacle is a legal hold on a person's data, or an obligation of theirs that
// is not fulfilled. While it stands nobody erases the person, and the consents
// that it names are not taken back. A hold also keeps the values of their fields
// as they are, and what devices sent. Nothing personal is in it.
type Obstacle struct {
	ID        uuid.UUID
	User      uuid.UUID
	Kind      ObstacleKind
	Ground    ObstacleGround
	Reference string    // of the order, the contract, the request
	Items     []string  // consents that cannot be taken back meanwhile; empty: any
	Since     time.Time // when it was put there
	By        uuid.UUID // by whom; zero: by the command line
	// EndedAt is when it was lifted or settled; zero: it stands.
	EndedAt      time.Time
	EndedBy      uuid.UUID
	EndReference string
}

// bars reports whether the obstacle keeps a consent from being withdrawn.
func (o Obstacle) bars(item string) bool {
	return len(o.Items) == 0 || slices.Contains(o.Items, item)
}

// refusal is the obstacle as what keeps somebody from what they wanted. It says
// on which ground an obligation stands, and of no hold: one of them is an
// investigation, which is not theirs to learn of. The reference it never says.
func (o Obstacle) refusal() *Error {
	since := o.Since.Format(time.DateOnly)
	if o.Kind == LegalHold {
		return NewError(CodeLegalHold, "the law wants this data kept for now: a hold stands against it").With("since", since)
	}
	return NewError(CodeOpenObligation, "an obligation that needs this data is not fulfilled yet").
		With("ground", string(o.Ground)).With("since", since)
}

// ObstacleReader reads what stands against withdrawals and erasures.
type ObstacleReader interface {
	// Obstacles lists those of these people, oldest first; those that ended
	// only when asked.
	Obstacles(ctx context.Context, users []uuid.UUID, ended bool) ([]Obstacle, error)
}

// ObstacleTx queues changes of obstacles.
type ObstacleTx interface {
	InsertObstacle(o Obstacle)
	// EndObstacle ends one as it says. ErrStale: it ended before.
	EndObstacle(o Obstacle)
}

// Obstructing puts an obstacle.
type Obstructing struct {
	User           uuid.UUID
	Kind           ObstacleKind
	Ground         ObstacleGround
	Reference      string
	Items          []string
	IdempotencyKey string
}

// Obstruct places a legal hold or records an obligation. Whoever is erasing the
// person at the same time is either through, which is refused here, or finds it.
func (s *Service) Obstruct(ctx context.Context, a Actor, in Obstructing) (Obstacle, error) {
	role, action, operation := in.Kind.door(a)
	if role == "" {
		return Obstacle{}, NewError(CodeForbidden, "this role may not put such an obstacle")
	}
	if err := in.validate(); err != nil {
		return Obstacle{}, err
	}
	input := append([]string{in.User.String(), string(in.Ground), in.Reference}, in.Items...)
	if err := s.existing(ctx, in.Items); err != nil {
		return Obstacle{}, err
	}
	id, err := s.once(ctx, a, operation, in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) { return s.obstruct(ctx, a, role, action, in, remember) })
	})
	if err != nil {
		return Obstacle{}, err
	}
	return s.obstacle(ctx, in.User, id)
}

// door is who may put and end obstacles of a kind, and how that is called: a
// service knows of payments, and only an officer of orders.
func (k ObstacleKind) door(a Actor) (role Role, action Action, operation string) {
	if k == LegalHold {
		role, _ = a.Allowed(Compliance, System)
		return role, HoldPlaced, "placeLegalHold"
	}
	role, _ = a.Allowed(Compliance, Machine, System)
	return role, ObligationRecorded, "recordObligation"
}

func (in Obstructing) validate() error {
	var errs Errors
	if !in.Ground.suits(in.Kind) {
		errs = append(errs, NewError(CodeInvalidReason, "this ground does not belong to this kind of obstacle").At("ground"))
	}
	if err := checkReference(in.Reference); err != nil {
		errs = append(errs, err.At("reference"))
	}
	for i, item := range in.Items {
		if !itemCodeForm.MatchString(item) {
			errs = append(errs, NewError(CodeUnknownItem, "not the code of a consent item").At("items", itoa(int64(i))))
		}
	}
	return errs.orNil()
}

// checkReference refuses what stays on record in clear and has room for words.
func checkReference(reference string) *Error {
	if ticketForm.MatchString(reference) || legalForm.MatchString(reference) {
		return nil
	}
	return NewError(CodeInvalidReason,
		"a reference is capital letters, a hyphen and numbers of up to six digits: SUP-1234, COURT-7599-26-00-2/1234")
}

func (s *Service) obstruct(ctx context.Context, a Actor, role Role, action Action, in Obstructing, remember rememberer) (uuid.UUID, error) {
	user, err := s.Reader.User(ctx, in.User)
	if err != nil {
		return uuid.Nil, err
	}
	if user.Status == StatusErased {
		return uuid.Nil, NewError(CodeUserBlocked, "everything about this person is erased: nothing is left to keep").At("user")
	}
	event := s.event(a, role, action)
	o := Obstacle{
		ID: s.NewID(), User: in.User, Kind: in.Kind, Ground: in.Ground, Reference: in.Reference, Items: in.Items,
		Since: event.At, By: a.ID,
	}
	event.Subject, event.Reason, event.Reference, event.Object = in.User, string(in.Ground), in.Reference, "Obstacle:"+o.ID.String()
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.ReviseUser(user.ID, user.Revision, nil) // so that an erasure under way reads again
		tx.InsertObstacle(o)
		tx.Record(event)
		remember(tx, o.ID)
		return nil
	})
	return o.ID, err
}

// Clearing ends an obstacle.
type Clearing struct {
	User           uuid.UUID
	ID             uuid.UUID
	Kind           ObstacleKind
	Reference      string // of what ended it
	IdempotencyKey string
}

// Clear lifts a hold or settles an obligation. Ended before, it answers how.
func (s *Service) Clear(ctx context.Context, a Actor, in Clearing) (Obstacle, error) {
	role, action, operation := in.Kind.door(a)
	if role == "" {
		return Obstacle{}, NewError(CodeForbidden, "this role may not end such an obstacle")
	}
	if err := checkReference(in.Reference); err != nil {
		return Obstacle{}, err.At("reference")
	}
	action, operation = map[Action]Action{HoldPlaced: HoldLifted, ObligationRecorded: ObligationSettled}[action], "end:"+operation
	_, err := s.once(ctx, a, operation, in.IdempotencyKey, []string{in.ID.String(), in.Reference}, func(remember rememberer) (uuid.UUID, error) {
		was, err := s.obstacle(ctx, in.User, in.ID)
		if err != nil || !was.EndedAt.IsZero() {
			return in.ID, err
		}
		if was.Kind != in.Kind {
			return uuid.Nil, ErrNotFound
		}
		event := s.event(a, role, action)
		was.EndedAt, was.EndedBy, was.EndReference = event.At, a.ID, in.Reference
		event.Subject, event.Reason, event.Reference, event.Object = was.User, string(was.Ground), in.Reference, "Obstacle:"+was.ID.String()
		err = s.Writer.Write(ctx, func(tx Tx) error {
			tx.EndObstacle(was)
			tx.Record(event)
			remember(tx, was.ID)
			return nil
		})
		if errors.Is(err, ErrStale) {
			err = nil // somebody else was faster, and said how
		}
		return in.ID, err
	})
	if err != nil {
		return Obstacle{}, err
	}
	return s.obstacle(ctx, in.User, in.ID)
}

func (s *Service) obstacle(ctx context.Context, user, id uuid.UUID) (Obstacle, error) {
	all, err := s.Reader.Obstacles(ctx, []uuid.UUID{user}, true)
	if err != nil {
		return Obstacle{}, err
	}
	i := slices.IndexFunc(all, func(o Obstacle) bool { return o.ID == id })
	if i < 0 {
		return Obstacle{}, ErrNotFound
	}
	return all[i], nil
}

// Obstacles are what stands against withdrawing and erasing, and what stood
// there, oldest first. They are for colleagues.
func (s *Service) Obstacles(ctx context.Context, user uuid.UUID) ([]Obstacle, error) {
	return s.Reader.Obstacles(ctx, []uuid.UUID{user}, true)
}

// itemsOf are the items that events are about, each once.
func itemsOf(events []ConsentEvent) []string {
	var out []string
	for _, e := range events {
		if !slices.Contains(out, e.Item) {
			out = append(out, e.Item)
		}
	}
	return out
}
