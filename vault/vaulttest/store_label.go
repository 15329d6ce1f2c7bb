package vaulttest

import (
	"cmp"
	"slices"

	"github.com/kelisim/kelisim/vault"
)

var labelTests = map[string]func(*storeTest){
	"ARowThatSaysOfItsCiphertextWhatIsNotSoIsNamed": func(s *storeTest) {
		for _, in := range vault.Holdings() {
			right := s.hold(in, s.under(pii, 3))
			s.hold(in, s.under(pii, 12))
			if in != vault.HoldingFields { // where nothing was encrypted
				s.hold(in, vault.Ciphertext{})
			}
			older, newer, other, nobody, emptied, longer := s.under(pii, 1), s.under(pii, 4), s.under("kelisim-index", 3), s.under("", 0), s.under(pii, 3), s.under(pii, 12)
			older.Version, newer.Version = 3, 3
			nobody.Text, emptied.Text = older.Text+"a", ""
			longer.Version = 1 // of which the text only begins like it
			var want []vault.Held
			for _, c := range []vault.Ciphertext{older, newer, other, nobody, emptied, longer} {
				want = append(want, s.hold(in, c))
			}
			slices.SortFunc(want, func(a, b vault.Held) int { return cmp.Compare(a.Owner.String(), b.Owner.String()) })
			got, err := s.store.Mislabelled(s.Context(), in, pii, vault.HeldRow{})
			s.must(err)
			s.same(got.Wrong, want)
			rows := int64(8)
			if in != vault.HoldingFields {
				rows++
			}
			s.same([]any{got.Rows, got.Ended}, []any{rows, true})

			after, err := s.store.Mislabelled(s.Context(), in, pii, want[0].HeldRow)
			s.must(err)
			s.same(after.Wrong, want[1:])
			if before := got.Rows - after.Rows; before < 1 || right.Owner.String() < want[0].Owner.String() && before < 2 {
				s.Errorf("%d rows are before the second", before)
			}
		}
	},
}
