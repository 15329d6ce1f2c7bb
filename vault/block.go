package vault

import (
	"context"
	"strings"
	"time"
)

// BlockReason is why the processing of a person's data is stopped, as they are
// told.
type BlockReason string

// The reasons.
const (
	BlockAsked    BlockReason = "PERSON_ASKED"
	BlockReported BlockReason = "VIOLATION_REPORTED" // by whom is not said
)

// Block is that the processing of a person's data is stopped.
type Block struct {
	Since  time.Time
	Reason BlockReason
	// Says tells the person, in every language that the product has.
	Says Words
}

// BlockOf answers since when and why a person's data is blocked; nil where it is
// not. It says nothing of who told of a violation.
func (s *Service) BlockOf(ctx context.Context, a Actor, u *User) (*Block, error) {
	if _, ok := a.Allowed(Subject, Support, Compliance); !ok || u.Status != StatusBlocked {
		return nil, nil //nolint:nilnil // the schema answers null
	}
	events, err := s.Reader.Events(ctx, AuditFilter{Subject: u.ID, Actions: []Action{UserWasBlocked}}, Page{Limit: 1})
	if err != nil || len(events) == 0 {
		return nil, err
	}
	e := events[0]
	out := &Block{Since: e.At, Reason: BlockAsked}
	if e.Reason == string(ReportsViolation) {
		out.Reason = BlockReported
	}
	app, err := s.App(ctx, e.App)
	if err != nil {
		return nil, err
	}
	pack, err := s.pack(app)
	if err != nil {
		return nil, err
	}
	for _, locale := range Languages {
		l := letter{locale: locale, pack: pack}
		out.Says = append(out.Says, Word{locale, l.blocked(*out)})
	}
	return out, nil
}

// blocked tells the person of a blocking: that it is so, since when, why, and
// what they can do.
func (l *letter) blocked(b Block) string {
	why := l.say("Оны өзіңіз сұрадыңыз.", "Об этом попросили вы сами.", "You asked for it yourself.")
	if b.Reason == BlockReported {
		why = l.say(
			"Операторға деректеріңізді өңдеуде бұзушылық болуы мүмкін екені хабарланды; хабарлама тексеріледі.",
			"Оператору сообщили о возможном нарушении при обработке ваших данных; сообщение проверяют.",
			"The operator was told of a possible violation in the processing of your data, and is looking into it.")
	}
	return strings.Join([]string{
		l.say("Деректеріңіз бұғатталған: олар ешбір мақсатта пайдаланылмайды. Бұғаттау басталған күн: %s.",
			"С %s ваши данные заблокированы: их не используют ни для какой цели.",
			"Your data is blocked since %s: it is used for no purpose.", l.day(b.Since)),
		why,
		l.say("Деректеріңізді өзіңіз көре аласыз және бұғаттауды алып тастауды сұрай аласыз.",
			"Сами вы свои данные видите и можете попросить снять блокирование.",
			"You still see your data, and can ask to have the blocking lifted."),
		l.cite(l.pack.Rule(RuleBlocking)),
	}, " ")
}
