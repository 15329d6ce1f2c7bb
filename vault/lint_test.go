package vault

import (
	"slices"
	"strings"
	"testing"
)

// draft is a version that may be published, with its app and texts.
type draft struct {
	version *Version
	app     App
	texts   []PolicyText

	previous *Version
}

func goodDraft() draft {
	v, app := demoVersion(), testApp()
	v.Status, v.Facts.LawTitle = Draft, testPack().Law
	for i := range v.Facts.Items {
		v.Facts.Items[i].Retention = new("P1Y")
	}
	app.ResponsiblePerson = ResponsiblePerson{Name: inAll("Айгерім"), Email: "responsible@dala.example"}
	return draft{version: v, app: app, texts: []PolicyText{{"kk", "# Саясат\n"}, {"ru", "# Политика\n"}, {"en", "# Policy\n"}}}
}

// complaints are "CODE path" for each thing that is wrong.
func complaints(errs Errors) []string {
	out := []string{}
	for _, e := range errs {
		out = append(out, string(e.Code)+" "+strings.Join(e.Path, "."))
	}
	slices.Sort(out)
	return out
}

func TestAGoodDraftIsPublished(t *testing.T) {
	d := goodDraft()
	if got := d.refused(); len(got) > 0 {
		t.Error(got)
	}
	d.version.Facts.Term, d.version.Facts.PurposesEnd = nil, inAll("when the account is closed")
	if got := d.refused(); len(got) > 0 {
		t.Error(got)
	}
}

func TestADraftNeedsNoMoreThanAText(t *testing.T) {
	if errs := lintDraft(testCatalogue(), &Version{}, testApp(), goodDraft().texts[:1]); len(errs) > 0 {
		t.Error(errs)
	}
	if errs := lintDraft(testCatalogue(), &Version{}, testApp(), nil); len(errs) != 1 || errs[0].Code != CodeRequired || errs[0].Path[0] != "texts" {
		t.Errorf("without a text: %v", errs)
	}
}

// incomplete is what keeps a draft from being published, and from nothing else.
var incomplete = map[string]struct {
	spoil func(*draft)
	want  string
}{
	"no term":                     {func(d *draft) { d.version.Facts.Term = nil }, "facts.term"},
	"no label":                    {func(d *draft) { d.version.Label = "" }, "label"},
	"no authoritative text":       {func(d *draft) { d.texts = slices.Delete(d.texts, 1, 2) }, "texts"},
	"third parties not said":      {func(d *draft) { d.version.Facts.ThirdParties = nil }, "facts.thirdParties"},
	"border not said":             {func(d *draft) { d.version.Facts.CrossBorder = nil }, "facts.crossBorder"},
	"public sources not said":     {func(d *draft) { d.version.Facts.PublicSources = nil }, "facts.publicSources"},
	"no law":                      {func(d *draft) { d.version.Facts.LawTitle = nil }, "facts.lawTitle"},
	"law in another language":     {func(d *draft) { d.version.Facts.LawTitle = Words{{"kk", "Заң"}} }, "facts.lawTitle"},
	"no way to withdraw":          {func(d *draft) { d.version.Facts.Withdrawal = nil }, "facts.withdrawal"},
	"approved by nobody":          {func(d *draft) { d.version.Facts.Approval.By = "" }, "facts.approval"},
	"approved at no time":         {func(d *draft) { d.version.Facts.Approval.At = "" }, "facts.approval.at"},
	"approved at no date":         {func(d *draft) { d.version.Facts.Approval.At = "31.02.2026" }, "facts.approval.at"},
	"approved by no document":     {func(d *draft) { d.version.Facts.Approval.Reference = "" }, "facts.approval"},
	"no title of an item":         {func(d *draft) { d.version.Facts.Items[0].Title = Words{{"en", "x"}} }, "facts.items.0.title"},
	"no statement":                {func(d *draft) { d.version.Facts.Items[1].Statement = nil }, "facts.items.1.statement"},
	"third parties unnamed":       {func(d *draft) { d.version.Facts.Items[1].Recipients = nil }, "facts.items.1.recipients"},
	"a field without a label":     {func(d *draft) { d.version.Facts.Fields[0].Label = Words{{"kk", "x"}} }, "facts.fields.0.label"},
	"a field that nothing uses":   {func(d *draft) { d.version.Facts.Items[2].Fields = nil }, "facts.fields.0"},
	"an item, and the answer no":  {func(d *draft) { d.version.Facts.ThirdParties = new(false) }, "facts.items"},
	"the answer yes, and no item": {func(d *draft) { d.version.Facts.CrossBorder = new(true) }, "facts.items"},
	"published, and no item":      {func(d *draft) { d.version.Facts.PublicSources = new(true) }, "facts.items"},
	"abroad, and no border crossed": {
		func(d *draft) { d.version.Facts.Items[1].Recipients[0].Country = "RU" }, "facts.items.1.recipients",
	},
}

