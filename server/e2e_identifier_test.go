package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// claims is a person's token, whose provider verified an identifier.
func (w *world) claims(sub, claim, value string) string {
	return w.token(vault.Subject, sub, map[string]any{claim: value, claim + "_verified": true})
}

// release is support's answer to a request about an identifier.
func (w *world) release(token, user, field, ticket string) outcome {
	w.t.Helper()
	return w.mutate(token, "releaseIdentifier", input{"user": user, "field": field, "basis": input{"reason": "PERSON_ASKED", "ticket": ticket}}, `user { id }`)
}

func TestAProvedIdentifierIsOnesOwnUntilItIsReleased(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for _, c := range []struct{ field, claim, value, spelled string }{
			{"phone", "phone_number", "+77015558899", "8 (701) 555-88-99"}, {"email", "email", "ortaq@mail.example", "Ortaq@Mail.Example"},
		} {
			own := func(sub string, verified bool) string {
				is := w.own(w.subject(sub), c.field)[c.field]
				equal(t, sub+" proved it", strings.HasSuffix(is, " (verified)"), verified)
				return strings.ToLower(strings.TrimSuffix(is, " (verified)"))
			}
			one, two, third := c.field+" one", c.field+" two", c.field+" three"
			first := w.register(w.claims(one, c.claim, c.value), input{c.field: c.spelled})
			own(one, true)
			claim := w.claims(two, c.claim, c.value)
			refused := func(what string, o outcome) {
				t.Helper()
				o.refused("IDENTIFIER_TAKEN@profile." + c.field)
				if strings.Contains(string(o.raw), c.value) || strings.Contains(string(o.raw), first) {
					t.Errorf("%s says whose it is: %s", what, o.raw)
				}
			}
			refused("a second person", w.enter(claim, input{c.field: c.value}))
			equal(t, "nobody came", at(w.ask(claim, `{ me { id } }`, nil).must(), "me"), nil)
			last := w.register(w.subject(third), input{c.field: c.value}) // who proves nothing may enter it
			same(t, "found", w.found(input{c.field: c.value}), []string{first, last})
			refused("somebody registered", w.update(w.claims(third, c.claim, c.value), input{c.field: c.value, "familyName": "Ортақ"}))
			equal(t, "nothing of it is written", w.own(w.subject(third), "familyName")["familyName"], "EMPTY")

			field := strings.ToUpper(c.field)
			for _, ticket := range []string{"", "please", "SUP 1", "SUP-1; " + c.value} {
				w.release(w.staff(vault.Support), first, field, ticket).refused("INVALID_REASON@basis")
			}
			refused("still", w.enter(claim, input{c.field: c.value}))
			released := w.release(w.staff(vault.Support), first, field, "SUP-4711").ok()
			same(t, "the event", w.told(released.answer, first), []string{fmt.Sprintf("somebody as SUPPORT: identifier.released of the person's [%s] (PERSON_ASKED SUP-4711) OK", c.field)})
			equal(t, "it is still there", own(one, false), c.value)

			second := str(w.enter(claim, input{c.field: c.value}).ok().payload, "user", "id")
			own(two, true)
			refused("proving it again", w.update(w.claims(one, c.claim, c.value), input{c.field: c.value}))
			equal(t, "what it was goes on", own(one, false), c.value)
			same(t, "found, who proved it first", w.found(input{c.field: c.value}), []string{second, first, last})
			w.update(w.subject(one), input{c.field: c.value}).ok() // not as proved
			own(one, false)

			by := w.mutate(w.staff(vault.Support), "verifyIdentifier", input{"user": first, "field": field, "basis": input{"reason": "PERSON_ASKED", "ticket": "SUP-4712"}}, "")
			by.refused("IDENTIFIER_TAKEN@field")
			w.update(w.subject(two), input{c.field: nil}).ok() // whoever clears it lets it go
			w.update(w.claims(one, c.claim, c.value), input{c.field: c.value}).ok()
			own(one, true)
			same(t, "found in the end", w.found(input{c.field: c.value}), []string{first, last})
		}
	})
}

func TestAColleagueProvesAnIINForOnePersonOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		profile := input{"iin": iin1885, "birthDate": "1885-06-15"}
		one, two := w.register(w.subject("iin one"), profile), w.register(w.subject("iin two"), profile)
		support := w.staff(vault.Support)
		verify := func(user string) outcome {
			return w.mutate(support, "verifyIdentifier", input{"user": user, "field": "IIN", "basis": input{"reason": "CORRECTION", "ticket": "SUP-12"}}, `user { id }`)
		}
		same(t, "entered by two", w.found(input{"iin": iin1885}), []string{one, two})
		verify(two).ok()
		same(t, "proved", w.found(input{"iin": iin1885}), []string{two, one})
		verify(one).refused("IDENTIFIER_TAKEN@field")
		w.release(support, two, "IIN", "SUP-13").ok()
		verify(one).ok()
		same(t, "released and proved", w.found(input{"iin": iin1885}), []string{one, two})
		w.update(w.subject("iin one"), with(profile, named())).ok() // sent again as it was
		verify(two).refused("IDENTIFIER_TAKEN@field")
		w.update(w.subject("iin one"), input{"iin": iinTwo, "birthDate": "1885-06-15"}).ok()
		equal(t, "another is nobody's proof", w.own(w.subject("iin one"), "iin")["iin"], iinTwo)
		verify(two).ok()
		same(t, "in the end", w.found(input{"iin": iin1885}), []string{two})
	})
}

func TestAProofIsOfTheValueAndNotOfTheField(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("keeps")
		w.register(w.verified("keeps", "+77015550011"), input{"phone": "+77015550011"})
		for _, c := range []struct{ what, phone, is string }{
			{"sent again", "+77015550011", "+77015550011 (verified)"},
			{"in another spelling", "8 (701) 555-00-11", "+77015550011 (verified)"},
			{"another", "+77015550012", "+77015550012"},
			{"as it was, without a proof", "+77015550011", "+77015550011"},
		} {
			w.update(me, input{"phone": c.phone}).ok()
			equal(t, c.what, w.own(me, "phone")["phone"], c.is)
		}
		w.register(w.verified("waits", "+77015550011"), input{"phone": "+77015550011"}) // nobody's any more
		w.update(w.verified("keeps", "+77015550011"), input{"phone": "+77015550011"}).refused("IDENTIFIER_TAKEN@profile.phone")
	})
}
