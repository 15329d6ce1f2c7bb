package vault

import (
	"slices"
	"strings"
)

// DescribeChanges lists what differs between two versions of an app, each with
// a sentence in every language of the product.
func DescribeChanges(app App, catalogue Catalogue, was, now *Version) PolicyChanges {
	out := Compare(was, now)
	for i := range out {
		for _, locale := range Languages {
			out[i].Sentence = append(out[i].Sentence, Word{locale, out[i].sentence(app, catalogue, locale)})
		}
	}
	return out
}

// sentence words a change in one language of the product.
func (c PolicyChange) sentence(app App, catalogue Catalogue, locale string) string {
	f := &form{formWords: forms[locale], locale: locale, fallback: c.now.Authoritative}
	w := changeWords[locale]
	item, _ := c.now.Facts.Item(c.Item)
	if item.Code == "" {
		item, _ = c.was.Facts.Item(c.Item)
	}
	was, now := c.values(f, w)
	return strings.NewReplacer(
		"{item}", f.words(item.Title), "{name}", c.name(app, catalogue, f), "{language}", w.languages[c.Locale],
		"{was}", was, "{now}", now,
	).Replace(w.sentences[c.Kind])
}

// name is who or what was added or removed.
func (c PolicyChange) name(app App, catalogue Catalogue, f *form) string {
	switch {
	case c.operator != "":
		members := slices.Concat(c.now.Facts.Parties.entities(), c.was.Facts.Parties.entities(), []Operator{app.Operator, app.Owner}, app.Group)
		if i := slices.IndexFunc(members, func(o Operator) bool { return o.BIN == c.operator }); i >= 0 {
			return f.words(members[i].Name) + ", " + f.bin + " " + c.operator
		}
		return f.bin + " " + c.operator
	case c.recipient.Country != "":
		return f.recipientWords(c.recipient)
	case c.channel != "":
		return changeWords[f.locale].channels[c.channel]
	case c.Field != "":
		for _, v := range []*Version{c.now, c.was} {
			if field, ok := v.Facts.Field(catalogue, c.Field); ok {
				return f.words(field.Label)
			}
		}
	}
	return c.Field
}

// values are what a change says before and after.
func (c PolicyChange) values(f *form, w changeWording) (was, now string) {
	before, after := c.was.Facts, c.now.Facts
	old, _ := before.Item(c.Item)
	item, _ := after.Item(c.Item)
	switch c.Kind {
	case TermChanged:
		return f.duration(before.Term), f.duration(after.Term)
	case RetentionChanged:
		kept := func(d *string) string {
			if d == nil {
				return w.noPeriod
			}
			return f.duration(d)
		}
		return kept(old.Retention), kept(item.Retention)
	case ItemBasisChanged, ItemUnasked:
		return w.bases[old.Basis], w.bases[item.Basis]
	case ThirdPartiesSaid:
		return f.yesNo(before.ThirdParties), f.yesNo(after.ThirdParties)
	case CrossBorderSaid:
		return f.yesNo(before.CrossBorder), f.yesNo(after.CrossBorder)
	case PublicSourceSaid:
		return f.yesNo(before.PublicSources), f.yesNo(after.PublicSources)
	default:
		return "", ""
	}
}

// changeWording is how changes are told in one language.
type changeWording struct {
	languages map[string]string
	bases     map[LawfulBasis]string
	channels  map[Channel]string
	noPeriod  string
	sentences map[ChangeKind]string
}

