package graph

import (
	"strconv"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// usualPage is how many rows are answered where nobody says how many, as the schema has it.
const usualPage = 20

// pageOf reads first and after. More than the largest page is an error, not
// fewer rows. A cursor is an id of the list's own type.
func (r *Resolver) pageOf(kind string, first *int, after *string) (vault.Page, error) {
	page := vault.Page{Limit: usualPage}
	if first != nil {
		page.Limit = *first
	}
	if page.Limit < 0 || page.Limit > r.limits.Page {
		return page, vault.Errorf(vault.CodeBadRequest, "first is between 0 and %d; read the rest with after", r.limits.Page).
			With("limit", "page").With("maximum", strconv.Itoa(r.limits.Page))
	}
	if after != nil && *after != "" {
		id, err := decodeAs(cursorKind(kind), *after)
		if err != nil {
			return page, vault.NewError(vault.CodeBadRequest, "after is not a cursor of this list; take endCursor of the page before")
		}
		page.After = id
	}
	return page, nil
}

func cursorKind(kind string) string { return kind + "Cursor" }

func cursor(kind string, id uuid.UUID) string { return ID(cursorKind(kind), id) }

// more asks the store for one row over the page, to know whether there is a
// next page.
func more(page vault.Page) vault.Page {
	page.Limit++
	return page
}

// cut takes the row over the page off again and says what the page is.
func cut[T any](kind string, rows []T, page vault.Page, key func(T) uuid.UUID) ([]T, generated.PageInfo) {
	info := generated.PageInfo{HasPreviousPage: page.After != uuid.Nil}
	if len(rows) > page.Limit {
		rows, info.HasNextPage = rows[:page.Limit], true
	}
	if len(rows) > 0 {
		first, last := cursor(kind, key(rows[0])), cursor(kind, key(rows[len(rows)-1]))
		info.StartCursor, info.EndCursor = &first, &last
	}
	return rows, info
}
