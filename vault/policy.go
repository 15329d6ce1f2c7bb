package vault

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// ItemKind is what sort of thing one agrees to.
type ItemKind string

// The kinds of consent items.
const (
	Purpose      ItemKind = "PURPOSE"
	ThirdParties ItemKind = "THIRD_PARTIES"
	CrossBorder  ItemKind = "CROSS_BORDER"
	Publication  ItemKind = "PUBLICATION"
)

// LawfulBasis is the ground that an item rests on. Only CONSENT is asked for.
type LawfulBasis string

// The bases.
const (
	BasisConsent  LawfulBasis = "CONSENT"
	BasisContract LawfulBasis = "CONTRACT"
	BasisLaw      LawfulBasis = "LAW"
)

// Item is one thing that a person agrees to or refuses.
type Item struct {
	Code       string      `json:"code"` // the same across versions
	Kind       ItemKind    `json:"kind"`
	Required   bool        `json:"required"`
	Basis      LawfulBasis `json:"basis"`
	Title      Words       `json:"title"`
	Statement  Words       `json:"statement"` // the sentence that one agrees to
	Fields     []ItemField `json:"fields"`
	Retention  *string     `json:"retention"` // ISO 8601 duration
	Recipients []Recipient `json:"recipients"`
	// Channels are the ways to reach people under the item; the person may refuse
	// some of them.
	Channels []Channel `json:"channels,omitempty"`
	// ConsentFrom is the oldest version whose consent to the item still
	// counts; fixed at publication, zero in a draft.
	ConsentFrom uuid.UUID `json:"consentFrom"`
	// HoldsFrom is the oldest version whose consent still holds for what was
	// agreed to then, although more is asked for now. Older consents rest on
	// other words, and are void until they are given anew. Fixed as ConsentFrom.
	HoldsFrom uuid.UUID `json:"holdsFrom,omitzero"`
	// LawFrom is the version that stopped asking for the item and named the law
	// that allows it; zero: none did, and whoever said no is left alone.
	LawFrom uuid.UUID `json:"lawFrom,omitzero"`
}

// holdsFrom is HoldsFrom; what was published before there was such a thing says
// what counts.
func (i Item) holdsFrom() uuid.UUID { return cmp.Or(i.HoldsFrom, i.ConsentFrom) }

// Asked reports whether the person is asked for the item.
func (i Item) Asked() bool { return i.Basis == BasisConsent }

// Uses reports whether the item may use a field.
func (i Item) Uses(field string) bool {
	return slices.ContainsFunc(i.Fields, func(f ItemField) bool { return f.Field == field })
}

// ItemField is a field that an item uses.
type ItemField struct {
	Field    string `json:"field"`
	Required bool   `json:"required"`
}

// Recipient is somebody whom data is passed to.
type Recipient struct {
	Name    Words  `json:"name"`
	Country string `json:"country"` // ISO 3166-1 alpha-2
	Purpose Words  `json:"purpose"` // what for
}

// Approval says who approved a version.
type Approval struct {
	By        string `json:"by"`
	At        string `json:"at"` // YYYY-MM-DD
	Reference string `json:"reference"`
}

// Facts are what a version says, as data. ThirdParties, CrossBorder and
// PublicSources are pointers because the law wants an explicit yes or no: nil
// is "not said", and a version that does not say is not published.
type Facts struct {
	Title Words   `json:"title"` // of the document; empty: the text's first heading
	Term  *string `json:"term"`  // ISO 8601; nil: until the purposes are achieved
	// PurposesEnd says when they are, for people; a version without a term is
	// not published before it says so.
	PurposesEnd   Words     `json:"purposesEnd,omitempty"`
	LawTitle      Words     `json:"lawTitle"`
	Items         []Item    `json:"items"`
	Fields        []Field   `json:"fields"` // the app's own
	ThirdParties  *bool     `json:"thirdParties"`
	CrossBorder   *bool     `json:"crossBorder"`
	PublicSources *bool     `json:"publicSources"`
	Withdrawal    Words     `json:"withdrawal"`
	Approval      *Approval `json:"approval"`
	// ExternalLinks lead out of the app.
	ExternalLinks []ExternalLink `json:"externalLinks,omitempty"`
	// TextChanges are what the publisher declared about texts, and Parties whom the
	// version names; empty in a draft.
	TextChanges []TextChange `json:"textChanges,omitempty"`
	// MembersByNotice: people are told of the operators that this version names,
	// and need not agree to them anew. The rule pack says so at publication.
	MembersByNotice bool     `json:"membersByNotice,omitempty"`
	Parties         *Parties `json:"parties,omitempty"`
}

// Item finds an item by code.
func (f Facts) Item(code string) (Item, bool) {
	i := slices.IndexFunc(f.Items, func(i Item) bool { return i.Code == code })
	if i < 0 {
		return Item{}, false
	}
	return f.Items[i], true
}

// Field finds a field that the version may collect: typed, or its app's own.
func (f Facts) Field(catalogue Catalogue, code string) (Field, bool) {
	if field, ok := catalogue.Get(code); ok {
		return field, true
	}
	i := slices.IndexFunc(f.Fields, func(own Field) bool { return own.Code == code })
	if i < 0 {
		return Field{}, false
	}
	return f.Fields[i], true
}

// Collected is a field that a version collects, and what for.
type Collected struct {
	Field
	Required bool
	Purposes []string // codes of items
}

