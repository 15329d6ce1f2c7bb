package transit

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/kelisim/kelisim/vault"
)

// Encrypter implements vault.Encrypter and vault.Indexer.
type Encrypter struct {
	login    *login
	key      string
	indexKey string
	encrypts *operation

	mu    sync.Mutex
	hmacs map[int]*operation // by version, which is pinned per call
}

// String implements fmt.Stringer: who prints it prints no token with it.
func (*Encrypter) String() string { return "transit encrypter" }

// Encrypt implements vault.Encrypter.
func (e *Encrypter) Encrypt(ctx context.Context, items []vault.EncryptItem) ([]vault.Encrypted, error) {
	answers := make([]vault.Encrypted, len(items))
	sent := selecting(len(items))
	for i, one := range items {
		padded, err := vault.Pad(one.Value)
		if err == nil {
			err = sent.add(i, item{
				Plaintext: base64.StdEncoding.EncodeToString(padded),
				Context:   base64.StdEncoding.EncodeToString([]byte(one.Context())),
				Reference: reference(one.Reference),
			})
		}
		answers[i].Err = err
	}
	outcomes, err := e.encrypts.ask(ctx, sent.items)
	if err != nil {
		return nil, err
	}
	for i, outcome := range outcomes {
		answer := &answers[sent.from[i]]
		answer.Ciphertext, answer.Err = outcome.encrypted(e.key)
	}
	return answers, nil
}

// Index implements vault.Indexer.
func (e *Encrypter) Index(ctx context.Context, version int, items []vault.IndexItem) ([]vault.Indexed, error) {
	hmacs, err := e.operation(version)
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
func (e *Encrypter) operation(version int) (*operation, error) {
	if version < 1 { // which Vault would take for "the latest"
		return nil, vault.ErrUnavailable.Because(fmt.Errorf("transit: key %s has no version %d", e.indexKey, version))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	hmacs, found := e.hmacs[version]
	if !found {
		hmacs = newOperation(e.login, "hmac", e.indexKey, version)
		e.hmacs[version] = hmacs
	}
	return hmacs, nil
}
