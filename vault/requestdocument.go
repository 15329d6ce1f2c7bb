package vault

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// RequestDocument is an answer, or a reasoned refusal, as the person reads it.
// Nothing personal is in it, so that it can be kept.
type RequestDocument struct {
	V       int       `json:"v"`
	Request uuid.UUID `json:"request"`
	Number  string    `json:"number"`
	Locale  string    `json:"locale"`
	Title   string    `json:"title"`
	Text    string    `json:"text"` // Markdown

	Hash      string `json:"-"`
	Canonical []byte `json:"-"`
}

// answerFacts are what an answer says beside the request.
type answerFacts struct {
	app    App
	person *Person // nil: nothing is held of the requester
	kept   []Kept  // what stays after an erasure
	// obstacles are what a refusal leans on, by name.
	obstacles []string
}

// answerDocuments are the answer in every language that the product has.
func (s *Service) answerDocuments(ctx context.Context, r SubjectRequest, facts answerFacts) ([]StoredDocument, error) {
	pack, err := s.pack(facts.app)
	if err != nil {
		return nil, err
	}
	var held []string
	if facts.person != nil {
		stored, err := s.Reader.Fields(ctx, []uuid.UUID{facts.person.User.ID})
		if err != nil {
			return nil, err
		}
		for _, f := range stored {
			held = append(held, f.Code)
		}
		slices.Sort(held)
	}
	var out []StoredDocument
	for _, locale := range Languages {
		l := letter{locale: locale, pack: pack, request: r, facts: facts, held: held, service: s}
		d := RequestDocument{V: 1, Request: r.ID, Number: r.Number(), Locale: locale, Title: l.title(), Text: l.text()}
		canonical, err := Canonical(map[string]any{
			"v": d.V, "request": d.Request.String(), "number": d.Number, "locale": d.Locale, "title": d.Title, "text": d.Text,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, StoredDocument{Locale: locale, Canonical: canonical, Hash: Hash(canonical)})
	}
	return out, nil
}

// letter writes one answer in one language.
type letter struct {
	strings.Builder
	locale  string
	pack    *RulePack
	request SubjectRequest
	facts   answerFacts
	held    []string
	service *Service
}

// say is a sentence in the letter's language.
func (l *letter) say(kk, ru, en string, args ...any) string {
	text := map[string]string{"kk": kk, "ru": ru, "en": en}[l.locale]
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// paragraph adds one.
func (l *letter) paragraph(text string) { l.WriteString(text + "\n\n") }

func (l *letter) title() string {
	if l.request.State == RequestRefused {
		return l.say("%s сұрау салуы бойынша уәжді бас тарту", "Мотивированный отказ по запросу %s", "Reasoned refusal of request %s", l.request.Number())
	}
	return l.say("%s сұрау салуына жауап", "Ответ на запрос %s", "Answer to request %s", l.request.Number())
}

func (l *letter) text() string {
	l.paragraph("# " + l.title())
	l.head()
	if l.request.State == RequestRefused {
		l.refusal()
	} else {
		l.outcome()
	}
	l.ground()
	l.complaint()
	return strings.TrimRight(l.String(), "\n") + "\n"
}

func (l *letter) head() {
	o := l.facts.app.Operator
	l.WriteString("- " + l.say("Оператор", "Оператор", "Operator") + ": " + wordsOr(o.Name, l.locale) + ", " +
		l.say("БСН", "БИН", "BIN") + " " + o.BIN + "\n")
	l.WriteString("- " + l.say("Не сұралды", "Что запрошено", "What was asked") + ": " + l.kind() + "\n")
	for _, moment := range []struct {
		what string
		at   time.Time
	}{
		{l.say("Алынған күні", "Дата получения", "Received"), l.request.ReceivedAt},
		{l.say("Жауап беру мерзімі", "Срок ответа", "Due"), l.request.DueAt},
		{l.say("Жауап берілген күні", "Дата ответа", "Answered"), l.request.ClosedAt},
	} {
		l.WriteString("- " + moment.what + ": " + l.day(moment.at) + "\n")
	}
	if l.request.Reference != "" {
		l.WriteString("- " + l.say("Құжаттың нөмірі", "Номер документа", "Reference") + ": " + l.request.Reference + "\n")
	}
	l.WriteString("\n")
}

// day is a date in the pack's zone, which it names.
func (l *letter) day(at time.Time) string {
	return SayDay(at, l.pack.Zone, l.locale) + " (" + l.pack.Zone.String() + ")"
}

func (l *letter) kind() string {
	switch l.request.Kind {
	case AsksAccess:
		return l.say("өз деректеріне қол жеткізу", "доступ к своим данным", "access to one's own data")
	case AsksExport:
		return l.say("деректердің көшірмесі", "копия данных", "a copy of the data")
	case AsksCorrection:
		return l.say("деректерді түзету", "исправление данных", "correction of data")
	case AsksBlocking:
		return l.say("деректерді бұғаттау", "блокирование данных", "blocking of data")
	case AsksUnblocking:
		return l.say("бұғаттауды алып тастау", "снятие блокирования", "lifting of a blocking")
	case AsksErasure:
		return l.say("деректерді жою", "удаление данных", "erasure of data")
	default:
		return l.say("автоматтандырылған шешімге қарсылық", "возражение против автоматизированного решения", "objection to an automated decision")
	}
}

func (l *letter) refusal() {
	rule := l.pack.Rule(l.request.Ground.rule())
	l.paragraph(l.say("Сұрау салу қанағаттандырылмады. Себебі:", "В удовлетворении запроса отказано. Причина:", "The request is refused. The reason:") +
		" " + wordsOr(rule.Says, l.locale))
	l.paragraph(l.cite(rule))
	l.names(l.facts.obstacles)
}

// names lists what is called by a reference.
func (l *letter) names(list []string) {
	for _, name := range list {
		l.WriteString("- " + name + "\n")
	}
	if len(list) > 0 {
		l.WriteString("\n")
	}
}

// ground says which rule set the term.
func (l *letter) ground() {
	rule := l.pack.Rule(l.request.Kind.rule())
	l.paragraph(l.say("Мерзім негізі:", "Основание срока:", "What sets the term:") + " " + wordsOr(rule.Says, l.locale) + " " + l.cite(rule))
}

// cite names where a rule stands in the law, and says so when nobody has read it
// there.
func (l *letter) cite(rule Rule) string {
	law := wordsOr(l.pack.Law, l.locale)
	article, numbered := CiteArticle(rule.Article, l.locale)
	var out string
	switch {
	case rule.Article == "":
		out = l.say("Заңда ондай бап жоқ: бұл – оператордың тұжырымы (%s).", "Такой статьи в законе нет: это вывод оператора (%s).",
			"No article of the law says so: it is the operator's conclusion (%s).", law)
	case !numbered: // it stands in another law, which it names
		out = l.say("Негізі: %s.", "Основание: %s.", "Ground: %s.", article)
	default:
		out = l.say("Негізі: %[2]s, %[1]s.", "Основание: %[1]s; %[2]s.", "Ground: %s of the %s.", article, law)
	}
	if !rule.Confirmed() {
		out += " " + l.say("Бұл ереже заң мәтінімен әлі салыстырылған жоқ (белгісі: %s).", "Это правило ещё не сверено с текстом закона (отметка: %s).",
			"This rule has not been checked against the text of the law (mark: %s).", rule.Mark)
	}
	return out
}

func (l *letter) complaint() {
	rule := l.pack.Rule(RuleComplaint)
	l.paragraph("## " + l.say("Шағымдану тәртібі", "Как обжаловать", "How to complain"))
	if text := wordsOr(rule.Says, l.locale); text != "" {
		l.paragraph(text + " " + l.cite(rule))
	}
	p := l.facts.app.ResponsiblePerson
	l.paragraph(l.say("Дербес деректерге жауапты тұлға: %s, %s.", "Ответственный за персональные данные: %s, %s.",
		"The person responsible for personal data: %s, %s.", wordsOr(p.Name, l.locale), p.Email))
	l.paragraph(l.say("Ережелер жинағы: %s.", "Набор правил: %s.", "Rule pack: %s.", l.request.Pack))
}
