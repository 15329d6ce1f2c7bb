package transit

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/gather"
)

// batch is the body of a call.
type batch struct {
	Items       []item `json:"batch_input"`
	KeyVersion  int    `json:"key_version,omitempty"`
	PartialCode int    `json:"partial_failure_response_code,omitempty"`
}

// item is one value of a batch; which fields are set depends on the operation.
type item struct {
	Plaintext  string `json:"plaintext,omitempty"`
	Ciphertext string `json:"ciphertext,omitempty"`
	Input      string `json:"input,omitempty"`
	Context    string `json:"context,omitempty"`
	Reference  string `json:"reference,omitempty"`
}

// size is at least the bytes of the item's JSON: base64 and UUIDs need no escapes.
func (i item) size() int {
	const names = len(`{"plaintext":"","context":"","reference":""},`) + len(`"ciphertext"`)
	return names + len(i.Plaintext) + len(i.Ciphertext) + len(i.Input) + len(i.Context) + len(i.Reference)
}

// version is that of the ciphertext; 0: it is none.
func (i item) version() int {
	version, _, err := vault.SplitTransit(i.Ciphertext)
	if err != nil {
		return 0
	}
	return version
}

// reference is what Vault's audit log will show for an item.
func reference(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

// result is Vault's answer to one item.
type result struct {
	Plaintext  string `json:"plaintext"`
	Ciphertext string `json:"ciphertext"`
	HMAC       string `json:"hmac"`
	Reference  string `json:"reference"`
	Error      string `json:"error"`
}

// outcome is what came of one item: Vault's answer, or why there is none.
type outcome struct {
	result result
	why    string // what is wrong with the item, if Vault says so
	err    error
}

// errAnswer: Vault, or something in between, answered what was not asked.
var errAnswer = errors.New("transit: the answer does not fit the question")

func (o outcome) encrypted(key string) (vault.Ciphertext, error) {
	if o.err != nil {
		return vault.Ciphertext{}, o.err
	}
	if o.result.Error != "" {
		return vault.Ciphertext{}, vault.ErrUnavailable.Because(fmt.Errorf("transit: Vault did not encrypt%s", o.why))
	}
	c, err := vault.NewCiphertext(key, o.result.Ciphertext)
	if err != nil {
		return vault.Ciphertext{}, vault.ErrUnavailable.Because(errAnswer)
	}
	return c, nil
}

// refused is what a ciphertext is that Vault did nothing with. A version that
// Vault does not know is none of its own faults: an active node that was frozen,
// and does not know yet that there is another, answers from the past.
func (o outcome) refused(operation string) error {
	if o.why == told(versionToCome) {
		return vault.ErrUnavailable.Because(fmt.Errorf("transit: Vault did not %s%s: %w", operation, o.why, vault.ErrKeyBehind))
	}
	return vault.ErrUndecryptable.Because(fmt.Errorf("transit: Vault did not %s%s", operation, o.why))
}

func (o outcome) decrypted() (vault.Plain, error) {
	if o.err != nil {
		return vault.Plain{}, o.err
	}
	if o.result.Error != "" {
		return vault.Plain{}, o.refused("decrypt")
	}
	padded, err := base64.StdEncoding.DecodeString(o.result.Plaintext)
	if err != nil {
		return vault.Plain{}, vault.ErrUndecryptable.Because(errAnswer)
	}
	return vault.Unpad(padded)
}

// rewrapped is the ciphertext in the place of the old one; one under an older
// version, or the same again, is refused.
func (o outcome) rewrapped(old vault.Ciphertext) (vault.Ciphertext, error) {
	if o.err != nil {
		return vault.Ciphertext{}, o.err
	}
	if o.result.Error != "" {
		return vault.Ciphertext{}, o.refused("rewrap")
	}
	c, err := vault.NewCiphertext(old.Key, o.result.Ciphertext)
	if err != nil || c.Version < old.Version || c.Text == old.Text {
		return vault.Ciphertext{}, vault.ErrUnavailable.Because(errAnswer)
	}
	return c, nil
}

// digest is the HMAC itself; one under another version than asked is refused.
func (o outcome) digest(version int) ([]byte, error) {
	if o.err != nil {
		return nil, o.err
	}
	if o.result.Error != "" {
		return nil, vault.ErrUnavailable.Because(fmt.Errorf("transit: Vault computed no HMAC%s", o.why))
	}
	used, digest, err := vault.SplitTransit(o.result.HMAC)
	if err != nil || used != version || len(digest) != 32 {
		return nil, vault.ErrUnavailable.Because(errAnswer)
	}
	return digest, nil
}

// selection is the items of a caller that are worth sending, and where in the
// caller's list each came from.
type selection struct {
	items []item
	from  []int
}

// selecting has room for so many items.
func selecting(items int) selection {
	return selection{items: make([]item, 0, items), from: make([]int, 0, items)}
}

// add refuses what would not fit in a batch even alone.
func (s *selection) add(from int, i item) error {
	if i.size() > batchBytes {
		return vault.ErrTooLarge
	}
	s.items = append(s.items, i)
	s.from = append(s.from, from)
	return nil
}

// ciphertext adds one that was read from a store.
func (s *selection) ciphertext(from int, key string, at vault.Place, c vault.Ciphertext, event uuid.UUID) error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.Key != key {
		// The name comes from a row: it is compared, and never becomes a path.
		return vault.ErrUndecryptable.Because(errForeignKey)
	}
	return s.add(from, item{
		Ciphertext: c.Text,
		Context:    base64.StdEncoding.EncodeToString([]byte(at.Context())),
		Reference:  reference(event),
	})
}

