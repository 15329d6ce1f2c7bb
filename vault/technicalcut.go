package vault

import (
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// cutBatch is a batch cut to what may be kept of it.
type cutBatch struct {
	events        []TechnicalEvent
	kept, dropped []string // codes
	items         []Item   // whose purposes collect it
}

// earlyTechnical is how far a device's clock may be ahead.
const earlyTechnical = 5 * time.Minute

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
		{[]string{FieldCookieID}, "cookieId", func(e *TechnicalEvent) *Plain { return &e.CookieID }, cutCookie},
		{[]string{FieldUserAgent}, "userAgent", func(e *TechnicalEvent) *Plain { return &e.UserAgent }, cutAgent},
		{[]string{FieldPageURL}, "page", func(e *TechnicalEvent) *Plain { return &e.Page }, cutPage},
	}
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

// cutting is a batch under way.
type cutting struct {
	collected []Collected
	allowed   map[string]bool // codes that may be kept
	out       cutBatch
	errs      Errors
}

// note tells of a code that it was kept, or left out.
func (c *cutting) note(code string, kept bool) {
	list := &c.out.dropped
	if kept {
		list = &c.out.kept
	}
	if !slices.Contains(*list, code) {
		*list = append(*list, code)
	}
}

// cutTechnical checks a batch, and cuts it to what the policy collects and the
// person has agreed to.
func (s *Service) cutTechnical(a Actor, p *Person, in TechnicalInput) (cutBatch, error) {
	allowed, items := p.technical()
	c := cutting{
		collected: p.Current().Facts.Collected(s.Catalogue), allowed: allowed, out: cutBatch{events: slices.Clone(in.Events), items: items},
	}
	own := a.Has(Subject) && !a.Has(Machine)
	for i := range c.out.events {
		e, at := &c.out.events[i], []string{"events", strconv.Itoa(i)}
		e.At = e.At.UTC().Truncate(time.Millisecond)
		switch {
		case e.At.IsZero() || e.At.After(p.now.Add(earlyTechnical)):
			c.errs = append(c.errs, NewError(CodeInvalidValue, "an event has happened by the time that it is sent").At(append(at, "at")...))
		case !collects(c.collected, FieldAccessTime):
			c.errs = append(c.errs, notCollected().With("field", FieldAccessTime).At(append(at, "at")...))
		}
		if own && !e.IP.Empty() {
			c.errs = append(c.errs, NewError(CodeInvalidValue,
				"a person's own word for their address is not taken; ask for that of the connection").At(append(at, "ip")...))
			continue
		}
		if own && in.FromConnection {
			e.IP = a.Network.Address
		}
		c.event(e, at)
	}
	if c.note(FieldAccessTime, allowed[FieldAccessTime]); !allowed[FieldAccessTime] { // without its time no event is kept
		c.out.kept, c.out.dropped = nil, append(c.out.dropped, c.out.kept...)
	}
	slices.Sort(c.out.kept)
	slices.Sort(c.out.dropped)
	return c.out, c.errs.orNil()
}

// event cuts one event, which stands at a place in the input.
func (c *cutting) event(e *TechnicalEvent, at []string) {
	for _, part := range technicalParts() {
		value := part.of(e)
		if value.Empty() {
			continue
		}
		text, ok := part.check(value.Reveal())
		switch {
		case !slices.ContainsFunc(part.codes, func(code string) bool { return collects(c.collected, code) }):
			c.errs = append(c.errs, notCollected().With("field", part.codes[len(part.codes)-1]).At(append(at, part.name)...))
			continue
		case !ok:
			c.errs = append(c.errs, NewError(CodeInvalidValue, "the value is not of its form, or too long").At(append(at, part.name)...))
			continue
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
	}
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
			items = append(items, c.scope) // which says how long it is kept
		}
	}
	return codes, items
}
