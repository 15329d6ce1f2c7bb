package vault

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Effect says what a change means for those who agreed to the version before.
type Effect string

// The effects. What is in no list here changes nothing for anybody.
const (
	Widening   Effect = "WIDENING"   // allows more, or says it differently: consent is asked for again
	Narrowing  Effect = "NARROWING"  // allows less: consent goes on
	Tightening Effect = "TIGHTENING" // allows no more and asks for more: only who refused decides again
	Noticed    Effect = "NOTICE"     // allows more, and people are told of it: consent goes on, and extends to it
	Corrected  Effect = "CORRECTION" // allows the same: nobody is disturbed
)

// ChangeKind is what changed between two versions.
type ChangeKind string

// The kinds of changes.
const (
	ItemAdded        ChangeKind = "ITEM_ADDED"
	ItemRemoved      ChangeKind = "ITEM_REMOVED"
	ItemKindChanged  ChangeKind = "ITEM_KIND"
	ItemBasisChanged ChangeKind = "ITEM_BASIS"
	ItemRequired     ChangeKind = "ITEM_REQUIRED"
	ItemOptional     ChangeKind = "ITEM_OPTIONAL"
	ItemTitled       ChangeKind = "ITEM_TITLE"
	ItemAskedAgain   ChangeKind = "ITEM_ASKED_AGAIN" // nothing of it is wider, and the publisher asks again
	StatementChanged ChangeKind = "STATEMENT"
	StatementAdded   ChangeKind = "STATEMENT_ADDED"
	FieldAdded       ChangeKind = "FIELD_ADDED"
	FieldRemoved     ChangeKind = "FIELD_REMOVED"
	FieldRequired    ChangeKind = "FIELD_REQUIRED"
	FieldOptional    ChangeKind = "FIELD_OPTIONAL"
	FieldLabelled    ChangeKind = "FIELD_LABEL"
	RetentionChanged ChangeKind = "RETENTION"
	RecipientAdded   ChangeKind = "RECIPIENT_ADDED"
	RecipientRemoved ChangeKind = "RECIPIENT_REMOVED"
	ChannelAdded     ChangeKind = "CHANNEL_ADDED"
	ChannelRemoved   ChangeKind = "CHANNEL_REMOVED"
	PurposesEndSaid  ChangeKind = "PURPOSES_END"
	TermChanged      ChangeKind = "TERM"
	OperatorJoined   ChangeKind = "OPERATOR_JOINED"
	OperatorLeft     ChangeKind = "OPERATOR_LEFT"
	ThirdPartiesSaid ChangeKind = "THIRD_PARTIES"
	CrossBorderSaid  ChangeKind = "CROSS_BORDER"
	PublicSourceSaid ChangeKind = "PUBLIC_SOURCES"
	TextChanged      ChangeKind = "TEXT"
	TextAdded        ChangeKind = "TEXT_ADDED"
	TextRemoved      ChangeKind = "TEXT_REMOVED"
	TitleChanged     ChangeKind = "TITLE"
	LawTitleChanged  ChangeKind = "LAW_TITLE"
	WithdrawalSaid   ChangeKind = "WITHDRAWAL"
)

// PolicyChange is one difference between two versions.
type PolicyChange struct {
	Kind     ChangeKind `json:"kind"`
	Effect   Effect     `json:"effect"`
	Item     string     `json:"item,omitempty"`   // empty: the version as a whole
	Field    string     `json:"field,omitempty"`  // code
	Locale   string     `json:"locale,omitempty"` // of the text or statement
	Sentence Words      `json:"sentence"`         // for people; empty until it is worded

	was, now  *Version
	operator  string // BIN
	recipient Recipient
	channel   Channel
}

// PolicyChanges are the differences between two versions.
type PolicyChanges []PolicyChange

// widen reports whether consent to an item has to be given again: something of
// the item became wider, or of the version as a whole.
func (c PolicyChanges) widen(item string) bool {
	return slices.ContainsFunc(c, func(one PolicyChange) bool {
		return one.Effect == Widening && (one.Item == "" || one.Item == item)
	})
}

