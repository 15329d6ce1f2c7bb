package vault

import (
	"strconv"
	"strings"
)

// The consent form is generated from the facts, so that it cannot say other
// than they do. Its parts are those that article 8(4) of the law names: who
// collects, for how long, whether data is passed on, crosses the border or is
// published, and the list of what is collected.

// formWords are the form's own words in one language.
type formWords struct {
	heading, operator, owner, group, bin    string
	term, untilAchieved, thirdParties       string
	crossBorder, publicSources, yes, no     string
	collected, required, optional, purposes string
	retention, recipient, withdrawal, asked string
	notAsked, law                           string
	units                                   [3]unit // year, month, day
}

// unit is a unit of time as a number asks for it: 1 год, 2 года, 5 лет.
type unit struct{ one, few, many string }

func (u unit) of(n int, locale string) string {
	slavic := locale == "ru"
	switch {
	case n == 1, slavic && n%10 == 1 && n%100 != 11:
		return u.one
	case slavic && n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
		return u.few
	}
	return u.many
}

var forms = map[string]formWords{
	"kk": {
		heading:  "Дербес деректерді жинауға және өңдеуге келісім",
		operator: "Оператор", owner: "Дербес деректерді қамтитын базаның меншік иесі",
		group: "Келісім қолданылатын оператор", bin: "БСН/ЖСН",
		term: "Келісімнің қолданылу мерзімі", untilAchieved: "өңдеу мақсаттарына қол жеткізілгенге дейін",
		thirdParties: "Деректерді үшінші тұлғаларға беру", crossBorder: "Деректерді трансшекаралық беру",
		publicSources: "Деректерді жалпыға бірдей қолжетімді көздерде тарату", yes: "иә", no: "жоқ",
		collected: "Жиналатын деректер тізбесі", required: "міндетті", optional: "қалауыңыз бойынша",
		purposes: "Келісім сұралатын тармақтар", retention: "Сақтау мерзімі", recipient: "Алушы",
		withdrawal: "Келісімді кері қайтарып алу тәртібі", asked: "Келісім", notAsked: "Келісім талап етілмейтін өңдеу", law: "Қолданылатын заң",
		units: [3]unit{{"жыл", "жыл", "жыл"}, {"ай", "ай", "ай"}, {"күн", "күн", "күн"}},
	},
	"ru": {
		heading:  "Согласие на сбор и обработку персональных данных",
		operator: "Оператор", owner: "Собственник базы, содержащей персональные данные",
		group: "Оператор, на которого распространяется согласие", bin: "БИН/ИИН",
		term: "Срок действия согласия", untilAchieved: "до достижения целей обработки",
		thirdParties: "Передача данных третьим лицам", crossBorder: "Трансграничная передача данных",
		publicSources: "Распространение данных в общедоступных источниках", yes: "да", no: "нет",
		collected: "Перечень собираемых данных", required: "обязательно", optional: "по желанию",
		purposes: "На что запрашивается согласие", retention: "Срок хранения", recipient: "Получатель",
		withdrawal: "Порядок отзыва согласия", asked: "Согласие", notAsked: "Обработка, для которой согласие не требуется", law: "Применимый закон",
		units: [3]unit{{"год", "года", "лет"}, {"месяц", "месяца", "месяцев"}, {"день", "дня", "дней"}},
	},
	"en": {
		heading:  "Consent to the collection and processing of personal data",
		operator: "Operator", owner: "Owner of the database containing personal data",
		group: "Operator covered by the consent", bin: "BIN/IIN",
		term: "Term of the consent", untilAchieved: "until the purposes of processing are achieved",
		thirdParties: "Transfer of data to third parties", crossBorder: "Cross-border transfer of data",
		publicSources: "Dissemination of data in public sources", yes: "yes", no: "no",
		collected: "List of the data collected", required: "required", optional: "optional",
		purposes: "What consent is asked for", retention: "Retention period", recipient: "Recipient",
		withdrawal: "How to withdraw the consent", asked: "Consent", notAsked: "Processing that needs no consent", law: "Governing law",
		units: [3]unit{{"year", "years", "years"}, {"month", "months", "months"}, {"day", "days", "days"}},
	},
}

