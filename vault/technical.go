package vault

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Codes of what devices send by themselves. A policy names them in its items
// as it names fields of the profile; they are in nobody's profile, and nothing
// is stored under them one by one.
const (
	FieldIPAddress  = "ipAddress" // the whole of it
	FieldIPNetwork  = "ipNetwork" // the address without its last part
	FieldCookieID   = "cookieId"
	FieldUserAgent  = "userAgent"
	FieldAccessTime = "accessTime"
	FieldPageURL    = "pageUrl"
)

// technicalCodes are all of them.
var technicalCodes = []string{FieldIPAddress, FieldIPNetwork, FieldCookieID, FieldUserAgent, FieldAccessTime, FieldPageURL}

// TechnicalFields are the catalogue's entries for them.
func TechnicalFields(labels map[string]Words) []Field {
	out := make([]Field, len(technicalCodes))
	for i, code := range technicalCodes {
		out[i] = Field{Code: code, Class: Technical, Kind: KindText, Mask: MaskHidden, Label: labels[code], Index: NotIndexed}
	}
	return out
}

// Automatic reports whether devices send the field by themselves: nobody is
// asked for it, and it is in no profile.
func (f Field) Automatic() bool { return slices.Contains(technicalCodes, f.Code) }

// TechnicalEvent is one thing that a device sent by itself.
type TechnicalEvent struct {
	At        time.Time
	IP        Plain // in an answer, a network as 198.51.100.0/24, or an address
	CookieID  Plain
	UserAgent Plain
	Page      Plain // without query and fragment
}

// MaxTechnical is how many events are in a batch at most.
const MaxTechnical = 100

// TechnicalBatch is a batch as the store keeps it: one ciphertext.
type TechnicalBatch struct {
	User       uuid.UUID
	ID         uuid.UUID // UUIDv7: the order of arrival
	App        string
	From, To   time.Time // the oldest event and the newest
	Count      int
	ExpiresAt  time.Time
	HeldAt     time.Time // since when a legal hold keeps it over its time; zero: none does
	Ciphertext Ciphertext
	Kept       []string         // codes of what is in it
	Dropped    []string         // codes of what was sent and left out
	Events     []TechnicalEvent // once decrypted, in the order in which they came
}

// TechnicalReader reads technical data.
type TechnicalReader interface {
	// TechnicalBatch answers one batch; ErrNotFound.
	TechnicalBatch(ctx context.Context, user, id uuid.UUID) (TechnicalBatch, error)
	// Technical lists a person's batches, newest first.
	Technical(ctx context.Context, user uuid.UUID, page Page) ([]TechnicalBatch, error)
	// TechnicalOver lists batches whose time is over, oldest first: Owner and Act.
	// Those that a legal hold keeps are not among them.
	TechnicalOver(ctx context.Context, at time.Time, limit int) ([]HeldRow, error)
	// TechnicalHeld lists those that a legal hold keeps and that are not marked so.
	TechnicalHeld(ctx context.Context, at time.Time, limit int) ([]HeldRow, error)
}

// TechnicalTx queues changes of technical data.
type TechnicalTx interface {
	// InsertTechnical adds a batch. ErrStale: the person is not ACTIVE.
	InsertTechnical(b TechnicalBatch)
	// DropTechnical removes all of a person.
	DropTechnical(user uuid.UUID)
	// DropTechnicalBatches removes batches, but for those that a legal hold keeps.
	DropTechnicalBatches(rows []HeldRow)
	// MarkTechnicalHeld notes since when a legal hold keeps batches over their time.
	MarkTechnicalHeld(rows []HeldRow, at time.Time)
}

// TechnicalInput is a batch that somebody sends.
type TechnicalInput struct {
	User   uuid.UUID // of whom; zero: the actor
	App    string    // whose policy holds
	Events []TechnicalEvent
	// FromConnection: the address is the connection's.
	FromConnection bool
	IdempotencyKey string
}

// RecordedTechnical is what became of a batch.
type RecordedTechnical struct {
	ID        uuid.UUID // zero: nothing was kept
	Kept      []string  // codes of what was
	Dropped   []string  // codes of what the person has not agreed to, or has withdrawn
	ExpiresAt time.Time
}

// technicalADay bounds how many batches a person may send in a day.
const technicalADay = 500

