package vault

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// keptPage is what decides about the people of a page.
type keptPage struct {
	users     []User
	people    map[uuid.UUID][]*Person // in each app
	fields    map[uuid.UUID][]StoredField
	obstacles map[uuid.UUID][]Obstacle
	marks     map[uuid.UUID]map[string]RetentionMark // of each field
	told      map[uuid.UUID]time.Time                // up to when the ends of consents were
}

func (r *retaining) read(ctx context.Context, apps []App, users []User) (k keptPage, err error) {
	k.users, k.people, k.fields = users, map[uuid.UUID][]*Person{}, map[uuid.UUID][]StoredField{}
	k.obstacles, k.marks, k.told = map[uuid.UUID][]Obstacle{}, map[uuid.UUID]map[string]RetentionMark{}, map[uuid.UUID]time.Time{}
	ids := make([]uuid.UUID, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	if len(ids) == 0 {
		return k, nil
	}
	// First, so that what is read of the revision is not newer than what follows.
	for _, app := range apps {
		standings, err := r.Reader.Standings(ctx, app.Code, ids)
		if err != nil {
			return k, err
		}
		people, err := r.Service.people(ctx, standings)
		if err != nil {
			return k, err
		}
		for i, p := range people {
			k.people[ids[i]] = append(k.people[ids[i]], p)
		}
	}
	fields, err := r.Reader.Fields(ctx, ids)
	if err != nil {
		return k, err
	}
	for _, f := range fields {
		k.fields[f.User] = append(k.fields[f.User], f)
	}
	obstacles, err := r.Reader.Obstacles(ctx, ids, false)
	if err != nil {
		return k, err
	}
	for _, o := range obstacles {
		k.obstacles[o.User] = append(k.obstacles[o.User], o)
	}
	marks, err := r.Reader.RetentionMarks(ctx, ids)
	if err != nil {
		return k, err
	}
	for _, m := range marks {
		if k.marks[m.User] == nil {
			k.marks[m.User] = map[string]RetentionMark{}
		}
		k.marks[m.User][m.Field] = m
	}
	told, err := r.Reader.ExpiryMarks(ctx, ids)
	for _, m := range told {
		k.told[m.User] = m.Told
	}
	return k, err
}

// overdue is what of a person is due, or falls due within some days, by what is
// to be done about it: warnings first, erasures last.
func (k keptPage) overdue(u User, now time.Time, ahead int) []Overdue {
	due := k.dueBy(u, now.AddDate(0, 0, ahead))
	acts := map[string]RetentionAct{}
	clears := true // everything
	for code, at := range due {
		acts[code] = k.actOn(u, code, at, now, ahead)
		clears = clears && acts[code] == RetentionClear
	}
	if acts[wholePerson] == RetentionClear && !clears { // not before the last field
		acts[wholePerson] = RetentionNothing
	}
	var out []Overdue
	for _, act := range []RetentionAct{RetentionHeld, RetentionWarning, RetentionNothing, RetentionClear} {
		o := Overdue{User: u.ID, Done: act, Held: k.obstacles[u.ID], dueAt: map[string]time.Time{}}
		for code, at := range due {
			switch {
			case acts[code] != act:
				continue
			case code == wholePerson:
				o.Whole = true
			default:
				o.Fields = append(o.Fields, code)
			}
			o.dueAt[code] = at
			if at.After(o.Due) {
				o.Due = at
			}
		}
		slices.Sort(o.Fields)
		if len(o.dueAt) > 0 {
			out = append(out, o)
		}
	}
	return out
}

// actOn is what is to be done about one thing that falls due. Once announced it
// is left as long as it is announced ahead, however soon it fell due.
func (k keptPage) actOn(u User, code string, due, now time.Time, ahead int) RetentionAct {
	mark, announced := k.marks[u.ID][code]
	switch {
	case len(k.obstacles[u.ID]) > 0:
		return RetentionHeld
	case !announced || due.After(mark.DueAt):
		return RetentionWarning
	case due.After(now) || mark.WarnedAt.AddDate(0, 0, ahead).After(now):
		return RetentionNothing
	}
	return RetentionClear
}

// dueBy is when what is due of a person by a moment falls due, by the codes of
// fields. The person is among it when nothing else is left.
func (k keptPage) dueBy(u User, by time.Time) map[string]time.Time {
	out := map[string]time.Time{}
	var whole keepSpan
	for _, p := range k.people[u.ID] {
		whole = whole.with(p.agrees())
	}
	last := whole.until
	for _, f := range k.fields[u.ID] {
		var span keepSpan
		for _, p := range k.people[u.ID] {
			span = span.with(p.keeps(f))
		}
		if span.over(by) {
			out[f.Code] = span.until
			if span.until.After(last) {
				last = span.until
			}
		}
	}
	if whole.over(by) && len(out) == len(k.fields[u.ID]) {
		out[wholePerson] = last
	}
	return out
}
