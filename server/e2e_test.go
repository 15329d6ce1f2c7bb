package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// What the tests of the whole process have in common: input objects as
// clients write them, and outcomes of mutations by their userErrors.

// input is an input object, or a part of one.
type input = map[string]any

// with is a copy with more or other members.
func with(in input, more input) input {
	out := input{}
	for _, part := range []input{in, more} {
		maps.Copy(out, part)
	}
	return out
}

// outcome is what a mutation answered.
type outcome struct {
	answer
	payload any
}

// mutate calls one mutation and selects its userErrors beside what is named.
func (w *world) mutate(token, name string, in input, selection string) outcome {
	w.t.Helper()
	o, err := w.try(token, name, in, selection)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// try is mutate for goroutines, which may not end a test.
func (w *world) try(token, name string, in input, selection string) (outcome, error) {
	query := fmt.Sprintf(`mutation($input: %s%sInput!) { %s(input: $input) { %s userErrors { code message path parameters { name value } } } }`,
		strings.ToUpper(name[:1]), name[1:], name, selection)
	a, err := post(w.http.URL, token, query, map[string]any{"input": in})
	a.t = w.t
	return outcome{a, at(a.Data, name)}, err
}

// refusals are the userErrors, each as CODE or CODE@path.
func (o outcome) refusals() []string {
	out := []string{}
	list, _ := at(o.payload, "userErrors").([]any)
	for i := range list {
		said := str(list, i, "code")
		if path := strs(list, i, "path"); len(path) > 0 {
			said += "@" + strings.Join(path, ".")
		}
		out = append(out, said)
	}
	return out
}

// ok fails the test unless the mutation did what it was asked.
func (o outcome) ok() outcome {
	o.t.Helper()
	if len(o.Errors) > 0 || o.payload == nil || len(o.refusals()) > 0 {
		o.t.Fatalf("status %d: %s", o.status, o.raw)
	}
	return o
}

// refused reports an error unless these are the userErrors, in any order.
func (o outcome) refused(want ...string) {
	o.t.Helper()
	got := o.refusals()
	slices.Sort(got)
	slices.Sort(want)
	if len(o.Errors) > 0 || !slices.Equal(got, want) {
		o.t.Errorf("want %v, got status %d: %s", want, o.status, o.raw)
	}
}

// parameter is a figure behind the first userError.
func (o outcome) parameter(name string) string {
	list, _ := at(o.payload, "userErrors", 0, "parameters").([]any)
	for i := range list {
		if str(list, i, "name") == name {
			return str(list, i, "value")
		}
	}
	return ""
}

// str is a string in decoded JSON, or "".
func str(v any, path ...any) string {
	s, _ := at(v, path...).(string)
	return s
}

// strs is a list of strings in decoded JSON.
func strs(v any, path ...any) []string {
	list, _ := at(v, path...).([]any)
	out := []string{}
	for i := range list {
		out = append(out, str(list, i))
	}
	return out
}

// pluck is one member of each object of a list.
func pluck(v any, member string, path ...any) []string {
	list, _ := at(v, path...).([]any)
	out := []string{}
	for i := range list {
		out = append(out, str(list, i, member))
	}
	return out
}

// number is a number in decoded JSON, or -1.
func number(v any, path ...any) int {
	n, ok := at(v, path...).(float64)
	if !ok {
		return -1
	}
	return int(n)
}

// same reports an error unless both lists hold the same.
func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// equal reports an error unless both are the same.
func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// stamp is a time as the API writes it.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// named is the least of a profile.
func named() input { return input{"familyName": "Сағынтаева", "givenName": "Әйгерім"} }

// decided is a ConsentInput with the decisions in their order: the item, then
// what was decided.
func (s shown) decided(pairs ...string) input {
	in := s.consent(nil)
	list := []any{}
	for pair := range slices.Chunk(pairs, 2) {
		list = append(list, input{"item": pair[0], "decision": pair[1]})
	}
	in["decisions"] = list
	return in
}

// record records decisions about what is in force now.
func (w *world) record(token string, consent input) outcome {
	w.t.Helper()
	return w.mutate(token, "recordConsent", input{"consent": consent},
		`user { id revision consentSeq policyStatus { accepted missing } } consents { id item state events { seq type eventId } }`)
}

// withdraw withdraws consents by item; all that are given when none is named.
func (w *world) withdraw(token string, items ...string) outcome {
	w.t.Helper()
	in := input{"eventId": uuid.NewString()}
	if len(items) > 0 {
		in["items"] = items
	} else {
		in["all"] = true
	}
	return w.mutate(token, "withdrawConsent", in, `user { id revision consentSeq } consents { id item state }`)
}

// update changes one's own profile.
func (w *world) update(token string, profile input) outcome {
	w.t.Helper()
	return w.mutate(token, "updateMyProfile", input{"profile": profile}, `user { id revision }`)
}

// enter is the registration of somebody who gives what is required.
func (w *world) enter(token string, profile input) outcome {
	w.t.Helper()
	return w.mutate(token, "registerMe", input{"profile": profile, "consent": w.shown("ru").consent(required())},
		`created user { id revision consentSeq policyStatus { accepted missing } }`)
}

// check asks whether data may be used, with more arguments as GraphQL if any.
func (w *world) check(user, purpose, more string) (allowed bool, reason string, whole any) {
	w.t.Helper()
	query := fmt.Sprintf(`query($u: ID!, $p: String!) { consentCheck(user: $u, purpose: $p %s) { user allowed reason isCurrentVersion validUntil asOf } }`, more)
	got := at(w.ask(w.staff(vault.Compliance), query, map[string]any{"u": user, "p": purpose}).must(), "consentCheck")
	return at(got, "allowed") == true, str(got, "reason"), got
}

// reason is the reason of a check, and holds that only grounds allow.
func (w *world) reason(user, purpose, more string) string {
	w.t.Helper()
	allowed, reason, whole := w.check(user, purpose, more)
	if allowed != (reason == "GIVEN" || reason == "NOT_CONSENT_BASED") {
		w.t.Errorf("%s contradicts itself: %v", purpose, whole)
	}
	return reason
}

// together calls something n times at once, and answers all outcomes.
func together(t testing.TB, n int, call func(i int) (outcome, error)) []outcome {
	t.Helper()
	out, errs := make([]outcome, n), make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			out[i], errs[i] = call(i)
		})
	}
	close(start)
	all.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
