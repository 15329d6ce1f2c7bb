package vault

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Erasing is what is to be erased, and why.
type Erasing struct {
	User      uuid.UUID
	Ground    ErasureGround
	Reference string // of the request, the order; empty for RETENTION_OVER
	// ExpectedRevision is the person's as it was read; nil: whatever it is.
	ExpectedRevision *int64
	IdempotencyKey   string

	asRead *User // by the job on retention only: as they were when it was decided
	// request is what the caller answers itself, once the erasure is acknowledged.
	request uuid.UUID
}

// ErasurePlan is what an erasure would do now.
type ErasurePlan struct {
	User      User
	Gone      []TraceCount
	Kept      []Kept
	Obstacles []Obstacle // that refuse it

	evidence Evidence
	tellings []Telling // to recipients
}

// PlanErasure says what would go, what would stay and why, and what refuses it.
// It changes nothing.
func (s *Service) PlanErasure(ctx context.Context, a Actor, user uuid.UUID) (ErasurePlan, error) {
	if _, ok := a.Allowed(Compliance, System); !ok {
		return ErasurePlan{}, NewError(CodeForbidden, "this role may not erase anybody")
	}
	return s.planErasure(ctx, user, s.now())
}

// planErasure is the plan of an erasure at a moment.
func (s *Service) planErasure(ctx context.Context, id uuid.UUID, at time.Time) (p ErasurePlan, err error) {
	// First, so that whatever changes of the person later is noticed.
	if p.User, err = s.Reader.User(ctx, id); err != nil {
		return p, err
	}
	rules, err := s.rulesFor(ctx, id)
	if err != nil {
		return p, err
	}
	p.evidence, p.Kept = rules.evidence(s.Catalogue), rules.kept(at, s.Catalogue)
	if p.tellings, err = s.tellErased(ctx, id); err != nil {
		return p, err
	}
	if p.Gone, err = s.Reader.Traces(ctx, id, p.evidence); err != nil {
		return p, err
	}
	p.Obstacles, err = s.Reader.Obstacles(ctx, []uuid.UUID{id}, false)
	return p, err
}

// Erase erases a person: whatever is encrypted, what they are found by, their
// logins, what their devices sent. Consents, disclosures and audit stay under
// the opaque id. It returns once the tombstone is in the ledger, and nothing is
// acknowledged before: until then the error is ErrUnavailable, and the same
// call again brings it to its end. Repeated, it answers the same certificate.
//
// A person's own request is carried out by whoever fulfils it. Nothing of the
// caller's token is kept, unless it gives an idempotency key: a person gives
// none.
func (s *Service) Erase(ctx context.Context, a Actor, in Erasing) (Erasure, error) {
	role, ok := a.Allowed(Compliance, System)
	if !ok {
		return Erasure{}, NewError(CodeForbidden, "this role may not erase anybody")
	}
	if err := in.validate(); err != nil {
		return Erasure{}, err
	}
	input := append([]string{in.User.String(), string(in.Ground), in.Reference}, expectation(in.ExpectedRevision)...)
	id, err := s.once(ctx, a, "eraseUser", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) { return s.erase(ctx, a, role, in, remember) })
	})
	if err != nil {
		return Erasure{}, err
	}
	found, err := s.Reader.Erasures(ctx, ErasureFilter{ID: id}, 1)
	if err != nil {
		return Erasure{}, err
	}
	if len(found) == 0 {
		return Erasure{}, ErrNotFound
	}
	return found[0], s.bury(ctx, found)
}

func (in Erasing) validate() error {
	switch in.Ground {
	case ErasedByRetention:
		if in.asRead == nil { // nobody but the job has looked whether it is over
			return NewError(CodeInvalidReason, "only the job on retention erases because a period is over").At("ground")
		}
		return nil
	case ErasedOnRequest, ErasedByLaw, ErasedByOperator:
	default:
		return NewError(CodeInvalidReason, "the ground is not one of the agreed codes").At("ground")
	}
	if err := checkReference(in.Reference); err != nil {
		return err.At("reference")
	}
	return nil
}

