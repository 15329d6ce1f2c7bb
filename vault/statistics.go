package vault

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// ConsentStatistics is how many people stand how to the items of one version.
type ConsentStatistics struct {
	Version *Version
	AsOf    time.Time
	People  int64 // who ever decided anything in the app and are not erased
	Items   []ItemStatistics
}

// ItemStatistics is how many people stand how to one item; they add up to
// everybody.
type ItemStatistics struct {
	Item      Item
	Given     int64
	Refused   int64
	Withdrawn int64
	Pending   int64
}

// Alike are people who decided the same, and how many they are. Of each event
// only Seq, App, Item, Type, Version and ReceivedAt are told, which is when it was
// decided; its Consent is not the real one, and the same in all events about it.
type Alike struct {
	History
	People int64
}

// Span is the time in which it matters when a version was agreed to, to the
// millisecond. A decision before it is told as made at its beginning, and one
// after it as made at its end.
type Span struct {
	Version     uuid.UUID
	From, Until time.Time
}

// ConsentStatistics counts how people stand to a published version now. The
// database puts together who decided alike, and one of each is judged as a request
// of theirs would be judged: the figures cannot say other than the gate does. Time
// grows with the number of events, so that one count runs at a time.
func (s *Service) ConsentStatistics(ctx context.Context, a Actor, id uuid.UUID) (ConsentStatistics, error) {
	v, err := s.published(ctx, id)
	if err != nil {
		return ConsentStatistics{}, err
	}
	if v.Status != Published {
		return ConsentStatistics{}, ErrNotFound
	}
	event := s.policyEvent(a, ConsentsCounted, v)
	if role, ok := a.Allowed(Compliance, Auditor); ok {
		event.Role = role
	}
	if err := s.record(ctx, event); err != nil {
		return ConsentStatistics{}, err
	}
	select {
	case s.counting <- struct{}{}:
		defer func() { <-s.counting }()
	case <-ctx.Done():
		return ConsentStatistics{}, ctx.Err()
	}
	return s.countConsents(ctx, v)
}

func (s *Service) countConsents(ctx context.Context, v *Version) (ConsentStatistics, error) {
	app, moments, err := s.Reader.App(ctx, v.App)
	if err != nil {
		return ConsentStatistics{}, err
	}
	people, err := s.people(ctx, []Standing{{App: app, Published: moments}})
	if err != nil {
		return ConsentStatistics{}, err
	}
	c := &census{Person: people[0], version: v}
	c.out = ConsentStatistics{Version: v, AsOf: c.now, Items: []ItemStatistics{}}
	for _, item := range v.Facts.Items {
		if item.Asked() {
			c.out.Items = append(c.out.Items, ItemStatistics{Item: item})
		}
	}
	alike, err := s.Reader.DecidedAlike(ctx, v.App, c.spans(moments))
	if err != nil {
		return ConsentStatistics{}, err
	}
	for _, of := range alike {
		c.take(of)
	}
	return c.out, nil
}

// census judges people who decided alike, one group after another.
type census struct {
	*Person // with the events of those who are being judged
	version *Version
	out     ConsentStatistics
}

// spans are when it matters when each version was agreed to: around the moment
// whose term ends with the question. A term is told in years and months, which
// are not all as long, so that the span is wider than any.
func (c *census) spans(moments []Moment) []Span {
	at := c.asked(c.version)
	var out []Span
	for _, m := range moments {
		span := Span{Version: m.Version, From: at, Until: at}
		if v := c.versions[m.Version]; v != nil && v.Facts.Term != nil {
			shortest, longest := daysOf(*v.Facts.Term)
			span.From, span.Until = at.AddDate(0, 0, -longest-1), at.AddDate(0, 0, 1-shortest)
		}
		out = append(out, span)
	}
	return out
}

// take counts people.
func (c *census) take(of Alike) {
	c.History = of.History
	c.out.People += of.People
	for i := range c.out.Items {
		n := &c.out.Items[i]
		switch state, counts := c.counted(n.Item, c.version); {
		case state == ReasonGiven && counts:
			n.Given += of.People
		case state == ReasonRefused && counts:
			n.Refused += of.People
		case state == ReasonWithdrawn:
			n.Withdrawn += of.People
		default:
			n.Pending += of.People
		}
	}
}
