package identifier

import "unicode"

// invisible reports runes that show nothing or change how their neighbours
// show: controls, format characters (bidi marks, zero-width spaces), line
// separators, private use, and the fillers that Unicode counts as letters.
func invisible(r rune) bool {
	return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// reordering reports the bidi embeddings, overrides and isolates, with which
// a text can show something else than what it says.
func reordering(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

func digit(r rune) bool { return r >= '0' && r <= '9' }
