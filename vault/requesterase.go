package vault

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"
)

// eraseFor carries out a request for erasure. It is done and acknowledged before
// the request is answered: whoever is interrupted in between calls again, and is
// answered with the same certificate.
func (s *Service) eraseFor(ctx context.Context, w *work, reference string, facts *answerFacts) error {
	if reference == "" {
		reference = w.was.Number()
	}
	erased, err := s.Erase(ctx, w.actor, Erasing{User: w.was.User, Ground: ErasedOnRequest, Reference: reference, request: w.was.ID})
	if err != nil {
		return err
	}
	w.request.Erasure, facts.kept = erased.ID, erased.Kept
	return nil
}

// stays says what stays after an erasure, on which ground, and until when.
func (l *letter) stays(k Kept) string {
	what := map[KeptKind][3]string{
		KeptConsents:    {"шешімдеріңіздің тарихы (атыңызсыз)", "история ваших решений (без имени)", "the history of your decisions, without your name"},
		KeptAudit:       {"әрекеттер журналы (атыңызсыз)", "журнал действий (без имени)", "the log of what was done, without your name"},
		KeptDisclosures: {"деректер кімге берілгені (атыңызсыз)", "записи о передаче данных (без имени)", "the records of what was passed on, without your name"},
		KeptRequests:    {"сұраулар мен жауаптардың жазбалары (мәтінсіз)", "записи о запросах и ответах (без текстов)", "the records of requests and answers, without their texts"},
		KeptHolds:       {"жоюға кедергі болғандардың жазбалары", "записи о том, что препятствовало уничтожению", "the records of what stood against an erasure"},
		KeptBreaches:    {"бұзушылықтар туралы жазбалар (атыңызсыз)", "записи о нарушениях безопасности (без имени)", "the records of breaches, without your name"},
		KeptCertificate: {"жою туралы анықтама және сәйкестендіргіш", "справка об уничтожении и идентификатор", "the certificate of the erasure, and the id"},
		KeptFields:      {"дәлел ретінде қажет деректер (шифрланған)", "данные, нужные как доказательство (зашифрованы)", "data that is needed as evidence, encrypted"},
		KeptContexts:    {"келісімнің дәлелі (шифрланған)", "доказательство согласия (зашифровано)", "the proof of a consent, encrypted"},
	}[k.Kind]
	said := cmp.Or(l.say(what[0], what[1], what[2]), string(k.Kind))
	if k.Source != "" {
		said += "; " + k.Source
	}
	if !k.Until.IsZero() {
		said += "; " + l.say("мерзімі", "срок", "until") + ": " + SayDay(k.Until, l.pack.Zone, l.locale)
	}
	return said
}

// obstacles are what a refusal leans on. A hold or an obligation that nobody
// placed is no ground.
func (s *Service) obstacles(ctx context.Context, w *work, pack *RulePack) ([]Obstacle, error) {
	kind := map[RefusalGround]ObstacleKind{UnderLegalHold: LegalHold, ObligationOpen: Obligation}[w.request.Ground]
	if kind == "" {
		return nil, nil
	}
	var standing []Obstacle
	if w.was.User != uuid.Nil {
		all, err := s.Reader.Obstacles(ctx, []uuid.UUID{w.was.User}, false)
		if err != nil {
			return nil, err
		}
		standing = slices.DeleteFunc(all, func(o Obstacle) bool { return o.Kind != kind })
	}
	if len(standing) == 0 {
		return nil, NewError(CodeRequestGround, "no such hold or obligation stands against this person's erasure").
			With("pack", pack.Name()).With("grounds", "").At("ground")
	}
	return standing, nil
}

// obstacle says what stands against an erasure and since when, as the person may
// read it. Of a hold not even the ground is said, of no hold: one of them is an
// investigation, which is not to be learned from here.
func (l *letter) obstacle(o Obstacle) string {
	since := l.day(o.Since)
	switch o.Ground {
	case GroundPayment:
		return l.say("төлем міндеттемесі, басталуы: %s", "обязательство по оплате, с %s", "an obligation to pay, since %s", since)
	case GroundDelivery:
		return l.say("жеткізу міндеттемесі, басталуы: %s", "обязательство по доставке, с %s", "a delivery that is not complete, since %s", since)
	case GroundContract:
		return l.say("шарт бойынша міндеттеме, басталуы: %s", "обязательство по договору, с %s", "an obligation under a contract, since %s", since)
	case GroundLaw:
		return l.say("заң бойынша міндеттеме, басталуы: %s", "обязательство по закону, с %s", "an obligation under the law, since %s", since)
	default:
		return l.say("деректерді сақтау талабы, басталуы: %s", "требование сохранить данные, с %s", "a demand to keep the data, since %s", since)
	}
}
