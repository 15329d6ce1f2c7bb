package vault

import (
	"context"
	"fmt"
	"strings"
)

// LabelReader holds what rows say of their ciphertexts against the ciphertexts.
type LabelReader interface {
	// Mislabelled goes through a part of a holding, after a row (zero: from the
	// start), in the order of the primary key. It answers the rows of which the
	// text names another version than the column, or the column another key; at
	// most some of them.
	Mislabelled(ctx context.Context, of Holding, key string, after HeldRow) (Labels, error)
}

// Labels are what a part of a holding says.
type Labels struct {
	Rows  int64 // that were looked at
	Wrong []Held
	Last  HeldRow // after which the next part begins
	Ended bool    // there is none
}

// MislabelledError is the refusal to trim while rows say of their ciphertexts what
// is not so: what counts them would be wrong. Whoever writes to the database can
// change a column, and no ciphertext so that it decrypts under another version.
type MislabelledError struct {
	Key  string
	Rows []Held // the first ones
}

// Error names each, one in a line.
func (e *MislabelledError) Error() string {
	var out strings.Builder
	fmt.Fprintf(&out, "somebody changed what rows say of their ciphertexts, so that nobody knows which versions of %s are needed, and nothing was changed:", e.Key)
	for _, r := range e.Rows {
		version := "what no engine writes"
		if n, _, err := SplitTransit(r.Ciphertext.Text); err == nil {
			version = fmt.Sprintf("version %d", n)
		}
		fmt.Fprintf(&out, "\n  %s: says version %d of %q, and holds %s", r.Where(), r.Ciphertext.Version, r.Ciphertext.Key, version)
	}
	out.WriteString("\nset key_name and key_version back to what is held, then run kelisim rewrap; find out who has the login to the database")
	return out.String()
}

// fewLabels are as many wrong rows as are named.
const fewLabels = 20

// compare goes through every ciphertext that there is. A key that nothing is
// encrypted with has none.
func (r Retirement) compare(ctx context.Context, key KeyState) error {
	if key.Use != KeyOfData {
		return nil
	}
	wrong := &MislabelledError{Key: key.Name}
	progress := Progress{Key: key.Name, Version: key.Latest, Total: key.Rows()}
	for _, of := range Holdings() {
		for part := (Labels{}); !part.Ended; {
			var err error
			if part, err = r.Labels.Mislabelled(ctx, of, key.Name, part.Last); err != nil {
				return err
			}
			wrong.Rows = append(wrong.Rows, part.Wrong...)
			if len(wrong.Rows) >= fewLabels {
				return wrong
			}
			progress.Moved += part.Rows
			progress.Total = max(progress.Total, progress.Moved)
			r.Compared(progress)
		}
	}
	if len(wrong.Rows) > 0 {
		return wrong
	}
	return nil
}
