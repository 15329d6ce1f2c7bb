package vault

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// cutBatch is a batch cut to what may be kept of it.
type cutBatch struct {
	events        []TechnicalEvent
	kept, dropped []string // codes
	items         []Item   // whose purposes collect it
}

const (
	// earlyTechnical is how far a device's clock may be ahead.
	earlyTechnical = 5 * time.Minute

	maxCookieID  = 256 // bytes
	maxUserAgent = 300
	maxPage      = 512
)

// technicalPart is a part of an event.
type technicalPart struct {
	codes []string // any of them collects it
	name  string   // in the input
	of    func(*TechnicalEvent) *Plain
	check func(string) (string, bool)
}

func technicalParts() []technicalPart {
	return []technicalPart{
		{[]string{FieldIPAddress, FieldIPNetwork}, "ip", func(e *TechnicalEvent) *Plain { return &e.IP }, wholeAddress},
		{[]string{FieldCookieID}, "cookieId", func(e *TechnicalEvent) *Plain { return &e.CookieID }, upTo(maxCookieID)},
		{[]string{FieldUserAgent}, "userAgent", func(e *TechnicalEvent) *Plain { return &e.UserAgent }, upTo(maxUserAgent)},
		{[]string{FieldPageURL}, "page", func(e *TechnicalEvent) *Plain { return &e.Page }, cutPage},
	}
}

func upTo(most int) func(string) (string, bool) {
	return func(text string) (string, bool) { return text, len(text) <= most && utf8.ValidString(text) }
}

// wholeAddress is an address in its one spelling.
func wholeAddress(text string) (string, bool) {
	ip, err := netip.ParseAddr(text)
	return ip.Unmap().WithZone("").String(), err == nil
}

// cutAddress leaves an address the part that many share: /24, or /48 of IPv6.
func cutAddress(text string) (string, bool) {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return "", false
	}
	ip = ip.Unmap().WithZone("")
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	network, err := ip.Prefix(bits)
	return network.String(), err == nil
}

// cutPage takes query, fragment and credentials off: what people type stands
// there.
func cutPage(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil {
		return "", false
	}
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment, u.User = "", false, "", "", nil
	if u.Opaque != "" {
		return "", false
	}
	cut := u.String()
	return cut, cut != "" && len(cut) <= maxPage && utf8.ValidString(cut)
}

// cutTechnical checks a batch, and cuts it to what the policy collects and the
// person has agreed to.
func (s *Service) cutTechnical(a Actor, p *Person, in TechnicalInput) (cutBatch, error) {
	collected := p.Current().Facts.Collected(s.Catalogue)
	allowed, items := p.technical()
	out := cutBatch{events: slices.Clone(in.Events)}
	var errs Errors
	note := func(code string, kept bool) {
		list := &out.dropped
		if kept {
			list = &out.kept
		}
		if !slices.Contains(*list, code) {
			*list = append(*list, code)
		}
	}
	for i := range out.events {
		e, at := &out.events[i], []string{"events", strconv.Itoa(i)}
		e.At = e.At.UTC().Truncate(time.Millisecond)
		switch {
		case e.At.IsZero() || e.At.After(p.now.Add(earlyTechnical)):
			errs = append(errs, NewError(CodeInvalidValue, "an event has happened by the time that it is sent").At(append(at, "at")...))
		case !collects(collected, FieldAccessTime):
			errs = append(errs, notCollected().With("field", FieldAccessTime).At(append(at, "at")...))
		}
		if a.Has(Subject) && !a.Has(Machine) {
			if !e.IP.Empty() {
				errs = append(errs, NewError(CodeInvalidValue, "a person's own word for their address is not taken; ask for that of the connection").At(append(at, "ip")...))
				continue
			}
			if in.FromConnection {
				e.IP = a.Network.Address
			}
		}
		for _, part := range technicalParts() {
			value := part.of(e)
			if value.Empty() {
				continue
			}
			text, ok := part.check(value.Reveal())
			switch {
			case !slices.ContainsFunc(part.codes, func(code string) bool { return collects(collected, code) }):
				errs = append(errs, notCollected().With("field", part.codes[len(part.codes)-1]).At(append(at, part.name)...))
				continue
			case !ok:
				errs = append(errs, NewError(CodeInvalidValue, "the value is not of its form, or too long").At(append(at, part.name)...))
				continue
			}
			code := part.codes[0]
			if part.name == "ip" && !allowed[code] {
				code = FieldIPNetwork
				text, _ = cutAddress(text) // which it was parsed as
			}
			if note(code, allowed[code]); !allowed[code] {
				text = ""
			}
			*value = NewPlain(text)
		}
	}
	if allowed[FieldAccessTime] {
		note(FieldAccessTime, true)
	} else {
		out.kept, out.dropped = nil, append(out.dropped, FieldAccessTime)
	}
	out.items = items
	slices.Sort(out.kept)
	slices.Sort(out.dropped)
	return out, errs.orNil()
}

func notCollected() *Error {
	return NewError(CodeFieldNotCollected, "the policy in force does not collect this; leave it out")
}

// technical are the codes that may be kept of the person now, and the items
// that they may be kept for.
func (p *Person) technical() (map[string]bool, []Item) {
	codes, items := map[string]bool{}, []Item(nil)
	for _, item := range p.Current().Facts.Items {
		c := p.Check(item.Code, "", p.now)
		if !c.Allowed {
			continue
		}
		uses := false
		for _, code := range technicalCodes {
			if item.Uses(code) && c.scope.Uses(code) {
				codes[code], uses = true, true
			}
		}
		if uses {
			items = append(items, item)
		}
	}
	return codes, items
}
