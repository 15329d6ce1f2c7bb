// Package scalar holds the schema's own scalars. It is apart from graph
// because the generated code, which graph imports, needs it.
package scalar

import (
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/kelisim/kelisim/vault"
)

const dateTime = "2006-01-02T15:04:05.000Z"

// MarshalDateTime writes a moment in UTC with milliseconds, the precision
// that is stored. The zero time is null: nothing happened yet.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) {
		// A write error surfaces where the whole answer is written.
		_, _ = fmt.Fprintf(w, "%q", t.UTC().Format(dateTime))
	})
}

// UnmarshalDateTime reads RFC 3339 with any zone and cuts it to milliseconds.
// Before 1970 there was nothing that the vault could have recorded.
// The error does not repeat what was sent.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, errDateTime()
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Unix() < 0 || t.Year() > 9999 {
		return time.Time{}, errDateTime()
	}
	return t.UTC().Truncate(time.Millisecond), nil
}

func errDateTime() error {
	return vault.NewError(vault.CodeBadRequest, "a DateTime is a string of RFC 3339 from 1970 on, like 2026-11-23T08:30:00.000Z")
}
