package vault

import "slices"

// consented checks every consent that it takes, and says all that are missing.
func (d disclosing) consented(p *Person, v *Version, row *Disclosure, n int) Errors {
	if err := p.gate(); err != nil {
		return Errors{d.missing(asError(err).Param("missing"), NeverAsked, n)}
	}
	var errs Errors
	rest := func(item string, covers func(Item) bool) {
		if slices.Contains(row.Items, item) {
			return
		}
		check := p.Check(item, "", p.now)
		switch {
		case check.Reason == NotConsentBased && item == d.in.Purpose: // the purpose itself may rest on the law
		case check.Reason != ReasonGiven:
			errs = append(errs, d.missing(item, check.Reason, n))
		case !covers(check.scope):
			errs = append(errs, d.missing(item, NeverAsked, n))
		default:
			row.Items, row.Consents = append(row.Items, item), append(row.Consents, check.consent)
		}
	}
	third, e := d.thirdParty(v)
	if e != nil {
		return Errors{e}
	}
	rest(third.Code, func(i Item) bool { return i.Kind == ThirdParties && i.names(d.in.Recipient) && i.usesAll(d.in.Fields) })
	if d.abroad() {
		border := func(i Item) bool {
			return i.Kind == CrossBorder && i.usesAll(d.in.Fields) && (len(i.Recipients) == 0 || i.names(d.in.Recipient))
		}
		k := slices.IndexFunc(v.Facts.Items, border)
		if k < 0 {
			return append(errs, NewError(CodeNotCovered,
				"the recipient is abroad, and no item of kind CROSS_BORDER covers these fields").At("recipient", "country"))
		}
		rest(v.Facts.Items[k].Code, border)
	}
	purpose, _ := v.Facts.Item(d.in.Purpose)
	if e := d.unnamed(purpose); e != nil {
		return append(errs, e)
	}
	rest(d.in.Purpose, func(i Item) bool { return i.usesAll(d.in.Fields) })
	return errs
}

// unnamed is the first field that an item does not name.
func (d disclosing) unnamed(item Item) *Error {
	k := slices.IndexFunc(d.in.Fields, func(code string) bool { return !item.Uses(code) })
	if k < 0 {
		return nil
	}
	return NewError(CodeNotCovered, "this item does not name this field").With("item", item.Code).At("fields", itoa(int64(k)))
}

func (d disclosing) missing(item string, reason Reason, n int) *Error {
	return NewError(CodeNotGiven, "the person has not consented, or no longer: ask for the item first").
		With("item", item).With("reason", string(reason)).With("rules", d.pack.Name()).At("users", itoa(int64(n)))
}

// thirdParty is the item that names the recipient and all fields.
func (d disclosing) thirdParty(v *Version) (Item, *Error) {
	named := slices.DeleteFunc(slices.Clone(v.Facts.Items), func(i Item) bool {
		return i.Kind != ThirdParties || !i.Asked() || !i.names(d.in.Recipient)
	})
	if len(named) == 0 {
		return Item{}, NewError(CodeUnknownRecipient,
			"no item of kind THIRD_PARTIES names this recipient in this country").At("recipient")
	}
	for _, item := range named {
		if item.usesAll(d.in.Fields) {
			return item, nil
		}
	}
	return Item{}, d.unnamed(named[0])
}

// abroad reports whether a transfer takes a consent to cross the border. A pack
// that names no home asks for none.
func (d disclosing) abroad() bool {
	home, free := d.pack.Rule(RuleHomeCountry).List, d.pack.Rule(RuleTransferCountries).List
	country := d.in.Recipient.Country
	return len(home) > 0 && !slices.Contains(home, country) && !slices.Contains(free, country)
}

// names reports whether the item names the recipient, in any language.
func (i Item) names(r RecipientRef) bool {
	return slices.ContainsFunc(i.Recipients, func(named Recipient) bool { return named.is(r) })
}

func (i Item) usesAll(fields []string) bool {
	return !slices.ContainsFunc(fields, func(code string) bool { return !i.Uses(code) })
}

func (r Recipient) is(ref RecipientRef) bool {
	return r.Country == ref.Country && slices.ContainsFunc(r.Name, func(w Word) bool { return w.Text == ref.Name })
}

// recipient finds a recipient by name and country in any item.
func (f Facts) recipient(ref RecipientRef) (Recipient, bool) {
	for _, item := range f.Items {
		if k := slices.IndexFunc(item.Recipients, func(r Recipient) bool { return r.is(ref) }); k >= 0 {
			return item.Recipients[k], true
		}
	}
	return Recipient{}, false
}