func TestPublicationNamesWhatIsMissing(t *testing.T) {
	for name, c := range incomplete {
		t.Run(name, func(t *testing.T) {
			d := goodDraft()
			c.spoil(&d)
			want := []string{string(CodeVersionIncomplete) + " " + c.want}
			if got := d.refused(); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if errs := lintDraft(testCatalogue(), d.version, d.app, d.texts); len(errs) > 0 {
				t.Errorf("a draft may lack it: %v", errs)
			}
		})
	}
}

func TestAVersionWithoutItemsIsNotPublished(t *testing.T) {
	d := goodDraft()
	d.version.Facts.Items, d.version.Facts.Fields, d.version.Facts.ThirdParties = nil, nil, new(false)
	want := []string{string(CodeVersionIncomplete) + " facts.items"}
	if got := d.refused(); !slices.Equal(got, want) {
		t.Error(got)
	}
}

// wrong is what no draft may contain.
var wrong = map[string]struct {
	spoil func(*draft)
	want  string
}{
	"an empty title": {func(d *draft) { d.version.Facts.Title = Words{{"kk", " "}} }, "REQUIRED facts.title"},
	"a field twice in an item": {func(d *draft) {
		item := &d.version.Facts.Items[0]
		item.Fields = append(item.Fields, ItemField{Field: item.Fields[0].Field, Required: !item.Fields[0].Required})
	}, "DUPLICATE_INPUT facts.items.0.fields.2"},
	"an empty law":              {func(d *draft) { d.version.Facts.LawTitle[2].Text = "" }, "REQUIRED facts.lawTitle"},
	"an empty way to withdraw":  {func(d *draft) { d.version.Facts.Withdrawal[0].Text = "\n" }, "REQUIRED facts.withdrawal"},
	"an empty title of an item": {func(d *draft) { d.version.Facts.Items[0].Title[0].Text = "" }, "REQUIRED facts.items.0.title"},
	"an empty statement":        {func(d *draft) { d.version.Facts.Items[1].Statement[0].Text = "" }, "REQUIRED facts.items.1.statement"},
	"an empty label":            {func(d *draft) { d.version.Facts.Fields[0].Label[0].Text = "" }, "REQUIRED facts.fields.0.label"},
	"an empty recipient":        {func(d *draft) { d.version.Facts.Items[1].Recipients[0].Name[0].Text = "" }, "REQUIRED facts.items.1.recipients.0.name"},
	"what for, twice in Russian": {
		func(d *draft) { d.version.Facts.Items[1].Recipients[0].Purpose[1].Locale = "ru" }, "DUPLICATE_INPUT facts.items.1.recipients.0.purpose",
	},
	"a statement in German":                       {func(d *draft) { d.version.Facts.Items[0].Statement[1].Locale = "de" }, "UNKNOWN_LOCALE facts.items.0.statement"},
	"a language the app does not speak":           {func(d *draft) { d.texts[0].Locale = "de" }, "UNKNOWN_LOCALE texts.0.locale"},
	"two texts in one language":                   {func(d *draft) { d.texts[0].Locale = "ru" }, "DUPLICATE_INPUT texts.1.locale"},
	"an empty text":                               {func(d *draft) { d.texts[0].Text = "\n # \n" }, "REQUIRED texts.0.text"},
	"a term that is none":                         {func(d *draft) { d.version.Facts.Term = new("3 years") }, "INVALID_VALUE facts.term"},
	"a term, and until the purposes are achieved": {func(d *draft) { d.version.Facts.PurposesEnd = inAll("later") }, "INVALID_VALUE facts.purposesEnd"},
	"a link without encryption":                   {func(d *draft) { d.link("http://bank.example") }, "INVALID_VALUE facts.externalLinks.0.url"},
	"a link to nowhere":                           {func(d *draft) { d.link("https:///pay") }, "INVALID_VALUE facts.externalLinks.0.url"},
	"a link with a login":                         {func(d *draft) { d.link("https://me:pw@bank.example") }, "INVALID_VALUE facts.externalLinks.0.url"},
	"a link that is too long":                     {func(d *draft) { d.link("https://bank.example/" + strings.Repeat("x", 2000)) }, "INVALID_VALUE facts.externalLinks.0.url"},
	"a link declared twice":                       {func(d *draft) { d.link("https://a.example"); d.link("https://a.example") }, "DUPLICATE_INPUT facts.externalLinks.1.url"},
	"a term of nothing":                           {func(d *draft) { d.version.Facts.Term = new("P0D") }, "INVALID_VALUE facts.term"},
	"retention that is none":                      {func(d *draft) { d.version.Facts.Items[1].Retention = new("PT1H") }, "INVALID_VALUE facts.items.1.retention"},
	"a field's code with a space":                 {func(d *draft) { d.rename("loyalty card") }, "INVALID_VALUE facts.fields.0.code"},
	"a field's code of one letter":                {func(d *draft) { d.rename("l") }, "INVALID_VALUE facts.fields.0.code"},
	"a field's code with a capital":               {func(d *draft) { d.rename("Loyalty") }, "INVALID_VALUE facts.fields.0.code"},
	"a field's code that is too long":             {func(d *draft) { d.rename("l" + strings.Repeat("o", 40)) }, "INVALID_VALUE facts.fields.0.code"},
	"a field's code with a slash":                 {func(d *draft) { d.rename("a/b") }, "INVALID_VALUE facts.fields.0.code"},
	"the code of the network context":             {func(d *draft) { d.rename(FieldConsentContext) }, "INVALID_VALUE facts.fields.0.code"},
	"the code of a colleague's name":              {func(d *draft) { d.rename(FieldDisplayName) }, "INVALID_VALUE facts.fields.0.code"},
	"the code of the canary":                      {func(d *draft) { d.rename(FieldCanary) }, "INVALID_VALUE facts.fields.0.code"},
	"the code of the pepper":                      {func(d *draft) { d.rename(FieldPepper) }, "INVALID_VALUE facts.fields.0.code"},
	"the code of a typed field":                   {func(d *draft) { d.rename("phone") }, "DUPLICATE_INPUT facts.fields.0.code"},
	"a field declared twice": {
		func(d *draft) { d.version.Facts.Fields = append(d.version.Facts.Fields, d.version.Facts.Fields[0]) },
		"DUPLICATE_INPUT facts.fields.1.code",
	},
	"a name of one's own":    {func(d *draft) { d.version.Facts.Fields[0].Kind = KindName }, "INVALID_VALUE facts.fields.0.kind"},
	"an IIN of one's own":    {func(d *draft) { d.version.Facts.Fields[0].Kind = KindIIN }, "INVALID_VALUE facts.fields.0.kind"},
	"an unknown kind":        {func(d *draft) { d.version.Facts.Fields[0].Kind = "FILE" }, "INVALID_VALUE facts.fields.0.kind"},
	"an unknown mask":        {func(d *draft) { d.version.Facts.Fields[0].Mask = "NONE" }, "INVALID_VALUE facts.fields.0.mask"},
	"a mask that hides less": {func(d *draft) { d.version.Facts.Fields[0].Mask = MaskYear }, "INVALID_VALUE facts.fields.0.mask"},
	"the first letter of yes": {func(d *draft) {
		d.version.Facts.Fields[0].Kind, d.version.Facts.Fields[0].Mask = KindBoolean, MaskInitial
	}, "INVALID_VALUE facts.fields.0.mask"},
	"an unknown class": {func(d *draft) { d.version.Facts.Fields[0].Class = "SECRET" }, "INVALID_VALUE facts.fields.0.class"},
	"an item's code with a dash": {
		func(d *draft) { d.version.Facts.Items[0].Code = "to-identify" }, "INVALID_VALUE facts.items.0.code",
	},
	"an item declared twice": {
		func(d *draft) { d.version.Facts.Items[0].Code = "accounting" }, "DUPLICATE_INPUT facts.items.3.code",
	},
	"an unknown kind of item":  {func(d *draft) { d.version.Facts.Items[0].Kind = "ALL" }, "INVALID_VALUE facts.items.0.kind"},
	"an unknown lawful basis":  {func(d *draft) { d.version.Facts.Items[0].Basis = "LEGITIMATE_INTEREST" }, "INVALID_VALUE facts.items.0.basis"},
	"a field that is nowhere":  {func(d *draft) { d.version.Facts.Items[0].Fields[1].Field = "shoeSize" }, "INVALID_VALUE facts.items.0.fields.1"},
	"a country in words":       {func(d *draft) { d.version.Facts.Items[1].Recipients[0].Country = "Kazakhstan" }, "INVALID_VALUE facts.items.1.recipients.0.country"},
	"a country in small print": {func(d *draft) { d.version.Facts.Items[1].Recipients[0].Country = "kz" }, "INVALID_VALUE facts.items.1.recipients.0.country"},
}

