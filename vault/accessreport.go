package vault

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// ServiceAccess is what a service is configured for.
type ServiceAccess struct {
	Name     string   `json:"name"` // its client id, or its subject
	Apps     []string `json:"apps"`
	Purposes []string `json:"purposes"`
}

// AccessCount is how often somebody did the same.
type AccessCount struct {
	Actor   uuid.UUID
	Role    Role
	Action  Action
	Outcome Outcome
	Fields  []string
	Purpose string
	Reason  string
	Object  string // of refusals only
	Times   int64
}

// AccessFilter narrows a report. From is inclusive, To exclusive.
type AccessFilter struct {
	From, To time.Time
	App      string // empty: all
}

// AccessReader adds up what colleagues and services did.
type AccessReader interface {
	// AccessCounts groups events that are not of people's own acts, at most
	// limit groups, those of most events first.
	AccessCounts(ctx context.Context, filter AccessFilter, limit int) ([]AccessCount, error)
	// AccessTouched counts by actor of whom there are such events.
	AccessTouched(ctx context.Context, filter AccessFilter) (map[uuid.UUID]int64, error)
}

// AccessReport is who may reach personal data, who did, and who was refused.
type AccessReport struct {
	From     time.Time       `json:"from"`
	To       time.Time       `json:"to"`
	App      string          `json:"app"`
	AsOf     time.Time       `json:"asOf"`
	Roles    []RoleAccess    `json:"roles"`
	Services []ServiceAccess `json:"services"`
	Actors   []ActorAccess   `json:"actors"`  // by how much they saw
	Partial  bool            `json:"partial"` // there was more than a report has room for: ask for a shorter time
}

// RoleAccess is what a role sees, by class.
type RoleAccess struct {
	Role    Role          `json:"role"`
	Classes []ClassAccess `json:"classes"`
}

// ClassAccess is what a role sees of a class.
type ClassAccess struct {
	Class FieldClass `json:"class"`
	Sight Sight      `json:"sight"`
}

// ActorAccess is what a colleague or a service did. Actor is the opaque id that
// events have; zero: the command line, and jobs.
type ActorAccess struct {
	Actor    uuid.UUID `json:"actor"`
	Roles    []Role    `json:"roles"`
	People   int64     `json:"people"`  // of whom there are events
	Reveals  int64     `json:"reveals"` // of values
	Masked   int64     `json:"masked"`  // of masks
	Lookups  int64     `json:"lookups"`
	Refused  int64     `json:"refused"`
	Fields   []Tally   `json:"fields"`   // of values, by code
	Classes  []Tally   `json:"classes"`  // of values, by class
	Grounds  []Tally   `json:"grounds"`  // purposes and reasons
	Refusals []Tally   `json:"refusals"` // by what was refused
}

// Tally is how often there was something.
type Tally struct {
	Name  string `json:"name"`
	Times int64  `json:"times"`
}

const (
	// maxAccessTime is how long a time a report is about at most.
	maxAccessTime = 366 * 24 * time.Hour
	// maxAccessGroups is how many groups of events it adds up.
	maxAccessGroups = 10_000
)

// AccessReport tells who may reach personal data, and who did. It adds up in
// the database, over a year at most. That it was read leaves an event.
func (s *Service) AccessReport(ctx context.Context, a Actor, filter AccessFilter) (AccessReport, error) {
	role, ok := a.Allowed(Compliance, Auditor, Security, System)
	switch {
	case !ok:
		return AccessReport{}, NewError(CodeForbidden, "this role may not read who did what")
	case !filter.From.Before(filter.To) || filter.To.Sub(filter.From) > maxAccessTime:
		return AccessReport{}, NewError(CodeBadRequest, "a report is about a time of a year at most, from one moment until before a later one").At("from")
	}
	out := AccessReport{From: filter.From, To: filter.To, App: filter.App, AsOf: s.now(), Roles: matrix(), Services: s.Access.Services}
	counts, err := s.Reader.AccessCounts(ctx, filter, maxAccessGroups+1)
	if err != nil {
		return out, err
	}
	if len(counts) > maxAccessGroups {
		counts, out.Partial = counts[:maxAccessGroups], true
	}
	touched, err := s.Reader.AccessTouched(ctx, filter)
	if err != nil {
		return out, err
	}
	out.Actors = s.addUp(counts, touched)
	event := s.event(a, role, AccessReported)
	event.App = filter.App
	return out, s.record(ctx, event)
}

// matrix is the table of who sees what, in the order of the roles.
func matrix() []RoleAccess {
	var out []RoleAccess
	for _, role := range append([]Role{Subject}, staff...) {
		r := RoleAccess{Role: role}
		for _, class := range []FieldClass{Identity, Contact, Technical, Other} {
			r.Classes = append(r.Classes, ClassAccess{class, cmp.Or(sights[role][class], SeesNothing)})
		}
		out = append(out, r)
	}
	return out
}

// tallies are counts by name while they are added up.
type tallies map[string]int64

// list is the counts, the most frequent first.
func (t tallies) list() []Tally {
	out := []Tally{}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		out = append(out, Tally{name, t[name]})
	}
	slices.SortStableFunc(out, func(a, b Tally) int { return cmp.Compare(b.Times, a.Times) })
	return out
}

// adding is one actor while their events are added up.
type adding struct {
	ActorAccess
	fields, classes, grounds, refusals tallies
}

func (s *Service) addUp(counts []AccessCount, touched map[uuid.UUID]int64) []ActorAccess {
	all := map[uuid.UUID]*adding{}
	for _, c := range counts {
		if all[c.Actor] == nil {
			all[c.Actor] = &adding{ActorAccess{Actor: c.Actor, People: touched[c.Actor]}, tallies{}, tallies{}, tallies{}, tallies{}}
		}
		s.add(all[c.Actor], c)
	}
	out := make([]ActorAccess, 0, len(all))
	for _, a := range all {
		a.Fields, a.Classes, a.Grounds, a.Refusals = a.fields.list(), a.classes.list(), a.grounds.list(), a.refusals.list()
		slices.Sort(a.Roles)
		out = append(out, a.ActorAccess)
	}
	slices.SortFunc(out, func(a, b ActorAccess) int {
		return cmp.Or(cmp.Compare(b.Reveals, a.Reveals), cmp.Compare(b.Refused, a.Refused), cmp.Compare(a.Actor.String(), b.Actor.String()))
	})
	return out
}

func (s *Service) add(to *adding, c AccessCount) {
	if !slices.Contains(to.Roles, c.Role) {
		to.Roles = append(to.Roles, c.Role)
	}
	switch {
	case c.Outcome == OutcomeDenied:
		to.Refused += c.Times
		to.refusals[cmp.Or(c.Object, string(c.Action))] += c.Times
		return
	case c.Action == UserSearched:
		to.Lookups += c.Times
		return
	case c.Action != ProfileRevealed && c.Action != TechnicalRevealed:
		return
	case c.Outcome == OutcomeMasked:
		to.Masked += c.Times
		return
	}
	to.Reveals += c.Times
	if ground := cmp.Or(c.Purpose, c.Reason); ground != "" {
		to.grounds[ground] += c.Times
	}
	classes := map[FieldClass]bool{}
	for _, code := range c.Fields {
		to.fields[code] += c.Times
		class := Other // an app's own fields; a report names them by their code
		if f, ok := s.Catalogue.Get(code); ok {
			class = f.Class
		}
		classes[class] = true
	}
	for class := range classes {
		to.classes[string(class)] += c.Times
	}
}
