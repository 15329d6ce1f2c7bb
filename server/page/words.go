package page

import "github.com/kelisim/kelisim/vault"

// wording is what the pages themselves say in one language.
type wording struct {
	Own, Skip, Languages, BIN                          string
	Version, Updated, Effective, Hash, Changes         string
	Versions, MarkCurrent, MarkComing                  string
	NotYet, NoLonger, InForceNow, Fallback             string
	DeleteTitle, DeleteLink, DeleteIntro, HowToAsk     string
	Email, Phone, Post, Responsible, Free, HowLong     string
	Erased, ErasedTechnical, Kept, KeptFor, KeptRecord string
	Unconfirmed, BackToPolicy                          string
	SheetTitle, Item, State, Decided, ValidUntil       string
	Method, GivenBy, ShownIn, Operators, Person        string
	Reference, Signed, Ground                          string
	ConsentID, Statement, History, Number, What, When  string
	Zone, SameScreen, Shown, ShownNote                 string
	Missing, MissingWhy, NoToken, NoTokenWhy           string
	Forbidden, ForbiddenWhy, Away, AwayWhy             string
	Failed, FailedWhy                                  string

	states    map[vault.ConsentState]string
	happened  map[vault.EventType]string
	methods   map[vault.Method]string
	givers    map[vault.GivenBy]string
	grounds   map[vault.Ground]string // why a representative may act
	languages map[string]string       // the text was shown in …
}

var sayings = map[string]wording{
	"kk": kazakh(), "ru": russian(), "en": english(),
}

