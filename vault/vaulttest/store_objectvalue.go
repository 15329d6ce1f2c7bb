package vaulttest

import (
	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func (s *storeTest) objectValues(objects ...uuid.UUID) []vault.ObjectValue {
	s.Helper()
	out, err := s.store.ObjectValues(s.Context(), objects)
	s.must(err)
	return out
}

var objectValueTests = map[string]func(*storeTest){
	"WhatIsKeptWithAnObjectIsReplacedByCodeAndDroppedWithIt": func(s *storeTest) {
		u, _ := s.person()
		name := vault.ObjectValue{Object: s.id(), Code: vault.FieldRequesterName, User: u.ID, Ciphertext: s.under(pii, 1)}
		contact := vault.ObjectValue{Object: name.Object, Code: vault.FieldRequesterContact, Ciphertext: s.under(pii, 1)}
		other := vault.ObjectValue{Object: s.id(), Code: vault.FieldRequesterName, Ciphertext: s.under(pii, 1)}
		none(s, s.objectValues(name.Object, other.Object))
		s.write(func(tx vault.Tx) {
			for _, v := range []vault.ObjectValue{name, contact, other} {
				tx.PutObjectValue(v)
			}
		})
		name.User, name.Ciphertext = uuid.Nil, s.under(pii, 2)
		s.write(func(tx vault.Tx) { tx.PutObjectValue(name) })
		got := map[string]vault.ObjectValue{}
		for _, v := range s.objectValues(name.Object) {
			got[v.Code] = v
		}
		s.same(got, map[string]vault.ObjectValue{name.Code: name, contact.Code: contact})
		s.write(func(tx vault.Tx) { tx.DropObjectValues(name.Object) })
		s.same(s.objectValues(name.Object, other.Object), []vault.ObjectValue{other})
	},
}
