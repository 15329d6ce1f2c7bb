package main

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func ground(ticket string) input { return input{"reason": "PERSON_ASKED", "ticket": ticket} }

// writesDown has support create a person from paper.
func (w *world) writesDown(profile, receipt, more input) outcome {
	w.t.Helper()
	consent := with(w.shown("ru").consent(required()), input{"receipt": receipt})
	return w.mutate(w.staff(vault.Support), "createUser", with(input{
		"profile": profile, "consent": consent, "source": "DOCUMENT", "basis": ground("SUP-77"), "locale": "kk",
	}, more), `user { id revision locale dataConfirmedAt policyStatus { accepted } consents { nodes { item events { method givenBy } } } }`)
}

func TestClause11AColleagueWritesDownWhoCameOnPaper(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		key := uuid.NewString()
		profile := input{"familyName": "Сағынтаева", "phone": "8 701 555 33 44"}
		done := w.writesDown(profile, w.received(0, nil), input{"idempotencyKey": key}).ok()
		id := str(done.payload, "user", "id")
		equal(t, "accepted", at(done.payload, "user", "policyStatus", "accepted"), true)
		same(t, "method", pluck(done.payload, "method", "user", "consents", "nodes", 0, "events"), []string{"WRITTEN"})
		told := w.told(done.answer, id)
		slices.Sort(told)
		same(t, "the events", told, []string{
			"somebody as SUPPORT: consent.recorded of the person's [] (DOC-2026/118) OK",
			"somebody as SUPPORT: user.created of the person's [familyName phone] (PERSON_ASKED SUP-77) OK",
		})
		same(t, "found", w.found(input{"phone": "+77015553344"}), []string{id})
		proved := w.token(vault.Support, "colleague with a phone", map[string]any{"phone_number": "+77015553399", "phone_number_verified": true})
		consent := with(w.shown("ru").consent(required()), input{"receipt": w.received(0, nil)})
		w.mutate(proved, "createUser", input{
			"profile": input{"phone": "+77015553399"}, "consent": consent, "source": "PERSON_ASKED", "basis": ground("SUP-78"),
		}, `user { id }`).ok()
		w.enter(w.verified("owner", "+77015553399"), input{"phone": "+77015553399"}).ok() // nothing was proved by the colleague's own

		refused := with(w.shown("ru").consent(map[string]string{"identify": "REFUSED", "contact": "GIVEN"}), input{"receipt": w.received(0, nil)})
		closed := w.mutate(w.staff(vault.Support), "createUser", input{"profile": profile, "consent": refused, "source": "DOCUMENT", "basis": ground("SUP-79")}, "")
		equal(t, "without what is required", closed.code(), "POLICY_NOT_ACCEPTED")
		w.writesDown(profile, w.received(0, nil), input{"source": "APP"}).refused("INVALID_VALUE@source")
		w.writesDown(profile, w.received(0, nil), input{"basis": ground("please")}).refused("INVALID_REASON@basis")
		w.writesDown(input{"phone": "12"}, w.received(0, nil), nil).refused("INVALID_PHONE@profile.phone")
	})
}

func TestClause13AChildIsWrittenDownWithAParentOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		born := w.clock.Now().AddDate(-12, 0, 0)
		iin := iinOf(t, born.Format("060102"), '6', "0002")
		child := input{"familyName": "Сағынтаева", "iin": iin, "birthDate": born.Format(time.DateOnly)}
		w.enter(w.subject("child"), child).refused("REPRESENTATIVE_NEEDED@profile.birthDate")
		equal(t, "nobody came", at(w.ask(w.subject("child"), `{ me { id } }`, nil).must(), "me"), nil)
		w.writesDown(child, w.received(0, nil), nil).refused("REPRESENTATIVE_NEEDED@profile.birthDate")
		w.writesDown(child, w.received(0, input{"representative": with(parent(), input{"ground": "POWER_OF_ATTORNEY"})}), nil).
			refused("REPRESENTATIVE_NEEDED@profile.birthDate")
		w.writesDown(child, w.received(0, input{"representative": parent()}), nil).ok()

		day := born.AddDate(-6, 0, 0) // eighteen today
		w.enter(w.subject("grown"), input{"iin": iinOf(t, day.Format("060102"), '6', "0004"), "birthDate": day.Format(time.DateOnly)}).ok()
		later := day.AddDate(0, 0, 2)
		w.enter(w.subject("almost"), input{"iin": iinOf(t, later.Format("060102"), '6', "0005"), "birthDate": nil}).
			refused("REPRESENTATIVE_NEEDED@profile.iin")
	})
}

