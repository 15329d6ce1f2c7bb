package keyring

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// shelf is the library's storage, in memory: logical.Storage.
type shelf map[string][]byte

var _ logical.Storage = shelf(nil)

// List implements logical.Storage.
func (s shelf) List(_ context.Context, prefix string) ([]string, error) {
	found := map[string]bool{}
	for key := range s {
		if tail, ok := strings.CutPrefix(key, prefix); ok {
			name, _, folder := strings.Cut(tail, "/")
			if folder {
				name += "/"
			}
			found[name] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// Get implements logical.Storage: no entry is nil without an error, as the library wants it.
func (s shelf) Get(_ context.Context, key string) (*logical.StorageEntry, error) {
	value, found := s[key]
	if !found {
		return nil, nil //nolint:nilnil // the library's contract
	}
	return &logical.StorageEntry{Key: key, Value: value}, nil
}

// Put implements logical.Storage.
func (s shelf) Put(_ context.Context, entry *logical.StorageEntry) error {
	s[entry.Key] = entry.Value
	return nil
}

// Delete implements logical.Storage.
func (s shelf) Delete(_ context.Context, key string) error {
	delete(s, key)
	return nil
}

// policy reads one key with all its versions, as a copy of its own.
func (s shelf) policy(ctx context.Context, name string) (*keysutil.Policy, error) {
	policy, err := keysutil.LoadPolicy(ctx, s, "policy/"+name)
	if err != nil {
		return nil, fmt.Errorf("keyring: reading key %s: %w", name, err)
	}
	if policy == nil {
		return nil, fmt.Errorf("keyring: key %s: %w", name, ErrNoKey)
	}
	return policy, nil
}
