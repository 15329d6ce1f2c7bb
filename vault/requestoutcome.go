package vault

import "slices"

// outcome says what a request came to.
func (l *letter) outcome() {
	switch l.request.Outcome {
	case DataShown:
		l.access()
	case ExportReady:
		l.paragraph(l.say(
			"Деректеріңіздің көшірмесі дайын. Оны қосымшаға өз атыңыздан кіріп, 24 сағат ішінде бір рет жүктеп ала аласыз.",
			"Копия ваших данных готова. Её можно скачать один раз в течение 24 часов, войдя в приложение под своим именем.",
			"A copy of your data is ready. You can fetch it in the app, signed in as yourself, once and within 24 hours."))
	case DataCorrected:
		l.paragraph(l.say("Деректеріңіз түзетілді.", "Ваши данные исправлены.", "Your data was corrected."))
	case SelfCorrected:
		l.paragraph(l.say("Деректерді қосымшада өзіңіз түзеттіңіз.", "Вы сами исправили данные в приложении.", "You corrected the data in the app yourself."))
	case DataBlocked:
		l.paragraph(l.say(
			"Деректеріңіз бұғатталды: олар ешбір мақсатта пайдаланылмайды. Оларды өзіңіз көре бересіз.",
			"Ваши данные заблокированы: их не используют ни для какой цели. Вы сами по-прежнему их видите.",
			"Your data is blocked: it is used for no purpose. You still see it yourself."))
	case DataUnblocked:
		l.paragraph(l.say("Деректерді бұғаттау алып тасталды.", "Блокирование данных снято.", "The blocking of your data was lifted."))
	case DataErased:
		l.erased()
	case DecisionChanged:
		l.paragraph(l.say("Шешімді адам қайта қарап, өзгертті.", "Решение пересмотрел человек, и оно изменено.", "A person looked at the decision again and changed it."))
	case DecisionExplained:
		l.paragraph(l.say(
			"Шешімді адам қайта қарап, күшінде қалдырды. Түсіндірмесі қосымшадағы жауапта берілген.",
			"Решение пересмотрел человек и оставил его в силе. Объяснение дано в ответе, который виден в приложении.",
			"A person looked at the decision again and left it as it is. The explanation is with the answer in the app."))
	default:
		l.paragraph(l.say(
			"Сіз туралы дербес деректер сақталмайды.", "Персональные данные о вас не хранятся.", "No personal data about you is held."))
	}
}

func (l *letter) erased() {
	l.paragraph(l.say("Деректеріңіз жойылды. Анықтаманың нөмірі: %s.", "Ваши данные уничтожены. Номер справки: %s.",
		"Your data was erased. The certificate's number: %s.", l.request.Erasure))
	if len(l.facts.kept) == 0 {
		return
	}
	l.paragraph(l.say("Заң талабы бойынша сақталатыны:", "По требованию закона сохраняется:", "What stays because the law wants it:"))
	var names []string
	for _, k := range l.facts.kept {
		names = append(names, l.stays(k))
	}
	l.names(names)
}

// access says what is held and why: the fact, the purposes, the source, the list
// and the terms. The values are in the app.
func (l *letter) access() {
	l.paragraph(l.say(
		"Дербес деректеріңіз өңделеді. Олардың мәндерін қосымшадан көре аласыз, көшірмесін сұрата аласыз.",
		"Ваши персональные данные обрабатываются. Сами значения видны в приложении, их копию можно запросить.",
		"Your personal data is processed. You see the values in the app, and can ask for a copy."))
	p := l.facts.person
	if p == nil {
		return
	}
	l.paragraph("## " + l.say("Сақталатын деректер", "Какие данные хранятся", "What is held"))
	var names []string
	for _, code := range l.held {
		if field, ok := p.definition(l.service.Catalogue, code); ok {
			names = append(names, wordsOr(field.Label, l.locale))
		}
	}
	if len(names) == 0 {
		names = []string{l.say("ештеңе сақталмайды", "ничего не хранится", "none")}
	}
	l.names(names)
	v := p.Current()
	if v == nil {
		return
	}
	l.paragraph("## " + l.say("Мақсаттары", "Для чего", "What for"))
	var items []string
	for _, item := range v.Facts.Items {
		if slices.ContainsFunc(l.held, item.Uses) || item.Kind != Purpose {
			items = append(items, wordsOr(item.Title, l.locale)+l.asks(item, p))
		}
	}
	l.names(items)
	l.paragraph(l.say("Деректердің көзі: өзіңіз және құрылғыңыз.", "Источник данных: вы сами и ваше устройство.", "The source: yourself and your device."))
	l.paragraph(l.term(v))
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
