package vault

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Reason says why a consent check answered what it answered.
type Reason string

// The reasons, as fixed in the formats.
const (
	ReasonGiven        Reason = "GIVEN"
	NotConsentBased    Reason = "NOT_CONSENT_BASED"
	ReasonRefused      Reason = "REFUSED"
	ReasonWithdrawn    Reason = "WITHDRAWN"
	ReasonExpired      Reason = "EXPIRED"
	ReasonInvalidated  Reason = "INVALIDATED"
	NeverAsked         Reason = "NEVER_ASKED"
	UnknownPurpose     Reason = "UNKNOWN_PURPOSE"
	NotInForce         Reason = "NOT_IN_FORCE"
	UserIsBlocked      Reason = "USER_BLOCKED"
	UserIsErased       Reason = "USER_ERASED"
	OperatorNotCovered Reason = "OPERATOR_NOT_COVERED"
	ReconsentNeeded    Reason = "RECONSENT_NEEDED"
	ChannelNotCovered  Reason = "CHANNEL_NOT_COVERED"
	ChannelRefused     Reason = "CHANNEL_REFUSED"
)

// Check is the answer to "may this person's data be used for this?".
type Check struct {
	User       uuid.UUID
	Allowed    bool
	Reason     Reason
	IsCurrent  bool      // the consent is to the version in force
	ValidUntil time.Time // zero: no end is set, or not allowed
	AsOf       time.Time

	consent uuid.UUID // the decision that it rests on
	scope   Item      // what may be used: the item as it stood in the version agreed to
}

// Standing is everything that decides about one person in one app, read from
// the database in one statement: who they are, what is published, and what
// they decided. Because nothing of it is cached, a withdrawal has nothing to
// invalidate.
type Standing struct {
	App       App
	User      *User // nil: not registered
	Published []Moment
	History   History
}

// Person is somebody in an app: a Standing with the contents of the versions
// it refers to, which are immutable and may come from a cache.
type Person struct {
	Standing
	timeline Timeline
	versions map[uuid.UUID]*Version
	now      time.Time
	login    SubjectKey // of the token that they were read by; zero when they were read by id
}

// Current is the version in force now, or nil.
func (p *Person) Current() *Version { return p.inForce(p.now) }

func (p *Person) inForce(at time.Time) *Version {
	id, ok := p.timeline.InForce(at)
	if !ok {
		return nil
	}
	return p.versions[id]
}

// history is the events that count for a question about a moment.
func (p *Person) history(at time.Time) History {
	if at.Before(p.now) {
		return p.History.Until(at)
	}
	return p.History
}

// definition finds what a field is now: typed, or declared by the version in
// force, or by an older one under which its value was written. One to come
// does not say yet how a value is masked.
func (p *Person) definition(catalogue Catalogue, code string) (Field, bool) {
	if field, ok := catalogue.Get(code); ok {
		return field, true
	}
	for _, m := range slices.Backward(p.timeline) {
		if m.EffectiveAt.After(p.now) {
			continue
		}
		if field, ok := p.versions[m.Version].Facts.Field(nil, code); ok {
			return field, true
		}
	}
	return Field{}, false
}

// expires is when a consent's term ends; zero: no end is set.
func (p *Person) expires(e ConsentEvent) time.Time {
	v := p.versions[e.Version]
	if v == nil || v.Facts.Term == nil {
		return time.Time{}
	}
	end, _ := AddDuration(e.decidedAt(), *v.Facts.Term) // publication refuses a bad term
	return end
}

// Check answers for one item at one moment. The operator is a BIN; empty
// means the app's own. Unknown is refused.
func (p *Person) Check(item, operator string, at time.Time) Check {
	c := Check{AsOf: at}
	no := func(reason Reason) Check { c.Reason = reason; return c }
	if p.User == nil {
		return no(NeverAsked)
	}
	c.User = p.User.ID
	version := p.inForce(at)
	switch {
	case p.User.Status == StatusErased:
		return no(UserIsErased)
	case p.User.Status == StatusBlocked:
		return no(UserIsBlocked)
	case version == nil:
		return no(NotInForce)
	}
	current, known := version.Facts.Item(item)
	if !known {
		return no(UnknownPurpose)
	}
	pos := p.history(at).position(item, p.timeline, at)
	switch {
	case !current.Asked():
		return p.checkUnasked(c, pos.state, current, version, operator)
	case pos.state != ReasonGiven:
		return no(pos.state)
	case p.timeline.Position(pos.event.Version) < p.timeline.Position(current.holdsFrom()):
		return no(ReconsentNeeded)
	}
	return p.checkGiven(c, pos.event, version, operator)
}