func kazakh() wording {
	return wording{
		Own: "Қазақша", Skip: "Мазмұнға өту", Languages: "Тілдер", BIN: "БСН/ЖСН",
		Version: "Редакция", Updated: "Соңғы жаңартылған күні", Effective: "Күшіне ену күні", Hash: "Құжаттың SHA-256 хеші",
		Changes: "Алдыңғы редакциядан айырмашылығы", Versions: "Барлық редакциялар", MarkCurrent: "қолданыста", MarkComing: "әлі күшіне енген жоқ",
		NotYet: "Бұл редакция әлі күшіне енген жоқ.", NoLonger: "Бұл редакция енді қолданылмайды.", InForceNow: "Қазір қолданыстағы редакция",
		Fallback:    "Бұл редакцияның қазақша мәтіні жоқ. Төменде негізгі тілдегі мәтін берілген.",
		DeleteTitle: "Дербес деректерді жою", DeleteLink: "Деректеріңізді қалай жоюға болады, не жойылады және не сақталады",
		DeleteIntro: "Сіз өз деректеріңізді жоюды кез келген уақытта талап ете аласыз. Бұл үшін қосымшаның орнатулы болуы міндетті емес.",
		HowToAsk:    "Қалай өтініш беруге болады", Email: "Электрондық пошта", Phone: "Телефон", Post: "Пошталық мекенжай", Responsible: "Жауапты тұлға",
		Free:    "Өтініш тегін қаралады. Деректерді бөгде адам сұрап алмауы үшін оператор жеке басыңызды растауды сұрауы мүмкін.",
		HowLong: "Мерзімдер", Erased: "Не жойылады",
		ErasedTechnical: "Қосымшаның пайдаланылуы кезінде автоматты түрде алынған техникалық мәліметтер", Kept: "Не сақталады және неліктен", KeptFor: "Сақтау мерзімі",
		KeptRecord:  "Келісімдеріңіз бен олардың қайтарып алынғаны туралы, сондай-ақ деректеріңізге кім және қашан қол жеткізгені туралы жазбалар. Олар аты-жөніңіз көрсетілмейтін кездейсоқ нөмірмен сақталады.",
		Unconfirmed: "Бұл белгі қойылған ережелер заңның ресми мәтінімен әлі салыстырылған жоқ", BackToPolicy: "Құпиялылық саясатына оралу",
		SheetTitle: "Келісім парағы", Item: "Тармақ", State: "Күйі", Decided: "Шешім қабылданған уақыт", ValidUntil: "Қолданылу мерзімінің соңы",
		Reference: "Құжат", Signed: "Қол қойылған уақыты", Ground: "Өкілдіктің негізі",
		Method: "Тәсілі", GivenBy: "Кім берді", ShownIn: "Мәтін көрсетілген тіл", Operators: "Келісім қолданылатын операторлар", Person: "Субъектінің нөмірі",
		ConsentID: "Келісімнің нөмірі", Statement: "Келісім мәтіні", History: "Не болды", Number: "Жазба №", What: "Оқиға", When: "Уақыты",
		Zone: "Уақыт белдеуі", SameScreen: "Сол экранда қабылданған барлық шешімдер", Shown: "Көрсетілген құжат",
		ShownNote: "Құжат шешім қабылданған кездегі күйінде, көрсетілген тілде берілген. Жоғарыдағы хеш оның дәл осы мәтін екенін растайды.",
		Missing:   "Бет табылмады", MissingWhy: "Мұндай бет жоқ. Мекенжайды тексеріңіз.",
		NoToken: "Кіру қажет", NoTokenWhy: "Бұл бетті көру үшін сұрауды өз токеніңізбен жіберіңіз.",
		Forbidden: "Рұқсат жоқ", ForbiddenWhy: "Сіздің рөліңіз бұл бетті көре алмайды.",
		Away: "Қызмет уақытша қолжетімсіз", AwayWhy: "Бірнеше секундтан кейін қайталап көріңіз.",
		Failed: "Қате орын алды", FailedWhy: "Бұл біздің тарапымыздағы қате. Кейінірек қайталап көріңіз.",
		states: map[vault.ConsentState]string{
			vault.ConsentGiven: "берілді, қолданыста", vault.ConsentRefused: "бас тартылды", vault.ConsentWithdrawn: "кері қайтарып алынды",
			vault.ConsentExpired: "мерзімі аяқталды", vault.ConsentInvalidated: "жарамсыз деп танылды", vault.ConsentSuperseded: "кейінгі шешіммен алмастырылды",
		},
		happened: map[vault.EventType]string{
			vault.Given: "Келісім берілді", vault.Refused: "Бас тартылды", vault.Withdrawn: "Келісім кері қайтарып алынды", vault.Invalidated: "Келісім жарамсыз деп танылды",
		},
		methods: map[vault.Method]string{
			vault.InAppConfirmed: "қосымшада, жеке токенмен расталған", "WRITTEN": "жазбаша", "ESIGNATURE": "электрондық қолтаңбамен",
			"STATE_SERVICE": "мемлекеттік сервис арқылы", "NONSTATE_SERVICE": "мемлекеттік емес сервис арқылы",
		},
		givers:    map[vault.GivenBy]string{vault.BySubject: "субъектінің өзі", "REPRESENTATIVE": "субъектінің өкілі"},
		grounds:   map[vault.Ground]string{vault.Parent: "ата-анасы", vault.Guardian: "қорғаншы", vault.PowerOfAttorney: "сенімхат", vault.ByCourt: "сот шешімі"},
		languages: map[string]string{"kk": "қазақ тілі", "ru": "орыс тілі", "en": "ағылшын тілі"},
	}
}

