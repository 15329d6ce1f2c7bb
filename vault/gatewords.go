package vault

import "fmt"

// says words a finding in each language. An argument of its own words, such as
// the title of a law, stands in the language of the sentence.
func says(what string, args ...any) Words {
	out := wordsOf(gateWords[what])
	for i, locale := range Languages {
		in := make([]any, len(args))
		for n, arg := range args {
			in[n] = arg
			if w, ok := arg.(Words); ok {
				in[n] = wordsOr(w, locale)
			}
		}
		out[i].Text = fmt.Sprintf(out[i].Text, in...)
	}
	return out
}

// wordsOf are texts in the order of Languages.
func wordsOf(texts [3]string) Words {
	var out Words
	for i, locale := range Languages {
		out = append(out, Word{locale, texts[i]})
	}
	return out
}

// gateWords are the findings in the order of Languages.
var gateWords = map[string][3]string{
	"operatorName": {
		"Оператордың атауы негізгі тілде көрсетілмеген.",
		"Не указано наименование оператора на основном языке.",
		"The operator is not named in the authoritative language.",
	},
	"operatorBIN": {
		"Оператордың БСН-і (ЖСН-і) көрсетілмеген.",
		"Не указан БИН (ИИН) оператора.",
		"The operator's BIN (IIN) is not given.",
	},
	"ownerName": {
		"Базаның меншік иесінің атауы негізгі тілде көрсетілмеген.",
		"Не указано наименование собственника базы на основном языке.",
		"The owner of the database is not named in the authoritative language.",
	},
	"ownerBIN": {
		"Базаның меншік иесінің БСН-і (ЖСН-і) көрсетілмеген.",
		"Не указан БИН (ИИН) собственника базы.",
		"The BIN (IIN) of the owner of the database is not given.",
	},
	"groupName": {
		"Топ мүшесінің атауы негізгі тілде көрсетілмеген.",
		"Участник группы не назван на основном языке.",
		"A member of the group is not named in the authoritative language.",
	},
	"groupBIN": {
		"Топ мүшесінің БСН-і (ЖСН-і) көрсетілмеген.",
		"Не указан БИН (ИИН) участника группы.",
		"The BIN (IIN) of a member of the group is not given.",
	},
	"groupUnsaid": {
		"Келісімнің тұлғалар тобына қолданылатыны не қолданылмайтыны және топқа кімдер кіретіні айтылмаған: мүшелерін атап көрсетіңіз.",
		"Не сказано, распространяется ли согласие на группу лиц и кто в неё входит: назовите участников поимённо.",
		"It is not said whether the consent extends to a group, and who belongs to it: name the members.",
	},
	"binWrong": {
		"БСН (ЖСН) дұрыс емес: он екі цифр және дұрыс бақылау цифры болуға тиіс.",
		"БИН (ИИН) неверен: в нём двенадцать цифр, последняя из которых — контрольная.",
		"The BIN (IIN) is wrong: it has twelve digits, the last of which is a check digit.",
	},
	"contacts": {
		"Дербес деректер мәселелері бойынша қайда жүгіну керегі көрсетілмеген (электрондық пошта мекенжайы).",
		"Не указано, куда обращаться по вопросам персональных данных (адрес электронной почты).",
		"It is not said where to write about personal data (an e-mail address).",
	},
	"responsiblePerson": {
		"Дербес деректерге жауапты тұлға көрсетілмеген: аты-жөні және электрондық пошта мекенжайы керек.",
		"Не указано лицо, ответственное за персональные данные: имя и адрес электронной почты.",
		"The person responsible for personal data is not given, with a name and an e-mail address.",
	},
	"withdrawal": {
		"Келісімді қалай кері қайтарып алуға болатыны айтылмаған.",
		"Не сказано, как отозвать согласие.",
		"It is not said how a consent is withdrawn.",
	},
	"term": {
		"Келісімнің мерзімі айтылмаған: мерзімді (term) көрсетіңіз немесе келісімнің өңдеу мақсаттарына қол жеткізілгенге дейін қолданылатынын және оларға қашан қол жеткізілген болып саналатынын айтыңыз (purposesEnd).",
		"Не сказано, на какой срок даётся согласие: укажите срок (term) или скажите, что оно действует до достижения целей обработки и когда они считаются достигнутыми (purposesEnd).",
		"The term of the consent is not said: give a duration (term), or say that it holds until the purposes are achieved and when they are (purposesEnd).",
	},
	"thirdParties": {
		"Деректердің үшінші тұлғаларға берілетіні не берілмейтіні айтылмаған: нақты «иә» немесе «жоқ» керек.",
		"Не сказано, передаются ли данные третьим лицам: нужно прямое «да» или «нет».",
		"It is not said whether data is passed to third parties: say yes or no.",
	},
	"recipients": {
		"Деректерді алушылар аталмаған.",
		"Не названы получатели данных.",
		"The recipients are not named.",
	},
	"crossBorder": {
		"Деректерді трансшекаралық беру бар ма, жоқ па, айтылмаған: нақты «иә» немесе «жоқ» керек.",
		"Не сказано, есть ли трансграничная передача данных: нужно прямое «да» или «нет».",
		"It is not said whether data is transferred across the border: say yes or no.",
	},
	"publicSources": {
		"Деректердің жалпыға бірдей қолжетімді көздерде таратылатыны не таратылмайтыны айтылмаған: нақты «иә» немесе «жоқ» керек.",
		"Не сказано, распространяются ли данные в общедоступных источниках: нужно прямое «да» или «нет».",
		"It is not said whether data is disseminated in public sources: say yes or no.",
	},
	"fields": {
		"Жиналатын деректердің нақты тізімі және әрқайсысының мақсаты жоқ.",
		"Нет точного перечня собираемых данных с целью для каждого из них.",
		"There is no exact list of the data collected, with a purpose for each.",
	},
	"fieldWithoutPurpose": {
		"«%s» өрісінің мақсаты жоқ: оны ешбір тармақ пайдаланбайды.",
		"У поля «%s» нет цели: его не использует ни один пункт согласия.",
		"The field “%s” has no purpose: no item uses it.",
	},
	"retention": {
		"«%s» мақсаты үшін деректер қанша сақталатыны айтылмаған.",
		"Не указан срок хранения данных для цели «%s».",
		"It is not said how long data is kept for the purpose “%s”.",
	},
	"basis": {
		"Заңда мұндай негіз көзделмеген: %s.",
		"Закон не предусматривает такого основания: %s.",
		"The law knows no such ground: %s.",
	},
	"lawTitle": {
		"Қолданылатын заң толық атауымен аталмаған: %s.",
		"Применимый закон не назван полным названием: %s.",
		"The governing law is not named by its full title: %s.",
	},
	"lawTitleShort": {
		"Заңның атауы толық емес; толық атауы: %s.",
		"Закон назван неполно; полное название: %s.",
		"The law is not named by its full title, which is: %s.",
	},
	"lawInText": {
		"Мәтінде заң толық аталмаған: «%s»; толық атауы: %s.",
		"В тексте закон назван неполно: «%s»; полное название: %s.",
		"The text does not name the law by its full title: “%s”. The full title is: %s.",
	},
	"approval": {
		"Саясатты кім және қандай құжатпен бекіткені көрсетілмеген.",
		"Не указано, кто и каким документом утвердил политику.",
		"It is not said who approved the policy, and by which document.",
	},
	"date": {
		"Саясаттың бекітілген күні көрсетілмеген.",
		"Не указана дата утверждения политики.",
		"The date on which the policy was approved is not given.",
	},
	"authoritativeText": {
		"Негізгі тілдегі мәтін жоқ: %s.",
		"Нет текста на основном языке: %s.",
		"There is no text in the authoritative language: %s.",
	},
	"otherText": {
		"Қосымша тілдерінің біріндегі мәтін жоқ: %s.",
		"Нет текста на одном из языков приложения: %s.",
		"There is no text in one of the app's languages: %s.",
	},
	"link": {
		"Мәтіндегі сілтеме қосымшадан тыс жерге апарады, ал мәлімделген сілтемелер (externalLinks) арасында ол жоқ: %s.",
		"Ссылка в тексте ведёт из приложения, а среди объявленных (externalLinks) её нет: %s.",
		"A link in the text leads out of the app and is not declared (externalLinks): %s.",
	},
	"label": {
		"Редакцияның белгісі (label) көрсетілмеген.",
		"Не указано обозначение редакции (label).",
		"The version has no label.",
	},
	"itemTitle": {
		"Тармақтың негізгі тілдегі атауы жоқ.",
		"У пункта нет названия на основном языке.",
		"The item has no title in the authoritative language.",
	},
	"itemStatement": {
		"Тармақтың негізгі тілдегі келісім мәтіні жоқ.",
		"У пункта нет текста согласия на основном языке.",
		"The item has no statement in the authoritative language.",
	},
	"fieldLabel": {
		"Өрістің негізгі тілдегі атауы жоқ.",
		"У поля нет названия на основном языке.",
		"The field has no label in the authoritative language.",
	},
	"linkTitle": {
		"Сілтеменің негізгі тілдегі атауы жоқ.",
		"У ссылки нет названия на основном языке.",
		"The link has no title in the authoritative language.",
	},
	"yesWithoutItem": {
		"Фактілерде «иә» делінген, ал %s түріндегі тармақ жоқ.",
		"В фактах сказано «да», а пункта вида %s нет.",
		"The facts say yes, and there is no item of kind %s.",
	},
	"noWithItem": {
		"Фактілерде «жоқ» делінген, ал %s түріндегі тармақ бар.",
		"В фактах сказано «нет», а пункт вида %s есть.",
		"The facts say no, and there is an item of kind %s.",
	},
	"abroad": {
		"Деректерді алушы шетелде, ал фактілерде трансшекаралық беру жоқ делінген (crossBorder).",
		"Получатель находится за границей, а в фактах сказано, что трансграничной передачи нет (crossBorder).",
		"A recipient is abroad, and the facts say that there is no cross-border transfer (crossBorder).",
	},
	"noWithRecipients": {
		"Фактілерде деректер үшінші тұлғаларға берілмейді делінген (thirdParties), ал тармақта алушылар аталған.",
		"В фактах сказано, что данные третьим лицам не передаются (thirdParties), а в пункте названы получатели.",
		"The facts say that nothing is passed to third parties (thirdParties), and the item names recipients.",
	},
	"countryUnsaid": {
		"Деректер шетелге беріледі, ал басқа елдегі бірде-бір алушы аталмаған: елді көрсетіңіз.",
		"Данные передаются за границу, а ни один получатель в другой стране не назван: укажите страну.",
		"Data crosses the border, and no recipient in another country is named: name the country.",
	},
	"publishedUnasked": {
		"«%s» тармағы деректерді жалпыға қолжетімді етеді, ал бұл тек келісіммен жасалады (CONSENT).",
		"Пункт «%s» делает данные общедоступными, а это возможно только с согласия (CONSENT).",
		"The item “%s” makes data public, which takes consent (CONSENT).",
	},
	"fieldOnlyPublished": {
		"«%s» өрісінің мақсаты жоқ: оны тек жариялау тармағы пайдаланады.",
		"У поля «%s» нет цели: его использует только пункт о публикации.",
		"The field “%s” has no purpose: it is only published.",
	},
	"dateAhead": {
		"Саясаттың бекітілген күні әлі келген жоқ.",
		"Дата утверждения политики ещё не наступила.",
		"The date on which the policy was approved is in the future.",
	},
	"itemUnasked": {
		"«%s» тармағы бойынша бұрын келісім сұралған, енді сұралмайды, ал бас тартқандар ескерілмейді: бұған жол беретін заң нормасын негіздемеде атаңыз.",
		"По пункту «%s» раньше запрашивалось согласие, а теперь нет, и отказы больше не учитываются: назовите в обосновании норму закона, которая это разрешает.",
		"Consent to the item “%s” was asked for and is not any more, so that refusals do not count: name in the reason the provision of the law that allows it.",
	},
	"fieldUnasked": {
		"«%s» өрісі бұрын тек келісіммен пайдаланылған, енді «%s» тармағы оны келісімсіз пайдаланады: бұған жол беретін заң нормасын негіздемеде атаңыз.",
		"Поле «%s» раньше использовалось только с согласия, а теперь пункт «%s» использует его без согласия: назовите в обосновании норму закона, которая это разрешает.",
		"The field “%s” was used under a consent only, and now the item “%s” uses it without one: name in the reason the provision of the law that allows it.",
	},
}