// checkUnasked answers for an item that nobody is asked for. Who said no when
// they were asked is taken at their word, unless the law was named that does
// not ask them.
func (p *Person) checkUnasked(c Check, said Reason, current Item, inForce *Version, operator string) Check {
	no := said == ReasonRefused || said == ReasonWithdrawn
	switch {
	case operator != "" && !slices.Contains(inForce.Operators, operator):
		c.Reason = OperatorNotCovered
	case no && current.LawFrom == uuid.Nil:
		c.Reason = said
	default:
		c.Allowed, c.Reason, c.IsCurrent, c.scope = true, NotConsentBased, true, current
	}
	return c
}

func (p *Person) checkGiven(c Check, e ConsentEvent, inForce *Version, operator string) Check {
	agreed := p.versions[e.Version]
	if agreed == nil { // a version that cannot be read proves nothing
		c.Reason = NotInForce
		return c
	}
	scope, ok := agreed.Facts.Item(e.Item)
	if !ok {
		c.Reason = UnknownPurpose
		return c
	}
	if operator == "" {
		operator = p.App.Operator.BIN
	}
	until := p.expires(e)
	switch {
	case !until.IsZero() && !c.AsOf.Before(until):
		c.Reason = ReasonExpired
	case !p.covers(e, inForce, operator):
		c.Reason = OperatorNotCovered
	default:
		c.Allowed, c.Reason, c.ValidUntil = true, ReasonGiven, until
		c.IsCurrent = e.Version == inForce.ID
		c.consent, c.scope = e.Consent, scope
	}
	return c
}

// NoticeOfMember, in a pack's rule about members that join later: people are
// told of them, and that is enough.
const NoticeOfMember = "NOTICE"

// tellsOfMembers reports whether people are told of members that join later, and
// not asked. Without a pack they are asked.
func (p *RulePack) tellsOfMembers() bool {
	return p != nil && slices.Contains(p.Rule(RuleGroupMember).List, NoticeOfMember)
}

// covers reports whether a consent extends to an operator. It holds the group's
// members at the moment of the decision. One that joins later is covered by a
// consent to a version that names it; where the law is content with a notice,
// from the moment on at which such a version takes effect. One that the version
// in force does not name any more has left, and is covered no longer.
func (p *Person) covers(e ConsentEvent, inForce *Version, operator string) bool {
	return slices.Contains(inForce.Operators, operator) && (slices.Contains(e.Operators, operator) || p.told(operator, inForce))
}

// told reports whether the version in force, or one before it, was the notice of
// an operator. What the pack said when that was published counts: a later pack
// neither takes back what people were told nor makes up for what they were not.
func (p *Person) told(operator string, inForce *Version) bool {
	last := p.timeline.Position(inForce.ID)
	return slices.ContainsFunc(p.timeline[:last+1], func(m Moment) bool {
		v := p.versions[m.Version]
		return v != nil && v.Facts.MembersByNotice && slices.Contains(v.Operators, operator)
	})
}

// PolicyStatus says whether what is required is agreed to.
type PolicyStatus struct {
	Accepted     bool
	Version      *Version // in force; nil: none
	Required     []string
	Missing      []string
	RequiredFrom time.Time // zero: nothing is missing

	person *Person
}

// Pending is something that the person has to decide.
type Pending struct {
	Item         Item
	Version      *Version
	Required     bool
	RequiredFrom time.Time // zero for an optional item

	person *Person
}

// Changes are what changed in what is asked since the person last decided about
// it, or, for an item that they never saw, since they decided anything. Whoever
// never did reads the whole, and gets none.
func (n Pending) Changes(catalogue Catalogue) PolicyChanges {
	was := n.person.decided(n.Item.Code)
	if was == nil || was.ID == n.Version.ID {
		return nil
	}
	return DescribeChanges(n.person.App, catalogue, was, n.Version).About(n.Item.Code)
}

