package vault

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// testPack asks for everything, and warns of little.
func testPack() *RulePack {
	p := &RulePack{Code: "KZ", Version: "2026-03-01", Calendar: Calendar{Zone: time.FixedZone("Almaty", 5*60*60)}, Law: inAll("Law No. 94-V «On Data and Its Protection»")}
	for _, id := range RuleIDs() {
		r := Rule{ID: id, Mark: Found, Article: "8(4)", Says: inAll(string(id))}
		if strings.HasPrefix(string(id), "policy.") {
			r.Severity = Fatal
		}
		switch id {
		case RuleOtherTexts, RuleRetentionSaid, RuleBases, RuleLinks, RuleLawInText:
			r.Severity = Warning
		case RuleContactsSaid, RuleTermSaid:
			r.Mark = FromMemory
		default: // fatal or no rule of policies, and found
		}
		switch id {
		case RuleHomeCountry:
			r.List = []string{"KZ"}
		case RuleBases:
			r.List = []string{"CONSENT", "LAW"}
		default: // has no list
		}
		p.Rules = append(p.Rules, r)
	}
	return p
}

// set changes a rule of a pack.
func set(p *RulePack, id RuleID, change func(*Rule)) *RulePack {
	change(&p.Rules[slices.IndexFunc(p.Rules, func(r Rule) bool { return r.ID == id })])
	return p
}

func (d *draft) report(p *RulePack) Report {
	checkBIN := func(bin string) error {
		if !slices.Contains([]string{ownBIN, groupBIN, otherBIN}, bin) {
			return errors.New("no BIN")
		}
		return nil
	}
	return Gate{Pack: p, Catalogue: testCatalogue(), CheckBIN: checkBIN, Previous: d.previous, Now: morning}.Check(d.version, d.app, d.texts)
}

// refused are the complaints of publishing the draft without a word more.
func (d *draft) refused() []string { return complaints(d.report(testPack()).refusals(nil)) }

// found are "rule path" for each finding.
func found(r Report) []string {
	out := []string{}
	for _, f := range r.Findings {
		out = append(out, string(f.Rule.ID)+" "+strings.Join(f.Path, "."))
	}
	return out
}

