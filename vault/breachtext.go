package vault

import (
	"cmp"
	"html/template"
	"strings"
	"time"
)

// noticeWords are the words of a notice by language.
type noticeWords struct {
	Authority, People                                               string
	Operator, Detected, Kind, Fields, Measures, Count, Contact, Due string
	Rule, Unconfirmed                                               string
	kinds                                                           map[BreachKind]string
	measures                                                        map[BreachMeasure]string
}

func noticeWordsIn(locale string) noticeWords {
	kinds := func(access, disclosure, loss, alteration, other string) map[BreachKind]string {
		return map[BreachKind]string{BreachAccess: access, BreachDisclosure: disclosure, BreachLoss: loss, BreachAlteration: alteration, BreachOther: other}
	}
	measures := func(words ...string) map[BreachMeasure]string {
		out := map[BreachMeasure]string{}
		for i, m := range breachMeasures {
			out[m] = words[i]
		}
		return out
	}
	switch locale {
	case "kk":
		return noticeWords{
			"Дербес деректер қауіпсіздігінің бұзылуы туралы уәкілетті органға хабарлама", "Дербес деректеріңіздің қауіпсіздігі бұзылғаны туралы хабарлама",
			"Оператор", "Анықталған уақыты", "Бұзылу түрі", "Қол жеткізілген деректер", "Қабылданған шаралар", "Субъектілер саны", "Жауапты тұлға", "Хабарлау мерзімі",
			"Негізі", "Бұл ереже заң мәтінімен әлі салыстырылған жоқ",
			kinds("рұқсатсыз қол жеткізу", "деректердің жариялануы немесе берілуі", "деректердің жоғалуы", "деректердің өзгертілуі", "басқа"),
			measures("қолжетімділік тоқтатылды", "кілттер ауыстырылды", "жүйе оқшауланды", "деректер қалпына келтірілді", "кіру деректері ауыстырылды",
				"осалдық жойылды", "полицияға хабарланды", "басқа"),
		}
	case "en":
		return noticeWords{
			"Notice to the authority of a breach of the security of personal data", "Notice of a breach of the security of your personal data",
			"Operator", "Detected", "Kind of breach", "Data that was reached", "Measures taken", "Number of people", "Responsible person", "To be told by",
			"Ground", "Nobody has confirmed this rule by the text of the law",
			kinds("unauthorised access", "data was published or passed on", "data is lost", "data was changed", "other"),
			measures("access was taken away", "keys were rotated", "a system was cut off", "data was brought back", "logins were reset",
				"the weakness was mended", "the police was informed", "other"),
		}
	}
	return noticeWords{
		"Уведомление уполномоченного органа о нарушении безопасности персональных данных", "Уведомление о нарушении безопасности ваших персональных данных",
		"Оператор", "Обнаружено", "Вид нарушения", "Затронутые данные", "Принятые меры", "Число субъектов", "Ответственное лицо", "Срок уведомления",
		"Основание", "Это правило ещё не сверено с текстом закона",
		kinds("несанкционированный доступ", "распространение или передача данных", "утрата данных", "изменение данных", "иное"),
		measures("доступ закрыт", "ключи заменены", "система изолирована", "данные восстановлены", "данные для входа сброшены", "уязвимость устранена", "сообщено в полицию", "иное"),
	}
}

// noticePageHTML is the document; every value in it is escaped.
const noticePageHTML = `<!DOCTYPE html>
<html lang="{{.Locale}}"><head><meta charset="utf-8"><title>{{.Title}}</title></head><body>
<h1>{{.Title}}</h1>
<dl>
{{range .Lines}}<dt>{{.Name}}</dt><dd>{{.Text}}</dd>
{{end}}</dl>
<p>{{.Rule}}{{if .Unconfirmed}} <strong>{{.Unconfirmed}}.</strong>{{end}}</p>
</body></html>
`

type noticeLine struct{ Name, Text string }

// HTML is the notice without the people, in a language; times are in the pack's
// zone.
func (n NoticeText) HTML(locale string) (string, error) {
	w, b := noticeWordsIn(locale), n.Breach
	title := w.Authority
	if n.Audience == ForPeople {
		title = w.People
	}
	moment := func(t time.Time) string { return SayMoment(t, n.Pack.Zone, locale) }
	var fields, measures []string
	for _, code := range b.Fields {
		fields = append(fields, code)
		for _, f := range n.Catalogue {
			if f.Code == code {
				fields[len(fields)-1] = wordsOr(f.Label, locale)
			}
		}
	}
	for _, m := range b.Measures {
		measures = append(measures, strings.TrimSpace(w.measures[m.Code]+" "+m.Reference)+" ("+moment(m.At)+")")
	}
	person := n.App.ResponsiblePerson
	lines := []noticeLine{
		{w.Operator, wordsOr(n.App.Operator.Name, locale) + ", " + n.App.Operator.BIN},
		{w.Detected, moment(b.DetectedAt)},
		{w.Kind, w.kinds[b.Kind]},
		{w.Fields, strings.Join(fields, ", ")},
		{w.Measures, cmp.Or(strings.Join(measures, "; "), "—")},
		{w.Contact, wordsOr(person.Name, locale) + ", " + person.Email + ", " + n.App.Contacts.Phone},
	}
	if n.Audience == ForAuthority {
		lines = append(lines, noticeLine{w.Count, itoa(n.People)})
	}
	if due := b.Due(n.Audience); !due.IsZero() {
		lines = append(lines, noticeLine{w.Due, moment(due)})
	}
	rule := w.Rule + ": " + wordsOr(n.Rule.Says, locale)
	if article, _ := CiteArticle(n.Rule.Article, locale); article != "" {
		rule += " (" + article + ", " + b.Rules + ")"
	}
	unconfirmed := ""
	if !n.Rule.Confirmed() {
		unconfirmed = w.Unconfirmed
	}
	page, err := template.New("notice").Parse(noticePageHTML)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = page.Execute(&out, map[string]any{"Locale": locale, "Title": title, "Lines": lines, "Rule": rule, "Unconfirmed": unconfirmed})
	return out.String(), err
}