func (s *Service) erase(ctx context.Context, a Actor, role Role, in Erasing, remember rememberer) (uuid.UUID, error) {
	p, err := s.planErasure(ctx, in.User, s.now())
	if err != nil {
		return uuid.Nil, err
	}
	if p.User.Status == StatusErased {
		was, err := s.Reader.Erasures(ctx, ErasureFilter{Users: []uuid.UUID{in.User}}, 1)
		if err == nil && len(was) == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return uuid.Nil, err
		}
		return was[0].ID, nil
	}
	if in.ExpectedRevision != nil && *in.ExpectedRevision != p.User.Revision {
		return uuid.Nil, conflict(p.User.Revision)
	}
	if in.asRead != nil && (in.asRead.Revision != p.User.Revision || in.asRead.ConsentSeq != p.User.ConsentSeq) {
		return uuid.Nil, conflict(p.User.Revision)
	}
	var errs Errors
	for _, o := range p.Obstacles {
		errs = append(errs, o.refusal().At("user"))
	}
	if len(errs) > 0 {
		return uuid.Nil, errs
	}
	open, err := s.openRequests(ctx, RequestFilter{User: in.User})
	if err != nil {
		return uuid.Nil, err
	}
	event := s.event(a, role, UserErased)
	e := Erasure{ID: s.certificateID(open), User: in.User, At: event.At, Ground: in.Ground, Reference: in.Reference, Actor: a.ID, Gone: p.Gone, Kept: p.Kept}
	event.Subject, event.Reason, event.Reference, event.Object = in.User, string(in.Ground), in.Reference, e.object()
	ended, err := s.endWith(ctx, a, role, e, open, in.request)
	if err != nil {
		return uuid.Nil, err
	}
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.EraseUser(p.User, p.Gone, p.evidence)
		for _, t := range p.tellings {
			tx.TellRecipients(t)
		}
		tx.InsertErasure(e)
		ended.write(tx)
		tx.Record(event)
		remember(tx, e.ID)
		return nil
	})
	if errors.Is(err, ErrTaken) && asError(err).Param("what") == "erasure" {
		return uuid.Nil, ErrStale.Because(err)
	}
	return e.ID, err
}

func (e Erasure) object() string { return "Erasure:" + e.ID.String() }

// bury puts tombstones into the ledger, where there is one, and notes that they
// are there. The note is for speed only: when it cannot be written they are
// buried once more, which does no harm.
func (s *Service) bury(ctx context.Context, erased []Erasure) error {
	erased = slices.DeleteFunc(slices.Clone(erased), func(e Erasure) bool { return !e.LedgeredAt.IsZero() })
	if s.Ledger == nil || len(erased) == 0 {
		return nil
	}
	stones, ids := make([]Tombstone, len(erased)), make([]uuid.UUID, len(erased))
	for i, e := range erased {
		stones[i], ids[i] = e.tombstone(), e.ID
	}
	if err := s.Ledger.Bury(ctx, stones...); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "a person was erased, and the ledger does not know it yet; it is tried again", slog.Any("error", err))
		return ErrUnavailable.Because(err)
	}
	if err := s.Writer.Maintain(ctx, func(tx KeepingTx) error { tx.MarkLedgered(ids, s.now()); return nil }); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "a tombstone is in the ledger, and the database does not know it yet", slog.Any("error", err))
	}
	return nil
}

// buriedAtOnce is how many tombstones go into the ledger together.
const buriedAtOnce = 500

// Bury puts the tombstones into the ledger that are not known to be there:
// those of a server that stopped between the database and the ledger, or from
// before there was one. It answers how many are still missing.
func (s *Service) Bury(ctx context.Context) (missing int, err error) {
	for {
		found, err := s.Reader.Erasures(ctx, ErasureFilter{Unledgered: true}, buriedAtOnce)
		if err != nil || len(found) == 0 || s.Ledger == nil {
			return len(found), err
		}
		if err := s.bury(ctx, found); err != nil {
			return len(found), err
		}
		if len(found) < buriedAtOnce {
			return 0, nil
		}
	}
}

