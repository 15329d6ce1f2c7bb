package transit

import (
	"context"
	"errors"

	"github.com/kelisim/kelisim/vault"
)

// Decrypter implements vault.Decrypter.
type Decrypter struct {
	login    *login
	key      string
	decrypts *operation
}

// String implements fmt.Stringer: who prints it prints no token with it.
func (*Decrypter) String() string { return "transit decrypter" }

var errForeignKey = errors.New("transit: the ciphertext names a key that is not the one of personal values")

// Decrypt implements vault.Decrypter.
func (d *Decrypter) Decrypt(ctx context.Context, items []vault.DecryptItem) ([]vault.Decrypted, error) {
	answers := make([]vault.Decrypted, len(items))
	sent := selecting(len(items))
	for i, one := range items {
		answers[i].Err = sent.ciphertext(i, d.key, one.Place, one.Ciphertext, one.Reference)
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
