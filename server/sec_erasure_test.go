package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// remains is what the database kept of a person in forms that only it has:
// ciphertexts, and digests of values, logins and idempotency keys.
func (w *world) remains(id, sub string) map[string][]byte {
	w.t.Helper()
	user := w.userUUID(id)
	out := map[string][]byte{}
	for code, f := range w.fields(id) {
		out["ciphertext of "+code] = []byte(bare(f.Ciphertext))
	}
	indexes, err := w.sys.db.Indexes(context.Background(), user)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, issuer := range w.dev.Config().Issuers {
		login := w.sys.vault.Pepper.Login(issuer.URL, sub)
		if found, err := w.sys.db.FindByLogin(context.Background(), []vault.SubjectKey{login}, 1); err != nil || len(found) == 1 {
			indexes = append(indexes, vault.BlindIndex{Field: "login", Digest: login.Digest})
		}
	}
	batches, err := w.sys.db.Technical(context.Background(), user, vault.Page{Limit: 10})
	if err != nil || len(batches) == 0 {
		w.t.Fatalf("no technical data to erase: %v", err)
	}
	objects := []uuid.UUID{}
	for _, b := range batches {
		out["technical data "+b.ID.String()] = []byte(bare(b.Ciphertext))
	}
	decided, err := w.sys.db.Decided(context.Background(), user)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range decided { // under which representatives are kept
		objects = append(objects, e.ID)
	}
	requests, err := w.sys.db.SubjectRequests(context.Background(), vault.RequestFilter{User: user}, vault.ByReceived, vault.Page{Limit: 10})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range requests {
		objects = append(objects, r.ID)
	}
	kept, err := w.sys.db.ObjectValues(context.Background(), objects)
	if err != nil {
		w.t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, v := range kept {
		codes[v.Code] = true
		out[v.Code+" of "+v.Object.String()] = []byte(bare(v.Ciphertext))
	}
	same(w.t, "values beside objects", slices.Sorted(maps.Keys(codes)), []string{
		vault.FieldRepresentativeContact, vault.FieldRepresentativeDocument, vault.FieldRepresentativeName,
		vault.FieldRequestText, vault.FieldRequesterContact, vault.FieldRequesterName,
	})
	for _, digest := range indexes {
		raw, err := hex.DecodeString(digest.Digest)
		if err != nil {
			w.t.Fatal(err)
		}
		out["digest of "+digest.Field], out["digest of "+digest.Field+", raw"] = []byte(digest.Digest), raw
	}
	if len(out) < 10 {
		w.t.Fatalf("only %d forms are looked for", len(out))
	}
	return out
}

// bare is a ciphertext without its prefix, as it is the same in every form.
func bare(c vault.Ciphertext) string {
	_, text, _ := strings.Cut(strings.TrimPrefix(c.Text, "vault:"), ":")
	return text
}

// standing are those of the forms that stand somewhere.
func standing(places, forms map[string][]byte) []string {
	found := []string{}
	for place, content := range places {
		for form, needle := range forms {
			if bytes.Contains(content, needle) {
				found = append(found, form+" in "+place)
			}
		}
	}
	slices.Sort(found)
	return found
}

// TestNothingOfAnErasedPersonIsLeftAnywhere searches every table, Redis, every
// log and every answer for each value that was entered, and for what the
// database made of it.
func TestNothingOfAnErasedPersonIsLeftAnywhere(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const sub = "subject-burynbekova-5519"
		iin := iinOf(t, "620415", '3', "7712")
		values := []secret{
			{"family name", "Бұрынбекова"},
			{"phone", "+77019264837"},
			{"e-mail", "burynbekova.k@mail.example"},
			{"IIN", iin},
			{"address", "Қостанай, Байтұрсынов көшесі 77"},
			{"subject", sub},
			{"loyalty card", "DALA-726155"},
			{"representative", "Бибігүл Сағынтаева"},
			{"representative's contact", "+77015550101"},
			{"request's text", "Машина шешкен 7719 өтініш"},
			{"requester", "Бекболат Бұрынбеков"},
			{"requester's contact", "Тәуке хан даңғылы 193"},
			{"user agent", phoneApp},
			{"page", "https://dala.example/goods/881726355"},
		}
		me := w.token(vault.Subject, sub, map[string]any{"phone_number": "+77019264837", "phone_number_verified": true})
		id := w.register(me, input{"familyName": "Бұрынбекова", "phone": "8 701 926 48 37", "fields": []input{{"code": "loyaltyCard", "value": "DALA-726155"}}})
		w.mutate(me, "updateMyProfile", input{"idempotencyKey": "once", "locale": "kk", "profile": input{
			"email": "burynbekova.k@mail.example", "iin": iin, "birthDate": "1962-04-15", "postalAddress": "Қостанай, Байтұрсынов көшесі 77",
		}}, "").ok()
		w.register(w.subject("later than her"), named())
		w.asks(me, "OBJECTION", input{"text": "Машина шешкен 7719 өтініш"}).ok()
		letter := at(w.letter("CORRECTION", input{"name": "Бекболат Бұрынбеков", "contact": "Тәуке хан даңғылы 193"}).ok().payload, "request")
		w.step(w.staff(vault.Support), "verifyRequester", letter, input{"how": "DOCUMENT", "user": id}).ok()
		export := w.exported(me)
		w.record(me, w.of(w.collecting("ipNetwork"), "ru").decided("identify", "GIVEN", "contact", "GIVEN", "watch", "GIVEN", "improve", "GIVEN")).ok()
		w.mutate(me, "recordTechnicalData", input{"events": []input{
			w.came(input{"userAgent": phoneApp, "page": "https://dala.example/goods/881726355"}),
		}, "fromConnection": true, "idempotencyKey": "batch"}, "kept").ok()
		w.wrote(id, w.received(0, input{"representative": parent()}), nil, "club", "GIVEN").ok()
		support, compliance := w.staff(vault.Support), w.staff(vault.Compliance)
		people := str(w.ask(support, `{ users(first: 1) { pageInfo { endCursor } } }`, nil).must(), "users", "pageInfo", "endCursor")
		consents := str(w.ask(compliance, `query($u: ID!) { user(id: $u) { consents(first: 1) { pageInfo { endCursor } } } }`, input{"u": id}).must(),
			"user", "consents", "pageInfo", "endCursor")
		w.ask(me, `{ me { profile { `+readAll+` } } }`, nil).must()
		forms := w.remains(id, sub)
		if len(standing(w.places(), forms)) < len(forms)/3 {
			t.Fatal("what is looked for does not stand anywhere before, so that the search would prove nothing")
		}

		w.erased(id)

		for _, found := range standing(w.places(), forms) {
			t.Errorf("still there: %s", found)
		}
		equal(t, "the export that was not fetched", w.fetched(export, me).status, http.StatusNotFound)
		w.everyTableIsSearched()
		answers := map[string][]byte{"the audit export": []byte(w.command("audit", "export"))}
		for what, ask := range map[string][2]string{
			"me":             {me, `{ me { id profile { ` + readAll + ` } } }`},
			"by id":          {compliance, `{ user(id: "` + id + `") { id locale createdAt profile(basis: {legal: {reference: "ART-18"}}) { ` + readAll + ` } } }`},
			"node":           {support, `{ node(id: "` + id + `") { ... on User { profile(reveal: ["phone"], basis: {request: {reason: FRAUD, ticket: "SUP-1"}}) { ` + readAll + ` } } } }`},
			"old cursor":     {compliance, `{ users(after: "` + people + `") { nodes { id profile(basis: {legal: {reference: "ART-18"}}) { ` + readAll + ` } } } }`},
			"consent cursor": {compliance, `{ user(id: "` + id + `") { consents(after: "` + consents + `") { nodes { id item events { seq } } } } }`},
			"audit":          {w.staff(vault.Auditor), `{ auditEvents(first: 100, filter: {subject: "` + id + `"}) { nodes { canonical } } }`},
			"certificate":    {compliance, `mutation { eraseUser(input: {user: "` + id + `", ground: LAW, reference: "ART-18"}) { certificate { ` + certificateFields + ` } } }`},
		} {
			a := w.ask(ask[0], ask[1], nil)
			if a.status != http.StatusOK || len(a.Errors) > 0 {
				t.Errorf("%s: %s", what, a.raw)
			}
			answers[what] = a.raw
		}
		for by, value := range map[string]string{"phone": "+77019264837", "email": "burynbekova.k@mail.example", "iin": iin, "subject": sub} {
			same(t, "by "+by, w.found(input{by: value}), []string{})
		}
		maps.Copy(answers, w.places())
		for place, content := range answers {
			for _, leak := range search(place, content, values) {
				t.Errorf("%s is in %s as %s: …%q…", leak.secret, leak.place, leak.form, leak.around)
			}
			for _, found := range standing(map[string][]byte{place: content}, forms) {
				t.Errorf("came back: %s", found)
			}
		}
	})
}

