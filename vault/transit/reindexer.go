package transit

import (
	"context"
	"errors"

	"github.com/kelisim/kelisim/vault"
)

// Reindexer implements vault.Reindexer. It has a login of its own, which
// decrypts, computes HMACs, reads the index key's versions, and nothing else.
type Reindexer struct {
	Decrypter
	indexer
}

var _ vault.Reindexer = (*Reindexer)(nil)

// NewReindexer needs config.ReindexLogin and no other login, and asks Vault
// nothing.
func NewReindexer(config Config) (*Reindexer, error) {
	config, err := config.checked()
	if err != nil {
		return nil, err
	}
	if config.ReindexLogin == nil {
		return nil, errors.New("transit: a login is needed to reindex")
	}
	l, err := newLogin(config, "reindex", config.ReindexLogin)
	if err != nil {
		return nil, err
	}
	return &Reindexer{
		Decrypter: *newDecrypter(l),
		indexer:   indexer{login: l, key: config.indexKey(), hmacs: map[int]*operation{}},
	}, nil
}

// NewestIndex implements vault.Reindexer.
func (r *Reindexer) NewestIndex(ctx context.Context) (string, int, error) {
	version, err := r.indexer.login.latestVersion(ctx, r.indexer.key)
	return r.indexer.key, version, failed(ctx, err)
}

// Renew keeps the login's token alive until the context ends, as Engine.Renew
// does.
func (r *Reindexer) Renew(ctx context.Context, trouble func(error)) {
	r.indexer.login.renew(ctx, trouble)
}

// Close gives the login's token back, as Engine.Close does.
func (r *Reindexer) Close(ctx context.Context) error { return r.indexer.login.close(ctx) }
