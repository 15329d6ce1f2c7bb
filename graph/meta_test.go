package graph_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

func TestLanguagesNotedByResolversAreNamedInOneOrder(t *testing.T) {
	srv := edge(t, graph.DefaultLimits(), func(ctx context.Context, name string) (string, error) {
		graph.MetaFrom(ctx).Language(name)
		return name, nil
	})
	for document, want := range map[string]string{
		`{ call(name: "kk") }`: "kk",
		`{ a: call(name: "ru") b: call(name: "kk-KZ") c: call(name: "ru") }`: "kk-KZ, ru",
		`{ call(name: "") }`:                      "",
		`{ call(name: "kk\r\nSet-Cookie: a=b") }`: "",
		`{ me { id } }`:                           "",
	} {
		got := do(t, srv, request("POST", query(document)))
		if language := got.header.Get("Content-Language"); language != want {
			t.Errorf("%s: Content-Language %q, want %q", document, language, want)
		}
	}
}

func TestARefusalSaysWhenToComeBack(t *testing.T) {
	srv := edge(t, graph.DefaultLimits(), func(ctx context.Context, _ string) (string, error) {
		meta := graph.MetaFrom(ctx)
		meta.Refuse(200, time.Hour) // no refusal at all
		meta.Refuse(http.StatusTooManyRequests, 1500*time.Millisecond)
		meta.Refuse(http.StatusForbidden, 0) // the first stands
		return "", vault.NewError(vault.CodeRateLimited, "slow down")
	})
	got := do(t, srv, request("POST", query("{ must }")))
	if got.status != 429 || got.header.Get("Retry-After") != "2" {
		t.Errorf("got %d, Retry-After %q", got.status, got.header.Get("Retry-After"))
	}
}

func TestMiddlewareAndResolversShareOneMeta(t *testing.T) {
	ctx, before := graph.WithMeta(t.Context())
	again, same := graph.WithMeta(ctx)
	if again != ctx || before != same || graph.MetaFrom(ctx) != before {
		t.Error("a second Meta was made")
	}
	before.Language("kk")
	got := do(t, usual(t), request("POST", query("{ me { id } }")).WithContext(ctx))
	if got.header.Get("Content-Language") != "kk" {
		t.Error("what the middleware noted is lost")
	}
}

func TestMetaMayBeUsedByManyResolvers(t *testing.T) {
	ctx, meta := graph.WithMeta(t.Context())
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			graph.MetaFrom(ctx).Language("ru")
			meta.Refuse(http.StatusForbidden, time.Second)
		})
	}
	wait.Wait()
}

func TestMetaOutsideARequestIsReadByNobody(t *testing.T) {
	graph.MetaFrom(t.Context()).Language("kk")
}
