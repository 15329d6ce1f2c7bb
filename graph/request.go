package graph

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/vikstrous/dataloadgen"

	"github.com/kelisim/kelisim/vault"
)

// request is what one HTTP request carries through its resolvers.
type request struct {
	actor     vault.Actor
	languages []string               // of Accept-Language, best first
	own       atomic.Pointer[string] // the language that the person chose, once it is known
	readOwn   sync.Once
	people    *dataloadgen.Loader[personKey, *vault.Person]
	reveals   *dataloadgen.Loader[*vault.RevealRequest, vault.Revealed]
	missing   *dataloadgen.Loader[*vault.Person, []string]
}

type requestKey struct{}

// personKey names a person in an app.
type personKey struct {
	app  string
	user uuid.UUID
}

// Loaders gather what resolvers of one level ask for, so that a page of people
// is one statement and one call to Vault however it is selected.
const (
	loaderWait = time.Millisecond
	loaderSize = 250
)

// WithRequest returns a context that carries who calls and which languages
// they read. The server makes one for each HTTP request.
func (r *Resolver) WithRequest(ctx context.Context, actor vault.Actor, languages []string) context.Context {
	req := &request{actor: actor, languages: languages}
	options := []dataloadgen.Option{dataloadgen.WithWait(loaderWait), dataloadgen.WithBatchCapacity(loaderSize)}
	req.people = dataloadgen.NewLoader(guarded(r, r.loadPeople), options...)
	req.reveals = dataloadgen.NewLoader(guarded(r, r.loadReveals), append(options, dataloadgen.WithoutCache())...)
	req.missing = dataloadgen.NewLoader(guarded(r, r.loadMissing), append(options, dataloadgen.WithoutCache())...)
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
	key := personKey{p.App.Code, p.User.ID}
	req.people.Clear(key)
	req.people.Prime(key, p)
	if req.actor.Has(vault.Subject) && p.User.Locale != "" {
		req.own.Store(&p.User.Locale)
	}
}

func (r *Resolver) loadPeople(ctx context.Context, keys []personKey) ([]*vault.Person, []error) {
	out, errs := make([]*vault.Person, len(keys)), make([]error, len(keys))
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
				errs[i] = err
			case people[k] == nil:
				errs[i] = vault.ErrNotFound
			default:
				out[i] = people[k]
			}
		}
	}
	return out, errs
}

func (r *Resolver) loadReveals(ctx context.Context, keys []*vault.RevealRequest) ([]vault.Revealed, []error) {
	requests := make([]vault.RevealRequest, len(keys))
	for i, key := range keys {
		requests[i] = *key
	}
	out, err := r.Vault.Reveal(ctx, from(ctx).actor, requests)
	return out, everywhere(err)
}

func (r *Resolver) loadMissing(ctx context.Context, people []*vault.Person) ([][]string, []error) {
	out, err := r.Vault.MissingFields(ctx, people)
	return out, everywhere(err)
}

// guarded recovers from a panic as resolvers do. The loader would make an error
// of it whose text holds what was panicked with, and the log would repeat it.
func guarded[K comparable, V any](r *Resolver, load func(context.Context, []K) ([]V, []error)) func(context.Context, []K) ([]V, []error) {
	return func(ctx context.Context, keys []K) (out []V, errs []error) {
		defer func() {
			if v := recover(); v != nil {
				out, errs = nil, everywhere(r.Recover(ctx, v))
			}
		}()
		return load(ctx, keys)
	}
}

// everywhere is one error as a loader's errors: a single one counts for all.
func everywhere(err error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}
