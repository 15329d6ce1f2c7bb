package vault

// draftWords are what not even a draft may contain, in the order of Languages.
var draftWords = map[string][3]string{
	"labelForm": {
		"Редакцияның белгісі (label) бір жолдан тұруға және ұзындығы 100 байттан аспауға тиіс.",
		"Обозначение редакции (label) — одна строка длиной до 100 байтов.",
		"A label is one line of up to 100 bytes.",
	},
	"noText": {
		"Мәтін жоқ: кемінде бір тілдегі мәтін керек.",
		"Текста нет: нужен текст хотя бы на одном языке.",
		"There is no text: one is needed in one language at least.",
	},
	"termTwice": {
		"Әрі мерзім (term), әрі мақсаттарға қашан қол жеткізілетіні (purposesEnd) айтылған: екеуінің бірін қалдырыңыз.",
		"Указаны и срок (term), и то, когда цели достигнуты (purposesEnd): оставьте что-то одно.",
		"Both a term (term) and when the purposes are achieved (purposesEnd) are given: keep one of the two.",
	},
	"duration": {
		"Мерзім ISO 8601 бойынша жылмен, аймен және күнмен жазылады: P3Y, P6M, P30D.",
		"Срок записывается по ISO 8601 в годах, месяцах и днях: P3Y, P6M, P30D.",
		"A duration is written as ISO 8601 has it, in years, months and days: P3Y, P6M, P30D.",
	},
	"textLocale": {
		"Қосымша тілдерінің (languages) арасында бұл мәтіннің тілі жоқ.",
		"Среди языков приложения (languages) нет языка этого текста.",
		"The app does not speak the language of this text (languages).",
	},
	"textTwice": {
		"Бұл тілде екі мәтін бар.",
		"На этом языке есть два текста.",
		"There are two texts in this language.",
	},
	"textEmpty": {
		"Мәтін бос.",
		"Текст пуст.",
		"The text is empty.",
	},
	"textControl": {
		"Мәтінде көзге көрінбейтін басқару таңбасы бар.",
		"В тексте есть невидимый управляющий символ.",
		"The text holds a control character, which nobody sees.",
	},
	"wordsLocale": {
		"Қосымша тілдерінің (languages) арасында мұндағы сөздердің тілі жоқ.",
		"Среди языков приложения (languages) нет языка, на котором это написано.",
		"This is written in a language that the app does not speak (languages).",
	},
	"wordsTwice": {
		"Мұнда бір тілдегі сөздер екі рет берілген.",
		"На одном и том же языке здесь написано дважды.",
		"One language stands here twice.",
	},
	"wordsControl": {
		"Мұнда көзге көрінбейтін басқару таңбасы бар.",
		"Здесь есть невидимый управляющий символ.",
		"There is a control character here, which nobody sees.",
	},
	"wordsEmpty": {
		"Сөздер бос: бірдеңе жазыңыз немесе бұл тілді алып тастаңыз.",
		"Здесь пусто: напишите что-нибудь или уберите этот язык.",
		"The words are empty: say something, or leave the language out.",
	},
	"fieldReserved": {
		"Бұл кодты сервистің өзі пайдаланады: басқасын таңдаңыз.",
		"Этот код занят самим сервисом: выберите другой.",
		"The code is the service's own: choose another one.",
	},
	"fieldCode": {
		"Өрістің коды 2–40 латын әрпінен және цифрдан тұрады, кіші әріптен басталады.",
		"Код поля — от 2 до 40 латинских букв и цифр, первая — строчная буква.",
		"A field's code is 2 to 40 Latin letters and digits and begins with a small letter.",
	},
	"fieldOfProduct": {
		"Мұндай коды бар өріс өнімде бар: оны жарияламай-ақ пайдаланыңыз.",
		"Поле с таким кодом уже есть в продукте: используйте его, не объявляя.",
		"The product has a field of this code: use it without declaring it.",
	},
	"fieldTwice": {
		"Өріс екі рет жарияланған.",
		"Поле объявлено дважды.",
		"The field is declared twice.",
	},
	"fieldKind": {
		"Қосымшаның өз өрісінің түрі (kind): TEXT, DATE, INTEGER, BOOLEAN, PHONE немесе EMAIL.",
		"Вид собственного поля приложения (kind): TEXT, DATE, INTEGER, BOOLEAN, PHONE или EMAIL.",
		"The kind of an app's own field is TEXT, DATE, INTEGER, BOOLEAN, PHONE or EMAIL.",
	},
	"fieldMask": {
		"Бүркеме (mask): HIDDEN, INITIAL, LAST4, YEAR немесе DOMAIN.",
		"Маска (mask): HIDDEN, INITIAL, LAST4, YEAR или DOMAIN.",
		"The mask is HIDDEN, INITIAL, LAST4, YEAR or DOMAIN.",
	},
	"fieldMaskShows": {
		"Бұл бүркеме (mask) мұндай түрдегі мәнді жасырмайды; HIDDEN кез келгенін жасырады.",
		"Эта маска (mask) не скрывает значения такого вида; HIDDEN скрывает любое.",
		"This mask does not hide a value of this kind; HIDDEN hides any.",
	},
	"fieldClass": {
		"Өрістің класы (class): IDENTITY, CONTACT, TECHNICAL немесе OTHER.",
		"Класс поля (class): IDENTITY, CONTACT, TECHNICAL или OTHER.",
		"The class of a field is IDENTITY, CONTACT, TECHNICAL or OTHER.",
	},
	"itemCode": {
		"Тармақтың коды 2–40 латын әрпінен, цифрдан және астын сызу белгісінен (_) тұрады, кіші әріптен басталады.",
		"Код пункта — от 2 до 40 латинских букв, цифр и знаков «_», первая — строчная буква.",
		"An item's code is 2 to 40 Latin letters, digits and _ and begins with a small letter.",
	},
	"itemTwice": {
		"Тармақ екі рет жарияланған.",
		"Пункт объявлен дважды.",
		"The item is declared twice.",
	},
	"itemKind": {
		"Тармақтың түрі (kind): PURPOSE, THIRD_PARTIES, CROSS_BORDER немесе PUBLICATION.",
		"Вид пункта (kind): PURPOSE, THIRD_PARTIES, CROSS_BORDER или PUBLICATION.",
		"The kind of an item is PURPOSE, THIRD_PARTIES, CROSS_BORDER or PUBLICATION.",
	},
	"itemBasis": {
		"Тармақтың негізі (basis): CONSENT, CONTRACT немесе LAW.",
		"Основание пункта (basis): CONSENT, CONTRACT или LAW.",
		"The basis of an item is CONSENT, CONTRACT or LAW.",
	},
	"itemField": {
		"Мұндай өріс жоқ: ол өнімде де, осы редакцияның өз өрістерінің (fields) арасында да жоқ.",
		"Такого поля нет ни в продукте, ни среди собственных полей редакции (fields).",
		"There is no such field, neither in the product nor among the version's own (fields).",
	},
	"itemFieldTwice": {
		"Тармақта өріс екі рет аталған: біреуін қалдырыңыз.",
		"Поле названо в пункте дважды: оставьте что-то одно.",
		"The item names the field twice: keep one of the two.",
	},
	"channel": {
		"Байланыс арнасы: SMS, PUSH, EMAIL, PHONE немесе POST, әрқайсысы бір реттен.",
		"Канал связи: SMS, PUSH, EMAIL, PHONE или POST, каждый по одному разу.",
		"A channel is SMS, PUSH, EMAIL, PHONE or POST, each once.",
	},
	"country": {
		"Ел ISO 3166-1 бойынша екі бас әріппен белгіленеді, мысалы KZ.",
		"Страна обозначается двумя заглавными буквами по ISO 3166-1, например KZ.",
		"A country is two capital letters by ISO 3166-1, such as KZ.",
	},
	"linkForm": {
		"Сілтеме – https:// деп басталатын, ұзындығы 2000 байтқа дейінгі, логині мен құпиясөзі жоқ веб-мекенжай.",
		"Ссылка — веб-адрес, который начинается с https://, длиной до 2000 байтов, без логина и пароля.",
		"A link is a web address that begins with https://, of up to 2000 bytes and without a login.",
	},
	"linkTwice": {
		"Сілтеме екі рет жарияланған.",
		"Ссылка объявлена дважды.",
		"The link is declared twice.",
	},
}
