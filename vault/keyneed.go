package vault

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// KeyNeed is something stored that needs a version of a key.
type KeyNeed struct {
	Key     string
	Version int
	By      string // the table, or the entry of one
	Rows    int64
}

// String names it for operators.
func (n KeyNeed) String() string {
	return fmt.Sprintf("%s: %s under version %d", n.By, plural(n.Rows, "row"), n.Version)
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// KeyedReader counts what is stored under versions of keys. Counting takes
// several short statements, as HeldReader tells.
type KeyedReader interface {
	HeldReader
	IndexReader
}

// Pins tells what needs versions of keys besides rows that are counted: what
// the process keeps for itself.
type Pins func(ctx context.Context) ([]KeyNeed, error)

// byBlindIndex is who needs the versions of the index key.
const byBlindIndex = "blind_index"

// countNeeds reads all rows that need a version of a key. It is the part that
// takes time on a large database.
func (k Keys) countNeeds(ctx context.Context) ([]KeyNeed, error) {
	var needs []KeyNeed
	for _, of := range Holdings() {
		counts, err := k.Rows.CountHeld(ctx, of)
		if err != nil {
			return nil, err
		}
		for _, c := range counts {
			needs = append(needs, KeyNeed{Key: c.Key, Version: c.Version, By: string(of), Rows: c.Rows})
		}
	}
	counts, err := k.Rows.CountIndexes(ctx)
	if err != nil {
		return nil, err
	}
	indexes := map[int]int64{} // by version, of all fields
	for _, c := range counts {
		indexes[c.Version] += c.Rows
	}
	for version, rows := range indexes {
		needs = append(needs, KeyNeed{Key: k.IndexKey, Version: version, By: byBlindIndex, Rows: rows})
	}
	return sorted(needs), nil
}

// Needs are all that is stored and needs a version of a key, the oldest first.
// It asks no engine.
func (k Keys) Needs(ctx context.Context) ([]KeyNeed, error) {
	pins, err := k.Pins(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := k.countNeeds(ctx)
	return sorted(append(rows, pins...)), err
}

// sorted orders needs by version, then by what has them.
func sorted(needs []KeyNeed) []KeyNeed {
	slices.SortFunc(needs, func(a, b KeyNeed) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), strings.Compare(a.By, b.By))
	})
	return needs
}
