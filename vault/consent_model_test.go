package vault

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// consentModel says what consents mean in the words of the rules, and shares
// no code with them. It looks at what happened from the newest backwards,
// where the vault folds it from the oldest on.
type consentModel struct {
	versions []modelVersion
	acts     []modelAct
	app      []string // BINs of the operators now, the app's own first
}

type modelVersion struct {
	id        uuid.UUID
	published time.Time
	effective time.Time
	termDays  int                 // 0: none
	asks      map[string]bool     // item → based on consent
	says      map[string]string   // item → the sentence that one agrees to
	uses      map[string][]string // item → fields
	operators []string            // BINs named in its documents
	notice    bool                // it is enough that people are told of them
}

type modelAct struct {
	seq       int
	what      string // GIVEN, REFUSED, WITHDRAWN, INVALIDATED
	item      string
	version   uuid.UUID
	operators []string
	received  time.Time
	decided   time.Time // earlier than received, when it stood on paper
	consent   uuid.UUID
	parent    bool // decided by one, instead of the person
	ownPaper  bool // on paper, by the person themselves
}

// modelAnswer is what a check has to answer.
type modelAnswer struct {
	allowed bool
	reason  Reason
	current bool
	until   time.Time
	uses    []string
}

func (m *consentModel) version(id uuid.UUID) modelVersion {
	i := slices.IndexFunc(m.versions, func(v modelVersion) bool { return v.id == id })
	return m.versions[i]
}

// inForce: of those published and effective by then the one effective last;
// of equals the one published last.
func (m *consentModel) inForce(at time.Time) (modelVersion, bool) {
	var best modelVersion
	found := false
	for _, v := range m.versions {
		if v.effective.After(at) || v.published.After(at) {
			continue
		}
		later := v.effective.After(best.effective) ||
			v.effective.Equal(best.effective) && (v.published.After(best.published) ||
				v.published.Equal(best.published) && v.id.String() > best.id.String())
		if !found || later {
			best, found = v, true
		}
	}
	return best, found
}

func (m *consentModel) check(item, operator string, at, now time.Time) modelAnswer {
	v, ok := m.inForce(at)
	if !ok {
		return modelAnswer{reason: NotInForce}
	}
	asked, known := v.asks[item]
	if !known {
		return modelAnswer{reason: UnknownPurpose}
	}
	if !asked {
		if operator != "" && !slices.Contains(v.operators, operator) {
			return modelAnswer{reason: OperatorNotCovered}
		}
		if _, said := m.decisive(item, m.acts, at, now); said == ReasonRefused || said == ReasonWithdrawn {
			return modelAnswer{reason: said} // they were asked once, and no law is named
		}
		return modelAnswer{allowed: true, reason: NotConsentBased, current: true, uses: v.uses[item]}
	}
	act, reason := m.decisive(item, m.acts, at, now)
	if reason != ReasonGiven {
		return modelAnswer{reason: reason}
	}
	agreed := m.version(act.version)
	if !m.askedThroughout(item, agreed, v) {
		return modelAnswer{reason: ReconsentNeeded}
	}
	answer := modelAnswer{allowed: true, reason: ReasonGiven, current: agreed.id == v.id, uses: agreed.uses[item]}
	if agreed.termDays > 0 {
		answer.until = act.decided.Add(days(agreed.termDays))
		if !at.Before(answer.until) {
			return modelAnswer{reason: ReasonExpired}
		}
	}
	if operator == "" {
		operator = m.app[0]
	}
	if !slices.Contains(v.operators, operator) || !m.toldOf(operator, at) && !slices.Contains(act.operators, operator) {
		return modelAnswer{reason: OperatorNotCovered}
	}
	return answer
}

// toldOf: a version that had taken effect by then was the operator's notice.
func (m *consentModel) toldOf(operator string, at time.Time) bool {
	return slices.ContainsFunc(m.versions, func(v modelVersion) bool {
		return v.notice && !v.effective.After(at) && slices.Contains(v.operators, operator)
	})
}

