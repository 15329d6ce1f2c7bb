package transit

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/kelisim/kelisim/vault"
)

// indexer implements vault.Indexer, by a login that may compute HMACs.
type indexer struct {
	login *login
	key   string

	mu    sync.Mutex
	hmacs map[int]*operation // by version, which is pinned per call
}

// Index implements vault.Indexer.
func (x *indexer) Index(ctx context.Context, version int, items []vault.IndexItem) ([]vault.Indexed, error) {
	hmacs, err := x.operation(version)
	if err != nil {
		return nil, err
	}
	answers := make([]vault.Indexed, len(items))
	sent := selecting(len(items))
	for i, one := range items {
		if one.Normalised.Len() > vault.MaxPlaintext {
			answers[i].Err = vault.ErrTooLarge
			continue
		}
		answers[i].Err = sent.add(i, item{
			Input:     base64.StdEncoding.EncodeToString(one.Input()),
			Reference: reference(one.Reference),
		})
	}
	outcomes, err := hmacs.ask(ctx, sent.items)
	if err != nil {
		return nil, err
	}
	for i, outcome := range outcomes {
		digest, err := outcome.digest(version)
		answers[sent.from[i]] = vault.Indexed{Digest: hex.EncodeToString(digest), Err: err}
	}
	return answers, nil
}

// operation gives the gatherer of one version's HMACs.
func (x *indexer) operation(version int) (*operation, error) {
	if version < 1 { // which Vault would take for "the latest"
		return nil, vault.ErrUnavailable.Because(fmt.Errorf("transit: key %s has no version %d", x.key, version))
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	hmacs, found := x.hmacs[version]
	if !found {
		hmacs = newOperation(x.login, "hmac", x.key, version)
		x.hmacs[version] = hmacs
	}
	return hmacs, nil
}