// About is what somebody reads who is asked about an item: what changed in it,
// and what became wider in the version as a whole, if only by a notice.
func (c PolicyChanges) About(item string) PolicyChanges {
	return slices.DeleteFunc(slices.Clone(c), func(one PolicyChange) bool {
		return one.Item != item && (one.Item != "" || one.Effect != Widening && one.Effect != Noticed)
	})
}

// AskedAgain are the items of the newer version about which whoever agreed to
// the older one has to decide, or is asked for the first time.
func (c PolicyChanges) AskedAgain(now *Version) []string {
	out := []string{}
	for _, item := range now.Facts.Items {
		if item.Asked() && c.widen(item.Code) {
			out = append(out, item.Code)
		}
	}
	return out
}

// AsPublished is a version with the operators that it would name if it were
// published now under the law of a pack; a published one is as it is.
func (v *Version) AsPublished(app App, pack *RulePack) *Version {
	if v.Status == Published {
		return v
	}
	out := *v
	out.Operators, out.Facts.MembersByNotice = app.OperatorBINs(), pack.tellsOfMembers()
	return &out
}

// DraftVersion is a draft that is stored nowhere, to be compared: of an app
// under the law of a pack, or of none (zero), and then without operators.
func DraftVersion(app App, pack *RulePack, label string, facts Facts, texts []PolicyText) *Version {
	v := &Version{App: app.Code, Label: label, Status: Draft, Facts: facts, Authoritative: app.AuthoritativeLanguage}
	v.Facts.order(v.Authoritative)
	for _, t := range texts {
		v.Documents = append(v.Documents, DocumentRef{Locale: t.Locale, TextHash: Hash([]byte(t.Text))})
	}
	if app.Code == "" {
		return v
	}
	return v.AsPublished(app, pack)
}

// Compare lists what differs between two versions, that of the items first. It
// is what decides who is asked again (carryConsents), and what people read of
// it: there is no second opinion. When in doubt a change is WIDENING.
func Compare(was, now *Version) PolicyChanges {
	c := &comparison{was: was, now: now}
	for _, item := range now.Facts.Items {
		if old, ok := was.Facts.Item(item.Code); ok {
			c.item(old, item)
		} else {
			c.add(PolicyChange{Kind: ItemAdded, Effect: Widening, Item: item.Code})
		}
	}
	for _, item := range was.Facts.Items {
		if _, ok := now.Facts.Item(item.Code); !ok {
			c.add(PolicyChange{Kind: ItemRemoved, Effect: Narrowing, Item: item.Code})
		}
	}
	c.whole()
	c.texts()
	c.askedAgain()
	return c.out
}

// comparison gathers differences.
type comparison struct {
	was, now *Version
	out      PolicyChanges
}

func (c *comparison) add(one PolicyChange) {
	one.was, one.now = c.was, c.now
	c.out = append(c.out, one)
}

// when adds a change where there is one.
func (c *comparison) when(differs bool, one PolicyChange) {
	if differs {
		c.add(one)
	}
}

func (c *comparison) item(was, now Item) {
	code := now.Code
	c.when(now.Kind != was.Kind, PolicyChange{Kind: ItemKindChanged, Effect: Widening, Item: code})
	c.when(now.Basis != was.Basis, PolicyChange{Kind: ItemBasisChanged, Effect: Widening, Item: code})
	for _, w := range now.Statement {
		said, had := WordsIn(was.Statement, w.Locale)
		c.when(!had && len(was.Statement) > 0, PolicyChange{Kind: StatementAdded, Effect: Corrected, Item: code, Locale: w.Locale})
		c.when(had && said != w.Text, PolicyChange{Kind: StatementChanged, Effect: Widening, Item: code, Locale: w.Locale})
	}
	for _, w := range was.Statement { // who read it in that language has nothing to hold on to
		_, has := WordsIn(now.Statement, w.Locale)
		c.when(!has, PolicyChange{Kind: StatementChanged, Effect: Widening, Item: code, Locale: w.Locale})
	}
	c.fields(was, now)
	c.recipients(was, now)
	for _, channel := range now.Channels {
		c.when(!slices.Contains(was.Channels, channel), PolicyChange{Kind: ChannelAdded, Effect: Widening, Item: code, channel: channel})
	}
	for _, channel := range was.Channels {
		c.when(!slices.Contains(now.Channels, channel), PolicyChange{Kind: ChannelRemoved, Effect: Narrowing, Item: code, channel: channel})
	}
	c.when(!sameText(now.Retention, was.Retention),
		PolicyChange{Kind: RetentionChanged, Effect: lasting(was.Retention, now.Retention), Item: code})
	c.when(now.Required && !was.Required, PolicyChange{Kind: ItemRequired, Effect: Tightening, Item: code})
	c.when(!now.Required && was.Required, PolicyChange{Kind: ItemOptional, Effect: Narrowing, Item: code})
	c.when(!slices.Equal(now.Title, was.Title), PolicyChange{Kind: ItemTitled, Effect: Corrected, Item: code})
}

