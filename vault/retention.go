package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Overdue is what is due of one person, or soon will be, and what was done about
// it. There are several of a person whom not everything was announced to.
type Overdue struct {
	User   uuid.UUID
	Due    time.Time // the latest moment at which any of it falls due
	Fields []string  // codes, in their order
	Whole  bool      // nothing else is kept: the person is erased
	Held   []Obstacle
	// Done is what the job did about it.
	Done RetentionAct

	dueAt map[string]time.Time // of each field, and of the person under wholePerson
}

// RetentionAct is what the job did about what is due.
type RetentionAct string

// The acts. Between the warning of a field and its end lies at least the time
// of the packs' rule.
const (
	RetentionNothing RetentionAct = "NONE" // it is a dry run, or was warned of and its time has not come
	RetentionWarning RetentionAct = "WARNED"
	RetentionClear   RetentionAct = "ERASED"
	RetentionHeld    RetentionAct = "HELD"
)

// RetentionMark is that a field of somebody was announced to fall due.
type RetentionMark struct {
	User     uuid.UUID
	Field    string    // its code; wholePerson: their erasure
	DueAt    time.Time // due later, it has to be announced again
	WarnedAt time.Time
}

// wholePerson is in the place of a field where the person is erased.
const wholePerson = ""

// RetentionReader reads what the job on retention keeps.
type RetentionReader interface {
	LeaseReader
	ExpiryReader
	// RetentionMarks answers those of these people, the last of each field, in no
	// order.
	RetentionMarks(ctx context.Context, users []uuid.UUID) ([]RetentionMark, error)
}

// RetentionTx queues what the job on retention does.
type RetentionTx interface {
	ExpiryTx
	PutRetentionMark(m RetentionMark)
	// ReviseAsRead raises the revision of somebody who has changed nothing since
	// they were read, and decided nothing. ErrStale: they have.
	ReviseAsRead(u User)
	// ForgetEvidence removes what was kept of these kinds of somebody who is erased.
	ForgetEvidence(user uuid.UUID, kinds []KeptKind)
}

// RetentionRun is a run of the job.
type RetentionRun struct {
	DryRun bool
	// Holder is the process; not needed for a dry run.
	Holder uuid.UUID
	// Pace waits until so many people more may be looked at.
	Pace func(ctx context.Context, people int) error
	// Each is told of everybody of whom something is due, or soon will be.
	Each func(Overdue) error
}

// RetentionReport is what a run came to.
type RetentionReport struct {
	AsOf     time.Time
	People   int // looked at
	Due      int // of whom something is due now
	Warned   int
	Cleared  int // of whom some fields were erased
	Erased   int // as a whole
	Held     int // kept by an obstacle, though due
	Expired  int // whose consents ended at their term since the last run
	Evidence int // whose evidence was forgotten
}

func (r RetentionReport) String() string {
	return fmt.Sprintf("people=%d;due=%d;warned=%d;cleared=%d;erased=%d;held=%d;expired=%d;evidence=%d",
		r.People, r.Due, r.Warned, r.Cleared, r.Erased, r.Held, r.Expired, r.Evidence)
}

// leaseRetention is the lease of the job.
const leaseRetention = "retention"

// retainedAtOnce is how many people are looked at together.
const retainedAtOnce = 100

// Retain erases what is due, of everybody, and warns of what soon will be. It
// goes on where an earlier run was stopped. ErrTaken: another process is at it.
func (s *Service) Retain(ctx context.Context, a Actor, in RetentionRun) (RetentionReport, error) {
	if _, ok := a.Allowed(System); !ok {
		return RetentionReport{}, NewError(CodeForbidden, "what is due is erased by a job")
	}
	r := &retaining{Service: s, actor: a, run: in, report: RetentionReport{AsOf: s.now()}}
	if in.DryRun {
		return r.report, r.walk(ctx, uuid.Nil)
	}
	lease, err := s.lease(ctx, leaseRetention, in.Holder)
	if err != nil {
		return r.report, err
	}
	r.at = lease
	after, err := uuid.Parse(lease.Place)
	if lease.Place != "" && err != nil {
		return r.report, errors.Join(NewError(CodeInternal, "the place of the job on retention does not read as one"), s.release(ctx, lease))
	}
	if err := r.tell(ctx, RetentionStarted); err != nil {
		return r.report, errors.Join(err, s.release(ctx, lease))
	}
	if err := r.walk(ctx, after); err != nil {
		return r.report, errors.Join(err, s.release(ctx, r.at))
	}
	err = s.Writer.Maintain(ctx, func(tx KeepingTx) error { tx.EndLease(leaseRetention, in.Holder, s.now()); return nil })
	return r.report, errors.Join(err, r.tell(ctx, RetentionEnded))
}

// RetentionPending reports whether a run is due that nobody is at, when one is
// to end in each period.
func (s *Service) RetentionPending(ctx context.Context, every time.Duration) (bool, error) {
	l, err := s.Reader.Lease(ctx, leaseRetention)
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	now := s.now()
	return err == nil && !now.Before(l.Until) && now.Sub(l.EndedAt) >= every, err
}