// countedTechnical is what is counted for that.
const countedTechnical Counted = "technical"

// RecordTechnical keeps what a device sent by itself: a person's own, or by a
// service for the people of its apps. What the policy in force does not collect
// is refused with CodeFieldNotCollected; what the person has not agreed to is
// left out. The address is never taken from a person's own input.
func (s *Service) RecordTechnical(ctx context.Context, a Actor, in TechnicalInput) (RecordedTechnical, error) {
	var out RecordedTechnical
	id, err := s.once(ctx, a, "recordTechnicalData", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			var err error
			out, err = s.recordTechnical(ctx, a, in, remember)
			return out.ID, err
		})
	})
	if err != nil || out.ID == id {
		return out, err
	}
	return s.recordedBefore(ctx, a, in, id)
}

// recordedBefore is what became of a batch that was sent before.
func (s *Service) recordedBefore(ctx context.Context, a Actor, in TechnicalInput, id uuid.UUID) (RecordedTechnical, error) {
	p, _, err := s.technicalOf(ctx, a, in)
	if err != nil {
		return RecordedTechnical{}, err
	}
	b, err := s.Reader.TechnicalBatch(ctx, p.User.ID, id)
	if errors.Is(err, ErrNotFound) {
		return RecordedTechnical{ID: id}, nil // erased since
	}
	return RecordedTechnical{ID: id, Kept: b.Kept, Dropped: b.Dropped, ExpiresAt: b.ExpiresAt}, err
}

func (s *Service) recordTechnical(ctx context.Context, a Actor, in TechnicalInput, remember rememberer) (RecordedTechnical, error) {
	p, role, err := s.technicalOf(ctx, a, in)
	if err != nil {
		return RecordedTechnical{}, err
	}
	switch {
	case p.User.Status != StatusActive:
		return RecordedTechnical{}, NewError(CodeUserBlocked, "processing of this person's data is stopped; nothing can be recorded now")
	case len(in.Events) == 0 || len(in.Events) > MaxTechnical:
		return RecordedTechnical{}, Errorf(CodeInvalidValue, "a batch has 1 to %d events", MaxTechnical).At("events")
	}
	if err := p.gate(); err != nil {
		return RecordedTechnical{}, s.refuse(ctx, a, "Mutation.recordTechnicalData", p.User.ID, err)
	}
	batch, err := s.cutTechnical(a, p, in)
	if err != nil || len(batch.kept) == 0 {
		return RecordedTechnical{Dropped: batch.dropped}, err
	}
	actor := a
	if role == Subject {
		actor = a.as(p.User.ID)
	}
	event := s.event(actor, role, TechnicalRecorded)
	event.Subject, event.App, event.Fields = p.User.ID, p.App.Code, batch.kept
	row := TechnicalBatch{
		User: p.User.ID, ID: s.NewID(), App: p.App.Code, Count: len(batch.events), Kept: batch.kept, Dropped: batch.dropped,
		From: batch.events[0].At, To: batch.events[0].At,
	}
	for _, e := range batch.events {
		row.From, row.To = earlier(row.From, e.At), later(row.To, e.At)
	}
	if row.ExpiresAt, err = s.technicalEnd(p, batch.items, row.From); err != nil {
		return RecordedTechnical{}, err
	}
	results, err := s.Encrypter.Encrypt(ctx, []EncryptItem{{Place{row.User, FieldTechnical}, packTechnical(row.From, batch.events), event.ID}})
	if err == nil {
		err = results[0].Err
	}
	if errors.Is(err, ErrTooLarge) {
		err = NewError(CodeValueTooLong, "the batch is too large; send fewer events together").At("events")
	}
	if err != nil {
		return RecordedTechnical{}, err
	}
	row.Ciphertext = results[0].Ciphertext
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.InsertTechnical(row)
		if role == Subject {
			tx.Count(row.User, countedTechnical, event.At.Format(time.DateOnly), technicalADay)
		}
		tx.Record(event)
		remember(tx, row.ID)
		return nil
	})
	return RecordedTechnical{ID: row.ID, Kept: batch.kept, Dropped: batch.dropped, ExpiresAt: row.ExpiresAt}, limited(err)
}