func russian() wording {
	return wording{
		Own: "Русский", Skip: "Перейти к содержанию", Languages: "Языки", BIN: "БИН/ИИН",
		Version: "Редакция", Updated: "Дата последнего обновления", Effective: "Дата вступления в силу", Hash: "SHA-256 документа",
		Changes: "Что изменилось по сравнению с предыдущей редакцией", Versions: "Все редакции", MarkCurrent: "действует", MarkComing: "ещё не вступила в силу",
		NotYet: "Эта редакция ещё не вступила в силу.", NoLonger: "Эта редакция больше не действует.", InForceNow: "Сейчас действует редакция",
		Fallback:    "Текста этой редакции на русском языке нет. Ниже — текст на основном языке.",
		DeleteTitle: "Удаление персональных данных", DeleteLink: "Как удалить свои данные, что удаляется и что сохраняется",
		DeleteIntro: "Вы вправе в любое время потребовать удалить свои данные. Для этого не нужно, чтобы приложение было установлено.",
		HowToAsk:    "Как обратиться", Email: "Электронная почта", Phone: "Телефон", Post: "Почтовый адрес", Responsible: "Ответственное лицо",
		Free:    "Обращение рассматривается бесплатно. Чтобы ваши данные не запросил кто-то другой, оператор может попросить подтвердить вашу личность.",
		HowLong: "Сроки", Erased: "Что удаляется",
		ErasedTechnical: "Технические сведения, полученные автоматически при использовании приложения", Kept: "Что сохраняется и почему", KeptFor: "Срок хранения",
		KeptRecord:  "Записи о ваших согласиях и об их отзыве, а также о том, кто и когда обращался к вашим данным. Они хранятся под случайным номером, который вас не называет.",
		Unconfirmed: "Правила с этой пометкой ещё не сверены с официальным текстом закона", BackToPolicy: "Вернуться к политике конфиденциальности",
		SheetTitle: "Лист согласия", Item: "Пункт", State: "Состояние", Decided: "Время решения", ValidUntil: "Действует до",
		Reference: "Документ", Signed: "Время подписания", Ground: "Основание представительства",
		Method: "Способ", GivenBy: "Кем дано", ShownIn: "Язык показанного текста", Operators: "Операторы, на которых распространяется согласие", Person: "Номер субъекта",
		ConsentID: "Номер согласия", Statement: "Текст согласия", History: "Что происходило", Number: "Запись №", What: "Событие", When: "Время",
		Zone: "Часовой пояс", SameScreen: "Все решения, принятые на том же экране", Shown: "Показанный документ",
		ShownNote: "Документ приведён таким, каким он был в момент решения, на языке показа. Хеш выше подтверждает, что это именно тот текст.",
		Missing:   "Страница не найдена", MissingWhy: "Такой страницы нет. Проверьте адрес.",
		NoToken: "Нужен вход", NoTokenWhy: "Чтобы увидеть эту страницу, отправьте запрос со своим токеном.",
		Forbidden: "Нет доступа", ForbiddenWhy: "Ваша роль не позволяет видеть эту страницу.",
		Away: "Сервис временно недоступен", AwayWhy: "Повторите попытку через несколько секунд.",
		Failed: "Произошла ошибка", FailedWhy: "Это ошибка на нашей стороне. Повторите попытку позже.",
		states: map[vault.ConsentState]string{
			vault.ConsentGiven: "дано, действует", vault.ConsentRefused: "отказ", vault.ConsentWithdrawn: "отозвано",
			vault.ConsentExpired: "срок истёк", vault.ConsentInvalidated: "признано недействительным", vault.ConsentSuperseded: "заменено более поздним решением",
		},
		happened: map[vault.EventType]string{
			vault.Given: "Согласие дано", vault.Refused: "Отказ", vault.Withdrawn: "Согласие отозвано", vault.Invalidated: "Согласие признано недействительным",
		},
		methods: map[vault.Method]string{
			vault.InAppConfirmed: "в приложении, подтверждено личным токеном", "WRITTEN": "письменно", "ESIGNATURE": "электронной подписью",
			"STATE_SERVICE": "через государственный сервис", "NONSTATE_SERVICE": "через негосударственный сервис",
		},
		givers:    map[vault.GivenBy]string{vault.BySubject: "самим субъектом", "REPRESENTATIVE": "представителем субъекта"},
		grounds:   map[vault.Ground]string{vault.Parent: "родитель", vault.Guardian: "опекун", vault.PowerOfAttorney: "доверенность", vault.ByCourt: "решение суда"},
		languages: map[string]string{"kk": "казахский", "ru": "русский", "en": "английский"},
	}
}