// form writes a consent form in one language.
type form struct {
	strings.Builder
	formWords
	locale, fallback string
}

// consentForm is the form of a version in one language, Markdown.
func consentForm(app App, catalogue Catalogue, v *Version, locale string) string {
	f := &form{formWords: forms[locale], locale: locale, fallback: app.AuthoritativeLanguage}
	f.line("# ", f.heading)
	f.legalEntity(f.operator, app.Operator)
	f.legalEntity(f.owner, app.Owner)
	for _, member := range app.Group {
		f.legalEntity(f.group, member)
	}
	f.entry(f.term, f.holds(v.Facts))
	f.entry(f.thirdParties, f.yesNo(v.Facts.ThirdParties))
	f.entry(f.crossBorder, f.yesNo(v.Facts.CrossBorder))
	f.entry(f.publicSources, f.yesNo(v.Facts.PublicSources))
	f.entry(f.law, f.words(v.Facts.LawTitle))
	f.line("\n## ", f.collected)
	for _, c := range v.Facts.Collected(catalogue) {
		f.entry(f.words(c.Label), f.need(c.Required))
	}
	f.items(f.purposes, v.Facts.Items, true)
	f.items(f.notAsked, v.Facts.Items, false)
	f.line("\n## ", f.formWords.withdrawal)
	f.line("\n", f.words(v.Facts.Withdrawal))
	return f.String()
}

func (f *form) items(heading string, items []Item, asked bool) {
	first := true
	for _, item := range items {
		if item.Asked() != asked {
			continue
		}
		if first {
			f.line("\n## ", heading)
			first = false
		}
		f.line("\n### ", f.words(item.Title))
		f.line("\n", f.words(item.Statement))
		f.line()
		if asked {
			f.entry(f.asked, f.need(item.Required))
		}
		if item.Retention != nil {
			f.entry(f.retention, f.duration(item.Retention))
		}
		for _, r := range item.Recipients {
			f.entry(f.recipient, f.recipientWords(r))
		}
	}
}

func (f *form) line(parts ...string) {
	for _, p := range parts {
		f.WriteString(p)
	}
	f.WriteByte('\n')
}

func (f *form) entry(name, value string) { f.line("- ", name, ": ", value) }

func (f *form) words(w Words) string {
	return strings.TrimSpace(wordsOr(w, f.locale, f.fallback))
}

func (f *form) legalEntity(as string, o Operator) {
	f.entry(as, f.words(o.Name)+", "+f.bin+" "+o.BIN)
}

// recipientWords say who, in which country, and what for.
func (f *form) recipientWords(r Recipient) string {
	who := f.words(r.Name) + ", " + r.Country
	if purpose := f.words(r.Purpose); purpose != "" {
		who += " — " + purpose
	}
	return who
}

func (f *form) yesNo(v *bool) string {
	switch {
	case v == nil:
		return "—"
	case *v:
		return f.yes
	}
	return f.no
}

func (f *form) need(required bool) string {
	if required {
		return f.required
	}
	return f.optional
}

// holds says how long a consent holds.
func (f *form) holds(facts Facts) string {
	text := f.duration(facts.Term)
	if end := f.words(facts.PurposesEnd); facts.Term == nil && end != "" {
		text += ": " + end
	}
	return text
}

// duration says an ISO 8601 duration in words: P1Y6M is "1 year 6 months".
func (f *form) duration(iso *string) string {
	if iso == nil {
		return f.untilAchieved
	}
	m := durationForm.FindStringSubmatch(*iso)
	if m == nil {
		return *iso
	}
	var parts []string
	for i, unit := range f.units {
		if n, err := strconv.Atoi(m[i+1]); err == nil {
			parts = append(parts, strconv.Itoa(n)+" "+unit.of(n, f.locale))
		}
	}
	return strings.Join(parts, " ")
}

// SayDuration says an ISO 8601 duration in words of a language of the product.
func SayDuration(iso, locale string) string {
	f := &form{formWords: forms[locale], locale: locale}
	return f.duration(&iso)
}
