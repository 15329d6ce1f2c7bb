package vault

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// How long data is kept follows from what the person was shown. A field is kept
// for an item for as long as the consent to it holds, and no longer than the
// item's retention from the day it was given, or last agreed to: a withdrawal,
// a refusal, or the end of the term ends it sooner. For an item that rests on
// another basis it is kept for the item's retention from the day it was given,
// or, where none is said, until somebody decides. It is due when no item of any
// app keeps it any more.

// keepSpan is until when something is kept.
type keepSpan struct {
	until time.Time
	open  bool // no end is known
	known bool // something keeps it, or kept it
}

// with is the longer of both.
func (k keepSpan) with(o keepSpan) keepSpan {
	if o.until.After(k.until) {
		k.until = o.until
	}
	k.open, k.known = k.open || o.open, k.known || o.known
	return k
}

// over reports whether nothing keeps it any more at a moment. What nothing was
// ever known to keep is not over: unknown is for people to decide.
func (k keepSpan) over(at time.Time) bool { return k.known && !k.open && !at.Before(k.until) }

// until is a span with an end; zero: without one.
func until(end time.Time) keepSpan { return keepSpan{until: end, open: end.IsZero(), known: true} }

// keeps is until when the person's app keeps a field.
func (p *Person) keeps(f StoredField) keepSpan {
	var out keepSpan
	for _, c := range p.Consents() {
		if c.Type != Given {
			continue
		}
		item, ok := p.itemOf(c.Version, c.Item)
		if !ok || !item.Uses(f.Code) {
			continue
		}
		end := p.endOf(c)
		if item.Retention != nil {
			from := f.UpdatedAt
			if c.ReceivedAt.After(from) {
				from = c.ReceivedAt
			}
			if limit, _ := AddDuration(from, *item.Retention); end.IsZero() || limit.Before(end) {
				end = limit
			}
		}
		out = out.with(until(end))
	}
	for _, item := range p.toldItems() {
		if !item.Uses(f.Code) {
			continue
		}
		var end time.Time
		if item.Retention != nil {
			end, _ = AddDuration(f.UpdatedAt, *item.Retention)
		}
		out = out.with(until(end))
	}
	return out
}

// agrees is until when the person's consents hold, whatever they are to.
func (p *Person) agrees() keepSpan {
	var out keepSpan
	for _, c := range p.Consents() {
		if c.Type == Given {
			out = out.with(until(p.endOf(c)))
		}
	}
	return out
}

// endOf is when a consent ends or ended; zero: no end is set.
func (p *Person) endOf(c Consent) time.Time {
	if len(c.Later) > 0 {
		return c.Later[len(c.Later)-1].ReceivedAt
	}
	if c.State != ConsentSuperseded {
		return c.term
	}
	for _, e := range p.History {
		if e.isDecision() && e.Item == c.Item && e.Seq > c.Seq {
			return e.ReceivedAt
		}
	}
	return c.term
}

func (p *Person) itemOf(version uuid.UUID, code string) (Item, bool) {
	v := p.versions[version]
	if v == nil {
		return Item{}, false
	}
	return v.Facts.Item(code)
}

// toldItems are the items that nobody is asked for, of the version in force and
// of those under which the person has decided: what they were told holds.
func (p *Person) toldItems() []Item {
	var versions []uuid.UUID
	for _, e := range p.History {
		versions = append(versions, e.Version)
	}
	if v := p.Current(); v != nil && len(versions) > 0 {
		versions = append(versions, v.ID)
	}
	slices.SortFunc(versions, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	var out []Item
	for _, id := range slices.Compact(versions) {
		if v := p.versions[id]; v != nil {
			for _, item := range v.Facts.Items {
				if !item.Asked() {
					out = append(out, item)
				}
			}
		}
	}
	return out
}