// technicalOf is the person that a batch is of, and the role that lets the
// actor send it.
func (s *Service) technicalOf(ctx context.Context, a Actor, in TechnicalInput) (*Person, Role, error) {
	if role, ok := a.Allowed(Machine); ok {
		if in.User == uuid.Nil {
			return nil, role, NewError(CodeRequired, "a service says whose data it is").At("user")
		}
		if in.FromConnection {
			return nil, role, NewError(CodeInvalidValue, "the connection is the service's own: give the address with each event").At("fromConnection")
		}
		people, err := s.People(ctx, a, in.App, []uuid.UUID{in.User})
		if err == nil && people[0] == nil {
			err = ErrNotFound.At("user")
		}
		if err != nil {
			return nil, role, err
		}
		return people[0], role, nil
	}
	me, err := s.registered(ctx, a)
	if err == nil && in.User != uuid.Nil && in.User != me.User.ID {
		err = s.refuse(ctx, a, "Mutation.recordTechnicalData", in.User, ErrNotFound.At("user"))
	}
	return me, Subject, err
}

// technicalEnd is when a batch is over: once no purpose that collects it needs
// it any more. Where the policy sets no term for technical data, the rule pack
// does: the retention of an item that uses other data as well is of that, and can
// only make it shorter.
func (s *Service) technicalEnd(p *Person, items []Item, from time.Time) (time.Time, error) {
	pack, err := s.Rules.Of(p.App.Jurisdiction)
	if err != nil {
		return time.Time{}, err
	}
	var end time.Time
	for _, item := range items {
		stays, ok := AddDuration(from, pack.Rule(RuleTechnicalData).Period)
		if item.Retention != nil {
			own, valid := AddDuration(from, *item.Retention)
			if !ok || valid && (item.technicalOnly() || own.Before(stays)) {
				stays, ok = own, valid
			}
		}
		if !ok {
			return end, NewError(CodeInternal, "neither the policy nor the rule pack says how long technical data is kept")
		}
		end = later(end, stays)
	}
	if !end.After(p.now) {
		return end, NewError(CodeInvalidValue, "the events are older than they are kept").At("events")
	}
	return end, nil
}

// technicalOnly reports whether an item is about nothing but what devices send:
// its retention is then the policy's word on that.
func (i Item) technicalOnly() bool {
	return !slices.ContainsFunc(i.Fields, func(f ItemField) bool { return !slices.Contains(technicalCodes, f.Field) })
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// digestParts spells the input out for its keyed digest.
func (in TechnicalInput) digestParts() []string {
	parts := []string{in.User.String(), in.App, strconv.FormatBool(in.FromConnection)}
	for _, e := range in.Events {
		parts = append(parts, itoa(e.At.UnixMilli()), e.IP.Reveal(), e.CookieID.Reveal(), e.UserAgent.Reveal(), e.Page.Reveal())
	}
	return parts
}

// ForgetTechnical removes batches whose time is over, at most limit of them,
// and leaves an event. It answers how many; the job that keeps house calls it
// until that is none. What a legal hold keeps stays, with an event of each person.
func (s *Service) ForgetTechnical(ctx context.Context, a Actor, limit int) (int, error) {
	if err := s.markTechnicalHeld(ctx, a, limit); err != nil {
		return 0, err
	}
	event := s.event(a, System, TechnicalForgotten)
	over, err := s.Reader.TechnicalOver(ctx, event.At, limit)
	if err != nil || len(over) == 0 {
		return 0, err
	}
	event.Object = "TechnicalData:rows=" + strconv.Itoa(len(over))
	return len(over), s.Writer.Write(ctx, func(tx Tx) error {
		tx.DropTechnicalBatches(over)
		tx.Record(event)
		return nil
	})
}

func (s *Service) markTechnicalHeld(ctx context.Context, a Actor, limit int) error {
	now := s.now()
	held, err := s.Reader.TechnicalHeld(ctx, now, limit)
	if err != nil || len(held) == 0 {
		return err
	}
	batches := map[uuid.UUID]int{}
	for _, row := range held {
		batches[row.Owner]++
	}
	var events []AuditEvent
	for user, n := range batches {
		event := s.event(a, System, TechnicalKept)
		event.Subject, event.Object = user, "TechnicalData:held="+strconv.Itoa(n)
		events = append(events, event)
	}
	return s.Writer.Write(ctx, func(tx Tx) error {
		tx.MarkTechnicalHeld(held, now)
		tx.Record(events...)
		return nil
	})
}
