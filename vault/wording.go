package vault

import "slices"

// People read words, and the facts decide. So whoever publishes other words says
// for each language whether they mean the same: nobody else can know.

// worded adds a change where words differ. It is wider where they differ in a
// language of which the publisher says that the meaning changed.
func (c *comparison) worded(was, now Words, one PolicyChange) {
	differ := reworded(was, now)
	if len(differ) == 0 {
		return
	}
	one.Effect = Corrected
	if slices.ContainsFunc(differ, c.now.Facts.meansOther) {
		one.Effect = Widening
	}
	c.add(one)
}

// meansOther reports whether the publisher said that the words in a language
// mean something else now.
func (f Facts) meansOther(locale string) bool { return f.declared(locale).Meaning == MeaningChanged }

// reworded are the languages in which words differ.
func reworded(was, now Words) []string {
	var out []string
	for _, w := range slices.Concat(was, now) {
		before, had := WordsIn(was, w.Locale)
		after, has := WordsIn(now, w.Locale)
		if (had != has || before != after) && !slices.Contains(out, w.Locale) {
			out = append(out, w.Locale)
		}
	}
	return out
}

// texts compares the texts by their hashes. What they mean the facts say; where
// they say more, the publisher declares it.
func (c *comparison) texts() {
	for _, locale := range bothLocales(c.was, c.now) {
		old, had := c.was.textHash(locale)
		text, has := c.now.textHash(locale)
		one := PolicyChange{Kind: TextChanged, Effect: Corrected, Locale: locale}
		switch {
		case !had:
			one.Kind = TextAdded
		case !has:
			one.Kind = TextRemoved
		}
		if c.now.Facts.meansOther(locale) {
			one.Effect = Widening
		}
		c.when(had != has || text != old, one)
	}
}

// bothLocales are the languages of either version's texts, the newer one's first.
func bothLocales(was, now *Version) []string {
	out := now.Locales()
	for _, locale := range was.Locales() {
		if !slices.Contains(out, locale) {
			out = append(out, locale)
		}
	}
	return out
}

// textHash is the hash of the text in a language, without what is generated.
func (v *Version) textHash(locale string) (string, bool) {
	for _, d := range v.Documents {
		if d.Locale == locale {
			return d.TextHash, true
		}
	}
	return "", false
}

// Reworded are the languages in which people read other words in the newer version:
// in its text, one that came or went among them, or in the words of what both have.
func Reworded(was, now *Version) []string {
	var out []string
	for _, locale := range bothLocales(was, now) {
		old, had := was.textHash(locale)
		if text, has := now.textHash(locale); had != has || text != old {
			out = append(out, locale)
		}
	}
	before, after := was.Facts, now.Facts
	compare := func(was, now Words) { out = append(out, reworded(was, now)...) }
	compare(before.Title, after.Title)
	compare(before.LawTitle, after.LawTitle)
	compare(before.Withdrawal, after.Withdrawal)
	if len(before.PurposesEnd) > 0 && len(after.PurposesEnd) > 0 { // else a term takes their place
		compare(before.PurposesEnd, after.PurposesEnd)
	}
	for _, item := range after.Items {
		if old, ok := before.Item(item.Code); ok {
			compare(old.Title, item.Title)
			compare(old.Statement, item.Statement)
		}
	}
	for _, field := range after.Fields {
		if old, ok := before.Field(nil, field.Code); ok {
			compare(old.Label, field.Label)
			compare(old.Help, field.Help)
		}
	}
	for _, link := range after.ExternalLinks {
		if i := slices.IndexFunc(before.ExternalLinks, func(l ExternalLink) bool { return l.URL == link.URL }); i >= 0 {
			compare(before.ExternalLinks[i].Title, link.Title)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
