package vault

import (
	"fmt"
	"strings"
	"time"
)

// certificateWords are a certificate's own words in one language.
type certificateWords struct {
	heading, number, person, when, ground, reference string
	gone, nothing, kept, until, replayed, closing    string
	grounds                                          map[ErasureGround]string
	traces                                           map[Trace]string
	keeps                                            map[KeptKind]string
}

var certificates = map[string]certificateWords{
	"kk": {
		heading: "Дербес деректердің жойылғаны туралы анықтама",
		number:  "Анықтаманың нөмірі", person: "Пайдаланушының сәйкестендіргіші", when: "Жойылған уақыты", ground: "Негізі", reference: "Құжаттың нөмірі",
		gone: "Жойылғаны", nothing: "сақталған дерек болған жоқ", kept: "Сақталатыны (бар болса)", until: "мерзімі – %s",
		replayed: "Дерекқор бұрынғы көшірмеден қалпына келтірілгеннен кейін жою қайта орындалды: %s.",
		closing:  "Бұл анықтамада дербес деректер жоқ. Сақталатын жазбаларда адамның аты-жөні де, байланыс деректері де жоқ.",
		grounds: map[ErasureGround]string{
			ErasedOnRequest: "субъектінің өтініші", ErasedByRetention: "сақтау мерзімі аяқталды",
			ErasedByLaw: "заңның, соттың немесе уәкілетті органның талабы", ErasedByOperator: "оператордың шешімі",
		},
		traces: map[Trace]string{
			TraceFields: "дербес деректер өрістері", TraceIndexes: "іздеу белгілері", TraceLogins: "кіруге арналған есептік жазбалар", TraceClaims: "кіруге берілген кодтар",
			TraceRepeats: "сұраулардың қайталану белгілері", TraceTechnical: "техникалық деректер",
			TraceObjects: "өтініштермен бірге сақталған мәліметтер", TraceContexts: "келісімдердің жанындағы желі мәліметтері", TraceCounts: "күндік есептегіштер",
		},
		keeps: map[KeptKind]string{
			KeptConsents: "келісім туралы шешімдердің жазбалары", KeptAudit: "әрекеттер журналы",
			KeptDisclosures: "деректерді беру жазбалары", KeptRequests: "сұраулар мен жауаптардың жазбалары (мәтінсіз)",
			KeptHolds: "жоюға кедергі болғандардың жазбалары", KeptBreaches: "бұзушылықтар туралы жазбалар", KeptCertificate: "осы анықтама және сәйкестендіргіш",
			KeptFields: "дәлел ретінде сақталатын өрістер (шифрланған)", KeptContexts: "дәлел ретінде сақталатын желі мәліметтері (шифрланған)",
		},
	},
	"ru": {
		heading: "Справка об уничтожении персональных данных",
		number:  "Номер справки", person: "Идентификатор пользователя", when: "Время уничтожения", ground: "Основание", reference: "Номер документа",
		gone: "Уничтожено", nothing: "данных не хранилось", kept: "Сохраняется (если есть)", until: "срок — %s",
		replayed: "После восстановления базы данных из более ранней копии уничтожение выполнено повторно: %s.",
		closing:  "В этой справке нет персональных данных. В сохраняемых записях нет ни имени человека, ни сведений для связи с ним.",
		grounds: map[ErasureGround]string{
			ErasedOnRequest: "обращение субъекта", ErasedByRetention: "истёк срок хранения",
			ErasedByLaw: "требование закона, суда или уполномоченного органа", ErasedByOperator: "решение оператора",
		},
		traces: map[Trace]string{
			TraceFields: "поля персональных данных", TraceIndexes: "поисковые метки", TraceLogins: "учётные записи для входа", TraceClaims: "коды для привязки входа",
			TraceRepeats: "метки повторных запросов", TraceTechnical: "технические данные",
			TraceObjects: "сведения при обращениях", TraceContexts: "сетевые сведения при согласиях", TraceCounts: "дневные счётчики",
		},
		keeps: map[KeptKind]string{
			KeptConsents: "записи о решениях по согласиям", KeptAudit: "журнал действий",
			KeptDisclosures: "записи о передаче данных", KeptRequests: "записи о запросах и ответах (без текстов)",
			KeptHolds: "записи о том, что препятствовало уничтожению", KeptBreaches: "записи о нарушениях безопасности", KeptCertificate: "эта справка и идентификатор",
			KeptFields: "поля, которые хранятся как доказательство (зашифрованы)", KeptContexts: "сетевые сведения, которые хранятся как доказательство (зашифрованы)",
		},
	},
	"en": {
		heading: "Certificate of erasure of personal data",
		number:  "Certificate", person: "User id", when: "Erased at", ground: "Ground", reference: "Reference",
		gone: "Erased", nothing: "nothing was stored", kept: "Kept, as far as there is any", until: "until %s",
		replayed: "The erasure was carried out again after the database was restored from an older copy: %s.",
		closing:  "There is no personal data in this certificate. The records that are kept hold neither the person's name nor a way to reach them.",
		grounds: map[ErasureGround]string{
			ErasedOnRequest: "the person's request", ErasedByRetention: "the retention period is over",
			ErasedByLaw: "a demand of the law, a court or the authority", ErasedByOperator: "the operator's decision",
		},
		traces: map[Trace]string{
			TraceFields: "personal fields", TraceIndexes: "search digests", TraceLogins: "logins", TraceClaims: "codes for linking a login",
			TraceRepeats: "marks of repeated requests", TraceTechnical: "technical data",
			TraceObjects: "values kept with requests", TraceContexts: "network contexts beside consents", TraceCounts: "daily counts",
		},
		keeps: map[KeptKind]string{
			KeptConsents: "records of consent decisions", KeptAudit: "the log of acts",
			KeptDisclosures: "records of what was passed on", KeptRequests: "records of requests and answers, without their texts",
			KeptHolds: "records of what stood against an erasure", KeptBreaches: "records of breaches", KeptCertificate: "this certificate and the id",
			KeptFields: "fields kept as evidence (encrypted)", KeptContexts: "network contexts kept as evidence (encrypted)",
		},
	},
}

