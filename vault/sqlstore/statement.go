package sqlstore

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// statement is one queued change and what is expected of it.
type statement struct {
	sql    string
	args   []any
	missed error // it touched no row; nil: that does not matter
	exact  bool  // it has to touch as many rows as wanted, and no others
	wanted int64
	taken  error // a unique value was there already
	owners error // the role may not do it; nil: every role that serves may

	changed func(rows int) // is told once it is committed; nil: nobody is
	rows    int64          // that it touched
}

// orMissed says that the statement has to touch a row, and what it means if it
// does not.
func (s *statement) orMissed(err error) { s.missed = err }

// exactly says that the statement has to touch so many rows, and what it means
// if it does not.
func (s *statement) exactly(rows int64, err error) { s.exact, s.wanted, s.missed = true, rows, err }

// orTaken says what it means that a unique value is there already.
func (s *statement) orTaken(err error) { s.taken = err }

// orOwners says what it means that the role may not do it.
func (s *statement) orOwners(err error) *statement { s.owners = err; return s }

// outcome is what the statement answers, given what the database did.
func (s *statement) outcome(rows int64, err error) error {
	s.rows = rows
	var (
		d *duplicate
		o *orphan
		f *forbidden
	)
	switch {
	case errors.As(err, &d) && s.taken != nil:
		return s.taken
	case errors.As(err, &f) && s.owners != nil:
		return s.owners
	case errors.As(err, &o):
		return vault.ErrNotFound.Because(o)
	case err == nil && s.exact && rows != s.wanted, err == nil && !s.exact && s.missed != nil && rows == 0:
		return s.missed
	}
	return err
}

// told tells whoever wants to know how many rows their statements touched.
func told(done []*statement) {
	for _, s := range done {
		if s.changed != nil {
			s.changed(int(s.rows))
		}
	}
}

// tx queues statements. It implements vault.Tx; its methods are in the files
// of their nouns.
type tx struct {
	dialect
	list    []*statement
	events  int     // audit events recorded
	follows []int64 // epochs of the plans that are held: one, if nothing is wrong
	erases  bool    // somebody is erased
	err     error   // the first change that could not be queued
}

var _ vault.Tx = (*tx)(nil)

func (t *tx) queue(sql string, args ...any) *statement {
	args, err := plain(args)
	t.fail(err)
	s := &statement{sql: sql, args: args}
	t.list = append(t.list, s)
	return s
}

// fill calls the function that queues.
func (t *tx) fill(queue func(*tx) error) error {
	if err := queue(t); err != nil {
		return err
	}
	return t.err
}

func (t *tx) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// texts is a list of codes as it is stored: JSON, nil and empty told apart.
func (t *tx) texts(list []string) string {
	b, err := json.Marshal(list)
	t.fail(err)
	return string(b)
}

// key is text in a column with an index.
type key string

// maxKey bounds it: PostgreSQL refuses an index entry of more than some 2,700
// bytes, SQLite takes it.
const maxKey = 512

var (
	errBadText = vault.NewError(vault.CodeBadRequest, "a text holds a NUL or is not valid UTF-8")
	errLongKey = vault.NewError(vault.CodeBadRequest, "a name or key is longer than 512 bytes")
)

// plain makes of arguments what both drivers take, and refuses what the two
// databases would not keep alike.
func plain(args []any) ([]any, error) {
	out := make([]any, len(args))
	for i, arg := range args {
		out[i] = arg
		v := reflect.ValueOf(arg)
		if v.Kind() != reflect.String {
			continue
		}
		text := v.String()
		if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			return nil, errBadText
		}
		if _, indexed := arg.(key); indexed && len(text) > maxKey {
			return nil, errLongKey
		}
		out[i] = text
	}
	return out, nil
}

// builder puts a statement together whose shape depends on the question. A "?"
// stands for an argument.
type builder struct {
	strings.Builder
	args []any
}

func (b *builder) add(sql string, args ...any) {
	for _, arg := range args {
		before, after, _ := strings.Cut(sql, "?")
		b.args = append(b.args, arg)
		b.WriteString(before + "$" + strconv.Itoa(len(b.args)))
		sql = after
	}
	b.WriteString(sql)
}

// in adds a list of ids in brackets. Its length is rounded up to a power of
// two by repeating the last, so that a driver's cache of prepared statements
// sees few shapes. Of no ids it makes one that nothing has.
func (b *builder) in(ids []uuid.UUID) {
	if len(ids) == 0 {
		ids = []uuid.UUID{uuid.Nil}
	}
	b.add("(?", ids[0])
	for i := 1; i < ceilPower(len(ids)); i++ {
		b.add(", ?", ids[min(i, len(ids)-1)])
	}
	b.add(")")
}

func ceilPower(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

// insert queues rows of one table: in statements of powers of two, for the same
// reason, and of few, because the time that SQLite takes to bind arguments
// grows with their square.
func (t *tx) insert(table string, columns []string, rows [][]any, taken error) {
	const most = 32
	for len(rows) > 0 {
		n := most
		for n > len(rows) {
			n /= 2
		}
		b := &builder{}
		b.add("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES ")
		for i, values := range rows[:n] {
			if i > 0 {
				b.add(", ")
			}
			b.add("(?"+strings.Repeat(", ?", len(values)-1)+")", values...)
		}
		t.queue(b.String(), b.args...).orTaken(taken)
		rows = rows[n:]
	}
}
