package transit

import (
	"context"
	"encoding/base64"

	"github.com/kelisim/kelisim/vault"
)

// Encrypter implements vault.Encrypter and vault.Indexer.
type Encrypter struct {
	indexer
	key      string
	encrypts *operation
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