// TestNothingComesBackAtTheTimeOfAnErasure has the person write and decide while
// they are erased and while jobs go through the tables.
func TestNothingComesBackAtTheTimeOfAnErasure(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("busy")
		id := w.register(me, input{"phone": "+77019264837"})
		user := w.userUUID(id)
		begun, ended := make(chan struct{}, 64), make(chan struct{})
		var all sync.WaitGroup
		during := func(do func(i int) (outcome, error)) {
			all.Go(func() {
				for i := 0; ; i++ {
					o, err := do(i)
					if err != nil || o.status != http.StatusOK {
						t.Errorf("%v: %s", err, o.raw)
					}
					select {
					case <-ended:
						return
					case begun <- struct{}{}:
					}
				}
			})
		}
		shown := w.shown("ru")
		during(func(i int) (outcome, error) {
			return w.try(me, "updateMyProfile", input{"profile": input{"postalAddress": strings.Repeat("Абай ", i%7+1)}}, "")
		})
		during(func(int) (outcome, error) {
			return w.try(me, "updateMyProfile", input{"profile": input{"email": "busy@mail.example"}, "idempotencyKey": uuid.NewString()}, "")
		})
		during(func(i int) (outcome, error) {
			return w.try(me, "recordConsent", input{"consent": shown.decided("marketing", []string{"GIVEN", "REFUSED"}[i%2])}, "")
		})
		for range 6 {
			<-begun
		}
		w.rotate(pii)
		w.rotate(indexKey)
		rewrap, _ := w.rewrapping(1)
		reindex, _ := w.reindexing(1)
		for _, run := range []func(context.Context, vault.Actor) (vault.Progress, error){rewrap.Run, reindex.Run} {
			all.Go(func() {
				if _, err := run(context.Background(), w.p.systemActor()); err != nil {
					t.Error(err)
				}
			})
		}
		w.erased(id)
		close(ended)
		for drained := false; !drained; {
			select {
			case <-begun:
			default:
				drained = true
			}
		}
		all.Wait()
		left, err := w.sys.db.Traces(t.Context(), user, vault.Evidence{Contexts: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range left {
			if c.Rows != 0 {
				t.Errorf("%d of %s came back", c.Rows, c.Trace)
			}
		}
		data := w.ask(me, `{ me { id } }`, nil).must()
		equal(t, "the login", data["me"], nil)
	})
}