// Certificate is the erasure in words, Markdown, in every language that there
// is, for a zone of time. The person's id is written as clients know it.
func (e Erasure) Certificate(certificate, person string, zone *time.Location) Words {
	out := make(Words, 0, len(Languages))
	for _, locale := range Languages {
		w := certificates[locale]
		at := func(t time.Time) string { return SayMoment(t, zone, locale) }
		var text strings.Builder
		line := func(name, value string) { fmt.Fprintf(&text, "- %s: %s\n", name, value) }
		text.WriteString("# " + w.heading + "\n\n")
		line(w.number, certificate)
		line(w.person, person)
		line(w.when, at(e.At))
		line(w.ground, w.grounds[e.Ground])
		if e.Reference != "" {
			line(w.reference, e.Reference)
		}
		text.WriteString("\n## " + w.gone + "\n\n")
		gone := 0
		for _, g := range e.Gone {
			if g.Rows > 0 {
				line(w.traces[g.Trace], itoa(g.Rows))
				gone++
			}
		}
		if gone == 0 {
			text.WriteString(w.nothing + "\n")
		}
		text.WriteString("\n## " + w.kept + "\n\n")
		for _, k := range e.Kept {
			line(w.keeps[k.Kind], w.keptFor(k, zone, locale))
		}
		if !e.ReplayedAt.IsZero() {
			fmt.Fprintf(&text, "\n"+w.replayed+"\n", at(e.ReplayedAt))
		}
		text.WriteString("\n" + w.closing + "\n")
		out = append(out, Word{Locale: locale, Text: text.String()})
	}
	return out
}

func (w certificateWords) keptFor(k Kept, zone *time.Location, locale string) string {
	said := k.Source
	if !k.Until.IsZero() {
		said = strings.TrimPrefix(said+", "+fmt.Sprintf(w.until, SayDay(k.Until, zone, locale)), ", ")
	}
	return said
}
