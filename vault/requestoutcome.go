package vault

// outcome says what a request came to.
func (l *letter) outcome() {
	switch l.request.Outcome {
	case DataShown:
		l.given()
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
			"Осы өтініштің өзінен басқа, сіз туралы дербес деректер табылмады.",
			"Кроме самого этого обращения, персональных данных о вас не найдено.",
			"Beside this request itself no personal data about you was found."))
	}
}

// erased says under which number the certificate is read, by whoever has it: the
// person has no login any more.
func (l *letter) erased() {
	l.paragraph(l.say(
		"Деректеріңіз жойылды. Анықтаманың нөмірі: %s. Анықтаманы осы нөмір бойынша жүйеге кірмей-ақ оқуға болады.",
		"Ваши данные уничтожены. Номер справки: %s. Справку можно прочитать по этому номеру, входить для этого не нужно.",
		"Your data was erased. The certificate's number: %s. It can be read by this number, without signing in.", l.request.Erasure))
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
