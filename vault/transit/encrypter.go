package transit

import (
	"context"
	"encoding/base64"

	"github.com/kelisim/kelisim/vault"
)

// Encrypter implements vault.Encrypter and vault.Indexer.
type Encrypter struct {
	indexer
	encrypts values
}

// String implements fmt.Stringer: who prints it prints no token with it.
func (*Encrypter) String() string { return "transit encrypter" }

// Encrypt implements vault.Encrypter.
func (e *Encrypter) Encrypt(ctx context.Context, items []vault.EncryptItem) ([]vault.Encrypted, error) {
	answers := make([]vault.Encrypted, len(items))
	err := e.encrypts.ask(ctx, len(items), func(i int) batched {
		one := items[i]
		return batched{one.Use(), func(_ string, to *selection) error {
			padded, err := vault.Pad(one.Value)
			if err != nil {
				return err
			}
			return to.add(i, item{
				Plaintext: base64.StdEncoding.EncodeToString(padded),
				Context:   base64.StdEncoding.EncodeToString([]byte(one.Context())),
				Reference: reference(one.Reference),
			})
		}}
	}, func(i int, key string, o outcome) { answers[i].Ciphertext, answers[i].Err = o.encrypted(key) })
	if err != nil {
		return nil, err
	}
	return answers, nil
}
