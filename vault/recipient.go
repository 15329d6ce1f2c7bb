package vault

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// NoticeAbout is what recipients are told of.
type NoticeAbout string

// What recipients are told of: what became of a consent, or of the data.
const (
	AboutWithdrawn   NoticeAbout = "WITHDRAWN"
	AboutRefused     NoticeAbout = "REFUSED"
	AboutInvalidated NoticeAbout = "INVALIDATED"
	AboutExpired     NoticeAbout = "EXPIRED"
	AboutCorrected   NoticeAbout = "CORRECTED"
	AboutErased      NoticeAbout = "ERASED"
)

// NoticeState is where a notice stands.
type NoticeState string

// The states. A notice that failed is sent again; one that is confirmed is done.
const (
	NoticeToTell    NoticeState = "TO_TELL"
	NoticeTold      NoticeState = "TOLD"
	NoticeConfirmed NoticeState = "CONFIRMED"
	NoticeFailed    NoticeState = "FAILED"
)

var noticeMoves = map[NoticeState][]NoticeState{
	NoticeToTell: {NoticeTold, NoticeFailed},
	NoticeTold:   {NoticeConfirmed, NoticeFailed},
	NoticeFailed: {NoticeTold},
}

// RecipientNotice is one recipient that has to be told of something about one
// person.
type RecipientNotice struct {
	ID        uuid.UUID
	User      uuid.UUID
	App       string
	Recipient DisclosedTo
	About     NoticeAbout
	Codes     []string // of the items, or of the fields that were corrected
	MadeAt    time.Time
	DueAt     time.Time
	State     NoticeState
	Revision  int64
	UpdatedAt time.Time
}

// moved is the notice in another state.
func (n RecipientNotice) moved(to NoticeState, expected int64, at time.Time) (RecipientNotice, error) {
	switch {
	case expected != n.Revision:
		return n, conflict(n.Revision)
	case !slices.Contains(noticeMoves[n.State], to):
		return n, NewError(CodeIllegalMove, "a notice cannot go from this state to that one").
			With("from", string(n.State)).With("to", string(to)).At("state")
	}
	n.State, n.Revision, n.UpdatedAt = to, n.Revision+1, at
	return n, nil
}

// NoticeFilter narrows a list of notices; zero values do not narrow.
type NoticeFilter struct {
	State     NoticeState
	DueBefore time.Time
	User      uuid.UUID
}

// Telling is something that recipients of a person's data have to be told.
type Telling struct {
	User  uuid.UUID
	App   string // empty: whatever the app
	About NoticeAbout
	// Items are those whose consents ended, Fields those that were corrected: a
	// recipient is concerned whose data rested on one of the items, or had one of
	// the fields. With neither all are.
	Items  []string
	Fields []string
	At     time.Time
	Due    time.Time
}

// telling is a Telling with its time of the rule, at once where none sets one:
// whoever withdraws does not wait for a rule pack.
func (s *Service) telling(app App, user uuid.UUID, about NoticeAbout, at time.Time) Telling {
	t := Telling{User: user, App: app.Code, About: about, At: at, Due: at}
	pack, err := s.pack(app)
	if err != nil {
		return t
	}
	for _, rule := range []RuleID{RuleRecipientNotice, RuleWithdrawalStop} {
		if due, ok := pack.Due(rule, at); ok {
			t.Due = due
			break
		}
	}
	return t
}

// tellErased is what recipients are told when a person is erased, app by app:
// each has its own rules.
func (s *Service) tellErased(ctx context.Context, user uuid.UUID) ([]Telling, error) {
	apps, err := s.Reader.Apps(ctx)
	if err != nil {
		return nil, err
	}
	var out []Telling
	for _, app := range apps {
		out = append(out, s.telling(app, user, AboutErased, s.now()))
	}
	return out, nil
}

// corrects is what recipients are told when a person's fields change. It
// concerns every app.
func (s *Service) corrects(app App, set changeset) ended {
	out := ended{user: set.user}
	if len(set.changes) > 0 && !set.fresh {
		t := s.telling(app, set.user, AboutCorrected, set.at)
		t.App, t.Fields = "", set.codes()
		out.tellings = []Telling{t}
	}
	return out
}

// ended is what else happens when consents end: recipients are told, and what
// was public by them is private again, until the person publishes it anew. So is
// what had stopped being public in between, when the consent is given again: to
// agree that fields may be public publishes none.
type ended struct {
	user     uuid.UUID
	tellings []Telling
	private  []string // codes of fields
}

