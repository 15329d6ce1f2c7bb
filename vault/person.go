package vault

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/uuid"
)

// Me is the person of the actor's token in the app of its audience. User is
// nil when nobody has registered under the token's subject.
func (s *Service) Me(ctx context.Context, a Actor) (*Person, error) {
	if !a.Has(Subject) {
		return nil, NewError(CodeForbidden, "only a person's own token has a person behind it")
	}
	login := s.Pepper.Login(a.Issuer, a.Subject)
	standing, err := s.Reader.Standing(ctx, a.App, login)
	if err != nil {
		return nil, err
	}
	people, err := s.people(ctx, []Standing{standing})
	if err != nil {
		return nil, err
	}
	people[0].login = login
	return people[0], nil
}

// registered is Me for acts that need a person: NOT_REGISTERED otherwise.
func (s *Service) registered(ctx context.Context, a Actor) (*Person, error) {
	me, err := s.Me(ctx, a)
	if err != nil {
		return nil, err
	}
	if me.User == nil {
		return nil, NewError(CodeNotRegistered, "nobody is registered under this token yet; call registerMe first")
	}
	return me, nil
}

// People answers people by id in one app, in the order asked: nil where there
// is none, or where the actor may not know of them. A person knows only
// themselves; a service only the apps it is configured for.
func (s *Service) People(ctx context.Context, a Actor, app string, ids []uuid.UUID) ([]*Person, error) {
	if err := a.mayName(app); err != nil {
		return nil, s.refuse(ctx, a, "app", only(ids), err)
	}
	if a.Has(Subject) && !a.hasStaffRole() {
		return s.onlyMe(ctx, a, ids)
	}
	standings, err := s.Reader.Standings(ctx, app, ids)
	if err != nil {
		return nil, err
	}
	people, err := s.people(ctx, standings)
	if err != nil {
		return nil, err
	}
	for i, p := range people {
		if p.User == nil {
			people[i] = nil
		}
	}
	return people, nil
}

func (s *Service) onlyMe(ctx context.Context, a Actor, ids []uuid.UUID) ([]*Person, error) {
	me, err := s.Me(ctx, a)
	if err != nil {
		return nil, err
	}
	out := make([]*Person, len(ids))
	for i, id := range ids {
		if me.User != nil && me.User.ID == id {
			out[i] = me
			continue
		}
		if err := s.deny(ctx, a, "person", id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// only is the id that is alone in a list, or none.
func only(ids []uuid.UUID) uuid.UUID {
	if len(ids) == 1 {
		return ids[0]
	}
	return uuid.Nil
}

// people adds the contents of the versions that standings refer to.
func (s *Service) people(ctx context.Context, standings []Standing) ([]*Person, error) {
	now := s.now()
	out := make([]*Person, len(standings))
	for i, standing := range standings {
		p := &Person{
			Standing: standing, timeline: NewTimeline(standing.Published), versions: map[uuid.UUID]*Version{}, now: now,
		}
		for _, m := range standing.Published {
			// Every published version: the history, a past moment and the
			// coming ones may each refer to any of them; all are in memory.
			v, err := s.published(ctx, m.Version)
			if err != nil {
				return nil, err
			}
			p.versions[m.Version] = v
		}
		out[i] = p
	}
	return out, nil
}

// published is a published version's content: from memory, from the cache,
// or from the store.
func (s *Service) published(ctx context.Context, id uuid.UUID) (*Version, error) {
	s.mu.RLock()
	v := s.versions[id]
	s.mu.RUnlock()
	if v != nil {
		return v, nil
	}
	key := "policy:" + id.String() // an older program kept less of a version under another name
	if raw, ok := s.cached(ctx, key); ok {
		v = new(Version)
		if err := json.Unmarshal(raw, v); err == nil && v.ID == id && v.Status == Published {
			return s.keepVersion(v), nil
		}
		s.Log.WarnContext(ctx, "a cached policy version does not read as one; reading the database", "version", id)
	}
	v, err := s.Reader.Version(ctx, id)
	if err != nil {
		return nil, err
	}
	if v.Status == Published {
		if raw, err := json.Marshal(v); err == nil {
			s.keep(ctx, key, raw, 0)
		}
		s.keepVersion(v)
	}
	return v, nil
}

func (s *Service) keepVersion(v *Version) *Version {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[v.ID] = v
	return v
}

// DefaultApp is the app that is meant when none is named: the token's own, the
// one that a service is configured for, or the only one there is.
func (s *Service) DefaultApp(ctx context.Context, a Actor) (string, error) {
	if a.App != "" {
		return a.App, nil
	}
	if a.onlyMachine() && len(a.Apps) == 1 {
		return a.Apps[0], nil
	}
	apps, err := s.Reader.Apps(ctx)
	if err != nil {
		return "", err
	}
	if len(apps) != 1 {
		return "", NewError(CodeBadRequest, "say which app: there is not exactly one")
	}
	return apps[0].Code, nil
}

func (a Actor) hasStaffRole() bool {
	_, ok := a.Allowed(staff...)
	return ok
}

// onlyMachine reports whether the actor is a service and no colleague besides:
// several roles add up, so a service's limits bind nobody who has another one.
func (a Actor) onlyMachine() bool {
	return a.Has(Machine) && !slices.ContainsFunc(a.Roles, func(r Role) bool { return r != Machine && r.IsStaff() })
}

// mayName refuses an app that the actor is not configured for.
func (a Actor) mayName(app string) error {
	if a.onlyMachine() && !slices.Contains(a.Apps, app) {
		return NewError(CodeForbidden, "this service is not configured for the app")
	}
	if a.Has(Subject) && !a.hasStaffRole() && a.App != app {
		return NewError(CodeForbidden, "the token is for another app")
	}
	return nil
}

// User answers one person by id. A foreign id is ErrNotFound to a person, and
// so is an unknown one to everybody.
func (s *Service) User(ctx context.Context, a Actor, id uuid.UUID) (*Person, error) {
	app, err := s.anyApp(ctx, a)
	if err != nil {
		return nil, err
	}
	people, err := s.People(ctx, a, app, []uuid.UUID{id})
	if err != nil {
		return nil, err
	}
	if people[0] == nil {
		return nil, ErrNotFound
	}
	return people[0], nil
}

// anyApp is an app that the actor may name, for questions that no app matters to.
func (s *Service) anyApp(ctx context.Context, a Actor) (string, error) {
	if a.App != "" {
		return a.App, nil
	}
	if len(a.Apps) > 0 {
		return a.Apps[0], nil
	}
	apps, err := s.Reader.Apps(ctx)
	if err != nil {
		return "", err
	}
	if len(apps) == 0 {
		return "", ErrNotFound
	}
	return apps[0].Code, nil
}
