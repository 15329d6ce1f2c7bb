package sqlstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Everything that decides about people in an app is read by one statement. Its
// rows are of four parts: the app itself, people, what is published, events;
// the columns of the other parts are NULL.
const (
	partApp = iota
	partUser
	partPublished
	partEvent
)

// standing begins the statement; whose is the condition on a person's id.
func standing(app string, whose func(*builder)) *builder {
	b := &builder{}
	b.add("SELECT p.n, CASE WHEN p.n = 0 THEN a.id END, CASE WHEN p.n = 0 THEN a.config END, " +
		userColumns + ", v.id, v.published_at, v.effective_at, " + consentColumns +
		" FROM apps a CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) p" +
		" LEFT JOIN users u ON p.n = 1 AND u.id ")
	whose(b)
	b.add(" LEFT JOIN policy_versions v ON p.n = 2 AND v.app = a.code AND v.status = 'PUBLISHED'" +
		" LEFT JOIN consent_events e ON p.n = 3 AND e.app = a.code AND e.user_id ")
	whose(b)
	b.add(" WHERE a.code = ?", key(app))
	return b
}

// standingRow is a row of any part.
type standingRow struct {
	part   int
	app    vault.App
	user   vault.User
	moment vault.Moment
	event  vault.ConsentEvent
}

func scanStanding(r row) (s standingRow, err error) {
	var config []byte
	into := []any{&s.part, orZero(&s.app.ID), orZero(&config)}
	into = append(into, userInto(&s.user)...)
	into = append(into, momentInto(&s.moment)...)
	into = append(into, consentInto(&s.event)...)
	if err = r.Scan(into...); err == nil && s.part == partApp {
		s.app, err = decodeApp(s.app.ID, config)
	}
	return s, err
}

// affairs is what the rows say, by person.
type affairs struct {
	app       vault.App
	published []vault.Moment
	users     map[uuid.UUID]*vault.User
	histories map[uuid.UUID]vault.History
}

func (s *Store) affairs(ctx context.Context, b *builder) (*affairs, error) {
	rows, err := list(ctx, s, b.String(), b.args, scanStanding)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, vault.ErrNotFound
	}
	a := &affairs{
		published: []vault.Moment{},
		users:     map[uuid.UUID]*vault.User{}, histories: map[uuid.UUID]vault.History{},
	}
	for _, r := range rows {
		switch {
		case r.part == partApp:
			a.app = r.app
		case r.part == partUser && r.user.ID != uuid.Nil:
			a.users[r.user.ID] = &r.user
		case r.part == partPublished && r.moment.Version != uuid.Nil:
			a.published = append(a.published, r.moment)
		case r.part == partEvent && r.event.ID != uuid.Nil:
			a.histories[r.event.User] = append(a.histories[r.event.User], r.event)
		}
	}
	for _, h := range a.histories {
		slices.SortFunc(h, func(a, b vault.ConsentEvent) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	return a, nil
}

// of is the standing of one person. What is published is copied, because a
// timeline sorts it in place.
func (a *affairs) of(user uuid.UUID) vault.Standing {
	s := vault.Standing{App: a.app, Published: slices.Clone(a.published), History: vault.History{}}
	if u, ok := a.users[user]; ok {
		own := *u
		s.User, s.History = &own, slices.Clone(a.histories[user])
	}
	return s
}

// Standing implements vault.StandingReader.
func (s *Store) Standing(ctx context.Context, app string, login vault.SubjectKey) (vault.Standing, error) {
	a, err := s.affairs(ctx, standing(app, func(b *builder) {
		b.add("= (SELECT user_id FROM user_subjects WHERE issuer = ? AND pepper = ? AND digest = ?)",
			key(login.Issuer), login.KeyVersion, key(login.Digest))
	}))
	if err != nil {
		return vault.Standing{}, err
	}
	for id := range a.users { // one, or none
		return a.of(id), nil
	}
	return a.of(uuid.Nil), nil
}

// Standings implements vault.StandingReader.
func (s *Store) Standings(ctx context.Context, app string, users []uuid.UUID) ([]vault.Standing, error) {
	a, err := s.affairs(ctx, standing(app, func(b *builder) {
		b.add("IN ")
		b.in(users)
	}))
	if err != nil {
		return nil, err
	}
	out := make([]vault.Standing, len(users))
	for i, id := range users {
		out[i] = a.of(id)
	}
	return out, nil
}
