package vault

import (
	"slices"
	"strconv"
)

// contradicting finds what the items say against the answers, and against each
// other.
func (i *inspection) contradicting() {
	f, home := i.facts, i.Pack.Rule(RuleHomeCountry).List
	abroad := slices.ContainsFunc(f.Items, func(item Item) bool {
		return slices.ContainsFunc(item.Recipients, func(r Recipient) bool { return !slices.Contains(home, r.Country) })
	})
	for n, item := range f.Items {
		path := []string{"facts", "items", strconv.Itoa(n)}
		// A CROSS_BORDER item may name the operator's own, and one of THIRD_PARTIES is held against its answer already.
		passes := len(item.Recipients) > 0 && (item.Kind == Purpose || item.Kind == Publication)
		i.need(RuleThirdPartiesSaid, !passes || f.ThirdParties == nil || *f.ThirdParties, says("noWithRecipients"), append(path, "recipients")...)
		i.need(RuleCrossBorderSaid, item.Kind != CrossBorder || abroad, says("countryUnsaid"), append(path, "recipients")...)
		i.need(RulePublicSourcesSaid, item.Kind != Publication || item.Asked(), says("publishedUnasked", item.Code), append(path, "basis")...)
		i.published(item, path)
	}
}

// published wants what an item publishes to be collected for a purpose: nothing
// is collected to be published.
func (i *inspection) published(item Item, path []string) {
	if item.Kind != Publication {
		return
	}
	for n, use := range item.Fields {
		used := slices.ContainsFunc(i.facts.Items, func(o Item) bool { return o.Kind != Publication && o.Uses(use.Field) })
		i.need(RuleFieldsListed, used, says("fieldOnlyPublished", use.Field), append(path, "fields", strconv.Itoa(n))...)
	}
}
