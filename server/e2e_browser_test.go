package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	browserlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// browser is a Chromium without a screen, and what it complained of.
type browser struct {
	*testing.T
	ctx  context.Context //nolint:containedctx // the browser's life
	own  string          // the host that it may ask
	also string          // and one besides

	mu         sync.Mutex
	complaints []string
}

func newBrowser(t *testing.T, origin string) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(daemon.Chromium(t)),
		chromedp.NoSandbox, chromedp.Flag("ignore-certificate-errors", true), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(time.Minute))
	ctx, end := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(end)
	ctx, end = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	b := &browser{T: t, ctx: ctx, own: strings.TrimPrefix(origin, "http://")}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, browserlog.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	daemon.Ran(t, "Chromium")
	return b
}

// call sends one command of the browser's protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.Fatal(err)
	}
}

// act carries out one action and answers its outcome.
func act[T any](b *browser, action chromedp.Action[T]) T {
	b.Helper()
	out, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// listen notes what a page must not do: complain, break its policy, ask others.
func (b *browser) listen(event any) {
	said := ""
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		said = fmt.Sprintf("console: %v", e.Type)
	case *runtime.EventExceptionThrown:
		said = "exception: " + e.ExceptionDetails.Text
	case *browserlog.EventEntryAdded:
		said = fmt.Sprintf("%s %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != "data" && u.Host != b.own && (u.Host != b.also || b.also == "") {
			said = "asks " + e.Request.URL
		}
	}
	if said != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.complaints = append(b.complaints, said)
	}
}

// appearance is what a page is like.
type appearance struct {
	Lang     string `json:"lang"`
	Headings int    `json:"headings"`
	Wide     int    `json:"wide"` // how much wider than the window it is
	Styled   bool   `json:"styled"`
	Nameless int    `json:"nameless"` // links that say nothing
	Skipped  string `json:"skipped"`  // a heading two levels below the one before it
	Ink      string `json:"ink"`
}

const look = `(() => {
	let last = 0, skipped = '';
	for (const h of document.querySelectorAll('h1,h2,h3,h4,h5,h6')) {
		const level = Number(h.tagName[1]);
		if (level > last + 1) skipped = h.textContent;
		last = level;
	}
	return {
		lang: document.documentElement.lang, headings: document.querySelectorAll('h1').length,
		wide: document.documentElement.scrollWidth - window.innerWidth,
		styled: getComputedStyle(document.querySelector('main')).maxWidth === '736px',
		nameless: [...document.links].filter(a => !a.textContent.trim()).length, skipped,
		ink: getComputedStyle(document.body).color,
	};
})()`

func TestThePagesInABrowser(t *testing.T) {
	w := embedded(t)
	me := w.subject("reader")
	w.register(me, named())
	consent := str(w.ask(me, `{ me { consents { nodes { id } } } }`, nil).must(), "me", "consents", "nodes", 0, "id")
	w.publish(w.draft(w.policy("6.1")), input{"effectiveAt": stamp(w.clock.Now().Add(24 * time.Hour))})
	b := newBrowser(t, w.http.URL)
	pages := map[string]string{
		"policy": "/policy/dala", "version": "/policy/dala/6.1", "delete": "/policy/dala/delete", "consent": "/consents/" + consent,
	}
	for _, width := range []int64{390, 1280} {
		for name, path := range pages {
			for _, locale := range []string{"kk", "ru", "en"} {
				headers := network.Headers{}
				if name == "consent" {
					headers["Authorization"] = "Bearer " + me
				}
				call(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: headers})
				act(b, chromedp.EmulateViewport(width, 844))
				act(b, chromedp.Navigate(w.http.URL+path+"?locale="+locale))
				got := act(b, chromedp.Evaluate[appearance](look))
				what := fmt.Sprintf("%s-%s-%d", name, locale, width)
				if got.Lang != locale || got.Headings != 1 || got.Wide > 0 || !got.Styled || got.Nameless > 0 || got.Skipped != "" {
					t.Errorf("%s: %+v", what, got)
				}
				b.keep(what)
			}
		}
	}
	call(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{}})
	act(b, chromedp.Navigate(w.http.URL+"/policy/dala?locale=kk"))
	if sheet := act(b, chromedp.PrintToPDF()); !strings.HasPrefix(string(sheet), "%PDF-") || len(sheet) < 10_000 {
		t.Errorf("the print is %d bytes", len(sheet))
	}
	ink := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		ink[scheme] = act(b, chromedp.Evaluate[appearance](look)).Ink
	}
	if ink["light"] == ink["dark"] {
		t.Errorf("the page is %s by day and by night", ink["dark"])
	}
	b.keep("policy-dark")
	b.calm()
}

// keep writes what the browser shows into the folder of TEST_SCREENSHOTS, for
// people to look at.
func (b *browser) keep(name string) {
	b.Helper()
	folder := os.Getenv("TEST_SCREENSHOTS")
	if folder == "" {
		return
	}
	shot := act(b, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(folder, name+".png"), shot, 0o600); err != nil {
		b.Fatal(err)
	}
}
