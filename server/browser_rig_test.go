package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// inPage runs JavaScript in the page, waits for its promise, and answers what it
// comes to.
func inPage[T any](b *browser, code string) T {
	b.Helper()
	got, err := chromedp.Call(b.ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: "(async () => {" + code + "})()", AwaitPromise: new(true), ReturnByValue: new(true),
	})
	if err != nil {
		b.Fatal(err)
	}
	if got.ExceptionDetails != nil {
		b.Fatalf("%s: %s %s", code, got.ExceptionDetails.Text, got.ExceptionDetails.Exception.Description)
	}
	var out T
	if err := json.Unmarshal([]byte(got.Result.Value), &out); err != nil {
		b.Fatalf("%s: %v", code, err)
	}
	return out
}

// until waits for something to be so in the page, or in the one that it goes to.
func (b *browser) until(what, condition string) {
	b.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		got, err := chromedp.Call(b.ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: "Boolean(" + condition + ")", ReturnByValue: new(true)})
		if err == nil && got.ExceptionDetails == nil && string(got.Result.Value) == "true" {
			return
		}
		<-tick.C
	}
	b.keep("stuck")
	b.Fatalf("%s: not within twenty seconds; the page says %q", what, inPage[string](b, `return document.body.innerText.slice(-1500)`))
}

// open shows a page in a window of a width.
func (b *browser) open(address string, width int64) {
	b.Helper()
	act(b, chromedp.EmulateViewport(width, 844))
	act(b, chromedp.Navigate(address))
}

func (b *browser) scheme(name string) {
	b.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
}

// speak changes the language of the console.
func (b *browser) speak(language string) {
	b.Helper()
	inPage[bool](b, `const l = document.getElementById('language'); l.value = '`+language+`'; l.dispatchEvent(new Event('change')); await new Promise(r => requestAnimationFrame(r)); return true`)
}

// calm fails the test with what the pages complained of.
func (b *browser) calm() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, complaint := range b.complaints {
		b.Error(complaint)
	}
}

// nothingKept fails the test when the page has written to the browser's storage.
func (b *browser) nothingKept() {
	b.Helper()
	kept := inPage[string](b, `return JSON.stringify([{...localStorage}, {...sessionStorage}, await indexedDB.databases(), document.cookie])`)
	if kept != `[{},{},[],""]` {
		b.Errorf("the browser keeps %s", kept)
	}
}

// offered is a ready operation in the console's list.
type offered struct {
	Value string `json:"value"`
	Title string `json:"title"`
	Group string `json:"group"`
}

func (b *browser) offers() []offered {
	b.Helper()
	return inPage[[]offered](b, `return [...document.querySelectorAll('#example option')].filter(o => o.value)
		.map(o => ({value: o.value, title: o.textContent, group: o.parentElement.label}))`)
}

// choose puts a ready operation into the form.
func (b *browser) choose(o offered) {
	b.Helper()
	inPage[bool](b, `const list = document.getElementById('example'); list.value = `+strconv.Quote(o.Value)+`; list.dispatchEvent(new Event('change')); return true`)
	b.until("the form of "+o.Title, fmt.Sprintf(`document.querySelector('.form h2')?.textContent === %s && document.querySelector('.form .status').textContent === ''`, strconv.Quote(o.Title)))
}

// send presses the form's button, and answers what it then says.
func (b *browser) send() (said string, isBad bool) {
	b.Helper()
	inPage[bool](b, `document.querySelector('.form .send button').click(); return true`)
	b.until("an answer", `!['', 'One moment…', 'Подождите…', 'Күте тұрыңыз…'].includes(document.querySelector('.form .status').textContent)`)
	return inPage[string](b, `return document.querySelector('.form .status').textContent`), inPage[bool](b, `return document.querySelector('.form .status').classList.contains('problem')`)
}