// askedThroughout reports whether each version from the one agreed to on asks
// for the item in the same words.
func (m *consentModel) askedThroughout(item string, agreed, now modelVersion) bool {
	for _, v := range m.versions[m.order(agreed.id) : m.order(now.id)+1] {
		if !v.asks[item] || v.says[item] != agreed.says[item] {
			return false
		}
	}
	return true
}

// decisive finds the act that decides: the last withdrawal, or the last
// decision after it whose version has taken effect. Of grants in a row the one
// to the newest version counts. An invalidation decides when it is about the
// decision that would.
func (m *consentModel) decisive(item string, acts []modelAct, at, now time.Time) (modelAct, Reason) {
	var early, granted *modelAct
	for i, a := range slices.Backward(acts) {
		if a.item != item || at.Before(now) && a.received.After(at) {
			continue
		}
		if a.what == "INVALIDATED" {
			if before, _ := m.decisive(item, acts[:i], at, now); before.consent != a.consent {
				continue // another decision had taken its place
			}
		}
		inEffect := !m.version(a.version).effective.After(at)
		switch {
		case a.what == "GIVEN" && inEffect:
			if granted == nil || m.order(a.version) > m.order(granted.version) {
				granted = &a
			}
		case a.what == "GIVEN" || a.what == "REFUSED" && !inEffect:
			early = &a
		case granted == nil:
			return a, Reason(a.what)
		default:
			return *granted, ReasonGiven
		}
	}
	if granted != nil {
		return *granted, ReasonGiven
	}
	if early != nil {
		return *early, NotInForce
	}
	return modelAct{}, NeverAsked
}

// saidNoSince is the seq of the last no to an item that was said at a moment or
// later, or 0.
func (m *consentModel) saidNoSince(item string, moment time.Time) int {
	for _, a := range slices.Backward(m.acts) {
		if a.item == item && a.what != "GIVEN" && !a.decided.Before(moment) {
			return a.seq
		}
	}
	return 0
}

// parental reports whether a parent gave something, and no consent of the
// person's own came on paper since.
func (m *consentModel) parental() bool {
	for _, a := range slices.Backward(m.acts) {
		switch {
		case a.what == "GIVEN" && a.parent:
			return true
		case a.ownPaper && a.what == "GIVEN":
			return false
		}
	}
	return false
}

// order is when a version was published among the others.
func (m *consentModel) order(id uuid.UUID) int {
	return slices.IndexFunc(m.versions, func(v modelVersion) bool { return v.id == id })
}

// lastTakenBack is the seq of the item's last withdrawal, or of the last
// refusal that came right after a grant, or 0.
func (m *consentModel) lastTakenBack(item string) int {
	next := modelAct{}
	for _, a := range slices.Backward(m.acts) {
		switch {
		case a.item != item:
			continue
		case a.what == "WITHDRAWN" || a.what == "INVALIDATED":
			return a.seq
		case a.what == "GIVEN" && next.what == "REFUSED":
			return next.seq
		}
		next = a
	}
	return 0
}

// differs compares a check with what it has to be, in words.
func (want modelAnswer) differs(got Check) string {
	var fields []string
	for _, f := range got.scope.Fields {
		fields = append(fields, f.Field)
	}
	switch {
	case got.Allowed != want.allowed || got.Reason != want.reason:
		return fmt.Sprintf("answers %t %s, want %t %s", got.Allowed, got.Reason, want.allowed, want.reason)
	case got.IsCurrent != want.current:
		return fmt.Sprintf("isCurrentVersion is %t, want %t", got.IsCurrent, want.current)
	case !got.ValidUntil.Equal(want.until):
		return fmt.Sprintf("is valid until %s, want %s", got.ValidUntil, want.until)
	case !slices.Equal(fields, want.uses):
		return fmt.Sprintf("may use %v, want %v", fields, want.uses)
	}
	return ""
}
