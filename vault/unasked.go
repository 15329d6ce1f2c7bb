package vault

import (
	"slices"
	"strconv"
)

// What people were asked for and are not asked for any more takes their no away.
// Only the law can do that, so the publisher names it, and everybody is told.

// freed reports whether an item that nobody is asked for uses a field that was
// used under a consent only.
func (c *comparison) freed(now Item, field string) bool {
	used := func(asked bool) bool {
		return slices.ContainsFunc(c.was.Facts.Items, func(i Item) bool { return i.Asked() == asked && i.Uses(field) })
	}
	return !now.Asked() && used(true) && !used(false)
}

func (c *comparison) freedFields(now Item) {
	for _, f := range now.Fields {
		c.when(c.freed(now, f.Field), PolicyChange{Kind: FieldUnasked, Effect: Widening, Item: now.Code, Field: f.Field})
	}
}

// NotAsked is what became wider, and what nobody is asked about: people are told.
func (c PolicyChanges) NotAsked(now *Version) PolicyChanges {
	return slices.DeleteFunc(slices.Clone(c), func(one PolicyChange) bool {
		item, ok := now.Facts.Item(one.Item)
		return one.Effect != Widening || !ok || item.Asked()
	})
}

// Items are the codes of the items that the changes are about, each once.
func (c PolicyChanges) Items() []string {
	out := []string{}
	for _, one := range c {
		if one.Item != "" && !slices.Contains(out, one.Item) {
			out = append(out, one.Item)
		}
	}
	return out
}

// stillAsked wants the law to be named for what is not asked for any more.
func (i *inspection) stillAsked(now *Version) {
	if i.Previous == nil || !i.asks(RuleStillAsked) {
		return
	}
	for _, c := range Compare(i.Previous, now) {
		n := slices.IndexFunc(now.Facts.Items, func(item Item) bool { return item.Code == c.Item })
		path := []string{"facts", "items", strconv.Itoa(n)}
		i.need(RuleStillAsked, c.Kind != ItemUnasked, says("itemUnasked", c.Item), append(path, "basis")...)
		i.need(RuleStillAsked, c.Kind != FieldUnasked, says("fieldUnasked", c.Field, c.Item), append(path, "fields")...)
	}
}

// Notices are what became wider since the person last decided anything and is not
// asked about: of the version in force first, then of those to come. Whoever
// never decided reads the whole, and gets none.
func (s PolicyStatus) Notices(catalogue Catalogue) PolicyChanges {
	p := s.person
	was := p.decided("")
	out := PolicyChanges{}
	for _, v := range p.askable() {
		if was == nil || p.timeline.Position(v.ID) <= p.timeline.Position(was.ID) {
			continue
		}
		out = append(out, DescribeChanges(p.App, catalogue, was, v).NotAsked(v)...)
		was = v
	}
	return out
}