// Collected lists the fields that the version collects, in the order in which
// its items name them.
func (f Facts) Collected(catalogue Catalogue) []Collected {
	var out []Collected
	at := map[string]int{}
	for _, item := range f.Items {
		for _, use := range item.Fields {
			field, ok := f.Field(catalogue, use.Field)
			if !ok {
				continue // publication refuses it; a draft may still name it
			}
			i, seen := at[use.Field]
			if !seen {
				i = len(out)
				at[use.Field] = i
				out = append(out, Collected{Field: field})
			}
			// What rests on law or contract is needed whether marked or not.
			out[i].Required = out[i].Required || use.Required && (item.Required || !item.Asked())
			out[i].Purposes = append(out[i].Purposes, item.Code)
		}
	}
	return out
}

// VersionStatus is where a version stands.
type VersionStatus string

// The statuses. "Superseded" is derived, never stored.
const (
	Draft     VersionStatus = "DRAFT"
	Published VersionStatus = "PUBLISHED"
)

// Version is one version of an app's privacy policy without its texts.
// Published, it never changes, and is cached.
type Version struct {
	ID          uuid.UUID     `json:"id"`
	App         string        `json:"app"`
	Label       string        `json:"label"`
	Status      VersionStatus `json:"status"`
	Revision    int64         `json:"revision"`
	CreatedAt   time.Time     `json:"createdAt"`
	UpdatedAt   time.Time     `json:"updatedAt"`
	PublishedAt time.Time     `json:"publishedAt"` // zero in a draft
	EffectiveAt time.Time     `json:"effectiveAt"` // zero in a draft without a date
	Facts       Facts         `json:"facts"`
	// Authoritative is the language that prevailed when it was published.
	Authoritative string `json:"authoritative"`
	// Operators are the BINs of whoever may rely on consents to the version:
	// those that its documents name. Fixed at publication, empty in a draft.
	Operators []string `json:"operators"`
	// RulePack names the rules that it was checked against, as KZ/2026-11-23, and
	// Acknowledged what they warned of, with why it was published all the same.
	// Empty in a draft, and in what was published before there were rules.
	RulePack     string            `json:"rulePack,omitempty"`
	Acknowledged []Acknowledgement `json:"acknowledged,omitempty"`
	// Source is the policy.yaml that the version came from, byte for byte, for
	// export; empty when it was written through the API.
	Source []byte `json:"-"`
	// Documents are the hashes of its documents by language.
	Documents []DocumentRef `json:"documents"`
}

// DocumentRef names a document without its words.
type DocumentRef struct {
	Locale   string `json:"locale"`
	Hash     string `json:"hash"`
	TextHash string `json:"textHash"` // of the text alone, without what is generated
}

// Document finds the hash of the document in a language.
func (v *Version) Document(locale string) (string, bool) {
	for _, d := range v.Documents {
		if d.Locale == locale {
			return d.Hash, true
		}
	}
	return "", false
}

// Locales are the languages that the version has documents in.
func (v *Version) Locales() []string {
	out := make([]string, len(v.Documents))
	for i, d := range v.Documents {
		out[i] = d.Locale
	}
	return out
}

// Moment is when a published version counts.
type Moment struct {
	Version     uuid.UUID `json:"version"`
	PublishedAt time.Time `json:"publishedAt"`
	EffectiveAt time.Time `json:"effectiveAt"`
}

// Timeline is the published versions of an app in their order: by
// EffectiveAt, ties by PublishedAt, then by id.
type Timeline []Moment

// NewTimeline sorts a copy of the moments.
func NewTimeline(moments []Moment) Timeline {
	t := Timeline(slices.Clone(moments))
	slices.SortFunc(t, func(a, b Moment) int {
		return cmp.Or(a.EffectiveAt.Compare(b.EffectiveAt), a.PublishedAt.Compare(b.PublishedAt),
			cmp.Compare(a.Version.String(), b.Version.String()))
	})
	return t
}

// InForce is the version in force at a moment: the last one to have taken
// effect and to have been published by then.
func (t Timeline) InForce(at time.Time) (uuid.UUID, bool) {
	for _, m := range slices.Backward(t) {
		if !m.EffectiveAt.After(at) && !m.PublishedAt.After(at) {
			return m.Version, true
		}
	}
	return uuid.Nil, false
}

// Coming are the versions published by a moment that take effect after it.
func (t Timeline) Coming(at time.Time) []Moment {
	var out []Moment
	for _, m := range t {
		if m.EffectiveAt.After(at) && !m.PublishedAt.After(at) {
			out = append(out, m)
		}
	}
	return out
}

// next is when a version is published now: after all others, even when the
// clock of the replica that published the last one is ahead of ours.
func (t Timeline) next(now time.Time) time.Time {
	for _, m := range t {
		if !now.After(m.PublishedAt) {
			now = m.PublishedAt.Add(time.Millisecond)
		}
	}
	return now
}

// Position is a version's place in the order, or -1 when it is not published.
func (t Timeline) Position(version uuid.UUID) int {
	return slices.IndexFunc(t, func(m Moment) bool { return m.Version == version })
}

// Effective is when a version takes effect.
func (t Timeline) Effective(version uuid.UUID) (time.Time, bool) {
	i := t.Position(version)
	if i < 0 {
		return time.Time{}, false
	}
	return t[i].EffectiveAt, true
}
