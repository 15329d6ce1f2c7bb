package graph

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// choice is the language that was picked, and why.
type choice struct {
	locale    string
	requested *string // nil: nobody asked for one
	fallback  bool    // the language asked for is missing
}

// choose picks a language: the argument, then Accept-Language, then the
// person's own, then the first available, which is the authoritative one.
func (r *Resolver) choose(ctx context.Context, argument *string, available []string) choice {
	c := choice{}
	if len(available) > 0 {
		c.locale = available[0]
	}
	wishes := from(ctx).languages
	if argument != nil && *argument != "" {
		wishes = []string{*argument}
	} else if _, ok := r.Match(wishes, available); !ok {
		wishes = append(slices.Clone(wishes), r.ownLanguage(ctx)...)
	}
	if len(wishes) == 0 {
		return c
	}
	if isTag(wishes[0]) { // what is no language is not repeated
		c.requested = &wishes[0]
	}
	c.fallback = true
	if match, ok := r.Match(wishes, available); ok {
		c.locale = match
		for _, wish := range wishes {
			if base(wish) == base(match) {
				c.fallback = false
			}
		}
	}
	return c
}

// ownLanguage is the language that the caller chose as a person, if any. It is
// read once a request, and only when nothing else decides.
func (r *Resolver) ownLanguage(ctx context.Context) []string {
	req := from(ctx)
	if !req.actor.Has(vault.Subject) {
		return nil
	}
	if req.own.Load() == nil {
		req.readOwn.Do(func() {
			me, err := r.Vault.Me(ctx, req.actor)
			switch {
			case err != nil:
				r.Log.LogAttrs(ctx, slog.LevelWarn, "words are answered in the authoritative language: the person's own could not be read",
					slog.String("requestId", req.actor.RequestID), slog.Any("error", err))
			case me.User != nil && me.User.Locale != "":
				req.own.CompareAndSwap(nil, &me.User.Locale)
			}
		})
	}
	if own := req.own.Load(); own != nil {
		return []string{*own}
	}
	return nil
}

// base is the language of a tag without its region and script.
func base(tag string) string {
	language, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return language
}

// text answers words in the language that fits.
func (r *Resolver) text(ctx context.Context, words vault.Words, argument *string) (*generated.LocalizedText, error) {
	available := make([]string, len(words))
	for i, w := range words {
		available[i] = w.Locale
	}
	c := r.choose(ctx, argument, available)
	out := &generated.LocalizedText{Locale: c.locale, RequestedLocale: c.requested, IsFallback: c.fallback}
	out.Text, _ = vault.WordsIn(words, c.locale)
	if out.Locale == "" {
		out.Locale = "und" // nothing was said in any language
	} else {
		MetaFrom(ctx).Language(out.Locale)
	}
	return out, nil
}