// decided is the version that the person last decided about an item by, or, if
// they never did, about anything in the app.
func (p *Person) decided(item string) *Version {
	var about, last *Version
	for _, e := range p.History {
		v := p.versions[e.Version]
		if !e.isDecision() || v == nil {
			continue
		}
		last = v
		if e.Item == item {
			about = v
		}
	}
	return cmp.Or(about, last)
}

// counted reports how the person stands to an item of a version from the
// moment it takes effect: what they decided, if that decision still counts.
func (p *Person) counted(item Item, v *Version) (Reason, bool) {
	at := p.asked(v)
	pos := p.History.position(item.Code, p.timeline, at)
	switch pos.state {
	case ReasonGiven, ReasonRefused:
		oldest := p.timeline.Position(item.ConsentFrom)
		counts := oldest >= 0 && p.timeline.Position(pos.event.Version) >= oldest
		if end := p.expires(pos.event); pos.state == ReasonGiven && !end.IsZero() && !at.Before(end) {
			counts = false
		}
		return pos.state, counts
	case NeverAsked, NotInForce, ReasonInvalidated: // what is invalid was no decision of theirs
		return pos.state, false
	default:
		return pos.state, true
	}
}

// asked is the moment at which it is asked how somebody stands to a version: now,
// or when it takes effect.
func (p *Person) asked(v *Version) time.Time {
	if v.EffectiveAt.After(p.now) {
		return v.EffectiveAt
	}
	return p.now
}

// Pending lists what the person has to decide: of the version in force first,
// then of the published ones that take effect later.
func (p *Person) Pending() []Pending {
	var out []Pending
	listed := map[string]bool{} // by code, whether as required
	for _, v := range p.askable() {
		for _, item := range v.Facts.Items {
			required, seen := listed[item.Code]
			// What is optional now and required from a later version on stands
			// in the list twice: the second says from when.
			if !item.Asked() || seen && (required || !item.Required) {
				continue
			}
			state, counts := p.counted(item, v)
			satisfied := counts && (state == ReasonGiven || !item.Required)
			if satisfied {
				continue
			}
			listed[item.Code] = item.Required
			next := Pending{Item: item, Version: v, Required: item.Required, person: p}
			if item.Required {
				next.RequiredFrom = v.EffectiveAt
			}
			out = append(out, next)
		}
	}
	return out
}

// askable are the versions that can be agreed to now: the one in force and
// the published ones to come.
func (p *Person) askable() []*Version {
	var out []*Version
	if v := p.Current(); v != nil {
		out = append(out, v)
	}
	for _, m := range p.timeline.Coming(p.now) {
		if v := p.versions[m.Version]; v != nil {
			out = append(out, v)
		}
	}
	return out
}

// Status derives the policy status.
func (p *Person) Status() PolicyStatus {
	s := PolicyStatus{Accepted: true, Version: p.Current(), Required: []string{}, Missing: []string{}, person: p}
	if s.Version == nil {
		s.Accepted = false // nothing is in force: nothing can be agreed to
		return s
	}
	for _, item := range s.Version.Facts.Items {
		if item.Asked() && item.Required {
			s.Required = append(s.Required, item.Code)
		}
	}
	for _, next := range p.Pending() {
		if !next.Required {
			continue
		}
		s.Missing = append(s.Missing, next.Item.Code)
		if s.RequiredFrom.IsZero() || next.RequiredFrom.Before(s.RequiredFrom) {
			s.RequiredFrom = next.RequiredFrom
		}
		if !next.RequiredFrom.After(p.now) {
			s.Accepted = false
		}
	}
	return s
}

// gate refuses what must wait until the required items are agreed to.
func (p *Person) gate() error {
	s := p.Status()
	if s.Accepted {
		return nil
	}
	e := NewError(CodePolicyNotAccepted,
		"the policy in force is not accepted: show it and record the decisions first").With("app", p.App.Code)
	if s.Version != nil {
		e = e.With("policyVersionId", s.Version.ID.String())
	}
	for _, next := range p.Pending() {
		if next.Required && !next.RequiredFrom.After(p.now) { // what is required later closes nothing yet
			e = e.With("missing", next.Item.Code)
		}
	}
	return e
}
