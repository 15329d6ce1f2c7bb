package sqlstore

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ofPeople are columns that refer to somebody, or to what belongs to somebody.
var ofPeople = regexp.MustCompile(`user|subject|person|owner|principal|requester`)

// TestEveryTableOfPeopleIsErasedOrKeptWithAReason reads the schema: whoever adds
// a table with something of people says what an erasure does with it.
func TestEveryTableOfPeopleIsErasedOrKeptWithAReason(t *testing.T) {
	s := opened(t, t.TempDir()+"/vault.db", Options{})
	type column struct{ table, name string }
	columns, err := list(t.Context(), s, `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' ORDER BY m.name`, nil, func(r row) (c column, err error) {
		err = r.Scan(&c.table, &c.name)
		return c, err
	})
	if err != nil || len(columns) < 50 {
		t.Fatalf("%d columns, %v", len(columns), err)
	}
	erased := func(table string) bool {
		return slices.ContainsFunc(traces(), func(t trace) bool { return t.table == table })
	}
	seen := map[string]bool{}
	for _, c := range columns {
		seen[c.table] = true
		stay, stays := kept()[c.table]
		if ofPeople.MatchString(c.name) && !erased(c.table) && !stays {
			t.Errorf("%s has the column %s: add the table to traces, or to kept with the reason why it stays", c.table, c.name)
		}
		if stays && (erased(c.table) || !strings.Contains(stay.why, " ") || stay.as == "") {
			t.Errorf("%s is erased and kept, or kept without a reason or a name", c.table)
		}
	}
	for table := range kept() {
		if !seen[table] {
			t.Errorf("there is no table %s to keep", table)
		}
	}
}
