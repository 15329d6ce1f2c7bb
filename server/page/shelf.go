package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/kelisim/kelisim/vault"
)

// shelf is what was rendered for everybody, so that strangers who ask again and
// again cost one statement and no rendering. A page is kept under all that it is
// made of, so that what is kept is never stale; the bounds are on memory.
type shelf struct {
	pages     *lru.Cache[pageKey, rendered]
	histories *lru.Cache[string, *history]
}

const (
	keptPages     = 256 // of some fifty kilobytes
	keptHistories = 64
)

func newShelf() (shelf, error) {
	pages, err := lru.New[pageKey, rendered](keptPages)
	if err != nil {
		return shelf{}, err
	}
	histories, err := lru.New[string, *history](keptHistories)
	return shelf{pages, histories}, err
}

// pageKey names all that a page says.
type pageKey struct {
	name, lang string
	state      [sha256.Size]byte // of the app and its timeline
	version    uuid.UUID
	coming     int // how many versions are yet to take effect
}

// rendered is a page as it is answered.
type rendered struct {
	html []byte
	tag  string // ETag
}

// made is a view as a page, the one that is kept if there is one.
func (p *Pages) made(v view) (rendered, error) {
	if out, ok := p.pages.Get(v.key); ok && v.key != (pageKey{}) {
		return out, nil
	}
	data, err := v.data()
	if err != nil {
		return rendered{}, err
	}
	var html bytes.Buffer
	if err := p.html.ExecuteTemplate(&html, v.name, data); err != nil {
		return rendered{}, fmt.Errorf("the page %q: %w", v.name, err)
	}
	sum := sha256.Sum256(html.Bytes())
	out := rendered{html.Bytes(), `"` + hex.EncodeToString(sum[:16]) + `"`}
	if v.key != (pageKey{}) {
		p.pages.Add(v.key, out)
	}
	return out, nil
}

// history is an app with its published versions.
type history struct {
	app      vault.App
	versions []*vault.Version // in their order
	state    [sha256.Size]byte
}

// history asks the database for the app and for when its versions count, and
// reads the versions only when that is news.
func (p *Pages) history(ctx context.Context, code string) (*history, vault.Timeline, error) {
	app, timeline, err := p.Vault.PolicyTimeline(ctx, code)
	if err != nil {
		return nil, nil, err
	}
	raw, err := json.Marshal(struct {
		App      vault.App      `json:"app"`
		Timeline vault.Timeline `json:"timeline"`
	}{app, timeline})
	if err != nil {
		return nil, nil, fmt.Errorf("the state of an app's policy: %w", err)
	}
	state := sha256.Sum256(raw)
	if h, ok := p.histories.Get(code); ok && h.state == state {
		return h, timeline, nil
	}
	h := &history{app: app, state: state}
	if h.versions, err = p.Vault.PolicyVersionsOf(ctx, timeline); err != nil {
		return nil, nil, err
	}
	p.histories.Add(code, h)
	return h, timeline, nil
}
