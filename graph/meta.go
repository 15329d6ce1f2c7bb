package graph

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// comeBack is when to try again where nothing better is known.
const comeBack = 5 * time.Second

// Meta is what resolvers and middleware note about the HTTP answer of one
// request. It may be used by several goroutines; the zero Meta is ready.
type Meta struct {
	mu         sync.Mutex
	languages  []string
	status     int
	retryAfter time.Duration
}

type metaKey struct{}

// WithMeta returns a context that carries a Meta, and the Meta. A context that
// carries one already keeps it, so that middleware before the transport and
// resolvers behind it note in the same place.
func WithMeta(ctx context.Context) (context.Context, *Meta) {
	if meta, ok := ctx.Value(metaKey{}).(*Meta); ok {
		return ctx, meta
	}
	meta := new(Meta)
	return context.WithValue(ctx, metaKey{}, meta), meta
}

// MetaFrom gives the Meta of the request. Outside a request it gives one that
// nobody reads.
func MetaFrom(ctx context.Context) *Meta {
	_, meta := WithMeta(ctx)
	return meta
}

// Language notes a language of the answer's texts, a BCP 47 tag. All that were
// noted are named in Content-Language; what is no tag is left out.
func (m *Meta) Language(tag string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if isTag(tag) && !slices.Contains(m.languages, tag) {
		m.languages = append(m.languages, tag)
	}
}

// Refuse notes that the request as a whole is refused with an HTTP status of
// 4xx or 5xx, and when to come back; 0 says nothing better than the usual. It has
// effect only if the answer has no data; the first refusal stands.
func (m *Meta) Refuse(status int, retryAfter time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status == 0 && status >= 400 && status < 600 {
		m.status, m.retryAfter = status, retryAfter
	}
}

func (m *Meta) refused() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status
}

// write sets the headers that go with an answer of the given status.
func (m *Meta) write(header http.Header, status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.languages) > 0 {
		slices.Sort(m.languages) // resolvers run in any order; the header does not tell
		header.Set("Content-Language", strings.Join(m.languages, ", "))
	}
	var wait time.Duration
	switch {
	case status == m.status && m.retryAfter > 0:
		wait = m.retryAfter
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		wait = comeBack
	default:
		return
	}
	seconds := (wait + time.Second - 1) / time.Second // whole ones, never too early
	header.Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
}

// isTag tells whether s has the shape of a BCP 47 tag: letters, digits and
// hyphens, 35 at most. It keeps anything else out of a header.
func isTag(s string) bool {
	if s == "" || len(s) > 35 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		letter := 'a' <= r|0x20 && r|0x20 <= 'z'
		return !letter && !('0' <= r && r <= '9') && r != '-'
	}) < 0
}
