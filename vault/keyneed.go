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

// IndexCount is how many blind indexes are under one version of the index key.
type IndexCount struct {
	Version int
	Rows    int64
}

// KeyedReader counts what is stored under versions of keys. Counting takes
// several short statements, as HeldReader tells.
type KeyedReader interface {
	HeldReader
	// CountIndexes counts blind indexes by version, in that order.
	CountIndexes(ctx context.Context) ([]IndexCount, error)
}

// Pins tells what needs versions of keys besides rows that are counted: what
// the process keeps for itself.
type Pins func(ctx context.Context) ([]KeyNeed, error)

// byBlindIndex is who needs the versions of the index key.
const byBlindIndex = "blind_index"

// countNeeds reads all rows that need a version of a key. It is the part that
// takes time on a large database.
func countNeeds(ctx context.Context, rows KeyedReader) ([]KeyNeed, []IndexCount, error) {
	var held []KeyNeed
	for _, of := range Holdings() {
		counts, err := rows.CountHeld(ctx, of)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range counts {
			held = append(held, KeyNeed{Key: c.Key, Version: c.Version, By: string(of), Rows: c.Rows})
		}
	}
	indexes, err := rows.CountIndexes(ctx)
	return held, indexes, err
}

// sorted orders needs by version, then by what has them.
func sorted(needs []KeyNeed) []KeyNeed {
	slices.SortFunc(needs, func(a, b KeyNeed) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), strings.Compare(a.By, b.By))
	})
	return needs
}
