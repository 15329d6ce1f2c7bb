package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// fields are a person's stored fields by code.
func (w *world) fields(id string) map[string]vault.StoredField {
	w.t.Helper()
	list, err := w.sys.db.Fields(context.Background(), []uuid.UUID{w.userUUID(id)})
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]vault.StoredField{}
	for _, f := range list {
		out[f.Code] = f
	}
	return out
}

func TestFault06EqualValuesLookDifferentAndNoPlainHashIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		alike := input{"familyName": "Бірдейбекова", "givenName": "Бірдейбекова", "phone": "+77019264837", "email": "birdei@mail.example"}
		one := w.subject("alike 1")
		ids := []string{w.register(one, alike), w.register(w.subject("alike 2"), alike)}
		seen := map[string]string{}
		note := func(what string) {
			for _, id := range ids {
				for code, f := range w.fields(id) {
					if f.Ciphertext.Key == "" || f.Ciphertext.Version < 1 {
						t.Errorf("%s stands without the version of its key", code)
					}
					if was, twice := seen[f.Ciphertext.Text]; twice && was != id+code {
						t.Errorf("%s: %s of one looks like %s", what, code, was)
					}
					seen[f.Ciphertext.Text] = id + code
				}
			}
		}
		note("at first")
		before := w.fields(ids[0])["familyName"].Ciphertext.Text
		w.update(one, alike).ok()
		note("written again")
		if w.fields(ids[0])["familyName"].Ciphertext.Text == before {
			t.Error("the same value written again looks as before")
		}
		places := w.places()
		for _, value := range []string{"+77019264837", "77019264837", "birdei@mail.example", "Бірдейбекова", "alike 1", "phone\x00+77019264837", "kelisim/1/phone\x00+77019264837"} {
			a, b, c, d := md5.Sum([]byte(value)), sha1.Sum([]byte(value)), sha256.Sum256([]byte(value)), sha512.Sum512([]byte(value))
			for name, sum := range map[string][]byte{"MD5": a[:], "SHA-1": b[:], "SHA-256": c[:], "SHA-512": d[:]} {
				for place, content := range places {
					if bytes.Contains(content, sum) || bytes.Contains(content, []byte(hex.EncodeToString(sum))) || bytes.Contains(content, []byte(base64.RawStdEncoding.EncodeToString(sum))) {
						t.Errorf("%s holds the %s of %q, which anybody can reverse", place, name, value)
					}
				}
			}
		}
	})
}

func TestFault07AWrongKeyStopsTheStart(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("keyed"), looks())
		s := w.s
		if w.vault == nil {
			other := embedded(t)
			restore := swapFiles(t, other.s.Data, w.s.Data, "keyring.age", filepath.Join("dev", "keyring.key"))
			defer restore()
		} else {
			v := daemon.Vault(t)
			s = settingsFor(t, w.s.DatabaseURL, v, w.redis)
			s.Addr, s.Data, s.KeyPrefix, s.LogLevel, s.LogFormat = w.s.Addr, w.s.Data, w.s.KeyPrefix, w.s.LogLevel, w.s.LogFormat
		}
		sys, err := w.p.openSystem(s, mode{dev: true}, vault.Access{})
		if err == nil {
			err = errors.Join(errors.New("it started"), sys.close())
		}
		if !errors.Is(err, errOtherKeys) {
			t.Errorf("with other keys the start says: %v", err)
		}
		a := w.ask(w.staff(vault.Compliance), `query($u: ID!) { user(id: $u) { profile(basis: {legal: {reference: "ART-8"}}) { phone { value } } } }`, input{"u": id})
		equal(t, "the running server", str(a.must(), "user", "profile", "phone", "value"), "+77019264837")
	})
}

