package vault

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// toldRecipients is how many of the latest disclosures an answer looks at.
const toldRecipients = 1_000

// standing reads what is held of the person of an answer, where it comes from
// and who was given it. What the law bars them from being told is left out.
func (s *Service) standing(ctx context.Context, facts *answerFacts) error {
	user := facts.person.User.ID
	stored, err := s.Reader.Fields(ctx, []uuid.UUID{user})
	if err != nil {
		return err
	}
	for _, f := range stored {
		facts.held = append(facts.held, f.Code)
		if !slices.Contains(facts.sources, f.Source) {
			facts.sources = append(facts.sources, f.Source)
		}
	}
	slices.Sort(facts.held)
	slices.Sort(facts.sources)
	traces, err := s.Reader.Traces(ctx, user, Evidence{})
	if err != nil {
		return err
	}
	for _, t := range traces {
		facts.signsIn = facts.signsIn || t.Trace == TraceLogins && t.Rows > 0
		facts.devices = facts.devices || (t.Trace == TraceTechnical || t.Trace == TraceContexts) && t.Rows > 0
	}
	passed, err := s.Reader.Disclosures(ctx, user, false, Page{Limit: toldRecipients})
	for _, d := range passed {
		to := d.Recipient
		if !slices.ContainsFunc(facts.passedTo, func(o DisclosedTo) bool {
			return o.Registration == to.Registration && o.Country == to.Country && slices.Equal(o.Name, to.Name)
		}) {
			facts.passedTo = append(facts.passedTo, to)
		}
	}
	return err
}

// given says that the data was shown, or its copy handed over.
func (l *letter) given() {
	if l.request.Kind == AsksExport {
		l.paragraph(l.say(
			"Деректеріңіздің көшірмесін оператордың қызметкері сізге тапсырды.",
			"Копию ваших данных передал вам сотрудник оператора.",
			"A colleague of the operator handed you a copy of your data."))
		return
	}
	if l.facts.signsIn {
		l.paragraph(l.say(
			"Дербес деректеріңіз өңделеді. Олардың мәндерін қосымшадан көре аласыз, көшірмесін сұрата аласыз.",
			"Ваши персональные данные обрабатываются. Сами значения видны в приложении, их копию можно запросить.",
			"Your personal data is processed. You see the values in the app, and can ask for a copy."))
	} else {
		l.paragraph(l.say(
			"Дербес деректеріңіз өңделеді. Қосымшада тіркелмегенсіз: мәндердің өзін де, көшірмесін де оператордың қызметкері береді.",
			"Ваши персональные данные обрабатываются. В приложении вы не зарегистрированы: сами значения и их копию сообщает сотрудник оператора.",
			"Your personal data is processed. You are not registered in the app: a colleague of the operator tells you the values and hands you a copy."))
	}
	l.access()
}

// access says what is held and why: the fact, the purposes, the source, the
// methods, who was given it, the list and the terms. The values are not in it.
func (l *letter) access() {
	p := l.facts.person
	if p == nil {
		return
	}
	l.paragraph("## " + l.say("Сақталатын деректер", "Какие данные хранятся", "What is held"))
	var names []string
	for _, code := range l.facts.held {
		if field, ok := p.definition(l.catalogue, code); ok {
			names = append(names, wordsOr(field.Label, l.locale))
		}
	}
	if len(names) == 0 {
		names = []string{l.say("бірде-біреуі жоқ", "никакие", "none")}
	}
	l.names(names)
	l.paragraph("## " + l.say("Дереккөзі", "Откуда данные", "Where it comes from"))
	l.names(l.sources())
	l.paragraph("## " + l.say("Кімге берілген", "Кому передавались", "Who was given it"))
	l.names(l.recipients())
	v := p.Current()
	if v == nil {
		return
	}
	l.paragraph("## " + l.say("Мақсаттары", "Для чего", "What for"))
	var items []string
	for _, item := range v.Facts.Items {
		if slices.ContainsFunc(l.facts.held, item.Uses) || item.Kind != Purpose {
			items = append(items, wordsOr(item.Title, l.locale)+l.asks(item, p))
		}
	}
	l.names(items)
	l.paragraph(l.say(
		"Өңдеу тәсілдері: деректер шифрланып сақталады, жоғарыда аталған мақсаттар үшін ғана оқылады, әр оқу журналға жазылады.",
		"Способы обработки: данные хранятся зашифрованными, читаются только для названных целей, каждое чтение записывается в журнал.",
		"How it is processed: the data is kept encrypted, read for these purposes only, and each reading is on record."))
	l.paragraph(l.term(v))
}

// sources say where the values come from.
func (l *letter) sources() []string {
	var out []string
	for _, source := range l.facts.sources {
		out = append(out, l.source(source))
	}
	if l.facts.devices {
		out = append(out, l.say("құрылғыңыз", "ваше устройство", "your device"))
	}
	if len(out) == 0 {
		return []string{l.say("деректер жоқ", "данных нет", "there is no data")}
	}
	return out
}

func (l *letter) source(source Source) string {
	switch source {
	case FromPerson:
		return l.say("өзіңіз айттыңыз, қызметкер жазды", "вы сами, записал сотрудник", "yourself; a colleague wrote it down")
	case FromDocument:
		return l.say("құжат, қызметкер жазды", "документ, записал сотрудник", "a document; a colleague wrote it down")
	case FromRepresentative:
		return l.say("өкіліңіз", "ваш представитель", "your representative")
	case FromStateService:
		return l.say("мемлекеттік сервис", "государственный сервис", "a service of the state")
	case FromNonstateService:
		return l.say("мемлекеттік емес сервис", "негосударственный сервис", "a service that is not the state's")
	default:
		return l.say("өзіңіз, қосымшада", "вы сами, в приложении", "yourself, in the app")
	}
}

// recipients are who was given something, as far as the person may be told.
func (l *letter) recipients() []string {
	var out []string
	for _, to := range l.facts.passedTo {
		name := wordsOr(to.Name, l.locale)
		if name == "" {
			name = l.say("БСН", "БИН", "BIN") + " " + to.Registration
		}
		out = append(out, name+" ("+to.Country+")")
	}
	if len(out) == 0 {
		out = []string{l.say(
			"хабарлауға болатын жазбалар жоқ", "записей, о которых можно сообщить, нет", "there is no record that may be told")}
	}
	return out
}

// asks says how the person stands to what they are asked.
func (l *letter) asks(item Item, p *Person) string {
	if !item.Asked() {
		return ""
	}
	if p.Check(item.Code, "", p.now).Allowed {
		return l.say(" (келісім берілген)", " (согласие дано)", " (you consent)")
	}
	return l.say(" (келісім жоқ)", " (согласия нет)", " (no consent)")
}

func (l *letter) term(v *Version) string {
	if v.Facts.Term == nil {
		return l.say("Мерзімі: өңдеу мақсаттарына қол жеткізілгенге дейін.", "Срок: до достижения целей обработки.", "The term: until the purposes are achieved.")
	}
	return l.say("Келісімнің мерзімі: %s (саясаттың редакциясы: %s).", "Срок согласия: %s (редакция политики: %s).",
		"The term of a consent: %s (policy version %s).", SayDuration(*v.Facts.Term, l.locale), v.Label)
}