func TestClause41AColleagueCorrectsDataAndThePersonSeesIt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.verified("corrected", "+77015557788")
		id := w.register(me, input{"familyName": "Сагынтаева", "phone": "+77015557788"})
		correct := func(more input) outcome {
			return w.mutate(w.staff(vault.Support), "updateUser", with(input{
				"user": id, "profile": input{"familyName": "Сағынтаева", "phone": "+77015557788"}, "source": "DOCUMENT", "basis": ground("SUP-5"),
			}, more), `user { revision }`)
		}
		correct(input{"expectedRevision": 9}).refused("REVISION_CONFLICT@expectedRevision")
		correct(input{"profile": input{}}).refused("REQUIRED@profile")
		correct(input{"profile": input{"shoeSize": "37"}})
		done := correct(input{"expectedRevision": 1}).ok()
		equal(t, "revision", number(done.payload, "user", "revision"), 2)
		same(t, "the event", w.told(done.answer, id), []string{"somebody as SUPPORT: user.updated of the person's [familyName phone] (PERSON_ASKED SUP-5) OK"})

		seen := w.ask(me, `{ me { profile { familyName { value source updatedBy } phone { verified source } email { source updatedBy } }
			changes { nodes { action by source fields } pageInfo { hasNextPage } } } }`, nil).must()
		equal(t, "value", str(seen, "me", "profile", "familyName", "value"), "Сағынтаева")
		equal(t, "source", str(seen, "me", "profile", "familyName", "source"), "DOCUMENT")
		equal(t, "by", str(seen, "me", "profile", "familyName", "updatedBy"), "SUPPORT")
		equal(t, "the same value stays proved", at(seen, "me", "profile", "phone", "verified"), true)
		equal(t, "nothing is stored", at(seen, "me", "profile", "email", "source"), nil)
		same(t, "changes", pluck(seen, "action", "me", "changes", "nodes"), []string{"user.updated", "user.registered"})
		same(t, "by whom", pluck(seen, "by", "me", "changes", "nodes"), []string{"SUPPORT", "SUBJECT"})
		same(t, "from where", pluck(seen, "source", "me", "changes", "nodes"), []string{"DOCUMENT", "APP"})
		same(t, "what", strs(seen, "me", "changes", "nodes", 0, "fields"), []string{"familyName", "phone"})

		for i := range 6 { // a colleague's changes are not counted as the person's
			correct(input{"profile": input{"phone": fmt.Sprintf("+7701555778%d", i)}}).ok()
		}
		equal(t, "not proved any more", at(w.ask(me, `{ me { profile { phone { verified } } } }`, nil).must(), "me", "profile", "phone", "verified"), false)
		equal(t, "a service", w.ask(w.staff(vault.Machine), `query($u: ID!) { user(id: $u) { changes { nodes { by } } } }`, input{"u": id}).code(), "FORBIDDEN")
		blocked := w.register(w.subject("blocked"), named())
		w.becomes(blocked, vault.StatusBlocked)
		correct(input{"user": blocked}).refused("USER_BLOCKED")
	})
}

func TestClause13OnesDataIsConfirmedAsItWasRead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("confirms")
		w.register(me, named())
		ask := func() any {
			return at(w.ask(w.subject("confirms"), `{ me { revision createdAt dataConfirmedAt confirmationDue } }`, nil).must(), "me")
		}
		first := ask()
		equal(t, "never", at(first, "dataConfirmedAt"), nil)
		created, err := time.Parse(time.RFC3339, str(first, "createdAt"))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "due a year on", str(first, "confirmationDue"), stamp(created.AddDate(1, 0, 0)))
		w.clock.advance(30 * 24 * time.Hour)
		me = w.subject("confirms")
		w.update(me, input{"familyName": "Жаңа"}).ok()
		confirm := func(revision int) outcome {
			return w.mutate(me, "confirmMyData", input{"expectedRevision": revision}, `user { revision dataConfirmedAt confirmationDue }`)
		}
		confirm(1).refused("REVISION_CONFLICT@expectedRevision")
		done := confirm(2).ok()
		now := w.clock.Now().Truncate(time.Millisecond)
		confirmed, err := time.Parse(time.RFC3339, str(done.payload, "user", "dataConfirmedAt"))
		if err != nil || now.Sub(confirmed) > time.Minute {
			t.Errorf("confirmed at %s, %v", confirmed, err)
		}
		equal(t, "due", str(done.payload, "user", "confirmationDue"), stamp(confirmed.AddDate(1, 0, 0)))
		equal(t, "the revision stays", number(done.payload, "user", "revision"), 2)
		w.mutate(w.subject("nobody"), "confirmMyData", input{"expectedRevision": 1}, "").refused("NOT_REGISTERED")
	})
}