// lacking is what a rule finds, one case for each rule.
var lacking = map[string]struct {
	spoil func(*draft)
	want  string
}{
	"an operator without a name":     {func(d *draft) { d.app.Operator.Name = nil }, "policy.operator app.operator.name"},
	"named in another language":      {func(d *draft) { d.app.Operator.Name = Words{{"kk", "x"}} }, "policy.operator app.operator.name"},
	"an operator without a BIN":      {func(d *draft) { d.app.Operator.BIN = "" }, "policy.operator app.operator.bin"},
	"a wrong check digit":            {func(d *draft) { d.app.Operator.BIN = "991240000004" }, "policy.operator app.operator.bin"},
	"an owner without a name":        {func(d *draft) { d.app.Owner.Name = nil }, "policy.owner app.owner.name"},
	"an owner without a BIN":         {func(d *draft) { d.app.Owner.BIN = "" }, "policy.owner app.owner.bin"},
	"a nameless member":              {func(d *draft) { d.app.Group[0].Name = nil }, "policy.group app.group.0.name"},
	"a member with a wrong BIN":      {func(d *draft) { d.app.Group[0].BIN = "1" }, "policy.group app.group.0.bin"},
	"no contacts":                    {func(d *draft) { d.app.Contacts.Email = "" }, "policy.contacts app.contacts.email"},
	"nobody responsible":             {func(d *draft) { d.app.ResponsiblePerson.Name = nil }, "policy.responsiblePerson app.responsiblePerson"},
	"nowhere to write to them":       {func(d *draft) { d.app.ResponsiblePerson.Email = "" }, "policy.responsiblePerson app.responsiblePerson"},
	"no term":                        {func(d *draft) { d.version.Facts.Term = nil }, "policy.term facts.term"},
	"third parties not said":         {func(d *draft) { d.version.Facts.ThirdParties = nil }, "policy.thirdParties facts.thirdParties"},
	"recipients not named":           {func(d *draft) { d.version.Facts.Items[1].Recipients = nil }, "policy.thirdParties facts.items.1.recipients"},
	"border not said":                {func(d *draft) { d.version.Facts.CrossBorder = nil }, "policy.crossBorder facts.crossBorder"},
	"public sources not said":        {func(d *draft) { d.version.Facts.PublicSources = nil }, "policy.publicSources facts.publicSources"},
	"a field without a purpose":      {func(d *draft) { d.version.Facts.Items[2].Fields = nil }, "policy.fields facts.fields.0"},
	"no way to withdraw":             {func(d *draft) { d.version.Facts.Withdrawal = nil }, "policy.withdrawal facts.withdrawal"},
	"the wrong language":             {func(d *draft) { d.texts = slices.Delete(d.texts, 1, 2) }, "policy.authoritativeText texts"},
	"a language is missing":          {func(d *draft) { d.texts = d.texts[:2] }, "policy.otherTexts texts"},
	"no law":                         {func(d *draft) { d.version.Facts.LawTitle = nil }, "policy.lawTitle facts.lawTitle"},
	"half the law's title":           {func(d *draft) { d.version.Facts.LawTitle = Words{{"ru", "«On Data»"}} }, "policy.lawTitle facts.lawTitle"},
	"half of it in another language": {func(d *draft) { d.version.Facts.LawTitle[2].Text = "«On Data»" }, "policy.lawTitle facts.lawTitle"},
	"half its title in a text":       {func(d *draft) { d.texts[1].Text = "# x\n\nThe law “On data”.\n" }, "policy.lawInText texts.1.text"},
	"approved by nobody":             {func(d *draft) { d.version.Facts.Approval.By = "" }, "policy.approval facts.approval"},
	"approved at no date":            {func(d *draft) { d.version.Facts.Approval.At = "soon" }, "policy.date facts.approval.at"},
	"approved tomorrow":              {func(d *draft) { d.version.Facts.Approval.At = "2026-03-03" }, "policy.date facts.approval.at"},
	"recipients, and no third party": {func(d *draft) {
		items := d.version.Facts.Items
		d.version.Facts.ThirdParties, items[1].Kind = new(false), Purpose
	}, "policy.thirdParties facts.items.1.recipients"},
	"data goes abroad, nobody knows where": {func(d *draft) {
		d.version.Facts.CrossBorder, d.version.Facts.Items[2].Kind = new(true), CrossBorder
	}, "policy.crossBorder facts.items.2.recipients"},
	"a field to be published only": {func(d *draft) { d.publishes(BasisConsent) }, "policy.fields facts.items.2.fields.0"},
	"published without consent": {func(d *draft) {
		d.publishes(BasisLaw)
		d.version.Facts.Items[0].Fields = append(d.version.Facts.Items[0].Fields, d.version.Facts.Items[2].Fields[0])
	}, "policy.publicSources facts.items.2.basis"},
	"kept for no one knows long": {func(d *draft) { d.version.Facts.Items[0].Retention = nil }, "policy.retention facts.items.0.retention"},
	"a ground that is no ground": {func(d *draft) { d.version.Facts.Items[2].Basis = BasisContract }, "policy.bases facts.items.2.basis"},
	"an item that was asked for": {func(d *draft) {
		was := *d.version
		was.Facts.Items = slices.Clone(was.Facts.Items)
		d.previous, d.version.Facts.Items[2].Basis = &was, BasisLaw
	}, "policy.stillAsked facts.items.2.basis"},
	"a field that was asked for": {func(d *draft) {
		was := *d.version
		was.Facts.Items = slices.Clone(was.Facts.Items)
		extra := tell("archive", was.Facts.Items[2].Fields[0].Field)
		extra.Retention = new("P1Y")
		d.previous, d.version.Facts.Items = &was, append(was.Facts.Items, extra)
	}, "policy.stillAsked facts.items.4.fields"},
	"a link that is not declared": {func(d *draft) { d.texts[0].Text += "\n\n[Төлем](https://Bank.example/pay?x=1)." }, "policy.links texts.0.text"},
}

// publishes makes the third item one that publishes what it uses.
func (d *draft) publishes(basis LawfulBasis) {
	d.version.Facts.PublicSources = new(true)
	d.version.Facts.Items[2].Kind, d.version.Facts.Items[2].Basis = Publication, basis
}

func TestAFieldOfTheProductHasAPurposeToo(t *testing.T) {
	d := goodDraft()
	d.publishes(BasisConsent)
	d.version.Facts.Fields, d.version.Facts.Items[2].Fields = nil, []ItemField{{Field: "familyName"}, {Field: "phone"}}
	if got := found(d.report(testPack())); len(got) > 0 {
		t.Errorf("used by a purpose, and by what is passed on: %v", got)
	}
	d.version.Facts.Items[2].Fields[1].Field = "email"
	if got := found(d.report(testPack())); !slices.Equal(got, []string{"policy.fields facts.items.2.fields.1"}) {
		t.Errorf("got %v", got)
	}
}

