package vault

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// ErrUsed: a notice was downloaded already, and is gone.
var ErrUsed = errors.New("the notice was downloaded; issue another")

// NoticeText is what a notice says besides the people.
type NoticeText struct {
	Breach   Breach
	App      App
	Audience Audience
	Rule     Rule    // that asks for it
	Fields   []Field // what it names of each person
	People   int64
	Pack     *RulePack
	// Catalogue has the words for fields.
	Catalogue Catalogue
}

// NoticePerson is one person in a notice: values in the order of its fields.
type NoticePerson struct {
	User   uuid.UUID
	Values []Plain // empty where nothing is stored
}

// Notice answers what a notice would say, without anybody's data.
func (s *Service) Notice(ctx context.Context, b Breach, audience Audience) (NoticeText, error) {
	app, err := s.App(ctx, b.App)
	if err != nil {
		return NoticeText{}, err
	}
	pack, err := s.Rules.Of(app.Jurisdiction)
	if err != nil {
		return NoticeText{}, err
	}
	out := NoticeText{Breach: b, App: app, Audience: audience, Rule: pack.Rule(audience.rule()), Pack: pack, Catalogue: s.Catalogue}
	for _, code := range out.Rule.List {
		if f, ok := s.Catalogue.Get(code); ok {
			out.Fields = append(out.Fields, f)
		}
	}
	out.People, err = s.Reader.CountBreachPeople(ctx, b)
	return out, err
}

// IssueBreachNotice lets a notice be downloaded, once.
func (s *Service) IssueBreachNotice(ctx context.Context, a Actor, breach uuid.UUID, audience Audience, key string) (Breach, error) {
	role, ok := a.Allowed(Compliance)
	if !ok {
		return Breach{}, NewError(CodeForbidden, "this role sees no personal data of many")
	}
	_, err := s.once(ctx, a, "issueBreachNotice", key, []string{breach.String(), string(audience)}, func(remember rememberer) (uuid.UUID, error) {
		b, err := s.Reader.Breach(ctx, breach)
		if err != nil {
			return uuid.Nil, err
		}
		event := s.event(a, role, BreachNoticeIssued)
		event.App, event.Object, event.Reason = b.App, b.object(), string(audience)
		return b.ID, s.Writer.Write(ctx, func(tx Tx) error {
			tx.InsertBreachNotice(BreachNotice{Breach: b.ID, Audience: audience, IssuedAt: event.At, IssuedBy: a.ID})
			tx.Record(event)
			remember(tx, b.ID)
			return nil
		})
	})
	if err != nil {
		return Breach{}, err
	}
	return s.Reader.Breach(ctx, breach)
}

// noticePage is how many people are decrypted at a time.
const noticePage = 200

// DownloadNotice hands out a notice: first what it says, then the people page
// by page. Every person's event is on record before there is plaintext, and the
// notice is used up once the first page is there and before anything is handed
// out: Vault being away uses nothing up. ErrUsed: it was used; ErrNotFound:
// none was issued.
func (s *Service) DownloadNotice(ctx context.Context, a Actor, breach uuid.UUID, audience Audience,
	begin func(NoticeText) error, each func([]NoticePerson) error,
) error {
	role, ok := a.Allowed(Compliance)
	if !ok {
		return s.refuse(ctx, a, "Breach:"+breach.String(), uuid.Nil, NewError(CodeForbidden, "this role sees no personal data of many"))
	}
	b, err := s.Reader.Breach(ctx, breach)
	if err != nil {
		return err
	}
	notice, err := s.openNotice(ctx, b, audience)
	if err != nil {
		return err
	}
	text, err := s.Notice(ctx, b, audience)
	if err != nil {
		return err
	}
	n := noticing{Service: s, actor: a, role: role, text: text}
	page, err := n.page(ctx, uuid.Nil)
	if err != nil {
		return err
	}
	event := s.event(a, role, BreachNoticeDownloaded)
	event.App, event.Object, event.Reason, event.Fields = b.App, b.object(), string(audience), n.codes()
	notice.UsedAt = event.At
	err = s.Writer.Write(ctx, func(tx Tx) error { tx.UseBreachNotice(notice); tx.Record(event); return nil })
	if errors.Is(err, ErrStale) {
		err = ErrUsed
	}
	if err == nil {
		err = begin(text)
	}
	for err == nil && len(page) > 0 {
		if err = each(page); err == nil {
			page, err = n.page(ctx, page[len(page)-1].User)
		}
	}
	return err
}

// openNotice is the newest that is not used.
func (s *Service) openNotice(ctx context.Context, b Breach, audience Audience) (BreachNotice, error) {
	all, err := s.Reader.BreachNotices(ctx, b.ID)
	if err != nil {
		return BreachNotice{}, err
	}
	err = ErrNotFound
	for _, n := range all {
		switch {
		case n.Audience != audience:
		case n.UsedAt.IsZero():
			return n, nil
		default:
			err = ErrUsed
		}
	}
	return BreachNotice{}, err
}

// noticing is one download under way.
type noticing struct {
	*Service
	actor Actor
	role  Role
	text  NoticeText
}

func (n noticing) codes() []string {
	codes := make([]string, len(n.text.Fields))
	for i, f := range n.text.Fields {
		codes[i] = f.Code
	}
	return codes
}

// page reveals the people after one.
func (n noticing) page(ctx context.Context, after uuid.UUID) ([]NoticePerson, error) {
	ids, err := n.Reader.BreachPeople(ctx, n.text.Breach, after, noticePage)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	stored, err := n.Reader.Fields(ctx, ids)
	if err != nil {
		return nil, err
	}
	codes := n.codes()
	out, at := make([]NoticePerson, len(ids)), map[uuid.UUID]int{}
	events := make([]AuditEvent, len(ids))
	for i, id := range ids {
		out[i], at[id] = NoticePerson{User: id, Values: make([]Plain, len(codes))}, i
		events[i] = n.event(n.actor, n.role, ProfileRevealed)
		events[i].Subject, events[i].App, events[i].Object, events[i].Reason = id, n.text.Breach.App, n.text.Breach.object(), "INCIDENT"
	}
	var items []DecryptItem
	var places [][2]int
	for _, f := range stored {
		k := slices.Index(codes, f.Code)
		if k < 0 {
			continue
		}
		place, err := personalPlace(f.User, f.Code)
		if err != nil {
			return nil, err
		}
		i := at[f.User]
		events[i].Fields = append(events[i].Fields, f.Code)
		items, places = append(items, DecryptItem{place, f.Ciphertext, events[i].ID}), append(places, [2]int{i, k})
	}
	if err := n.Writer.Write(ctx, func(tx Tx) error { tx.Record(events...); return nil }); err != nil || len(items) == 0 {
		return out, err
	}
	results, err := n.Decrypter.Decrypt(ctx, items)
	if err != nil {
		return nil, err
	}
	for k, r := range results {
		if r.Err != nil {
			return nil, r.Err
		}
		out[places[k][0]].Values[places[k][1]] = r.Value
	}
	return out, nil
}
