package graph

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// request is what one HTTP request carries through its resolvers.
type request struct {
	actor     vault.Actor
	languages []string               // of Accept-Language, best first
	own       atomic.Pointer[string] // the language that the person chose, once it is known
	readOwn   sync.Once
	app       func() (string, error) // the app that is meant when none is named
	people    loader[personKey, *vault.Person]
	reveals   loader[*vault.RevealRequest, vault.Revealed]
	missing   loader[*vault.Person, []string]
	questions sync.Map // of question to the *vault.RevealRequest that was the first to ask it
}

type requestKey struct{}

// personKey names a person in an app.
type personKey struct {
	app  string
	user uuid.UUID
}

// WithRequest returns a context that carries who calls and which languages
// they read. The server makes one for each HTTP request.
func (r *Resolver) WithRequest(ctx context.Context, actor vault.Actor, languages []string) context.Context {
	req := &request{actor: actor, languages: languages}
	req.app = sync.OnceValues(func() (string, error) { return r.Vault.DefaultApp(ctx, actor) })
	req.people = newLoader(r, r.loadPeople)
	req.reveals = newLoader(r, r.loadReveals)
	req.missing = newLoader(r, r.loadMissing)
	return context.WithValue(ctx, requestKey{}, req)
}

// from is the request of a context; outside one it is an anonymous one that
// can load nothing.
func from(ctx context.Context) *request {
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		return req
	}
	return &request{actor: vault.Actor{Roles: []vault.Role{vault.Anonymous}}}
}

// remember keeps a person that is fresher than what a loader may hold.
func (req *request) remember(p *vault.Person) {
	req.people.replace(personKey{p.App.Code, p.User.ID}, p)
	if req.actor.Has(vault.Subject) && p.User.Locale != "" {
		req.own.Store(&p.User.Locale)
	}
}

// appOr is the app named, or the one that is meant when none is: that is
// looked up once, however many people are asked about.
func (req *request) appOr(app *string) (string, error) {
	if code := deref(app); code != "" {
		return code, nil
	}
	return req.app()
}

// question is a RevealRequest that can be compared.
type question struct {
	person *vault.Person
	basis  vault.Basis
	codes  string
}

// question answers the request that asked the same first, so that one loader
// key stands for one question.
func (req *request) question(ask vault.RevealRequest) *vault.RevealRequest {
	key := question{ask.Person, ask.Basis, fmt.Sprintf("%#v %#v", ask.Reveal, ask.Fields)}
	first, _ := req.questions.LoadOrStore(key, &ask)
	asked, _ := first.(*vault.RevealRequest) // nothing else is stored
	return asked
}

func (r *Resolver) loadPeople(ctx context.Context, keys []personKey) []loaded[*vault.Person] {
	out := make([]loaded[*vault.Person], len(keys))
	places := map[string][]int{}
	for i, key := range keys {
		places[key.app] = append(places[key.app], i)
	}
	for app, at := range places {
		ids := make([]uuid.UUID, len(at))
		for k, i := range at {
			ids[k] = keys[i].user
		}
		people, err := r.Vault.People(ctx, from(ctx).actor, app, ids)
		for k, i := range at {
			switch {
			case err != nil:
				out[i].err = err
			case people[k] == nil:
				out[i].err = vault.ErrNotFound
			default:
				out[i].value = people[k]
			}
		}
	}
	return out
}

func (r *Resolver) loadReveals(ctx context.Context, keys []*vault.RevealRequest) []loaded[vault.Revealed] {
	requests := make([]vault.RevealRequest, len(keys))
	for i, key := range keys {
		requests[i] = *key
	}
	out, err := r.Vault.Reveal(ctx, from(ctx).actor, requests)
	return inOrder(keys, out, err)
}

func (r *Resolver) loadMissing(ctx context.Context, people []*vault.Person) []loaded[[]string] {
	out, err := r.Vault.MissingFields(ctx, people)
	return inOrder(people, out, err)
}
