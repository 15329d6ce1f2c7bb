package vault

import (
	"slices"

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
	ItemUnasked      ChangeKind = "ITEM_UNASKED" // was consent, and rests on something else: nobody can refuse it
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
	FieldUnasked     ChangeKind = "FIELD_UNASKED" // was used under a consent only, and is used without one
	FieldLabelled    ChangeKind = "FIELD_LABEL"
	FieldHelped      ChangeKind = "FIELD_HELP"
	FieldKindChanged ChangeKind = "FIELD_KIND"
	FieldMasked      ChangeKind = "FIELD_MASK"
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
	OperatorChanged  ChangeKind = "OPERATOR"
	OwnerChanged     ChangeKind = "OWNER"
	OperatorRenamed  ChangeKind = "OPERATOR_NAME" // of any legal entity that the policy names
	ContactsChanged  ChangeKind = "CONTACTS"
	PersonChanged    ChangeKind = "RESPONSIBLE_PERSON"
	LinksChanged     ChangeKind = "EXTERNAL_LINKS"
	ApprovalChanged  ChangeKind = "APPROVAL"
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
	out.name(app)
	out.Facts.MembersByNotice = pack.tellsOfMembers()
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
			c.freedFields(item)
		}
	}
	for _, item := range was.Facts.Items {
		if _, ok := now.Facts.Item(item.Code); !ok {
			c.add(PolicyChange{Kind: ItemRemoved, Effect: Narrowing, Item: item.Code})
		}
	}
	c.whole()
	c.parties()
	c.ownFields()
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
	unasked := was.Asked() && !now.Asked()
	c.when(unasked, PolicyChange{Kind: ItemUnasked, Effect: Widening, Item: code})
	c.when(now.Basis != was.Basis && !unasked, PolicyChange{Kind: ItemBasisChanged, Effect: Widening, Item: code})
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
	c.worded(was.Title, now.Title, PolicyChange{Kind: ItemTitled, Item: code})
}

func (c *comparison) fields(was, now Item) {
	for _, f := range now.Fields {
		i := slices.IndexFunc(was.Fields, func(o ItemField) bool { return o.Field == f.Field })
		switch {
		case i < 0 && c.freed(now, f.Field):
			c.add(PolicyChange{Kind: FieldUnasked, Effect: Widening, Item: now.Code, Field: f.Field})
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
	c.worded(was.LawTitle, now.LawTitle, PolicyChange{Kind: LawTitleChanged})
	c.worded(was.Withdrawal, now.Withdrawal, PolicyChange{Kind: WithdrawalSaid})
	c.worded(was.Title, now.Title, PolicyChange{Kind: TitleChanged})
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

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
