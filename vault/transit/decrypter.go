package transit

import (
	"context"
	"errors"

	"github.com/kelisim/kelisim/vault"
)

// Decrypter implements vault.Decrypter.
type Decrypter struct {
	login    *login
	decrypts values
}

func newDecrypter(l *login) *Decrypter {
	return &Decrypter{login: l, decrypts: newValues(l, "decrypt")}
}

// String implements fmt.Stringer: who prints it prints no token with it.
func (*Decrypter) String() string { return "transit decrypter" }

var errForeignKey = errors.New("transit: the ciphertext names a key that is not the one of its place")

// Decrypt implements vault.Decrypter.
func (d *Decrypter) Decrypt(ctx context.Context, items []vault.DecryptItem) ([]vault.Decrypted, error) {
	answers := make([]vault.Decrypted, len(items))
	err := d.decrypts.ask(ctx, len(items), func(i int) batched {
		one := items[i]
		return batched{one.Use(), func(key string, to *selection) error {
			return to.ciphertext(i, key, one.Place, one.Ciphertext, one.Reference)
		}}
	}, func(i int, _ string, o outcome) { answers[i].Value, answers[i].Err = o.decrypted() })
	if err != nil {
		return nil, err
	}
	return answers, nil
}