func TestAPolicyIsApprovedByTheDayOfItsJurisdiction(t *testing.T) {
	d := goodDraft()
	d.version.Facts.Approval.At = "2026-03-03"
	gate := Gate{Pack: testPack(), Catalogue: testCatalogue(), CheckBIN: func(string) error { return nil }, Now: morning.Add(10 * time.Hour)}
	if got := found(gate.Check(d.version, d.app, d.texts)); len(got) > 0 {
		t.Errorf("at midnight in Almaty: %v", got)
	}
	gate.Now = gate.Now.Add(-time.Second)
	if got := found(gate.Check(d.version, d.app, d.texts)); len(got) != 1 {
		t.Errorf("a second before: %v", got)
	}
}

func TestEachRuleFindsWhatItWants(t *testing.T) {
	for name, c := range lacking {
		t.Run(name, func(t *testing.T) {
			d := goodDraft()
			c.spoil(&d)
			rule, _, _ := strings.Cut(c.want, " ")
			if got := found(d.report(testPack())); !slices.Equal(got, []string{c.want}) {
				t.Errorf("got %v, want %s", got, c.want)
			}
			silent := set(testPack(), RuleID(rule), func(r *Rule) { r.Severity = Ignore })
			if got := found(d.report(silent)); len(got) > 0 {
				t.Errorf("a pack that ignores it finds %v", got)
			}
			d.version.Label = "2"
			for _, f := range d.report(testPack()).Findings {
				for i, w := range f.Message {
					if w.Locale != Languages[i] || w.Text == "" || strings.Contains(w.Text, "%!") {
						t.Errorf("%s: %q", w.Locale, w.Text)
					}
				}
			}
		})
	}
}

func TestAnAppThatNobodyDescribedLacksAllThatItSays(t *testing.T) {
	d := goodDraft()
	d.app = App{Languages: Languages, AuthoritativeLanguage: "ru"}
	want := []string{
		"policy.operator app.operator.name", "policy.operator app.operator.bin", "policy.owner app.owner.name", "policy.owner app.owner.bin",
		"policy.group app.group", "policy.contacts app.contacts.email", "policy.responsiblePerson app.responsiblePerson",
	}
	if got := found(d.report(testPack())); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	warned := set(testPack(), RuleOtherTexts, func(r *Rule) { r.Mark = FromMemory })
	leans := func(r Rule) bool { return r.ID == RuleOtherTexts }
	if slices.ContainsFunc(d.report(warned).Unconfirmed, leans) {
		t.Error("the report leans on the rule about the app's languages, which nobody knows")
	}
	d.app = testApp()
	if !slices.ContainsFunc(d.report(warned).Unconfirmed, leans) {
		t.Error("of an app that speaks them it does not")
	}
}

func TestAReportNamesTheRulesThatNobodyConfirmed(t *testing.T) {
	ids := func(p *RulePack) (out []RuleID) {
		d := goodDraft()
		for _, r := range d.report(p).Unconfirmed {
			out = append(out, r.ID)
		}
		return out
	}
	if got := ids(testPack()); !slices.Equal(got, []RuleID{RuleContactsSaid, RuleTermSaid}) {
		t.Errorf("got %v", got)
	}
	without := set(testPack(), RuleTermSaid, func(r *Rule) { r.Severity = Ignore })
	if got := ids(without); !slices.Equal(got, []RuleID{RuleContactsSaid}) {
		t.Errorf("a rule that is not asked is leant on: %v", got)
	}
}

