package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// found are the ids of the people that support finds, in their order.
func (w *world) found(by input) []string {
	w.t.Helper()
	got := w.ask(w.staff(vault.Support), `query($b: FindUsersInput!) { findUsers(by: $b) { id } }`, input{"b": by}).must()
	return pluck(got, "id", "findUsers")
}

func TestEachIdentifierFindsItsPersonHoweverItIsSpelled(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("Тұрар-42")
		id := w.register(me, with(named(), input{"phone": "+77015551234", "email": "Turar.K+dala@Mail.Example", "iin": iin1885, "birthDate": "1885-06-15"}))
		neighbour := w.register(w.subject("тұрар-42"), input{"phone": "+77015551235", "email": "turark@mail.example", "iin": iinTwo, "birthDate": "1885-06-15"})
		for by, spellings := range map[string][]string{
			"phone":   {"+77015551234", "8 701 555 12 34", "8 (701) 555-12-34", "87015551234", "+7 701 555 12 34", "7 701 5551234", "701 555 12 34", " +7(701)555-12-34 "},
			"email":   {"turar.k+dala@mail.example", "Turar.K+dala@Mail.Example", " TURAR.K+DALA@MAIL.EXAMPLE "},
			"iin":     {iin1885},
			"subject": {"Тұрар-42"},
		} {
			for _, spelling := range spellings {
				same(t, by+" "+spelling, w.found(input{by: spelling}), []string{id})
			}
		}
		for by, value := range map[string]string{"phone": "+77015551235", "email": "turark@mail.example", "iin": iinTwo, "subject": "тұрар-42"} {
			same(t, "the neighbour, by "+by, w.found(input{by: value}), []string{neighbour})
		}
		for by, values := range map[string][]string{
			"phone": {"+77015551236", "+17015551234"}, "email": {"turar.k@mail.example", "turar.k+dala@mail2.example"}, "iin": {iin1901},
			"subject": {" Тұрар-42", "Тұрар-42 ", "", "colleague-SUPPORT", id},
		} {
			for _, value := range values {
				same(t, fmt.Sprintf("nobody, by %s %q", by, value), w.found(input{by: value}), []string{})
			}
		}

		w.update(me, input{"phone": "+77015551299", "iin": nil, "birthDate": nil}).ok()
		same(t, "what was changed", w.found(input{"phone": "+77015551234"}), []string{})
		same(t, "what it was changed to", w.found(input{"phone": "8 701 555 12 99"}), []string{id})
		same(t, "what was cleared", w.found(input{"iin": iin1885}), []string{})
	})
}

func TestPeopleAreFoundByExactlyOneValidIdentifier(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("only"), input{"phone": "+77015551234", "email": "only@mail.example"})
		both := input{"phone": "+77015551234", "email": "only@mail.example"}
		for _, role := range []vault.Role{vault.Support, vault.Compliance} {
			for what, by := range map[string]any{
				"none": input{}, "null": input{"phone": nil}, "nulls": input{"phone": nil, "email": nil}, "two": both, "all": with(both, input{"iin": iin1885, "subject": "only"}),
				"no phone": input{"phone": "70155"}, "no e-mail": input{"email": "only"}, "no IIN": input{"iin": "850615100008"}, "an empty one": input{"phone": ""},
			} {
				a := w.ask(w.staff(role), `query($b: FindUsersInput!) { findUsers(by: $b) { id } }`, input{"b": by})
				if a.code() != "BAD_REQUEST" || at(a.Data, "findUsers") != nil || strings.Contains(string(a.raw), "only@mail") {
					t.Errorf("%s: status %d: %s", what, a.status, a.raw)
				}
			}
			for _, literal := range []string{`{}`, `{phone: null}`, `{phone: "+77015551234", email: "only@mail.example"}`, `{phone: "+77015551234", subject: null}`, `{name: "Only"}`} {
				a := w.ask(w.staff(role), `{ findUsers(by: `+literal+`) { id } }`, nil)
				equal(t, literal, a.code(), "GRAPHQL_VALIDATION_FAILED") // known before anything is looked up
			}
		}
		same(t, "exactly one", w.found(input{"email": "only@mail.example"}), []string{id})
	})
}

func TestAtMostTenAreFoundAndWhoProvedItComesFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const phone = "+77015557788"
		entered := []string{}
		for i := range 12 {
			entered = append(entered, w.register(w.subject(fmt.Sprint("claims ", i)), input{"phone": "8 701 555 77 88"}))
		}
		same(t, "nobody proved it: the oldest first", w.found(input{"phone": phone}), entered[:10])
		proved := w.register(w.verified("owner", phone), input{"phone": phone})
		same(t, "one did", w.found(input{"phone": phone}), slices.Concat([]string{proved}, entered[:9]))

		shown := w.ask(w.staff(vault.Compliance), `{ findUsers(by: {phone: "`+phone+`"}) { profile(basis: {legal: {reference: "ART-8"}}) { phone { value verified } } } }`, nil).must()
		list, _ := at(shown, "findUsers").([]any)
		for i := range list {
			equal(t, "marked", at(list, i, "profile", "phone", "verified"), i == 0)
		}
	})
}
