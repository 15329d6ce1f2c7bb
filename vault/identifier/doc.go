// Package identifier normalises and checks what people type: phone numbers,
// e-mail addresses, IIN and BIN, dates, names, free text and language tags.
//
// Its functions are pure. Each gives the canonical form or a *vault.Error
// whose message says what is wrong and what to do and never holds the value:
// messages are fixed texts, and no cause is attached, because the errors of
// the libraries underneath quote what they were given.
package identifier

// Version numbers the rules by which values are normalised. It is stored
// beside every digest: whoever changes a normalised form raises it, so that
// digests of the old form can be told apart and made again.
const Version = 1