// Rebury puts tombstones into the ledger again that the database knows to have
// been there: a file of it was cut off, or is gone. It answers how many. Where it
// went unnoticed, an older copy of the database would bring these people back.
func (s *Service) Rebury(ctx context.Context) (int, error) {
	if s.Ledger == nil {
		return 0, nil
	}
	stones, err := s.Ledger.Tombstones(ctx)
	if err != nil {
		return 0, err
	}
	there := make(map[uuid.UUID]bool, len(stones))
	for _, stone := range stones {
		there[stone.Erasure] = true
	}
	again := 0
	for page := (Page{Limit: buriedAtOnce}); ; {
		erased, err := s.Reader.Users(ctx, UserFilter{Status: StatusErased}, page)
		if err != nil || len(erased) == 0 {
			return again, err
		}
		ids := make([]uuid.UUID, len(erased))
		for i, u := range erased {
			ids[i] = u.ID
		}
		found, err := s.Reader.Erasures(ctx, ErasureFilter{Users: ids}, len(ids))
		if err != nil {
			return again, err
		}
		var lost []Tombstone
		for _, e := range found {
			if !e.LedgeredAt.IsZero() && !there[e.ID] {
				lost = append(lost, e.tombstone())
			}
		}
		if len(lost) > 0 {
			if err := s.Ledger.Bury(ctx, lost...); err != nil {
				return again, ErrUnavailable.Because(err)
			}
		}
		again, page.After = again+len(lost), ids[len(ids)-1]
	}
}

// Unburied are the tombstones of people that this database does not know to be
// erased: it was restored from a copy that is older than their erasure.
func (s *Service) Unburied(ctx context.Context) ([]Tombstone, error) {
	if s.Ledger == nil {
		return nil, nil
	}
	stones, err := s.Ledger.Tombstones(ctx)
	if err != nil {
		return nil, err
	}
	var out []Tombstone
	for page := range slices.Chunk(stones, buriedAtOnce) {
		users := make([]uuid.UUID, len(page))
		for i, stone := range page {
			users[i] = stone.User
		}
		known, err := s.Reader.Erasures(ctx, ErasureFilter{Users: users}, len(users))
		if err != nil {
			return nil, err
		}
		for _, stone := range page {
			same := func(user uuid.UUID) bool { return user == stone.User }
			if !slices.ContainsFunc(known, func(e Erasure) bool { return same(e.User) }) &&
				!slices.ContainsFunc(out, func(t Tombstone) bool { return same(t.User) }) {
				out = append(out, stone)
			}
		}
	}
	return out, nil
}

// Replay carries an erasure out again, on a database that does not know it. The
// certificate keeps its id, and what stood against it in the copy does not
// count: the erasure came later. Replayed before, it changes nothing.
func (s *Service) Replay(ctx context.Context, a Actor, stone Tombstone) error {
	if _, ok := a.Allowed(System); !ok {
		return NewError(CodeForbidden, "erasures are replayed by the command line")
	}
	_, err := retry(ctx, func() (uuid.UUID, error) {
		p, err := s.planErasure(ctx, stone.User, stone.At)
		absent := errors.Is(err, ErrNotFound) // the copy is from before they came
		if absent {
			p.Kept, err = s.keptOf(ctx, stone.User, stone.At)
		}
		if err != nil {
			return uuid.Nil, err
		}
		event := s.event(a, System, ErasureReplayed)
		e := Erasure{
			ID: stone.Erasure, User: stone.User, At: stone.At, Ground: stone.Ground, Reference: stone.Reference,
			Gone: p.Gone, Kept: p.Kept, ReplayedAt: event.At, LedgeredAt: event.At,
		}
		event.Subject, event.Reason, event.Reference, event.Object = stone.User, string(stone.Ground), stone.Reference, e.object()
		open, err := s.openRequests(ctx, RequestFilter{User: stone.User})
		if err != nil {
			return uuid.Nil, err
		}
		ended, err := s.endWith(ctx, a, System, e, open, uuid.Nil)
		if err != nil {
			return uuid.Nil, err
		}
		err = s.Writer.Write(ctx, func(tx Tx) error {
			if !absent {
				tx.EraseUser(p.User, p.Gone, p.evidence)
				for _, t := range p.tellings {
					tx.TellRecipients(t)
				}
			}
			tx.InsertErasure(e)
			ended.write(tx)
			tx.Record(event)
			return nil
		})
		if errors.Is(err, ErrTaken) && asError(err).Param("what") == "erasure" {
			return e.ID, nil
		}
		return e.ID, err
	})
	return err
}

// Certificate answers that somebody was erased, by the certificate's id, which
// nobody guesses and in which nothing is personal. The person has the id, from
// when they asked, and nothing else: no login is left by which they could be
// known. So it is answered to anybody. ErrNotFound: nobody was erased by it.
func (s *Service) Certificate(ctx context.Context, id uuid.UUID) (Erasure, error) {
	found, err := s.Reader.Erasures(ctx, ErasureFilter{ID: id}, 1)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Erasure{}, err
	}
	return found[0], nil
}
