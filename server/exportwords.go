package main

import "github.com/kelisim/kelisim/vault"

// copyWords are the codes that stand in the readable copy, each in the languages
// of the product. What is not here is shown as its code.
var copyWords = map[any][3]string{
	vault.ConsentGiven:       {"берілді, қолданыста", "дано, действует", "given, and it holds"},
	vault.ConsentRefused:     {"бас тартылды", "отказ", "refused"},
	vault.ConsentWithdrawn:   {"кері қайтарып алынды", "отозвано", "withdrawn"},
	vault.ConsentExpired:     {"мерзімі аяқталды", "срок истёк", "expired"},
	vault.ConsentInvalidated: {"жарамсыз деп танылды", "признано недействительным", "declared invalid"},
	vault.ConsentSuperseded:  {"кейінгі шешіммен алмастырылды", "заменено более поздним решением", "replaced by a later decision"},

	vault.ByConsent: {"келісім", "согласие", "consent"},
	vault.ByLaw:     {"заң", "закон", "law"},
	vault.ByDispute: {"дауда құқықтарды қорғау", "защита прав в споре", "defence of rights in a dispute"},

	vault.AsksAccess:     {"өз деректеріне қол жеткізу", "доступ к своим данным", "access to one's own data"},
	vault.AsksExport:     {"деректердің көшірмесі", "копия данных", "a copy of the data"},
	vault.AsksCorrection: {"деректерді түзету", "исправление данных", "correction of data"},
	vault.AsksBlocking:   {"деректерді бұғаттау", "блокирование данных", "blocking of data"},
	vault.AsksUnblocking: {"бұғаттауды алып тастау", "снятие блокирования", "lifting of a blocking"},
	vault.AsksErasure:    {"деректерді жою", "уничтожение данных", "erasure of data"},
	vault.Objects:        {"автоматтандырылған шешімге қарсылық", "возражение против автоматизированного решения", "objection to an automated decision"},

	vault.RequestReceived:   {"алынды", "получен", "received"},
	vault.RequestUnverified: {"жеке басты растау күтілуде", "ожидается подтверждение личности", "waiting for proof of who asks"},
	vault.RequestInProgress: {"қаралуда", "рассматривается", "being worked on"},
	vault.RequestFulfilled:  {"орындалды", "исполнен", "fulfilled"},
	vault.RequestRefused:    {"бас тартылды", "отказано", "refused"},
	vault.RequestCancelled:  {"кері алынды", "отменён", "cancelled"},
}

// inWords is a code in words of a language of the product, and any other value
// as it is.
func inWords(code any, locale string) any {
	words, ok := copyWords[code]
	if !ok {
		return code
	}
	for i, one := range vault.Languages {
		if one == locale {
			return words[i]
		}
	}
	return words[2]
}