func (c *comparison) fields(was, now Item) {
	for _, f := range now.Fields {
		i := slices.IndexFunc(was.Fields, func(o ItemField) bool { return o.Field == f.Field })
		switch {
		case i < 0:
			c.add(PolicyChange{Kind: FieldAdded, Effect: Widening, Item: now.Code, Field: f.Field})
		case f.Required && !was.Fields[i].Required:
			c.add(PolicyChange{Kind: FieldRequired, Effect: Tightening, Item: now.Code, Field: f.Field})
		case !f.Required && was.Fields[i].Required:
			c.add(PolicyChange{Kind: FieldOptional, Effect: Narrowing, Item: now.Code, Field: f.Field})
		}
	}
	for _, f := range was.Fields {
		c.when(!now.Uses(f.Field), PolicyChange{Kind: FieldRemoved, Effect: Narrowing, Item: now.Code, Field: f.Field})
	}
}

// recipients go by all that is said of them: one that moves to another country,
// or that is told to use the data for something else, is another one.
func (c *comparison) recipients(was, now Item) {
	lacks := func(list []Recipient, r Recipient) bool {
		return !slices.ContainsFunc(list, func(o Recipient) bool {
			return o.Country == r.Country && slices.Equal(o.Name, r.Name) && slices.Equal(o.Purpose, r.Purpose)
		})
	}
	for _, r := range now.Recipients {
		c.when(lacks(was.Recipients, r), PolicyChange{Kind: RecipientAdded, Effect: Widening, Item: now.Code, recipient: r})
	}
	for _, r := range was.Recipients {
		c.when(lacks(now.Recipients, r), PolicyChange{Kind: RecipientRemoved, Effect: Narrowing, Item: now.Code, recipient: r})
	}
}

// whole compares what is said once for all items.
func (c *comparison) whole() {
	was, now := c.was.Facts, c.now.Facts
	c.when(!sameText(now.Term, was.Term), PolicyChange{Kind: TermChanged, Effect: lasting(was.Term, now.Term)})
	// Without a term these words are it, and nobody can compare words.
	c.when(now.Term == nil && was.Term == nil && !slices.Equal(now.PurposesEnd, was.PurposesEnd) && len(was.PurposesEnd) > 0,
		PolicyChange{Kind: PurposesEndSaid, Effect: Widening})
	joined := Widening
	if now.MembersByNotice {
		joined = Noticed
	}
	for _, bin := range c.now.Operators {
		c.when(!slices.Contains(c.was.Operators, bin), PolicyChange{Kind: OperatorJoined, Effect: joined, operator: bin})
	}
	for _, bin := range c.was.Operators {
		c.when(!slices.Contains(c.now.Operators, bin), PolicyChange{Kind: OperatorLeft, Effect: Narrowing, operator: bin})
	}
	c.slot(ThirdPartiesSaid, was.ThirdParties, now.ThirdParties)
	c.slot(CrossBorderSaid, was.CrossBorder, now.CrossBorder)
	c.slot(PublicSourceSaid, was.PublicSources, now.PublicSources)
	c.when(!slices.Equal(now.LawTitle, was.LawTitle), PolicyChange{Kind: LawTitleChanged, Effect: Corrected})
	c.when(!slices.Equal(now.Withdrawal, was.Withdrawal), PolicyChange{Kind: WithdrawalSaid, Effect: Corrected})
	c.when(!slices.Equal(now.Title, was.Title), PolicyChange{Kind: TitleChanged, Effect: Corrected})
	for _, f := range now.Fields {
		old, ok := was.Field(nil, f.Code)
		c.when(ok && !slices.Equal(old.Label, f.Label), PolicyChange{Kind: FieldLabelled, Effect: Corrected, Field: f.Code})
	}
}

