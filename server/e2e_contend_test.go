package main

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
)

// TestManyChangesOfOnePersonAtOnceAllGetThrough: nobody says which revision is
// expected, so that all of them hold, one after the other, on two servers.
func TestManyChangesOfOnePersonAtOnceAllGetThrough(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("contended")
		w.register(me, named())
		urls := []string{w.http.URL, w.http.URL}
		if w.vault != nil {
			urls[1] = w.replica().http.URL
		}
		const many, times = 8, 6
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				for n := range times {
					a, err := post(urls[i%2], me, `mutation($a: String!) { updateMyProfile(input: {profile: {postalAddress: $a}}) { user { revision } userErrors { code } } }`,
						map[string]any{"a": fmt.Sprint(i, " ", n)})
					if err != nil || len(a.Errors) > 0 || len(userErrorsOf(a.Data, "updateMyProfile")) > 0 {
						t.Errorf("%d, %d: %v %s", i, n, err, a.raw)
					}
				}
			})
		}
		all.Wait()
		data := w.ask(me, `{ me { revision } }`, nil).must()
		equal(t, "revision", fmt.Sprint(at(data, "me", "revision")), strconv.Itoa(1+many*times))
	})
}
