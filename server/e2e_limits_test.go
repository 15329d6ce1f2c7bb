package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

func TestEachLimitIsSetByTheOperatorAndNamedWithItsFigure(t *testing.T) {
	tight := limits(graph.DefaultLimits())
	tight.Depth, tight.Aliases, tight.RootFields, tight.Directives = 4, 2, 3, 2
	tight.Selections, tight.Complexity, tight.Page, tight.IntrospectionDepth = 12, 60, 25, 4
	w := newWorld(t, "embedded", settings{Limits: tight})
	auditor := w.staff(vault.Auditor)
	for name, over := range map[string]struct {
		query   string
		maximum int
	}{
		"depth":              {`{ users { edges { node { profile { phone { state } } } } } }`, 4},
		"aliases":            {`{ a: __typename b: __typename c: __typename }`, 2},
		"rootFields":         {`{ users { pageInfo { hasNextPage } } me { id } __typename auditEvents { pageInfo { hasNextPage } } }`, 3},
		"directives":         {`{ __typename @include(if: true) @skip(if: false) ... @include(if: true) { __typename } }`, 2},
		"selections":         {`{ users { nodes { id status createdAt updatedAt revision consentSeq missingFields id status revision id } } }`, 12},
		"complexity":         {`{ a: users { nodes { id } } b: users { nodes { id } } me { consents { nodes { id } } } }`, 60},
		"page":               {`{ users(first: 26) { nodes { id } } }`, 25},
		"introspectionDepth": {`{ __schema { types { fields { type { name } } } } }`, 4},
	} {
		got := w.ask(auditor, over.query, nil)
		if len(got.Errors) != 1 || str(got.Errors[0].Extensions, "limit") != name || str(got.Errors[0].Extensions, "maximum") != strconv.Itoa(over.maximum) {
			t.Errorf("%s: got %s", name, got.raw)
		}
	}
}

func TestALimitThatCannotBeHeldStopsTheStart(t *testing.T) {
	for variable, wrong := range map[string]string{
		"KELISIM_LIMIT_DEPTH": "0", "KELISIM_LIMIT_TOKENS": "-1", "KELISIM_LIMIT_BODY_BYTES": "0", "KELISIM_LIMIT_PAGE": "19",
		"KELISIM_LIMIT_TIMEOUT": "26s", "KELISIM_LIMIT_ALIAS": "3",
	} {
		_, err := environment{variables: map[string]string{variable: wrong}}.settings()
		if err == nil || !strings.Contains(err.Error(), "KELISIM_LIMIT") {
			t.Errorf("%s=%s: %v", variable, wrong, err)
		}
	}
	s, err := environment{variables: map[string]string{"KELISIM_LIMIT_DEPTH": "7", "KELISIM_LIMIT_TIMEOUT": "3s"}}.settings()
	if want := graph.DefaultLimits(); err != nil || s.Limits.Depth != 7 || s.Limits.Timeout != 3*time.Second || s.Limits.Tokens != want.Tokens {
		t.Errorf("%+v, %v", s.Limits, err)
	}
}

func TestIntrospectionIsNotCountedForThoseWhoMay(t *testing.T) {
	w := embedded(t)
	types := "__schema { types { name fields { name args { name type { name ofType { name } } } type { name ofType { name ofType { name } } } } } }"
	for _, role := range []vault.Role{vault.Support, vault.Machine} {
		if got := w.ask(w.staff(role), "{ "+types+" }", nil); len(got.Errors) > 0 {
			t.Errorf("%s: %.300s", role, got.raw)
		}
	}
}
