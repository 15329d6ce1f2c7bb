package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kelisim/kelisim/vault"
)

// holding is where a vault.Holding stands: its columns beside key_name and
// key_version.
type holding struct {
	table, ciphertext string
	row               []string // the primary key
	args              func(vault.HeldRow) []any
	into              func(*vault.HeldRow) []any
}

func holdingOf(of vault.Holding) (holding, error) {
	switch of {
	case vault.HoldingFields:
		return holding{
			"personal_fields", "ciphertext",
			[]string{"user_id", "code"},
			func(r vault.HeldRow) []any { return []any{r.Owner, key(r.Field)} },
			func(r *vault.HeldRow) []any { return []any{&r.Owner, &r.Field} },
		}, nil
	case vault.HoldingActs:
		return holding{
			"consent_acts", "network_context",
			[]string{"user_id", "id"},
			func(r vault.HeldRow) []any { return []any{r.Owner, r.Act} },
			func(r *vault.HeldRow) []any { return []any{&r.Owner, &r.Act} },
		}, nil
	case vault.HoldingActors:
		return holding{
			"actors", "display_name",
			[]string{"id"},
			func(r vault.HeldRow) []any { return []any{r.Owner} },
			func(r *vault.HeldRow) []any { return []any{&r.Owner} },
		}, nil
	case vault.HoldingObjects:
		return holding{
			"object_values", "ciphertext",
			[]string{"object_id", "code"},
			func(r vault.HeldRow) []any { return []any{r.Owner, key(r.Field)} },
			func(r *vault.HeldRow) []any { return []any{&r.Owner, &r.Field} },
		}, nil
	case vault.HoldingTechnical:
		return holding{
			"technical_data", "ciphertext",
			[]string{"user_id", "id"},
			func(r vault.HeldRow) []any { return []any{r.Owner, r.Act} },
			func(r *vault.HeldRow) []any { return []any{&r.Owner, &r.Act} },
		}, nil
	default:
		return holding{}, fmt.Errorf("sqlstore: nothing is held in %q", string(of))
	}
}

// rows begins a question about the rows under one version of a key, after a
// row. The version is bounded from both sides instead of compared for equality:
// only the index that is made for this can then give the order, and no planner
// walks through the primary key in the hope of meeting some.
func (h holding) rows(columns, name string, version int, after vault.HeldRow) *builder {
	b, order := &builder{}, "key_version, "+strings.Join(h.row, ", ")
	b.add("SELECT "+columns+" FROM "+h.table+" WHERE key_name = ? AND key_version <= ?", key(name), version)
	b.add(" AND ("+order+") > (?"+strings.Repeat(", ?", len(h.row))+") ORDER BY "+order,
		append([]any{version}, h.args(after)...)...)
	return b
}

// Held implements vault.HeldReader.
func (s *Store) Held(ctx context.Context, of vault.Holding, name string, version int, after vault.HeldRow, limit int) ([]vault.Held, error) {
	h, err := holdingOf(of)
	if err != nil {
		return nil, err
	}
	b := h.rows(strings.Join(h.row, ", ")+", key_name, key_version, "+h.ciphertext, name, version, after)
	b.add(" LIMIT ?", limit)
	return list(ctx, s, b.String(), b.args, h.held(of))
}

// held reads the primary key, and then the ciphertext.
func (h holding) held(of vault.Holding) func(row) (vault.Held, error) {
	return func(r row) (vault.Held, error) {
		out := vault.Held{Holding: of}
		c := &out.Ciphertext
		err := r.Scan(append(h.into(&out.HeldRow), &c.Key, &c.Version, &c.Text)...)
		return out, err
	}
}

// CountHeld implements vault.HeldReader.
func (s *Store) CountHeld(ctx context.Context, of vault.Holding) ([]vault.HeldCount, error) {
	h, err := holdingOf(of)
	if err != nil {
		return nil, err
	}
	out := []vault.HeldCount{}
	for last := (vault.HeldCount{}); ; {
		// From one key and version to the next, without what is under each. No
		// key at version 0 stands where nothing was encrypted.
		next, err := one(ctx, s, "SELECT key_name, key_version FROM "+h.table+
			" WHERE (key_name, key_version) > ($1, $2) ORDER BY key_name, key_version LIMIT 1",
			[]any{key(last.Key), last.Version}, func(r row) (vault.HeldCount, error) {
				c := vault.HeldCount{Holding: of}
				err := r.Scan(&c.Key, &c.Version)
				return c, err
			})
		if errors.Is(err, vault.ErrNotFound) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		rows := func(columns string, after vault.HeldRow) *builder {
			return h.rows(columns, next.Key, next.Version, after)
		}
		next.Rows, err = counted(ctx, s, strings.Join(h.row, ", "), rows, func(r row) (at vault.HeldRow, err error) {
			err = r.Scan(h.into(&at)...)
			return at, err
		})
		if err != nil {
			return nil, err
		}
		if next.Rows > 0 { // or all were moved since
			out = append(out, next)
		}
		last = next
	}
}

// countedAtOnce is how many rows one statement counts: far fewer than it has
// time for.
const countedAtOnce = 50_000

// counted counts the rows that a question is about in parts. The question is
// begun anew after the row at which each part ends, which is read from columns.
func counted[T any](ctx context.Context, s *Store, columns string, rows func(columns string, after T) *builder, scan func(row) (T, error)) (total int64, err error) {
	var after T
	for {
		leap := rows(columns, after)
		leap.add(" LIMIT 1 OFFSET ?", countedAtOnce-1)
		reached, err := one(ctx, s, leap.String(), leap.args, scan)
		if err == nil {
			total, after = total+countedAtOnce, reached
			continue
		}
		if !errors.Is(err, vault.ErrNotFound) {
			return 0, err
		}
		rest := rows("1", after)
		rest.add(" LIMIT ?", countedAtOnce)
		n, err := one(ctx, s, "SELECT COUNT(*) FROM ("+rest.String()+") AS counted", rest.args, func(r row) (n int64, err error) {
			err = r.Scan(&n)
			return n, err
		})
		return total + n, err
	}
}

// Rewrap implements vault.KeepingTx. A statement changes several rows, of one
// table and to one version: as few as insert's, and for the same reason.
func (t *tx) Rewrap(rows []vault.Moved, changed func(rows int)) {
	const most = 32
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Holding == rows[0].Holding &&
			rows[n].To.Key == rows[0].To.Key && rows[n].To.Version == rows[0].To.Version {
			n++
		}
		size := most
		for size > n {
			size /= 2
		}
		h, err := holdingOf(rows[0].Holding)
		if err != nil {
			t.fail(err)
			return
		}
		b := h.rewrap(rows[:size])
		t.queue(b.String(), b.args...).changed = changed
		rows = rows[size:]
	}
}

// rewrap tells rows by their keys, and what each gets by what it holds: no two
// ciphertexts are alike.
func (h holding) rewrap(rows []vault.Moved) *builder {
	b, to := &builder{}, rows[0].To
	b.add("UPDATE "+h.table+" SET key_name = ?, key_version = ?, "+h.ciphertext+" = CASE "+h.ciphertext, to.Key, to.Version)
	for _, r := range rows {
		b.add(" WHEN ? THEN ?", r.Ciphertext.Text, r.To.Text)
	}
	or := " END WHERE ("
	for i, r := range rows {
		b.add(or+strings.Join(h.row, " = ? AND ")+" = ?", h.args(r.HeldRow)...)
		// The same argument as above: a ciphertext is long.
		b.add(" AND " + h.ciphertext + " = $" + strconv.Itoa(3+2*i) + ")")
		or = " OR ("
	}
	return b
}