// slot compares an explicit yes or no.
func (c *comparison) slot(kind ChangeKind, was, now *bool) {
	yes := func(b *bool) bool { return b != nil && *b }
	switch {
	case yes(now) && !yes(was):
		c.add(PolicyChange{Kind: kind, Effect: Widening})
	case yes(was) && !yes(now):
		c.add(PolicyChange{Kind: kind, Effect: Narrowing})
	case (now == nil) != (was == nil):
		c.add(PolicyChange{Kind: kind, Effect: Corrected})
	}
}

// texts compares the texts by their hashes. What a text means the facts say;
// where it says more than they do, the publisher declares it.
func (c *comparison) texts() {
	for _, d := range c.now.Documents {
		old, had := c.was.textHash(d.Locale)
		effect := Corrected
		if c.now.Facts.declared(d.Locale).Meaning == MeaningChanged {
			effect = Widening
		}
		c.when(!had, PolicyChange{Kind: TextAdded, Effect: Corrected, Locale: d.Locale})
		c.when(had && old != d.TextHash, PolicyChange{Kind: TextChanged, Effect: effect, Locale: d.Locale})
	}
	for _, d := range c.was.Documents {
		_, has := c.now.textHash(d.Locale)
		c.when(!has, PolicyChange{Kind: TextRemoved, Effect: Corrected, Locale: d.Locale})
	}
}

// askedAgain finds the items that are no wider and are asked again all the
// same: by the publisher's will, or because they were wider in between. A draft
// does not say yet.
func (c *comparison) askedAgain() {
	for _, item := range c.now.Facts.Items {
		was, ok := c.was.Facts.Item(item.Code)
		decided := ok && item.ConsentFrom != uuid.Nil && was.ConsentFrom != uuid.Nil
		again := decided && item.ConsentFrom != was.ConsentFrom && !c.out.widen(item.Code)
		c.when(again, PolicyChange{Kind: ItemAskedAgain, Effect: Widening, Item: item.Code})
	}
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

// changedAlone are the languages whose text or statements differ while those of
// another language, which both versions have, do not.
func changedAlone(was, now *Version) []string {
	var changed, common []string
	differ := Compare(was, now)
	for _, d := range now.Documents {
		if _, both := was.textHash(d.Locale); !both {
			continue
		}
		common = append(common, d.Locale)
		if slices.ContainsFunc(differ, func(c PolicyChange) bool { return c.Kind == TextChanged && c.Locale == d.Locale }) {
			changed = append(changed, d.Locale)
		}
	}
	if len(changed) == len(common) {
		changed = nil
	}
	for _, item := range now.Facts.Items {
		old, _ := was.Facts.Item(item.Code)
		same := slices.ContainsFunc(item.Statement, func(w Word) bool { return slices.Contains(old.Statement, w) })
		for _, c := range differ {
			alone := same && c.Kind == StatementChanged && c.Item == item.Code
			if _, still := WordsIn(item.Statement, c.Locale); alone && still {
				changed = append(changed, c.Locale)
			}
		}
	}
	slices.Sort(changed)
	return slices.Compact(changed)
}

// lasting compares two durations; none at all is the longest.
func lasting(was, now *string) Effect {
	end := func(d *string) time.Time {
		if d == nil {
			return time.Unix(1<<40, 0)
		}
		at, _ := AddDuration(time.Time{}, *d)
		return at
	}
	switch end(now).Compare(end(was)) {
	case 1:
		return Widening
	case -1:
		return Narrowing
	}
	return Corrected
}

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
