package vault

import "context"

// extension says until when the answer takes, and why.
func (l *letter) extension() string {
	why := l.say("сұрау күрделі", "запрос сложный", "the request is complex")
	if l.request.Extension == ManyRequests {
		why = l.say("сізден бірнеше сұрау түсті", "от вас поступило несколько запросов", "you made several requests")
	}
	return l.say("%s дейін; себебі: %s", "до %s; причина: %s", "until %s; the reason: %s", l.day(l.request.DueAt), why)
}

// ExtensionNotice tells the person that the answer takes longer, until when and
// why, in every language that the product has; none where it does not.
func (s *Service) ExtensionNotice(ctx context.Context, r SubjectRequest) (Words, error) {
	if r.Extension == "" {
		return nil, nil
	}
	app, err := s.App(ctx, r.App)
	if err != nil {
		return nil, err
	}
	pack, err := s.pack(app)
	if err != nil {
		return nil, err
	}
	var out Words
	for _, locale := range Languages {
		l := letter{locale: locale, pack: pack, request: r}
		out = append(out, Word{locale, l.say("Жауап беру мерзімі ұзартылды: %s. %s", "Срок ответа продлён: %s. %s", "The answer takes longer: %s. %s",
			l.extension(), l.cite(pack.Rule(RuleRequestExtension)))})
	}
	return out, nil
}
