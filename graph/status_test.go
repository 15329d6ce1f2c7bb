package graph_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

func TestAcceptChoosesTheMediaType(t *testing.T) {
	const json, graphQL = "application/json; charset=utf-8", "application/graphql-response+json; charset=utf-8"
	for accept, want := range map[string]string{
		"":                                  json,
		"*/*":                               json,
		"application/*":                     json,
		"application/json":                  json,
		"application/graphql-response+json": graphQL,
		"application/graphql-response+json; charset=utf-8, application/json; charset=utf-8":       graphQL,
		"application/json, application/graphql-response+json":                                     json,
		"application/json, application/graphql-response+json;q=0.9":                               json,
		"application/json;q=0.5, application/graphql-response+json":                               graphQL,
		"*/*, application/graphql-response+json":                                                  graphQL,
		"application/json;q=0, */*":                                                               graphQL,
		"text/html, application/xhtml+xml, */*;q=0.8":                                             json,
		"multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json": graphQL,
		"Application/GraphQL-Response+JSON":                                                       graphQL,
		"application/graphql-response+json;q=high, application/json":                              json,
	} {
		got := do(t, usual(t), request("POST", query("{ __typename }"), "Accept", accept))
		if got.status != 200 || got.header.Get("Content-Type") != want {
			t.Errorf("Accept %q: got %d %q, want %q", accept, got.status, got.header.Get("Content-Type"), want)
		}
	}
	for _, accept := range []string{"text/html", "application/json;q=0", "application/json; charset=utf-16", "application/xml, image/*", "*/*;q=0", ";;"} {
		got := do(t, usual(t), request("POST", query("{ __typename }"), "Accept", accept))
		if got.status != 406 || got.header.Get("Content-Type") != json {
			t.Errorf("Accept %q: got %d %q", accept, got.status, got.header.Get("Content-Type"))
		}
	}
}

func TestAnUnacceptableAnswerIsRefusedBeforeAnythingRuns(t *testing.T) {
	ran := false
	srv := edge(t, graph.DefaultLimits(), func(context.Context, string) (string, error) { ran = true; return "", nil })
	do(t, srv, request("POST", query("{ call }"), "Accept", "text/html"))
	if ran {
		t.Error("the operation ran")
	}
}

func TestRequestErrorsHaveNoDataAndTheStatusOfTheMediaType(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		code vault.Code
	}{
		"syntax":       {query("{"), graph.CodeParseFailed},
		"validation":   {query("{ nothing }"), graph.CodeValidationFailed},
		"a variable":   {query("query($id: ID!) { user(id: $id) { id } }"), graph.CodeValidationFailed},
		"a wrong name": {`{"query":"query A { me { id } }","operationName":"B"}`, graph.CodeValidationFailed},
		"no name":      {query("query A { me { id } } query B { me { id } }"), graph.CodeValidationFailed},
		"no operation": {query("fragment F on User { id }"), graph.CodeValidationFailed},
		"a limit":      {query("{ users(first: 1000000) { id } }"), vault.CodeComplexity},
	} {
		for media, status := range map[string]int{"application/json": 200, "application/graphql-response+json": 400} {
			got := do(t, usual(t), request("POST", test.body, "Accept", media))
			if got.status != status || got.code() != string(test.code) || got.Data != nil {
				t.Errorf("%s as %s: got %d %s", name, media, got.status, got.text)
			}
		}
	}
}

func TestPartialDataIsASuccess(t *testing.T) {
	srv := edge(t, graph.DefaultLimits(), func(ctx context.Context, _ string) (string, error) {
		graph.MetaFrom(ctx).Refuse(http.StatusServiceUnavailable, time.Second)
		return "", vault.NewError(vault.CodeUnavailable, "not now")
	})
	got := do(t, srv, request("POST", query("{ me { id } call }")))
	if got.status != 200 || string(got.Data) != `{"me":{"id":"text"},"call":null}` || got.code() != "UNAVAILABLE" {
		t.Errorf("got %d %s", got.status, got.text)
	}
	if retry := got.header.Get("Retry-After"); retry != "" {
		t.Errorf("Retry-After %q beside a success", retry)
	}
}

func TestAnExecutedNullIsASuccessUnlessTheRequestWasRefused(t *testing.T) {
	fail := func(context.Context, string) (string, error) { return "", vault.NewError(vault.CodeForbidden, "no") }
	got := do(t, edge(t, graph.DefaultLimits(), fail), request("POST", query("{ must }")))
	if got.status != 200 || string(got.Data) != "null" {
		t.Errorf("got %d %s", got.status, got.text)
	}
	refuse := func(ctx context.Context, _ string) (string, error) {
		graph.MetaFrom(ctx).Refuse(http.StatusForbidden, 0)
		return "", vault.NewError(vault.CodeForbidden, "no")
	}
	got = do(t, edge(t, graph.DefaultLimits(), refuse), request("POST", query("{ must }")))
	if got.status != 403 || got.Data != nil {
		t.Errorf("refused: got %d %s", got.status, got.text)
	}
}

func TestAWholeRequestRefusedWithACodeHasItsStatus(t *testing.T) {
	for code, status := range map[vault.Code]int{
		vault.CodeUnauthenticated:   401,
		vault.CodeForbidden:         403,
		vault.CodeRateLimited:       429,
		vault.CodeUnavailable:       503,
		vault.CodeTimeout:           503,
		vault.CodeInternal:          500,
		vault.CodePolicyNotAccepted: 200,
	} {
		for _, media := range []string{"application/json", "application/graphql-response+json"} {
			srv := usual(t)
			srv.AroundOperations(func(context.Context, graphql.OperationHandler) graphql.ResponseHandler {
				return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{
					{Message: "refused", Extensions: map[string]any{"code": string(code)}},
				}})
			})
			got := do(t, srv, request("POST", query("{ me { id } }"), "Accept", media))
			if got.status != status || got.code() != string(code) || got.Data != nil {
				t.Errorf("%s as %s: got %d %s", code, media, got.status, got.text)
			}
			if retry := got.header.Get("Retry-After"); (status == 429 || status == 503) != (retry == "5") {
				t.Errorf("%s: Retry-After is %q", code, retry)
			}
			if challenge := got.header.Get("WWW-Authenticate"); (status == 401) != (challenge == "Bearer") {
				t.Errorf("%s: WWW-Authenticate is %q", code, challenge)
			}
		}
	}
}

func TestAnAnswerThatSaysNothingIsAFaultOfOurs(t *testing.T) {
	srv := usual(t)
	srv.AroundResponses(func(context.Context, graphql.ResponseHandler) *graphql.Response { return new(graphql.Response) })
	got := do(t, srv, request("POST", query("{ me { id } }")))
	if got.status != 500 || got.code() != "INTERNAL" {
		t.Errorf("got %d %s", got.status, got.text)
	}
}

func TestAnAnswerThatDoesNotEncodeShowsNothing(t *testing.T) {
	srv := usual(t)
	srv.AroundResponses(func(context.Context, graphql.ResponseHandler) *graphql.Response {
		return &graphql.Response{Data: []byte(`{"half": "of a`)}
	})
	got := do(t, srv, request("POST", query("{ me { id } }")))
	if got.status != 500 || got.code() != "INTERNAL" || got.Data != nil {
		t.Errorf("got %d %s", got.status, got.text)
	}
}
