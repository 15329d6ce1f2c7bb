package sqlstore

import (
	"context"
	"errors"
	"strings"

	"github.com/kelisim/kelisim/vault"
)

const (
	// comparedAtOnce is how many rows one statement looks at, which has to read
	// each of them.
	comparedAtOnce = 10_000
	// wrongAtOnce is how many of those that are wrong it answers.
	wrongAtOnce = 20
)

// Mislabelled implements vault.LabelReader. Of a long text its beginning alone is
// read.
func (s *Store) Mislabelled(ctx context.Context, of vault.Holding, name string, after vault.HeldRow) (part vault.Labels, err error) {
	h, err := holdingOf(of)
	if err != nil {
		return part, err
	}
	leap := h.walk(strings.Join(h.row, ", "), after, nil)
	leap.add(" ORDER BY "+strings.Join(h.row, ", ")+" LIMIT 1 OFFSET ?", comparedAtOnce-1)
	last, err := one(ctx, s, leap.String(), leap.args, func(r row) (at vault.HeldRow, err error) {
		err = r.Scan(h.into(&at)...)
		return at, err
	})
	to := &last
	if errors.Is(err, vault.ErrNotFound) {
		part.Ended, to, err = true, nil, nil
	}
	if err != nil {
		return part, err
	}
	part.Last = last
	all := h.walk("COUNT(*)", after, to)
	if part.Rows, err = one(ctx, s, all.String(), all.args, func(r row) (n int64, err error) {
		err = r.Scan(&n)
		return n, err
	}); err != nil {
		return part, err
	}
	wrong := h.walk(strings.Join(h.row, ", ")+", key_name, key_version, "+h.ciphertext, after, to)
	prefix := "'vault:v' || CAST(key_version AS TEXT) || ':'"
	wrong.add(" AND NOT (key_name = '' AND " + h.ciphertext + " = '')")
	wrong.add(" AND NOT (key_name = ? AND substr("+h.ciphertext+", 1, length("+prefix+")) = "+prefix+")", key(name))
	wrong.add(" ORDER BY "+strings.Join(h.row, ", ")+" LIMIT ?", wrongAtOnce)
	part.Wrong, err = list(ctx, s, wrong.String(), wrong.args, h.held(of))
	return part, err
}

// walk begins a question about all rows after one, in the order of the primary
// key, up to another one; nil: all.
func (h holding) walk(columns string, after vault.HeldRow, to *vault.HeldRow) *builder {
	b := &builder{}
	bound := "(" + strings.Join(h.row, ", ") + ") %s (?" + strings.Repeat(", ?", len(h.row)-1) + ")"
	b.add("SELECT "+columns+" FROM "+h.table+" WHERE "+strings.Replace(bound, "%s", ">", 1), h.args(after)...)
	if to != nil {
		b.add(" AND "+strings.Replace(bound, "%s", "<=", 1), h.args(*to)...)
	}
	return b
}