// swapFiles replaces files of a folder by those of another, and answers what
// puts them back.
func swapFiles(t *testing.T, from, to string, names ...string) (restore func()) {
	t.Helper()
	was := map[string][]byte{}
	for _, name := range names {
		old, err := os.ReadFile(filepath.Join(to, name))
		if err != nil {
			t.Fatal(err)
		}
		other, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		was[name] = old
		if err := os.WriteFile(filepath.Join(to, name), other, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for name, content := range was {
			if err := os.WriteFile(filepath.Join(to, name), content, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestFault08AMovedCiphertextDoesNotDecrypt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("moved to")
		to, from := w.register(me, looks()), w.register(w.subject("moved from"), looks())
		here, there := w.fields(to), w.fields(from)
		for what, f := range map[string]vault.Ciphertext{
			"of somebody else": there["phone"].Ciphertext, "of another field": here["iin"].Ciphertext, "tampered with": tampered(here["phone"].Ciphertext), "of no key": {Key: "none", Version: 1, Text: here["phone"].Ciphertext.Text},
		} {
			moved := here["phone"]
			moved.Ciphertext = f
			err := w.sys.db.Write(context.Background(), func(tx vault.Tx) error {
				tx.PutField(moved)
				tx.Record(vault.AuditEvent{ID: uuid.New(), At: time.Now(), Kind: vault.System, Role: vault.System, Action: vault.UserUpdated, Outcome: vault.OutcomeOK})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			a := w.ask(me, `{ me { profile { phone { value state } familyName { value } } } }`, nil).must()
			profile := at(a, "me", "profile")
			equal(t, "a ciphertext "+what, fmt.Sprint(at(profile, "phone", "value"), str(profile, "phone", "state")), "<nil>UNAVAILABLE")
			equal(t, "its neighbour", str(profile, "familyName", "value"), "Бұрынбекова")
		}
	})
}

// tampered is a ciphertext with one bit turned.
func tampered(c vault.Ciphertext) vault.Ciphertext {
	head, body, _ := strings.Cut(c.Text, ":v")
	version, text, _ := strings.Cut(body, ":")
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	raw[len(raw)/2] ^= 1
	c.Text = head + ":v" + version + ":" + base64.StdEncoding.EncodeToString(raw)
	return c
}

func TestFault12NobodyLearnsWhoIsRegistered(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.register(w.token(vault.Subject, "known", map[string]any{"phone_number": "+77019264837", "phone_number_verified": true, "email": "known@mail.example", "email_verified": true}),
			with(looks(), input{"email": "known@mail.example"}))
		taken := input{"phone": "+77019264837", "email": "known@mail.example", "iin": "910412400006", "birthDate": "1991-04-12"}
		free := input{"phone": "+77019264838", "email": "unknown@mail.example", "iin": iinOf(t, "920513", '4', "0017"), "birthDate": "1992-05-13"}
		answers := []string{}
		for i, profile := range []input{taken, free} {
			me := w.subject(fmt.Sprint("prober ", i))
			o := w.mutate(me, "registerMe", input{"profile": profile, "consent": w.shown("ru").consent(required())}, `created user { revision consentSeq status missingFields }`)
			u := w.update(me, profile)
			own := w.ask(me, `{ me { profile { phone { state verified } email { state verified } iin { state verified } } } }`, nil)
			answers = append(answers, shape(o.answer)+strings.ReplaceAll(string(u.raw), str(u.payload, "user", "id"), "")+shape(own))
		}
		equal(t, "a stranger who enters what is taken, and what is free", answers[0], answers[1])
		for _, by := range []input{{"phone": "+77019264837"}, {"phone": "+77019264838"}, {"email": "known@mail.example"}, {"subject": "known"}} {
			for _, token := range []string{"", w.subject("prober 0")} {
				a := w.ask(token, `query($b: FindUsersInput!) { findUsers(by: $b) { id } }`, input{"b": by})
				answers = append(answers, shape(a))
			}
		}
		for i := 4; i < len(answers); i++ {
			equal(t, "a look-up", answers[i], answers[i-2])
		}
	})
}

func TestFault13AKeyInTheTokenProvesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		claims := map[string]any{"iss": "http://localhost/dev/staff", "aud": "kelisim", "sub": "forger", "roles": []string{"compliance"}, "iat": w.clock.Now().Unix(), "exp": w.clock.Now().Add(time.Hour).Unix()}
		sign := func(key jose.SigningKey, options *jose.SignerOptions) string {
			signer, err := jose.NewSigner(key, options)
			if err != nil {
				t.Fatal(err)
			}
			token, err := jwt.Signed(signer).Claims(claims).Serialize()
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		own := jose.SigningKey{Algorithm: jose.ES256, Key: key}
		genuine := strings.Split(w.staff(vault.Compliance), ".")
		unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
		for what, token := range map[string]string{
			"its own key embedded": sign(own, (&jose.SignerOptions{EmbedJWK: true}).WithType("JWT")),
			"its own key by URL":   sign(own, (&jose.SignerOptions{}).WithType("JWT").WithHeader("jku", "http://127.0.0.1:9/keys")),
			"a key id alone":       sign(own, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", "../../../dev/null")),
			"a shared secret":      sign(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("k", 32))}, (&jose.SignerOptions{}).WithType("JWT")),
			"no signature":         unsigned + "." + genuine[1] + ".",
			"another's signature":  genuine[0] + "." + strings.Split(w.staff(vault.Auditor), ".")[1] + "." + genuine[2],
		} {
			a := w.ask(token, `{ users { nodes { id } } }`, nil)
			if a.code() != "UNAUTHENTICATED" || a.status != 401 {
				t.Errorf("%s: %d %s", what, a.status, a.raw)
			}
		}
	})
}

func TestFault14ARefusedRegistrationLeavesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.verified("holder", "+77019264837"), input{"phone": "+77019264837"})
		before := w.kept(id)
		late := w.verified("late", "+77019264837")
		w.enter(late, with(looks(), input{"phone": "+77019264837"})).refused("IDENTIFIER_TAKEN@profile.phone")
		equal(t, "what is stored", w.kept(id), before)
		equal(t, "the refused one", at(w.ask(late, `{ me { id } }`, nil).must(), "me"), nil)
		w.enter(late, named()).ok() // and may still register
	})
}

// rotate gives a key a new version, as its operators do.
func (w *world) rotate(key string) {
	w.t.Helper()
	ring, embedded := w.sys.engine.state.(*keyring.Keyring)
	if !embedded {
		w.vault.Rotate(key)
		return
	}
	if err := ring.Rotate(w.t.Context(), key); err != nil {
		w.t.Fatal(err)
	}
}

func TestFault16LookUpsOutliveRotationAndNoKeyIsMadeByATypingError(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		find := func(w *world, phone string) []string {
			return pluck(w.ask(w.staff(vault.Support), `query($p: String!) { findUsers(by: {phone: $p}) { id } }`, input{"p": phone}).must(), "id", "findUsers")
		}
		early := w.register(w.verified("early", "+77019264837"), input{"phone": "+77019264837"})
		for _, key := range []string{"kelisim-index", "kelisim-pii"} {
			w.rotate(key)
		}
		late := w.register(w.subject("late"), input{"phone": "+77019264838"})
		for name, server := range map[string]*world{"running": w, "started anew": w.replica()} {
			same(t, name+": before the rotation", find(server, "8 701 926 48 37"), []string{early})
			same(t, name+": after it", find(server, "8 701 926 48 38"), []string{late})
			equal(t, name+": the person of a login", str(server.ask(server.subject("early"), `{ me { id } }`, nil).must(), "me", "id"), early)
			server.enter(server.verified("thief "+name, "+77019264837"), input{"phone": "+77019264837"}).refused("IDENTIFIER_TAKEN@profile.phone")
		}
		s := w.s
		s.KeyPrefix = "kelisin"
		sys, err := w.p.openSystem(s, mode{dev: true}, vault.Access{})
		if err == nil {
			t.Error("a typing error in the prefix starts", sys.close())
		}
		if w.vault != nil {
			for _, key := range []string{"kelisin-pii", "kelisin-index"} {
				made, err := w.vault.Client(w.vault.Token).Logical().Read(w.vault.Mount + "/keys/" + key)
				if err != nil || made != nil {
					t.Errorf("the typing error made a key: %v, %v", made, err)
				}
			}
		}
	})
}

func TestFault17AWithdrawalHoldsOnEveryReplicaAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		other := w.replica()
		me := w.subject("two replicas")
		id := w.register(me, looks())
		for round := range 2 {
			if round == 1 && w.redis != nil {
				w.redis.Stop() // the second round goes without it
				t.Cleanup(w.redis.Start)
			}
			for _, pair := range [][2]*world{{w, other}, {other, w}} {
				here, there := pair[0], pair[1]
				seq := number(here.ask(me, `{ me { consentSeq } }`, nil).must(), "me", "consentSeq")
				here.record(me, with(here.shown("ru").decided("contact", "GIVEN"), input{"knownConsentSeq": seq})).ok()
				equal(t, "given", there.reason(id, "contact", ""), "GIVEN")
				here.withdraw(me, "contact").ok()
				equal(t, "withdrawn", there.reason(id, "contact", ""), "WITHDRAWN")
				a := there.ask(there.staff(vault.Machine), `query($u: ID!) { user(id: $u) { profile(basis: {purpose: "contact"}) { phone { value } } } }`, input{"u": id})
				equal(t, "a read for it", a.code(), "POLICY_NOT_ACCEPTED")
			}
		}
	})
}
