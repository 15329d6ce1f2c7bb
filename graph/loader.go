package graph

import (
	"context"
	"time"

	"github.com/vikstrous/dataloadgen"
)

// Resolvers that know nothing of each other, such as those of two root fields,
// wait this long for company. A list does not leave it to time: it prepares
// what its rows are going to ask for.
const (
	loaderWait = time.Millisecond
	loaderSize = 250
)

// loader answers each key once in a request, and many in one call.
type loader[K comparable, V any] struct {
	*dataloadgen.Loader[K, loaded[V]]
	load func(ctx context.Context, keys []K) []loaded[V]
}

// loaded is a value, or why there is none.
type loaded[V any] struct {
	value V
	err   error
}

// newLoader makes a loader of a call that answers keys in order. It recovers
// from a panic as resolvers do: dataloadgen would make an error of it whose
// text holds what was panicked with, and the log would repeat it.
func newLoader[K comparable, V any](r *Resolver, call func(context.Context, []K) []loaded[V]) loader[K, V] {
	load := func(ctx context.Context, keys []K) (out []loaded[V]) {
		defer func() {
			if v := recover(); v != nil {
				out = inOrder(keys, []V(nil), r.Recover(ctx, v))
			}
		}()
		return call(ctx, keys)
	}
	return loader[K, V]{load: load, Loader: dataloadgen.NewLoader(
		func(ctx context.Context, keys []K) ([]loaded[V], []error) { return load(ctx, keys), nil },
		dataloadgen.WithWait(loaderWait), dataloadgen.WithBatchCapacity(loaderSize))}
}

// inOrder is the answer of a call that answers all keys, or none.
func inOrder[K comparable, V any](keys []K, values []V, err error) []loaded[V] {
	out := make([]loaded[V], len(keys))
	for i := range out {
		if out[i].err = err; err == nil {
			out[i].value = values[i]
		}
	}
	return out
}

// get answers a key that is prepared, or asks for it together with others.
func (l loader[K, V]) get(ctx context.Context, key K) (V, error) {
	out, err := l.Load(ctx, key)
	if err == nil {
		err = out.err
	}
	return out.value, err
}

// prepare asks for keys in one call, each once. What is known of one already
// stays.
func (l loader[K, V]) prepare(ctx context.Context, keys []K) {
	asked := make(map[K]bool, len(keys))
	var once []K
	for _, key := range keys {
		if !asked[key] {
			asked[key] = true
			once = append(once, key)
		}
	}
	if len(once) == 0 {
		return
	}
	for i, out := range l.load(ctx, once) {
		l.Prime(once[i], out)
	}
}

// replace puts a value that is fresher than what is known of a key.
func (l loader[K, V]) replace(key K, value V) {
	l.Clear(key)
	l.Prime(key, loaded[V]{value: value})
}
