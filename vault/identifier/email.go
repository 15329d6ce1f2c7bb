package identifier

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/kelisim/kelisim/vault"
)

// Limits of RFC 5321, in bytes.
const (
	maxLocalPart = 64
	maxEmail     = 254
)

// Email returns an address in the form that look-ups use: NFKC, lower case,
// the domain in ASCII (IDNA). Dots and plus signs of the local part stay: two
// addresses that differ in them may be two people. Error: INVALID_EMAIL.
func Email(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s):
		return "", vault.NewError(vault.CodeInvalidEmail, "the e-mail address is not valid UTF-8; send text")
	case utf8.RuneCountInString(s) > maxEmail:
		return "", errEmailTooLong()
	}
	// Lower-casing may undo a composed form, hence the second pass.
	folded := norm.NFKC.String(strings.ToLower(norm.NFKC.String(s)))
	switch {
	case strings.ContainsAny(folded, `<>"`):
		return "", vault.NewError(vault.CodeInvalidEmail, "an e-mail address stands alone; leave out names, brackets and quotation marks")
	case strings.ContainsFunc(folded, func(r rune) bool { return unicode.IsSpace(r) || invisible(r) }):
		return "", vault.NewError(vault.CodeInvalidEmail, "the e-mail address holds a space or an invisible character; type it again")
	case strings.Count(folded, "@") != 1:
		return "", vault.NewError(vault.CodeInvalidEmail, "an e-mail address has exactly one @; write one address")
	}
	local, domain, _ := strings.Cut(folded, "@")
	if !validLocalPart(local) {
		return "", vault.NewError(vault.CodeInvalidEmail, "the part of the e-mail address before the @ is not valid; check it for missing or special characters and misplaced dots")
	}
	host, ok := asciiDomain(domain)
	if !ok {
		return "", vault.NewError(vault.CodeInvalidEmail, "the part of the e-mail address after the @ is not a domain name with a dot, such as example.kz; check it")
	}
	if len(local) > maxLocalPart || len(local)+len("@")+len(host) > maxEmail {
		return "", errEmailTooLong()
	}
	return local + "@" + host, nil
}

func errEmailTooLong() error {
	return vault.NewError(vault.CodeInvalidEmail, "the e-mail address is too long: at most 64 bytes before the @ and 254 in all; check it")
}

// validLocalPart accepts the dot-atom of RFC 5322 and, as RFC 6531 allows,
// letters and digits of every script. Quoted forms are refused.
func validLocalPart(local string) bool {
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !atomRune(r) }) {
			return false
		}
	}
	return true
}

func atomRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// asciiDomain gives a domain of at least two labels, the last of them not a
// number (an IP address is no mail domain), in its ASCII form.
func asciiDomain(domain string) (string, bool) {
	profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.VerifyDNSLength(true))
	host, err := profile.ToASCII(domain)
	if err != nil {
		return "", false
	}
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 {
		return "", false
	}
	top := host[dot+1:]
	return host, strings.ContainsFunc(top, func(r rune) bool { return !digit(r) })
}
