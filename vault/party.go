package vault

import "slices"

// Parties are who a version names as answerable: as the app had them when it was
// published.
type Parties struct {
	Operator          Operator          `json:"operator"`
	Owner             Operator          `json:"owner"`
	Group             []Operator        `json:"group"`
	Contacts          Contacts          `json:"contacts"`
	ResponsiblePerson ResponsiblePerson `json:"responsiblePerson"`
}

// name fixes whom a version names.
func (v *Version) name(app App) {
	v.Operators = app.OperatorBINs()
	v.Facts.Parties = &Parties{app.Operator, app.Owner, app.Group, app.Contacts, app.ResponsiblePerson}
}

// entities are the legal entities, the operator first.
func (p *Parties) entities() []Operator {
	if p == nil {
		return nil
	}
	return append([]Operator{p.Operator, p.Owner}, p.Group...)
}

// Entities are the legal entities that a version names, the operator first: as it
// was published, or as its app has them now, if they were not fixed then.
func (v *Version) Entities(app App) []Operator {
	if v.Facts.Parties != nil {
		return v.Facts.Parties.entities()
	}
	return append([]Operator{app.Operator, app.Owner}, app.Group...)
}

// entity finds a legal entity.
func (p *Parties) entity(bin string) (Operator, bool) {
	all := p.entities()
	i := slices.IndexFunc(all, func(o Operator) bool { return o.BIN == bin })
	if i < 0 {
		return Operator{}, false
	}
	return all[i], true
}

// parties compares who is answerable. A consent is given to an operator, who is
// the first thing that the law wants it to name, and for a database that somebody
// owns: where one of the two is another legal entity, people have agreed to
// somebody else. A new name of the same one, and where to write to, disturbs nobody.
func (c *comparison) parties() {
	was, now := c.was.Facts.Parties, c.now.Facts.Parties
	if was == nil || now == nil {
		return // a folder without its app, or a version from before they were fixed
	}
	c.when(now.Operator.BIN != was.Operator.BIN, PolicyChange{Kind: OperatorChanged, Effect: Widening, operator: now.Operator.BIN})
	c.when(now.Owner.BIN != was.Owner.BIN, PolicyChange{Kind: OwnerChanged, Effect: Widening, operator: now.Owner.BIN})
	var seen []string
	for _, o := range now.entities() {
		old, known := was.entity(o.BIN)
		renamed := known && len(reworded(old.Name, o.Name))+len(reworded(old.Address, o.Address)) > 0
		c.when(renamed && !slices.Contains(seen, o.BIN), PolicyChange{Kind: OperatorRenamed, Effect: Corrected, operator: o.BIN})
		seen = append(seen, o.BIN)
	}
	there, here := was.Contacts, now.Contacts
	c.when(here.Email != there.Email || here.Phone != there.Phone || len(reworded(there.Address, here.Address)) > 0,
		PolicyChange{Kind: ContactsChanged, Effect: Corrected})
	then, is := was.ResponsiblePerson, now.ResponsiblePerson
	c.when(is.Email != then.Email || len(reworded(then.Name, is.Name)) > 0, PolicyChange{Kind: PersonChanged, Effect: Corrected})
}

// ownFields compares how the app's own fields are declared, who approved the
// version, and where links lead.
func (c *comparison) ownFields() {
	was, now := c.was.Facts, c.now.Facts
	for _, f := range now.Fields {
		old, ok := was.Field(nil, f.Code)
		if !ok {
			continue
		}
		c.when(old.Kind != f.Kind || old.Class != f.Class, PolicyChange{Kind: FieldKindChanged, Effect: Widening, Field: f.Code})
		c.when(old.Mask != f.Mask, PolicyChange{Kind: FieldMasked, Effect: Corrected, Field: f.Code})
		c.worded(old.Label, f.Label, PolicyChange{Kind: FieldLabelled, Field: f.Code})
		c.worded(old.Help, f.Help, PolicyChange{Kind: FieldHelped, Field: f.Code})
	}
	c.links(was.ExternalLinks, now.ExternalLinks)
	approved := func(a *Approval) Approval {
		if a == nil {
			return Approval{}
		}
		return *a
	}
	c.when(approved(now.Approval) != approved(was.Approval), PolicyChange{Kind: ApprovalChanged, Effect: Corrected})
}

// links are one change, however many there are.
func (c *comparison) links(was, now []ExternalLink) {
	one := PolicyChange{Kind: LinksChanged, Effect: Corrected}
	differ := len(was) != len(now)
	for _, link := range now {
		i := slices.IndexFunc(was, func(l ExternalLink) bool { return l.URL == link.URL })
		if i < 0 {
			differ = true
			continue
		}
		words := reworded(was[i].Title, link.Title)
		differ = differ || len(words) > 0
		if slices.ContainsFunc(words, c.now.Facts.meansOther) {
			one.Effect = Widening
		}
	}
	c.when(differ, one)
}
