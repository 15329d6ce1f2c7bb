package vault

import (
	"slices"

	"github.com/google/uuid"
)

// carryConsents fixes, for each item, the oldest version whose consent still
// counts, and the oldest whose consent still holds for what was agreed to then:
// the previous version's answers where nothing speaks against it, this version
// otherwise. Of an item that is not asked for any more it fixes whether the law
// was named that allows it.
func carryConsents(v, previous *Version, again func(item string) bool) {
	for i := range v.Facts.Items { // a draft does not say yet
		item := &v.Facts.Items[i]
		item.ConsentFrom, item.HoldsFrom, item.LawFrom = uuid.Nil, uuid.Nil, uuid.Nil
	}
	var changes PolicyChanges
	if previous != nil {
		changes = Compare(previous, v)
	}
	for i := range v.Facts.Items {
		item := &v.Facts.Items[i]
		item.ConsentFrom, item.HoldsFrom = v.ID, v.ID
		if previous == nil {
			continue
		}
		was, known := previous.Facts.Item(item.Code)
		if !known {
			continue
		}
		switch {
		case item.Asked():
		case !was.Asked():
			item.LawFrom = was.LawFrom
		case item.Basis == BasisLaw && v.acknowledged(RuleStillAsked):
			item.LawFrom = v.ID
		}
		if again(item.Code) || changes.void(item.Code) {
			continue
		}
		item.HoldsFrom = was.holdsFrom()
		if !changes.widen(item.Code) {
			item.ConsentFrom = was.ConsentFrom
		}
	}
}

// acknowledged reports whether a warning of a rule was answered when the version
// was published.
func (v *Version) acknowledged(id RuleID) bool {
	return slices.ContainsFunc(v.Acknowledged, func(a Acknowledgement) bool { return a.Rule == id })
}

// void reports whether consent to an item does not hold any more until it is
// given anew, not even for what was agreed to.
func (c PolicyChanges) void(item string) bool {
	return slices.ContainsFunc(c, func(one PolicyChange) bool {
		return one.Effect == Widening && (one.Item == "" || one.Item == item) && !one.beside()
	})
}

// beside reports whether a widening asks for something beside what was agreed
// to, which itself stands as it did: a consent to two fields still is one when
// a third is asked for, and covers the two. Whatever else is wider changes what
// the words of the consent mean.
func (c PolicyChange) beside() bool {
	switch c.Kind {
	case FieldAdded, ChannelAdded, RetentionChanged, TermChanged, OperatorJoined,
		ThirdPartiesSaid, CrossBorderSaid, PublicSourceSaid:
		return true
	case RecipientAdded: // one that was named, and uses the data for something else now, is told by name
		old, _ := c.was.Facts.Item(c.Item)
		return !slices.ContainsFunc(c.recipient.Name, func(w Word) bool {
			return old.names(RecipientRef{Name: w.Text, Country: c.recipient.Country})
		})
	default:
		return false
	}
}
