package vault

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// eraseFor carries out a request for erasure. It is done and acknowledged before
// the request is answered: whoever is interrupted in between calls again, and is
// answered with the same certificate.
func (s *Service) eraseFor(ctx context.Context, w *work, reference string, facts *answerFacts) error {
	if reference == "" {
		reference = w.was.Number()
	}
	erased, err := s.Erase(ctx, w.actor, Erasing{User: w.was.User, Ground: ErasedOnRequest, Reference: reference})
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

// stands reports what of a kind stands against an erasure, as the person may
// read it: on which ground and since when, not by which reference.
func (s *Service) stands(ctx context.Context, r SubjectRequest, kind ObstacleKind, zone *time.Location) ([]string, error) {
	if r.User == uuid.Nil {
		return nil, nil
	}
	all, err := s.Reader.Obstacles(ctx, []uuid.UUID{r.User}, false)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, o := range all {
		if o.Kind == kind {
			out = append(out, string(o.Ground)+", "+o.Since.In(zone).Format(time.DateOnly))
		}
	}
	return slices.Compact(out), nil
}

// obstacles are what a refusal leans on. A hold or an obligation that nobody
// placed is no ground.
func (s *Service) obstacles(ctx context.Context, w *work, pack *RulePack) ([]string, error) {
	kind := map[RefusalGround]ObstacleKind{UnderLegalHold: LegalHold, ObligationOpen: Obligation}[w.request.Ground]
	if kind == "" {
		return nil, nil
	}
	names, err := s.stands(ctx, w.was, kind, pack.Zone)
	if err == nil && len(names) == 0 {
		err = NewError(CodeRequestGround, "no such hold or obligation stands against this person's erasure").
			With("pack", pack.Name()).With("grounds", "").At("ground")
	}
	return names, err
}