// retaining is one run under way.
type retaining struct {
	*Service
	actor  Actor
	run    RetentionRun
	report RetentionReport
	at     Lease
}

func (r *retaining) tell(ctx context.Context, action Action) error {
	e := systemEvent(r.actor, action, r.NewID(), r.now())
	e.Object = "Retention:" + r.report.String()
	return r.Writer.Write(ctx, func(tx Tx) error { tx.Record(e); return nil })
}

// walk looks at everybody after a person, page by page.
func (r *retaining) walk(ctx context.Context, after uuid.UUID) error {
	apps, err := r.Reader.Apps(ctx)
	if err != nil {
		return err
	}
	for {
		page, err := r.Reader.Users(ctx, UserFilter{}, Page{After: after, Limit: retainedAtOnce})
		if err != nil || len(page) == 0 {
			return err
		}
		if err := r.run.Pace(ctx, len(page)); err != nil {
			return err
		}
		if err := r.page(ctx, apps, page); err != nil {
			return err
		}
		after = page[len(page)-1].ID
		if r.run.DryRun {
			continue
		}
		if r.at, err = r.renew(ctx, r.at, after.String()); err != nil {
			return err
		}
	}
}

// page looks at some people.
func (r *retaining) page(ctx context.Context, apps []App, users []User) error {
	r.report.People += len(users)
	gone := slices.DeleteFunc(slices.Clone(users), func(u User) bool { return u.Status != StatusErased })
	if err := r.forget(ctx, gone); err != nil {
		return err
	}
	k, err := r.read(ctx, apps, slices.DeleteFunc(slices.Clone(users), func(u User) bool { return u.Status == StatusErased }))
	if err != nil {
		return err
	}
	for _, u := range k.users {
		u, err := r.expire(ctx, u, k.people[u.ID], k.told[u.ID])
		if err != nil {
			return err
		}
		ahead, err := r.ahead(k.people[u.ID])
		if err != nil {
			return err
		}
		if err := r.deal(ctx, u, k.overdue(u, r.report.AsOf, ahead)); err != nil {
			return err
		}
	}
	return nil
}

// ahead is how many days before it falls due anything of a person is announced,
// by the rules of the apps in which they have decided anything.
func (r *retaining) ahead(in []*Person) (int, error) {
	var apps []App
	for _, p := range in {
		if len(p.History) > 0 {
			apps = append(apps, p.App)
		}
	}
	rules, err := r.rulebookOf(apps)
	if err != nil {
		return 0, err
	}
	return rules.warning(), nil
}

// deal does what is to be done about what is due of a person, or soon will be.
func (r *retaining) deal(ctx context.Context, u User, all []Overdue) error {
	now, held := false, false
	for _, due := range all {
		at := !due.Due.After(r.report.AsOf)
		now, held = now || at, held || at && due.Done == RetentionHeld
		err := r.act(ctx, u, &due)
		if errors.Is(err, ErrStale) { // they changed something: the next run looks again
			due.Done, err = RetentionNothing, nil
		}
		if err == nil {
			err = r.run.Each(due)
		}
		if err != nil {
			return err
		}
	}
	if now {
		r.report.Due++
	}
	if held {
		r.report.Held++
	}
	return nil
}

func (r *retaining) act(ctx context.Context, u User, due *Overdue) error {
	switch {
	case r.run.DryRun && due.Done != RetentionHeld:
		due.Done = RetentionNothing
	case due.Done == RetentionWarning:
		r.report.Warned++
		return r.warn(ctx, u, *due)
	case due.Done == RetentionClear:
		return r.clear(ctx, u, *due)
	}
	return nil
}

func (r *retaining) warn(ctx context.Context, u User, due Overdue) error {
	e := systemEvent(r.actor, RetentionWarned, r.NewID(), r.now())
	e.Subject, e.Fields = u.ID, due.Fields
	return r.Writer.Write(ctx, func(tx Tx) error {
		for code, at := range due.dueAt {
			tx.PutRetentionMark(RetentionMark{User: u.ID, Field: code, DueAt: at, WarnedAt: e.At})
		}
		tx.Record(e)
		return nil
	})
}

// clear erases what is due: the fields, or the person. Whatever they did since
// they were read, and an obstacle that was put since, stands against it.
func (r *retaining) clear(ctx context.Context, u User, due Overdue) error {
	if due.Whole {
		_, err := r.Erase(ctx, r.actor, Erasing{User: u.ID, Ground: ErasedByRetention, asRead: &u})
		if slices.Contains([]Code{CodeRevisionConflict, CodeLegalHold, CodeOpenObligation}, CodeOf(err)) {
			return ErrStale.Because(err)
		}
		if err == nil {
			r.report.Erased++
		}
		return err
	}
	e := systemEvent(r.actor, RetentionErased, r.NewID(), r.now())
	e.Subject, e.Fields = u.ID, due.Fields
	err := r.Writer.Write(ctx, func(tx Tx) error {
		tx.ReviseAsRead(u)
		for _, code := range due.Fields {
			tx.ClearField(u.ID, code)
		}
		tx.Record(e)
		return nil
	})
	if err == nil {
		r.report.Cleared++
	}
	return err
}