func english() wording {
	return wording{
		Own: "English", Skip: "Skip to content", Languages: "Languages", BIN: "BIN/IIN",
		Version: "Version", Updated: "Last updated", Effective: "In force from", Hash: "SHA-256 of the document",
		Changes: "What changed since the version before", Versions: "All versions", MarkCurrent: "in force", MarkComing: "not in force yet",
		NotYet: "This version is not in force yet.", NoLonger: "This version is no longer in force.", InForceNow: "In force now",
		Fallback:    "This version has no English text. The text below is in the authoritative language.",
		DeleteTitle: "Deletion of personal data", DeleteLink: "How to have your data deleted, what is deleted and what is kept",
		DeleteIntro: "You may demand at any time that your data be deleted. The app need not be installed for it.",
		HowToAsk:    "How to ask", Email: "E-mail", Phone: "Phone", Post: "Post", Responsible: "Person responsible",
		Free:    "It is free of charge. So that nobody else can ask for your data, the operator may want you to show who you are.",
		HowLong: "How long it takes", Erased: "What is deleted",
		ErasedTechnical: "Technical data that was received automatically while the app was used", Kept: "What is kept, and why", KeptFor: "Kept for",
		KeptRecord:  "Records of your consents and withdrawals, and of who reached your data and when. They are kept under a random number that does not name you.",
		Unconfirmed: "Nobody has compared the rules so marked with the official text of the law yet", BackToPolicy: "Back to the privacy policy",
		SheetTitle: "Consent sheet", Item: "Item", State: "State", Decided: "Decided", ValidUntil: "Valid until",
		Reference: "Document", Signed: "Signed", Ground: "Ground of the representation",
		Method: "Method", GivenBy: "Given by", ShownIn: "Language of the text shown", Operators: "Operators covered by the consent", Person: "Number of the person",
		ConsentID: "Number of the consent", Statement: "Wording of the consent", History: "What happened", Number: "Record", What: "Event", When: "Time",
		Zone: "Time zone", SameScreen: "All decisions made on the same screen", Shown: "The document that was shown",
		ShownNote: "The document stands here as it was when the decision was made, in the language in which it was shown. The hash above proves that it is this text.",
		Missing:   "Page not found", MissingWhy: "There is no such page. Check the address.",
		NoToken: "Sign-in needed", NoTokenWhy: "To see this page, send the request with your own token.",
		Forbidden: "No access", ForbiddenWhy: "Your role may not see this page.",
		Away: "Not available at the moment", AwayWhy: "Try again in a few seconds.",
		Failed: "Something went wrong", FailedWhy: "The fault is on our side. Try again later.",
		states: map[vault.ConsentState]string{
			vault.ConsentGiven: "given, and it holds", vault.ConsentRefused: "refused", vault.ConsentWithdrawn: "withdrawn",
			vault.ConsentExpired: "expired", vault.ConsentInvalidated: "declared invalid", vault.ConsentSuperseded: "replaced by a later decision",
		},
		happened: map[vault.EventType]string{
			vault.Given: "Consent given", vault.Refused: "Refused", vault.Withdrawn: "Consent withdrawn", vault.Invalidated: "Consent declared invalid",
		},
		methods: map[vault.Method]string{
			vault.InAppConfirmed: "in the app, confirmed by the person's own token", "WRITTEN": "in writing", "ESIGNATURE": "by electronic signature",
			"STATE_SERVICE": "through a state service", "NONSTATE_SERVICE": "through a private service",
		},
		givers:    map[vault.GivenBy]string{vault.BySubject: "the person themselves", "REPRESENTATIVE": "a representative of the person"},
		grounds:   map[vault.Ground]string{vault.Parent: "parent", vault.Guardian: "guardian", vault.PowerOfAttorney: "power of attorney", vault.ByCourt: "decision of a court"},
		languages: map[string]string{"kk": "Kazakh", "ru": "Russian", "en": "English"},
	}
}
