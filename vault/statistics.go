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

// EventPlace is an event's place among all: by person, then by Seq.
type EventPlace struct {
	User uuid.UUID
	Seq  int64
}

// statisticsPage is how many events are read at a time.
const statisticsPage = 20_000

// ConsentStatistics counts how people stand to a published version now. It reads
// the app's events in pages, by an index and in the order of people, and judges
// each person as a request of theirs would be judged: the figures cannot say
// other than the gate does. Memory is that of a page; time grows with the number
// of events, so that one count runs at a time.
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
	after := EventPlace{}
	for {
		page, err := s.Reader.DecidedIn(ctx, v.App, after, statisticsPage)
		if err != nil {
			return ConsentStatistics{}, err
		}
		for _, e := range page {
			c.take(e)
		}
		if len(page) < statisticsPage {
			c.close()
			return c.out, nil
		}
		last := page[len(page)-1]
		after = EventPlace{last.User, last.Seq}
	}
}

// census judges one person after another.
type census struct {
	*Person // with the events of the one who is being read
	version *Version
	out     ConsentStatistics
}

// take reads one event; those of a person follow on one another.
func (c *census) take(e ConsentEvent) {
	if len(c.History) > 0 && c.History[0].User != e.User {
		c.close()
	}
	c.History = append(c.History, e)
}

// close counts the person whose events were read.
func (c *census) close() {
	if len(c.History) == 0 {
		return
	}
	c.out.People++
	for i := range c.out.Items {
		n := &c.out.Items[i]
		switch state, counts := c.counted(n.Item, c.version); {
		case state == ReasonGiven && counts:
			n.Given++
		case state == ReasonRefused && counts:
			n.Refused++
		case state == ReasonWithdrawn:
			n.Withdrawn++
		default:
			n.Pending++
		}
	}
	c.History = c.History[:0]
}