func TestAWarningIsPassedOverWithAReasonOnly(t *testing.T) {
	d := goodDraft()
	d.version.Facts.Items[0].Retention = nil
	report := d.report(testPack())
	errs := report.refusals(nil)
	if got := complaints(errs); !slices.Equal(got, []string{"WARNING_UNANSWERED facts.items.0.retention"}) {
		t.Fatalf("got %v", got)
	}
	if errs[0].Param("rule") != "policy.retention" || errs[0].Param("article") != "8(4)" || report.Stops() {
		t.Errorf("%v", errs)
	}
	reason := []Acknowledgement{{Rule: RuleRetentionSaid, Reason: "DOC-17/4"}, {Rule: RuleOtherTexts, Reason: "NO-SUCH-WARNING-1"}}
	if errs := report.refusals(reason); len(errs) > 0 {
		t.Errorf("with a reason: %v", errs)
	}
	by := testID(7)
	want := []Acknowledgement{{RuleRetentionSaid, "DOC-17/4", by, morning}}
	if got := report.acknowledged(reason, by, morning); !slices.Equal(got, want) {
		t.Errorf("on record: %v", got)
	}
	d.version.Facts.Withdrawal = nil
	stays := []Acknowledgement{{Rule: RuleRetentionSaid, Reason: "CP-1"}, {Rule: RuleWithdrawalSaid, Reason: "CP-1"}}
	if got := complaints(d.report(testPack()).refusals(stays)); !slices.Equal(got, []string{"VERSION_INCOMPLETE facts.withdrawal"}) {
		t.Errorf("a reason is no way around an error: %v", got)
	}
}

func TestAReasonIsAReference(t *testing.T) {
	for _, reason := range []string{"CP-1", "TAX-CODE-190", "KZ-TAX-190", "LAW-94-8/2", "DOC-2026/118"} {
		if errs := checkReasons([]Acknowledgement{{Rule: RuleLinks, Reason: reason}}); len(errs) > 0 {
			t.Errorf("%s: %v", reason, errs)
		}
	}
	for reason, code := range map[string]string{
		"": "REQUIRED", " ": "REQUIRED", "Иванов Иван +77015550001": "INVALID_REASON", "Ivanov": "INVALID_REASON", "CP-1 Ivanov": "INVALID_REASON",
		"CP-1\n": "INVALID_REASON", "TAX-CODE-190 ": "INVALID_REASON", "TAX-CODE-900101300123": "INVALID_REASON", "900101300123": "INVALID_REASON",
		"TAX-CODE": "INVALID_REASON", "tax-code-190": "INVALID_REASON", "THIS-IS-NO-REASON-AT-ALL-1": "INVALID_REASON",
	} {
		want := code + " acknowledgedWarnings.0.reason"
		if got := complaints(checkReasons([]Acknowledgement{{Rule: RuleLinks, Reason: reason}})); !slices.Equal(got, []string{want}) {
			t.Errorf("%q: got %v, want %s", reason, got, want)
		}
	}
	given := []Acknowledgement{{Rule: "policy.hope", Reason: "CP-1"}, {Rule: RuleLinks, Reason: "CP-1"}, {Rule: RuleLinks, Reason: "CP-2"}}
	want := []string{"DUPLICATE_INPUT acknowledgedWarnings.2.rule", "INVALID_VALUE acknowledgedWarnings.0.rule"}
	if got := complaints(checkReasons(given)); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestALinkOfATextIsDeclaredByItsHost(t *testing.T) {
	d := goodDraft()
	d.texts[0].Text = "# Саясат\n\nТөлем: https://bank.example/a, (http://BANK.example:8080/b)\nhttps://else.example.\n"
	d.link("https://bank.example/pay")
	report := d.report(testPack())
	if len(report.Findings) != 1 || report.Findings[0].Line != 4 || !strings.HasSuffix(report.Findings[0].Message[2].Text, ": else.example.") {
		t.Errorf("got %+v", report.Findings)
	}
}

func TestALawsFullTitleIsRecognisedHoweverItIsSet(t *testing.T) {
	for title, full := range map[string]bool{
		"LAW  No. 94–V “On Data and its Protection”":                true,
		"the Law No. 94-V «On Data and Its Protection», as amended": true,
		"Law No. 94-V":                               false,
		"«On Data and Its Protection»":               false,
		"Law No. 94-V «On Data and Its»":             false,
		"Law No. 94-VI «On Data and Its Protection»": false,
	} {
		d := goodDraft()
		d.version.Facts.LawTitle = Words{{"ru", title}}
		if got := d.refused(); (len(got) == 0) != full {
			t.Errorf("%s: %v", title, got)
		}
	}
	for text, short := range map[string]bool{
		"the law «On data»":                           true,
		"the law \"On Data and Its\"":                 true,
		"the law «On Data and Its Protection»":        false,
		"our rules «On Dating»":                       false,
		"the word «On»":                               false,
		"the law «On Data and Its Protection» (here)": false,
	} {
		d := goodDraft()
		d.texts[1].Text = text
		if got := d.refused(); (len(got) > 0) != short {
			t.Errorf("%s: %v", text, got)
		}
	}
}