// operation gathers the items of one operation under one key and version.
type operation struct {
	name     string
	login    *login
	gatherer *gather.Gatherer[item, outcome]
	breaker  *breaker
	full     atomic.Uint64 // callers refused because of a full queue
}

func newOperation(l *login, name, key string, version int) *operation {
	breaker := newBreaker(l.config.Timeout)
	call := func(ctx context.Context, items []item) ([]outcome, error) {
		results, err := breaker.call(func() ([]result, error) {
			return l.call(ctx, name, key, batch{Items: items, KeyVersion: version, PartialCode: 200})
		})
		made := outcomes(items, results, err)
		for i := range made {
			if told := known(made[i].result.Error); told != "" {
				made[i].why = told + l.config.advice(told, key, max(version, items[i].version()))
			}
		}
		return made, nil
	}
	limits := gather.Limits{
		Items: batchItems, Bytes: batchBytes, InFlight: l.config.InFlight,
		Queue: l.config.Queue, Timeout: l.config.Timeout,
	}
	return &operation{name: name, login: l, gatherer: gather.New(call, limits, item.size), breaker: breaker}
}

// outcomes gives each item its result, or the error of the whole call: a
// caller whose items went in several calls keeps what the others brought.
func outcomes(items []item, results []result, err error) []outcome {
	made := make([]outcome, len(items))
	for i := range made {
		switch {
		case err != nil:
			made[i].err = failed(context.Background(), err)
		case results[i].Reference != items[i].Reference:
			made[i].err = vault.ErrUnavailable.Because(errAnswer) // never another item's answer
		default:
			made[i].result = results[i]
		}
	}
	return made
}

// ask sends the items together with those of other callers, and waits for no
// longer than the caller or the configured timeout allows.
func (o *operation) ask(ctx context.Context, items []item) ([]outcome, error) {
	waiting, cancel := context.WithTimeout(ctx, o.login.config.Timeout)
	defer cancel()
	answers, err := o.gatherer.Do(waiting, items)
	if errors.Is(err, gather.ErrFull) {
		o.full.Add(1)
	}
	if err != nil {
		return nil, failed(ctx, err)
	}
	return answers, nil
}
