package transit

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/kelisim/kelisim/vault"
)

// Decrypter implements vault.Decrypter.
type Decrypter struct {
	login    *login
	key      string
	decrypts *operation
}

var errForeignKey = errors.New("transit: the ciphertext names a key that is not the one of personal values")

// Decrypt implements vault.Decrypter.
func (d *Decrypter) Decrypt(ctx context.Context, items []vault.DecryptItem) ([]vault.Decrypted, error) {
	answers := make([]vault.Decrypted, len(items))
	var sent selection
	for i, one := range items {
		err := one.Ciphertext.Check()
		if err == nil && one.Ciphertext.Key != d.key {
			// The name comes from a row: it is compared, and never becomes a path.
			err = vault.ErrUndecryptable.Because(errForeignKey)
		}
		if err == nil {
			err = sent.add(i, item{
				Ciphertext: one.Ciphertext.Text,
				Context:    base64.StdEncoding.EncodeToString([]byte(one.Context())),
				Reference:  reference(one.Reference),
			})
		}
		answers[i].Err = err
	}
	outcomes, err := d.decrypts.ask(ctx, sent.items)
	if err != nil {
		return nil, err
	}
	for i, outcome := range outcomes {
		answer := &answers[sent.from[i]]
		answer.Value, answer.Err = outcome.decrypted()
	}
	return answers, nil
}