// ends tells what consents end with events that are about to be appended.
func (s *Service) ends(p *Person, events []ConsentEvent) ended {
	out := ended{user: p.User.ID}
	if len(events) == 0 {
		return out
	}
	first := events[0].Seq
	before := slices.DeleteFunc(slices.Clone(p.History), func(e ConsentEvent) bool { return e.Seq >= first })
	after := slices.Concat(before, events)
	about := map[EventType]NoticeAbout{Withdrawn: AboutWithdrawn, Invalidated: AboutInvalidated, Refused: AboutRefused}
	items := map[NoticeAbout][]string{}
	stood := *p
	stood.History = before
	for _, e := range events {
		if e.Type == Given {
			out.private = append(out.private, stood.notPublic(p.publishedBy(e))...)
		}
		if after.LastTakenBack(e.Item) < first || slices.Contains(items[about[e.Type]], e.Item) {
			continue
		}
		items[about[e.Type]] = append(items[about[e.Type]], e.Item)
		out.private = append(out.private, p.publishedBy(e)...)
	}
	for _, about := range []NoticeAbout{AboutWithdrawn, AboutInvalidated, AboutRefused} {
		if len(items[about]) > 0 {
			t := s.telling(p.App, p.User.ID, about, events[0].ReceivedAt)
			t.Items = items[about]
			out.tellings = append(out.tellings, t)
		}
	}
	return out
}

// publishedBy are the fields that may be public by the consent of an event.
func (p *Person) publishedBy(e ConsentEvent) []string {
	v := p.versions[e.Version]
	if v == nil {
		return nil
	}
	item, ok := v.Facts.Item(e.Item)
	if !ok || item.Kind != Publication {
		return nil
	}
	out := make([]string, len(item.Fields))
	for i, f := range item.Fields {
		out[i] = f.Field
	}
	return out
}

// notPublic are those of the fields that no consent makes public now.
func (p *Person) notPublic(codes []string) []string {
	return slices.DeleteFunc(codes, func(code string) bool {
		_, refused := p.publication(code)
		return refused == nil
	})
}

// queue comes after the events are appended, which orders it after every
// disclosure that rested on what they end.
func (e ended) queue(tx Tx) {
	for _, t := range e.tellings {
		tx.TellRecipients(t)
	}
	tx.SetVisibility(e.user, e.private, Private)
}

// RecipientNotices lists notices by when they are due. Reading them leaves an
// event.
func (s *Service) RecipientNotices(ctx context.Context, a Actor, filter NoticeFilter, page Page) ([]RecipientNotice, error) {
	list, err := s.Reader.RecipientNotices(ctx, filter, page)
	if err != nil {
		return nil, err
	}
	event := s.event(a, Compliance, NoticesRead)
	event.Subject = filter.User
	return list, s.record(ctx, event)
}

// RecipientNotice answers one.
func (s *Service) RecipientNotice(ctx context.Context, a Actor, id uuid.UUID) (*RecipientNotice, error) {
	n, err := s.Reader.RecipientNotice(ctx, id)
	if err != nil {
		return nil, err
	}
	event := s.event(a, Compliance, NoticesRead)
	event.Subject, event.Object = n.User, "RecipientNotice:"+id.String()
	return &n, s.record(ctx, event)
}

// NoticeMove says what became of a notice.
type NoticeMove struct {
	ID               uuid.UUID
	State            NoticeState
	ExpectedRevision int64
	IdempotencyKey   string
}

// UpdateRecipientNotice puts a notice into another state.
func (s *Service) UpdateRecipientNotice(ctx context.Context, a Actor, in NoticeMove) (*RecipientNotice, error) {
	input := []string{in.ID.String(), string(in.State), itoa(in.ExpectedRevision)}
	_, err := s.once(ctx, a, "updateRecipientNotice", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			was, err := s.Reader.RecipientNotice(ctx, in.ID)
			if err != nil {
				return uuid.Nil, err
			}
			event := s.event(a, Compliance, NoticeMoved)
			n, err := was.moved(in.State, in.ExpectedRevision, event.At)
			if err != nil {
				return uuid.Nil, err
			}
			event.Subject, event.App, event.Object = n.User, n.App, "RecipientNotice:"+n.ID.String()+";state="+string(n.State)
			return n.ID, s.Writer.Write(ctx, func(tx Tx) error {
				tx.MoveNotice(n, was.Revision)
				tx.Record(event)
				remember(tx, n.ID)
				return nil
			})
		})
	})
	if err != nil {
		return nil, err
	}
	n, err := s.Reader.RecipientNotice(ctx, in.ID)
	return &n, err
}