var changeWords = map[string]changeWording{
	"kk": {
		languages: map[string]string{"kk": "қазақша", "ru": "орысша", "en": "ағылшынша"},
		bases:     map[LawfulBasis]string{BasisConsent: "келісім", BasisContract: "шарт", BasisLaw: "заң"},
		channels:  map[Channel]string{SMS: "SMS", Push: "push-хабарлама", Mail: "электрондық пошта", Call: "телефон қоңырауы", Post: "пошта"},
		noPeriod:  "белгіленбеген",
		sentences: map[ChangeKind]string{
			ItemAdded:        "«{item}» деген жаңа тармақ қосылды.",
			ItemRemoved:      "«{item}» тармағы алып тасталды.",
			ItemKindChanged:  "«{item}»: келісімнің түрі өзгерді.",
			ItemBasisChanged: "«{item}»: өңдеудің негізі бұрын – {was}, енді – {now}.",
			ItemUnasked:      "«{item}»: бұдан былай келісім сұралмайды; деректерді өңдеудің негізі – {now}.",
			ItemRequired:     "«{item}» тармағы міндетті болды: онсыз қосымшаны пайдалану мүмкін емес.",
			ItemOptional:     "«{item}» тармағы енді міндетті емес.",
			ItemTitled:       "«{item}»: тармақтың атауы нақтыланды.",
			ItemAskedAgain:   "«{item}»: оператор келісімді қайта сұрайды.",
			StatementChanged: "«{item}»: келісім мәтіні өзгерді ({language}).",
			StatementAdded:   "«{item}»: келісім мәтінінің аудармасы қосылды ({language}).",
			FieldAdded:       "«{item}»: жаңа деректер пайдаланылады – {name}.",
			FieldRemoved:     "«{item}»: мына деректер енді пайдаланылмайды – {name}.",
			FieldRequired:    "«{item}»: енді міндетті түрде көрсетіледі – {name}.",
			FieldOptional:    "«{item}»: енді қалауыңыз бойынша көрсетіледі – {name}.",
			FieldLabelled:    "Өрістің атауы нақтыланды – {name}.",
			FieldUnasked:     "«{item}»: бұрын тек келісіммен пайдаланылған деректер енді келісімсіз пайдаланылады – {name}.",
			FieldHelped:      "Өрістің түсіндірмесі нақтыланды – {name}.",
			FieldKindChanged: "Өрісте енді басқа деректер сұралады – {name}.",
			FieldMasked:      "Қызметкерлерге өрістің көрсетілу тәртібі өзгерді – {name}.",
			RetentionChanged: "«{item}»: сақтау мерзімі бұрын – {was}, енді – {now}.",
			RecipientAdded:   "«{item}»: деректердің жаңа алушысы – {name}.",
			RecipientRemoved: "«{item}»: деректер бұдан былай берілмейтін алушы – {name}.",
			ChannelAdded:     "«{item}»: сізбен байланысудың жаңа тәсілі – {name}.",
			ChannelRemoved:   "«{item}»: бұдан былай пайдаланылмайтын байланыс тәсілі – {name}.",
			PurposesEndSaid:  "Келісімнің қай уақытқа дейін қолданылатыны туралы шарт өзгерді.",
			TermChanged:      "Келісімнің қолданылу мерзімі бұрын – {was}, енді – {now}.",
			OperatorJoined:   "Топқа жаңа оператор кірді – {name}.",
			OperatorLeft:     "Оператор топтан шықты – {name}.",
			ThirdPartiesSaid: "Деректерді үшінші тұлғаларға беру: бұрын – {was}, енді – {now}.",
			CrossBorderSaid:  "Деректерді трансшекаралық беру: бұрын – {was}, енді – {now}.",
			PublicSourceSaid: "Деректерді жалпыға бірдей қолжетімді көздерде тарату: бұрын – {was}, енді – {now}.",
			TextChanged:      "Саясаттың мәтіні өзгерді ({language}).",
			TextAdded:        "Саясаттың мәтіні қосылды ({language}).",
			TextRemoved:      "Саясаттың мәтіні алып тасталды ({language}).",
			TitleChanged:     "Саясаттың атауы нақтыланды.",
			LawTitleChanged:  "Қолданылатын заңның атауы нақтыланды.",
			WithdrawalSaid:   "Келісімді кері қайтарып алу тәртібінің сипаттамасы нақтыланды.",
			OperatorChanged:  "Деректерді енді басқа оператор өңдейді – {name}.",
			OwnerChanged:     "Деректер базасының меншік иесі енді басқа – {name}.",
			OperatorRenamed:  "Ұйымның атауы немесе мекенжайы өзгерді – {name}.",
			ContactsChanged:  "Дербес деректер мәселелері бойынша байланыс мәліметтері өзгерді.",
			PersonChanged:    "Дербес деректерге жауапты адам немесе оның мекенжайы өзгерді.",
			LinksChanged:     "Қосымшадан тыс жерге апаратын сілтемелер өзгерді.",
			ApprovalChanged:  "Саясатты бекіту туралы мәліметтер өзгерді.",
		},
	},
	"ru": {
		languages: map[string]string{"kk": "на казахском языке", "ru": "на русском языке", "en": "на английском языке"},
		bases:     map[LawfulBasis]string{BasisConsent: "согласие", BasisContract: "договор", BasisLaw: "закон"},
		channels:  map[Channel]string{SMS: "SMS", Push: "push-уведомления", Mail: "электронная почта", Call: "телефонные звонки", Post: "почта"},
		noPeriod:  "не установлен",
		sentences: map[ChangeKind]string{
			ItemAdded:        "Появился новый пункт «{item}».",
			ItemRemoved:      "Пункт «{item}» исключён.",
			ItemKindChanged:  "«{item}»: изменился вид согласия.",
			ItemBasisChanged: "«{item}»: изменилось основание обработки; было — {was}, стало — {now}.",
			ItemUnasked:      "«{item}»: согласие больше не запрашивается; основание обработки данных — {now}.",
			ItemRequired:     "Пункт «{item}» стал обязательным: без него пользоваться приложением нельзя.",
			ItemOptional:     "Пункт «{item}» больше не обязателен.",
			ItemTitled:       "«{item}»: уточнено название пункта.",
			ItemAskedAgain:   "«{item}»: оператор просит дать согласие заново.",
			StatementChanged: "«{item}»: изменился текст согласия ({language}).",
			StatementAdded:   "«{item}»: добавлен перевод текста согласия ({language}).",
			FieldAdded:       "«{item}»: используются новые данные — {name}.",
			FieldRemoved:     "«{item}»: больше не используются данные — {name}.",
			FieldRequired:    "«{item}»: теперь обязательно указать — {name}.",
			FieldOptional:    "«{item}»: теперь указывается по желанию — {name}.",
			FieldLabelled:    "Уточнено название поля — {name}.",
			FieldUnasked:     "«{item}»: данные, которые раньше использовались только с согласия, теперь используются без него — {name}.",
			FieldHelped:      "Уточнено пояснение к полю — {name}.",
			FieldKindChanged: "В поле теперь запрашиваются другие данные — {name}.",
			FieldMasked:      "Изменилось, как поле показывается сотрудникам — {name}.",
			RetentionChanged: "«{item}»: изменился срок хранения; был — {was}, стал — {now}.",
			RecipientAdded:   "«{item}»: новый получатель данных — {name}.",
			RecipientRemoved: "«{item}»: данные больше не передаются получателю — {name}.",
			ChannelAdded:     "«{item}»: новый способ связи с вами — {name}.",
			ChannelRemoved:   "«{item}»: этот способ связи больше не используется — {name}.",
			PurposesEndSaid:  "Изменилось условие, до выполнения которого действует согласие.",
			TermChanged:      "Изменился срок действия согласия; был — {was}, стал — {now}.",
			OperatorJoined:   "В группу вошёл новый оператор — {name}.",
			OperatorLeft:     "Из группы вышел оператор — {name}.",
			ThirdPartiesSaid: "Передача данных третьим лицам: было — {was}, стало — {now}.",
			CrossBorderSaid:  "Трансграничная передача данных: было — {was}, стало — {now}.",
			PublicSourceSaid: "Распространение данных в общедоступных источниках: было — {was}, стало — {now}.",
			TextChanged:      "Изменён текст политики ({language}).",
			TextAdded:        "Добавлен текст политики ({language}).",
			TextRemoved:      "Исключён текст политики ({language}).",
			TitleChanged:     "Уточнено название политики.",
			LawTitleChanged:  "Уточнено название применимого закона.",
			WithdrawalSaid:   "Уточнено описание порядка отзыва согласия.",
			OperatorChanged:  "Данные теперь обрабатывает другой оператор — {name}.",
			OwnerChanged:     "У базы данных теперь другой собственник — {name}.",
			OperatorRenamed:  "Изменилось название или адрес организации — {name}.",
			ContactsChanged:  "Изменились контакты по вопросам персональных данных.",
			PersonChanged:    "Изменились сведения о лице, ответственном за персональные данные.",
			LinksChanged:     "Изменились ссылки, ведущие из приложения.",
			ApprovalChanged:  "Изменились сведения об утверждении политики.",
		},
	},
	"en": {
		languages: map[string]string{"kk": "in Kazakh", "ru": "in Russian", "en": "in English"},
		bases:     map[LawfulBasis]string{BasisConsent: "consent", BasisContract: "contract", BasisLaw: "law"},
		channels:  map[Channel]string{SMS: "SMS", Push: "push notifications", Mail: "e-mail", Call: "phone calls", Post: "post"},
		noPeriod:  "not set",
		sentences: map[ChangeKind]string{
			ItemAdded:        "There is a new item, “{item}”.",
			ItemRemoved:      "The item “{item}” is gone.",
			ItemKindChanged:  "“{item}”: the kind of consent changed.",
			ItemBasisChanged: "“{item}”: the ground for processing was {was} and is now {now}.",
			ItemUnasked:      "“{item}”: your consent is no longer asked for; the ground for processing is {now}.",
			ItemRequired:     "The item “{item}” is now required: the app cannot be used without it.",
			ItemOptional:     "The item “{item}” is no longer required.",
			ItemTitled:       "“{item}”: the heading was made clearer.",
			ItemAskedAgain:   "“{item}”: the operator asks for your consent again.",
			StatementChanged: "“{item}”: the wording of the consent changed ({language}).",
			StatementAdded:   "“{item}”: a translation of the wording was added ({language}).",
			FieldAdded:       "“{item}”: further data is used: {name}.",
			FieldRemoved:     "“{item}”: this data is no longer used: {name}.",
			FieldRequired:    "“{item}”: this now has to be given: {name}.",
			FieldOptional:    "“{item}”: this is now optional: {name}.",
			FieldLabelled:    "The name of a field was made clearer: {name}.",
			FieldUnasked:     "“{item}”: data that was used with your consent only is now used without it: {name}.",
			FieldHelped:      "The explanation of a field was made clearer: {name}.",
			FieldKindChanged: "A field now asks for other data: {name}.",
			FieldMasked:      "What staff see of a field changed: {name}.",
			RetentionChanged: "“{item}”: the retention period was {was} and is now {now}.",
			RecipientAdded:   "“{item}”: there is a new recipient of the data: {name}.",
			RecipientRemoved: "“{item}”: the data is no longer passed on to: {name}.",
			ChannelAdded:     "“{item}”: a new way of reaching you: {name}.",
			ChannelRemoved:   "“{item}”: you are not reached this way any more: {name}.",
			PurposesEndSaid:  "It is said differently until when the consent holds.",
			TermChanged:      "The term of the consent was {was} and is now {now}.",
			OperatorJoined:   "A new operator joined the group: {name}.",
			OperatorLeft:     "An operator left the group: {name}.",
			ThirdPartiesSaid: "Transfer of data to third parties: was {was}, is now {now}.",
			CrossBorderSaid:  "Cross-border transfer of data: was {was}, is now {now}.",
			PublicSourceSaid: "Dissemination of data in public sources: was {was}, is now {now}.",
			TextChanged:      "The policy's text changed ({language}).",
			TextAdded:        "The policy's text was added ({language}).",
			TextRemoved:      "The policy's text was removed ({language}).",
			TitleChanged:     "The policy's title was made clearer.",
			LawTitleChanged:  "The title of the governing law was made clearer.",
			WithdrawalSaid:   "The description of how to withdraw a consent was made clearer.",
			OperatorChanged:  "Another operator processes the data now: {name}.",
			OwnerChanged:     "The database has another owner now: {name}.",
			OperatorRenamed:  "The name or address of an organisation changed: {name}.",
			ContactsChanged:  "The contacts for questions about personal data changed.",
			PersonChanged:    "The details of the person responsible for personal data changed.",
			LinksChanged:     "The links that lead out of the app changed.",
			ApprovalChanged:  "The details of the policy’s approval changed.",
		},
	},
}
