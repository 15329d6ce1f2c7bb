package vaulttest

import (
	"time"

	"github.com/kelisim/kelisim/vault"
)

func (s *storeTest) logins(since time.Time) []vault.LoginState {
	s.Helper()
	out, err := s.store.Logins(s.Context(), since)
	s.must(err)
	return out
}

var loginTests = map[string]func(*storeTest){
	"AServerTellsOfALoginInThePlaceOfWhatItTold": func(s *storeTest) {
		first := s.tick()
		at := func(server string, seen time.Time) vault.LoginState {
			return vault.LoginState{
				Server: server, Name: "encrypt", Method: "AppRole", Accessor: "a", Policies: []string{"kelisim-encrypt", "x"},
				Expires: first.Add(time.Hour), Renewable: true, SeenAt: seen,
			}
		}
		old, other := at("one/1", first), at("two/1", s.tick())
		s.must(s.maintain(func(tx vault.KeepingTx) { tx.PutLogin(other); tx.PutLogin(old) }))
		s.same(s.logins(first), []vault.LoginState{old, other})
		s.same(s.logins(other.SeenAt), []vault.LoginState{other})
		lost := vault.LoginState{Server: "one/1", Name: "encrypt", Method: "AppRole", SeenAt: s.tick(), Trouble: "Vault answered 403"}
		decrypt := at("one/1", lost.SeenAt)
		decrypt.Name = "decrypt"
		s.must(s.maintain(func(tx vault.KeepingTx) {
			tx.PutLogin(lost)
			tx.PutLogin(decrypt)
			tx.ForgetLogins(lost.SeenAt)
		}))
		s.same(s.logins(first), []vault.LoginState{decrypt, lost})
	},
}