// TestClause11AFormIsDrawnFromTheAnswerAlone fills in whatever is asked for, by
// what is said of it, and registers with it.
func TestClause11AFormIsDrawnFromTheAnswerAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		form := at(w.ask("", `{ profileForm(app: "dala", locale: "kk") { version { id document(locale: "kk") { locale hash } items { code basis required } }
			fields { code own kind label { text locale } help { text } required purposes keyboard sensitive maxLength pattern minDate maxDate } } }`, nil).must(), "profileForm")
		usual := map[string]string{
			"NAME": "Айша", "TEXT": "жазу", "DIGITS": iin1885, "NUMBER": "4", "EMAIL": "aisha@mail.example", "PHONE": "8 701 555 12 12", "DATE": "1885-06-15", "SWITCH": "true",
		}
		profile, own := input{}, []input{}
		fields, _ := at(form, "fields").([]any)
		for i := range fields {
			f := fields[i]
			code, value := str(f, "code"), usual[str(f, "keyboard")]
			if str(f, "label", "text") == "" || str(f, "label", "locale") != "kk" || len(strs(f, "purposes")) == 0 || value == "" {
				t.Errorf("%s cannot be drawn: %v", code, f)
			}
			if most := number(f, "maxLength"); most >= 0 && len([]rune(value)) > most {
				t.Errorf("%s: %q is longer than %d", code, value, most)
			}
			if form := str(f, "pattern"); form != "" && !matches(t, form, value) {
				t.Errorf("%s: %q does not match %s", code, value, form)
			}
			if to := str(f, "maxDate"); to != "" && (value > to || value < str(f, "minDate")) {
				t.Errorf("%s: %s is not within %s and %s", code, value, str(f, "minDate"), to)
			}
			if at(f, "own") == true {
				own = append(own, input{"code": code, "value": value})
				continue
			}
			if str(f, "help", "text") == "" {
				t.Errorf("%s has no help", code)
			}
			profile[code] = value
		}
		equal(t, "iin is sensitive", at(fields[slices.IndexFunc(fields, func(f any) bool { return str(f, "code") == "iin" })], "sensitive"), true)
		profile["fields"] = own
		decided := map[string]string{}
		items, _ := at(form, "version", "items").([]any)
		for i := range items {
			if str(items[i], "basis") == "CONSENT" {
				decided[str(items[i], "code")] = "GIVEN"
			}
		}
		seen := shown{str(form, "version", "id"), str(form, "version", "document", "locale"), str(form, "version", "document", "hash")}
		me := w.subject("drawn")
		data := w.ask(me, registerMutation, input{"input": input{"profile": profile, "consent": seen.consent(decided)}}).must()
		if errs := userErrorsOf(data, "registerMe"); len(errs) > 0 {
			t.Fatalf("the form is refused: %v", errs)
		}
		left := w.ask(me, `{ me { missingFields profile { fields { code state } } } }`, nil).must()
		same(t, "nothing is missing", strs(left, "me", "missingFields"), []string{})
		if states := pluck(left, "state", "me", "profile", "fields"); slices.Contains(states, "EMPTY") || len(states) != len(fields) {
			t.Errorf("%v", states)
		}
	})
}

func TestAnAppsOwnFieldSaysWhatHelpsToFillItIn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.publish(w.draft(w.policy("with help", func(facts input) {
			fields, _ := facts["fields"].([]input)
			fields[0]["help"] = words("ru", "На обороте карты", "kk", "Картаның артында")
		})), nil)
		form := w.ask("", `{ profileForm(locale: "kk") { fields { code own help { text } } } }`, nil).must()
		list, _ := at(form, "profileForm", "fields").([]any)
		last := list[len(list)-1]
		equal(t, "own", at(last, "own"), true)
		equal(t, "help", str(last, "help", "text"), "Картаның артында")
	})
}

// matches reports whether a pattern matches a value as a whole.
func matches(t *testing.T, pattern, value string) bool {
	t.Helper()
	form, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		t.Fatal(err)
	}
	return form.MatchString(value)
}
