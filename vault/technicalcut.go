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
	c := cutter{collected: p.Current().Facts.Collected(s.Catalogue), now: p.now}
	c.allowed, c.items = p.technical()
	c.events = slices.Clone(in.Events)
	var errs Errors
	for i := range c.events {
		e, at := &c.events[i], []string{"events", strconv.Itoa(i)}
		errs = append(errs, c.checkTime(e, at)...)
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
			if err := c.cut(e, part); err != nil {
				errs = append(errs, err.At(append(at, part.name)...))
			}
		}
	}
	if c.allowed[FieldAccessTime] {
		c.note(FieldAccessTime, true)
	} else {
		c.kept, c.dropped = nil, append(c.dropped, FieldAccessTime)
	}
	slices.Sort(c.kept)
	slices.Sort(c.dropped)
	return c.cutBatch, errs.orNil()
}

// cutter cuts one batch.
type cutter struct {
	cutBatch
	collected []Collected     // by the policy in force
	allowed   map[string]bool // by the person
	now       time.Time
}

// note says that something of a code is kept, or dropped.
func (c *cutter) note(code string, kept bool) {
	list := &c.dropped
	if kept {
		list = &c.kept
	}
	if !slices.Contains(*list, code) {
		*list = append(*list, code)
	}
}

// checkTime brings the moment of an event, which is at a place of the input,
// into its form.
func (c *cutter) checkTime(e *TechnicalEvent, at []string) Errors {
	e.At = e.At.UTC().Truncate(time.Millisecond)
	switch {
	case e.At.IsZero() || e.At.After(c.now.Add(earlyTechnical)):
		return Errors{NewError(CodeInvalidValue, "an event has happened by the time that it is sent").At(append(at, "at")...)}
	case !collects(c.collected, FieldAccessTime):
		return Errors{notCollected().With("field", FieldAccessTime).At(append(at, "at")...)}
	}
	return nil
}

// cut leaves of a part what may be kept.
func (c *cutter) cut(e *TechnicalEvent, part technicalPart) *Error {
	value := part.of(e)
	if value.Empty() {
		return nil
	}
	text, ok := part.check(value.Reveal())
	switch {
	case !slices.ContainsFunc(part.codes, func(code string) bool { return collects(c.collected, code) }):
		return notCollected().With("field", part.codes[len(part.codes)-1])
	case !ok:
		return NewError(CodeInvalidValue, "the value is not of its form, or too long")
	}
	code := part.codes[0]
	if part.name == "ip" && !c.allowed[code] {
		code = FieldIPNetwork
		text, _ = cutAddress(text) // which it was parsed as
	}
	if c.note(code, c.allowed[code]); !c.allowed[code] {
		text = ""
	}
	*value = NewPlain(text)
	return nil
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
