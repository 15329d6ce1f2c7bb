package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// page asks for one page of a list, with arguments as GraphQL.
func (w *world) page(token, list, arguments string) answer {
	w.t.Helper()
	return w.ask(token, `{ `+list+`(`+arguments+`) { edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`, nil)
}

// walked are the ids of a whole list, in pages of a size, read by cursor until
// no page follows. Between two pages something may happen.
func (w *world) walked(token, list, more string, size int, between func(page int)) []string {
	w.t.Helper()
	ids, after := []string{}, ""
	for page := 0; ; page++ {
		one := at(w.page(token, list, fmt.Sprintf(`first: %d, after: %q%s`, size, after, more)).must(), list)
		nodes, cursors := pluck(one, "id", "nodes"), pluck(one, "cursor", "edges")
		info := at(one, "pageInfo")
		equal(w.t, "edges and nodes", len(cursors), len(nodes))
		equal(w.t, "hasPreviousPage", at(info, "hasPreviousPage"), page > 0)
		if len(nodes) > 0 {
			equal(w.t, "startCursor", str(info, "startCursor"), cursors[0])
			equal(w.t, "endCursor", str(info, "endCursor"), cursors[len(cursors)-1])
		} else if page > 0 {
			w.t.Error("a next page was promised, and there is nothing on it")
		}
		ids, after = append(ids, nodes...), str(info, "endCursor")
		if at(info, "hasNextPage") != true {
			return ids
		}
		equal(w.t, "a page that another follows", len(nodes), size)
		if page > 100 {
			w.t.Fatal("the pages do not end")
		}
		if between != nil {
			between(page)
		}
	}
}

func TestEveryPersonIsListedOnceHoweverSmallThePages(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		auditor := w.staff(vault.Auditor)
		mine := []string{}
		for i := range 4 {
			mine = append(mine, w.register(w.subject(fmt.Sprint("listed ", i)), nil))
		}
		all := w.walked(auditor, "users", "", 100, nil)
		equal(t, "how many", len(all), w.people())
		same(t, "the last ones to come", all[len(all)-4:], mine)
		for _, size := range []int{1, 5, 7, len(all) - 1, len(all), len(all) + 1} { // 5 of 24 leave a rest, 24 and 1 do not
			same(t, fmt.Sprint("in pages of ", size), w.walked(auditor, "users", "", size, nil), all)
		}

		came := ""
		while := w.walked(auditor, "users", "", 9, func(page int) {
			if page == 0 {
				came = w.register(w.subject("comes meanwhile"), nil)
			}
		})
		same(t, "with one who came meanwhile", while, append(slices.Clone(all), came))

		for _, one := range []string{mine[0], mine[3]} {
			w.becomes(one, vault.StatusBlocked)
		}
		same(t, "the blocked", w.walked(auditor, "users", `, filter: {status: BLOCKED}`, 1, nil), []string{mine[0], mine[3]})
		equal(t, "the others", len(w.walked(auditor, "users", `, filter: {status: ACTIVE}`, 4, nil)), len(all)-1)
		same(t, "the erased", w.walked(auditor, "users", `, filter: {status: ERASED}`, 3, nil), []string{})
	})
}

func TestEveryPolicyVersionIsListedOnceNewestFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		published := []string{w.shown("ru").version}
		all := slices.Clone(published)
		for i := range 6 {
			id := w.draft(w.policy(fmt.Sprint(i+2, ".0")))
			if all = append(all, id); i%2 == 0 {
				published = append(published, w.publish(id, nil))
			}
		}
		slices.Reverse(all)
		slices.Reverse(published)
		for _, size := range []int{1, 2, 3, 6, 7, 8} {
			same(t, fmt.Sprint("drafts and all, in pages of ", size), w.walked(officer, "policyVersions", `, app: "dala"`, size, nil), all)
			same(t, fmt.Sprint("published, in pages of ", size), w.walked("", "policyVersions", `, app: "dala"`, size, nil), published)
		}
		draft := at(w.page(officer, "policyVersions", `app: "dala", first: 1`).must(), "policyVersions")
		equal(t, "the newest is a draft", str(draft, "nodes", 0, "id"), all[0])
		behind := at(w.page(w.subject("reads on"), "policyVersions", `app: "dala", after: "`+str(draft, "pageInfo", "endCursor")+`"`).must(), "policyVersions")
		same(t, "what others read behind it", pluck(behind, "id", "nodes"), published)
	})
}

func TestACursorIsOfItsOwnList(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		token := w.staff(vault.Compliance)
		person := w.register(w.subject("cursors"), nil)
		w.publish(w.draft(w.policy("2.0")), nil)
		cursors := map[string]string{}
		lists := []string{"users", "policyVersions", "auditEvents"}
		for _, list := range lists {
			cursors[list] = str(w.page(token, list, "first: 1").must(), list, "pageInfo", "endCursor")
		}
		for _, list := range lists {
			equal(t, list+" with its own", w.page(token, list, `first: 1, after: "`+cursors[list]+`"`).code(), "")
			none := at(w.page(token, list, "first: 0").must(), list)
			same(t, list+": none", pluck(none, "id", "nodes"), []string{})
			equal(t, list+": the cursor of none", at(none, "pageInfo", "endCursor"), nil)
			wrong := []string{
				"nonsense", person, w.shown("ru").version, cursors[list] + "=", cursors[list][1:], " " + cursors[list],
				vaultID("UserCursor", "1"), vaultID("UserCursor", uuid.NewString()+"."+uuid.NewString()), vaultID("Cursor", uuid.NewString()), uuid.NewString(),
			}
			for _, other := range lists {
				if other != list {
					wrong = append(wrong, cursors[other])
				}
			}
			for _, after := range wrong {
				equal(t, list+" after "+after, w.page(token, list, fmt.Sprintf(`first: 1, after: %q`, after)).code(), "BAD_REQUEST")
			}
			for _, size := range []string{"-1", "101", "2147483647"} {
				equal(t, list+": first "+size, w.page(token, list, "first: "+size).code(), "BAD_REQUEST")
			}
		}
		gone := graph.ID("UserCursor", uuid.Max) // a key behind everybody
		same(t, "behind the last", pluck(w.page(token, "users", `after: "`+gone+`"`).must(), "id", "users", "nodes"), []string{})
	})
}
