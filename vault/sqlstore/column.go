package sqlstore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// errColumn: a column holds what was never written into it.
var errColumn = errors.New("a column holds something unexpected")

// millis is a time as it is stored, also as a filter's bound: the first
// millisecond that is not before it.
func millis(t time.Time) int64 { return t.Add(time.Millisecond - 1).UnixMilli() }

// millisOrNull is nil for no time.
func millisOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// idOrNull is nil for no id.
func idOrNull(id uuid.UUID) any {
	if id == uuid.Nil {
		return nil
	}
	return id
}

// The types below read a column.

// nullable reads NULL as the zero value.
type nullable[T any] struct{ to *T }

func orZero[T any](to *T) nullable[T] { return nullable[T]{to} }

// Scan implements sql.Scanner.
func (n nullable[T]) Scan(src any) error {
	var v sql.Null[T]
	if err := v.Scan(src); err != nil {
		return err
	}
	*n.to = v.V
	return nil
}

// moment reads Unix milliseconds, NULL as no time.
type moment struct{ to *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(src any) error {
	switch ms := src.(type) {
	case nil:
		*m.to = time.Time{}
	case int64:
		*m.to = time.UnixMilli(ms).UTC()
	default:
		return fmt.Errorf("%w: %T for a time", errColumn, src)
	}
	return nil
}

// texts reads a list that tx.texts wrote; NULL as nil.
type texts struct{ to *[]string }

// Scan implements sql.Scanner.
func (t texts) Scan(src any) error {
	switch text := src.(type) {
	case nil:
		*t.to = nil
		return nil
	case string:
		return json.Unmarshal([]byte(text), t.to)
	case []byte:
		return json.Unmarshal(text, t.to)
	}
	return fmt.Errorf("%w: %T for a list", errColumn, src)
}
