package vaulttest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Engine is what a transit engine offers the vault, in its separate halves.
// DataKey and IndexKey are freshly made keys with version 1 and no other user.
type Engine struct {
	Encrypter vault.Encrypter
	Decrypter vault.Decrypter
	Indexer   vault.Indexer
	Rewrapper vault.Rewrapper
	Custodian vault.KeyCustodian
	Reindexer vault.Reindexer
	DataKey   string           // name of the key of personal values
	IndexKey  string           // name of the key of blind indexes
	Rotate    func(key string) // gives a key its next version, or fails the test
}

// Crypto is the suite that every engine must pass. Open gives a new engine.
func Crypto(t *testing.T, open func(t *testing.T) Engine) {
	for _, fact := range []struct {
		name string
		test func(*testing.T, Engine)
	}{
		{"what is encrypted is decrypted", roundTrip},
		{"nothing asked is nothing answered", nothingAsked},
		{"64 KiB are taken and one byte more is refused", largestValue},
		{"text that is not UTF-8 is refused", invalidText},
		{"equal values have different ciphertexts", differentCiphertexts},
		{"a ciphertext names its key and version", namedKey},
		{"a ciphertext tells a length in steps of 32 only", hiddenLength},
		{"a ciphertext decrypts for its user and field only", boundToPlace},
		{"swapped ciphertexts do not decrypt", swapped},
		{"an altered ciphertext does not decrypt", tampered},
		{"garbage does not decrypt", garbage},
		{"an unknown key or version does not decrypt", unknownKey},
		{"one bad item among a hundred spoils no other", oneBadItem},
		{"a cancelled caller gets the context's error", cancelled},
		{"no error and no printed struct shows a value", nothingPrinted},
		{"rotation keeps old ciphertexts and makes new ones", rotatedData},
		{"rewrapping moves to the newest version and keeps the value", rewrapped},
		{"rewrapping keeps a ciphertext bound to its place", rewrapBound},
		{"one that cannot be rewrapped spoils no other", rewrapOneBad},
		{"a cancelled job gets the context's error", rewrapCancelled},
		{"what is reindexed is decrypted and indexed alike", reindexed},
		{"an index is keyed by field and version", keyedIndex},
		{"an index survives the rotation of its key", rotatedIndex},
		{"an index under an unknown version is refused", unknownIndexVersion},
		{"both keys are told of, with their versions", keyFacts},
		{"a retired version decrypts nothing until it is taken into use again", retiredData},
		{"a retired version of the index key indexes nothing until then", retiredIndex},
		{"a trimmed version is gone, and nothing else is", trimmedKey},
		{"minima that cannot be are refused", wrongMinima},
		{"many callers at once get their own answers", manyCallers},
	} {
		t.Run(fact.name, func(t *testing.T) { fact.test(t, open(t)) })
	}
}

// place is a field of a new user.
func place(field string) vault.Place { return vault.Place{User: uuid.New(), Field: field} }

// encrypt encrypts one value, or fails the test.
func (e Engine) encrypt(t *testing.T, at vault.Place, value string) vault.Ciphertext {
	t.Helper()
	answer := e.tryEncrypt(t, at, value)
	if answer.Err != nil {
		t.Fatalf("encrypting: %v", answer.Err)
	}
	return answer.Ciphertext
}

func (e Engine) tryEncrypt(t *testing.T, at vault.Place, value string) vault.Encrypted {
	t.Helper()
	answers, err := e.Encrypter.Encrypt(t.Context(), []vault.EncryptItem{
		{Place: at, Value: vault.NewPlain(value), Reference: uuid.New()},
	})
	if err != nil || len(answers) != 1 {
		t.Fatalf("encrypting one value: %d answers, %v", len(answers), err)
	}
	if failed := answers[0].Err != nil; failed != (answers[0].Ciphertext == vault.Ciphertext{}) {
		t.Fatalf("not exactly one of ciphertext and error: %+v", answers[0])
	}
	return answers[0]
}

// decrypt decrypts one ciphertext, or fails the test.
func (e Engine) decrypt(t *testing.T, at vault.Place, c vault.Ciphertext) string {
	t.Helper()
	answer := e.tryDecrypt(t, at, c)
	if answer.Err != nil {
		t.Fatalf("decrypting: %v", answer.Err)
	}
	return answer.Value.Reveal()
}

func (e Engine) tryDecrypt(t *testing.T, at vault.Place, c vault.Ciphertext) vault.Decrypted {
	t.Helper()
	answers, err := e.Decrypter.Decrypt(t.Context(), []vault.DecryptItem{{Place: at, Ciphertext: c, Reference: uuid.New()}})
	if err != nil || len(answers) != 1 {
		t.Fatalf("decrypting one ciphertext: %d answers, %v", len(answers), err)
	}
	if answers[0].Err != nil && !answers[0].Value.Empty() {
		t.Fatalf("an error and a value: %v", answers[0].Err)
	}
	return answers[0]
}

// index gives the digest of one value, or fails the test.
func (e Engine) index(t *testing.T, version int, field, value string) string {
	t.Helper()
	answers, err := e.Indexer.Index(t.Context(), version, []vault.IndexItem{
		{Field: field, Normalised: vault.NewPlain(value), Reference: uuid.New()},
	})
	if err != nil || len(answers) != 1 || answers[0].Err != nil {
		t.Fatalf("indexing one value: %+v, %v", answers, err)
	}
	return answers[0].Digest
}

// indexError is why one value could not be indexed, for the call or the item.
func (e Engine) indexError(ctx context.Context, version int, value string) error {
	answers, err := e.Indexer.Index(ctx, version, []vault.IndexItem{{Field: "phone", Normalised: vault.NewPlain(value)}})
	if err != nil {
		return err
	}
	return answers[0].Err
}

// FuzzDecrypt feeds an engine texts that nobody encrypted: it must neither
// panic nor answer a value, except for the one ciphertext it has made.
func FuzzDecrypt(f *testing.F, e Engine) {
	at := place("email")
	encrypted, err := e.Encrypter.Encrypt(f.Context(), []vault.EncryptItem{{Place: at, Value: vault.NewPlain("a@example.kz")}})
	if err != nil || encrypted[0].Err != nil {
		f.Fatalf("encrypting: %v, %v", encrypted, err)
	}
	own := encrypted[0].Ciphertext
	f.Add(own.Key, own.Version, own.Text)
	f.Add(own.Key, 0, strings.Replace(own.Text, "v1", "v0", 1))
	f.Add(own.Key, 2, strings.Replace(own.Text, "v1", "v2", 1))
	f.Add("", -1, "vault:v-1:AAAA")
	f.Add(own.Key, 1, "vault:v1:")
	f.Fuzz(func(t *testing.T, key string, version int, text string) {
		c := vault.Ciphertext{Key: key, Version: version, Text: text}
		if answer := e.tryDecrypt(t, at, c); c != own && !errors.Is(answer.Err, vault.ErrUndecryptable) && !toCome(answer.Err) {
			t.Fatalf("answered %v", answer.Err)
		}
	})
}
