package transit

import (
	"context"
	"maps"
	"slices"

	"github.com/kelisim/kelisim/vault"
)

// values is one operation on values, under each of the keys that they are
// encrypted with.
type values struct {
	config Config
	under  map[string]*operation // by the key's name
}

func newValues(l *login, name string) values {
	v := values{config: l.config, under: map[string]*operation{}}
	for _, use := range []vault.KeyUse{vault.KeyOfData, vault.KeyOfTechnical} {
		key := l.config.keyOf(use)
		v.under[key] = newOperation(l, name, key, 0)
	}
	return v
}

func (v values) operations() []*operation { return slices.Collect(maps.Values(v.under)) }

// batched is one value of a caller: the key that it is under, and how it is
// sent.
type batched struct {
	use vault.KeyUse
	add func(key string, to *selection) error
}

// ask sends a caller's values, those under one key together, and hands over what
// became of each. The error is for all of them.
func (v values) ask(ctx context.Context, n int, of func(i int) batched, take func(i int, key string, o outcome)) error {
	first := selecting(n)
	sent := map[string]*selection{v.config.dataKey(): &first}
	for i := range n {
		one := of(i)
		key := v.config.keyOf(one.use)
		if sent[key] == nil {
			sent[key] = &selection{}
		}
		if err := one.add(key, sent[key]); err != nil {
			take(i, key, outcome{err: err})
		}
	}
	for key, s := range sent {
		outcomes, err := v.under[key].ask(ctx, s.items)
		if err != nil {
			return err
		}
		for k, o := range outcomes {
			take(s.from[k], key, o)
		}
	}
	return nil
}
