package vault

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What devices send in words, cut to what says nothing of who somebody is.

const (
	maxCookieID  = 256 // bytes
	maxUserAgent = 300
	maxPage      = 512

	// cutOut stands where something was that may have been personal.
	cutOut = "*"
)

var (
	routeForm  = regexp.MustCompile(`^[A-Za-z0-9._~-]{0,40}$`)
	digitForm  = regexp.MustCompile(`[0-9]`)
	wordForm   = regexp.MustCompile(`[A-Za-z0-9]+`)
	cookieForm = regexp.MustCompile(`^[!-?A-~]+$`)           // visible ASCII without @
	numberForm = regexp.MustCompile(`^\+?[0-9() -]{10,20}$`) // a phone, an IIN
	numberRun  = regexp.MustCompile(`[0-9]{10}`)
)

// cutPage takes query, fragment and credentials off, because what people type
// stands there, and cuts out the parts of the path that may say who somebody is:
// all that is not a short word of a route.
func cutPage(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return "", false
	}
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment, u.User = "", false, "", "", nil
	parts := strings.Split(u.EscapedPath(), "/")
	for i, part := range parts {
		if !isRoute(part) {
			parts[i] = cutOut
		}
	}
	u.Path = strings.Join(parts, "/")
	u.RawPath = u.Path
	cut := u.String()
	return cut, cut != "" && len(cut) <= maxPage && utf8.ValidString(cut)
}

// isRoute reports whether a part of a path is a word of a route, or a short
// number, and no phone, IIN, address, name in letters of its own, or token.
func isRoute(part string) bool {
	if !routeForm.MatchString(part) {
		return false
	}
	all := 0
	for _, word := range wordForm.FindAllString(part, -1) {
		digits := len(digitForm.FindAllString(word, -1))
		if len(word) > 24 || digits > 0 && len(word) > 12 {
			return false
		}
		all += digits
	}
	return all < 6
}

// cutCookie refuses what no cookie is called: words, an address, a phone or an IIN.
func cutCookie(text string) (string, bool) {
	return text, len(text) <= maxCookieID && cookieForm.MatchString(text) && !numberForm.MatchString(text)
}

// cutAgent refuses what would change how a line reads, and cuts out addresses and
// long numbers.
func cutAgent(text string) (string, bool) {
	if len(text) > maxUserAgent || !utf8.ValidString(text) || strings.ContainsFunc(text, unreadable) {
		return "", false
	}
	words := strings.Split(text, " ")
	for i, word := range words {
		if strings.Contains(word, "@") || numberRun.MatchString(word) {
			words[i] = cutOut
		}
	}
	return strings.Join(words, " "), true
}

// unreadable reports whether a character is seen by nobody: controls, and those
// that turn the direction of what follows.
func unreadable(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