// link declares a link.
func (d *draft) link(url string) {
	d.version.Facts.ExternalLinks = append(d.version.Facts.ExternalLinks, ExternalLink{Title: inAll("bank"), URL: url})
}

// rename gives the app's own field another code, wherever it stands.
func (d *draft) rename(code string) {
	d.version.Facts.Fields[0].Code = code
	d.version.Facts.Items[2].Fields[0].Field = code
}

func TestADraftIsRefusedWhatCouldNotBeReadBack(t *testing.T) {
	for name, c := range wrong {
		t.Run(name, func(t *testing.T) {
			d := goodDraft()
			c.spoil(&d)
			if got := complaints(lintDraft(testCatalogue(), d.version, d.app, d.texts)); !slices.Equal(got, []string{c.want}) {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestEverythingWrongIsNamedAtOnce(t *testing.T) {
	d := goodDraft()
	d.version.Label = ""
	d.version.Facts.CrossBorder = nil
	d.version.Facts.Items[0].Kind = "ALL"
	d.texts[0].Locale = "de"
	want := []string{
		"INVALID_VALUE facts.items.0.kind", "UNKNOWN_LOCALE texts.0.locale",
		"VERSION_INCOMPLETE facts.crossBorder", "VERSION_INCOMPLETE label", "WARNING_UNANSWERED texts",
	}
	if got := d.refused(); !slices.Equal(got, want) {
		t.Error(got)
	}
}

func TestAMaskSuitsAKindOfWhichItHidesSomething(t *testing.T) {
	suits := map[FieldMask]string{
		MaskHidden: "TEXT DATE INTEGER BOOLEAN PHONE EMAIL", MaskInitial: "TEXT PHONE EMAIL", MaskLast4: "TEXT PHONE EMAIL",
		MaskYear: "DATE", MaskDomain: "EMAIL", "NONE": "",
	}
	for mask, kinds := range suits {
		for _, kind := range ownKinds {
			if got := mask.suits(kind); got != slices.Contains(strings.Fields(kinds), string(kind)) {
				t.Errorf("%s of %s: %t", mask, kind, got)
			}
		}
	}
}
