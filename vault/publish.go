package vault

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// PolicyDraft is what a draft says; nil parts of an update stay as they are.
type PolicyDraft struct {
	ID               uuid.UUID // of the draft to update
	ExpectedRevision int64
	App              string
	Label            *string
	EffectiveAt      *time.Time
	Facts            *Facts
	Texts            []PolicyText
	Source           []byte // the file that Facts were read from
	IdempotencyKey   string
}

// CreateDraft starts a policy version.
func (s *Service) CreateDraft(ctx context.Context, a Actor, in PolicyDraft) (*Version, error) {
	id, err := s.once(ctx, a, "createPolicyDraft", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return s.createDraft(ctx, a, in, remember)
	})
	if err != nil {
		return nil, err
	}
	return s.Reader.Version(ctx, id)
}

func (s *Service) createDraft(ctx context.Context, a Actor, in PolicyDraft, remember rememberer) (uuid.UUID, error) {
	app, err := s.app(ctx, in.App)
	if err != nil {
		return uuid.Nil, err
	}
	now := s.now()
	v := &Version{
		ID: s.NewID(), App: app.Code, Status: Draft, Revision: 1, CreatedAt: now, UpdatedAt: now,
		Authoritative: app.AuthoritativeLanguage,
	}
	documents, err := s.fill(v, app, in, nil)
	if err != nil {
		return uuid.Nil, err
	}
	event := s.policyEvent(a, PolicyDrafted, v)
	return v.ID, s.Writer.Write(ctx, func(tx Tx) error {
		tx.InsertVersion(v, documents)
		tx.Record(event)
		remember(tx, v.ID)
		return nil
	})
}

// UpdateDraft changes a draft.
func (s *Service) UpdateDraft(ctx context.Context, a Actor, in PolicyDraft) (*Version, error) {
	id, err := s.once(ctx, a, "updatePolicyDraft", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return in.ID, s.updateDraft(ctx, a, in, remember)
	})
	if err != nil {
		return nil, err
	}
	return s.Reader.Version(ctx, id)
}

func (s *Service) updateDraft(ctx context.Context, a Actor, in PolicyDraft, remember rememberer) error {
	v, app, err := s.draft(ctx, in.ID)
	if err != nil {
		return err
	}
	if v.Revision != in.ExpectedRevision {
		return conflict(v.Revision)
	}
	texts, err := s.texts(ctx, v)
	if err != nil {
		return err
	}
	documents, err := s.fill(v, app, in, texts)
	if err != nil {
		return err
	}
	v.Revision, v.UpdatedAt = v.Revision+1, s.now()
	event := s.policyEvent(a, PolicyChanged, v)
	return unstale(s.Writer.Write(ctx, func(tx Tx) error {
		tx.UpdateVersion(v, in.ExpectedRevision, documents)
		tx.Record(event)
		remember(tx, v.ID)
		return nil
	}))
}

// fill puts what a draft says into the version, and makes its documents.
func (s *Service) fill(v *Version, app App, in PolicyDraft, texts []PolicyText) ([]StoredDocument, error) {
	if in.Label != nil {
		v.Label = *in.Label
	}
	if in.EffectiveAt != nil {
		v.EffectiveAt = in.EffectiveAt.UTC().Truncate(time.Millisecond)
	}
	if in.Facts != nil {
		v.Facts = *in.Facts
		v.Facts.order(app.AuthoritativeLanguage)
		v.Source = in.Source
	}
	if in.Texts != nil {
		texts = in.Texts
	}
	if errs := lintDraft(s.Catalogue, v, app, texts); len(errs) > 0 {
		return nil, errs
	}
	return s.documents(v, app, texts)
}

// documents makes the canonical documents of a version, in the order of its
// texts.
func (s *Service) documents(v *Version, app App, texts []PolicyText) ([]StoredDocument, error) {
	var out []StoredDocument
	v.Documents = nil
	for _, text := range texts {
		d, err := NewDocument(app, s.Catalogue, v, text)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
		v.Documents = append(v.Documents, DocumentRef{Locale: d.Locale, Hash: d.Hash, TextHash: d.TextHash})
	}
	return out, nil
}

// Publishing asks for a draft to be published.
type Publishing struct {
	ID          uuid.UUID
	EffectiveAt *time.Time // nil: as the draft says, or at publication
	// ExpectedRevision is that of the draft as it was read; nil: as it is.
	ExpectedRevision *int64
	// Acknowledged are rules and reasons; who and when are filled in.
	Acknowledged []Acknowledgement
	// AskAgain are codes of items that everybody is asked about again although
	// nothing of them became wider; AskEverybodyAgain is all of them.
	AskAgain          []string
	AskEverybodyAgain bool
	// TextChanges say of each language whose words changed whether they mean the
	// same; one without a language is about all that are not named.
	TextChanges    []TextChange
	IdempotencyKey string
}

// Publish publishes a draft: it never changes again. It is refused while the
// version lacks what it needs.
func (s *Service) Publish(ctx context.Context, a Actor, in Publishing) (*Version, error) {
	id, err := s.once(ctx, a, "publishPolicyVersion", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) { return in.ID, s.publish(ctx, a, in, remember) })
	})
	if err != nil {
		return nil, err
	}
	return s.published(ctx, id)
}

func (s *Service) publish(ctx context.Context, a Actor, in Publishing, remember rememberer) error {
	v, app, err := s.draft(ctx, in.ID)
	if err != nil {
		return err
	}
	if in.ExpectedRevision != nil && *in.ExpectedRevision != v.Revision {
		return conflict(v.Revision)
	}
	texts, err := s.texts(ctx, v)
	if err != nil {
		return err
	}
	_, moments, err := s.Reader.App(ctx, app.Code)
	if err != nil {
		return err
	}
	timeline := NewTimeline(moments)
	now := timeline.next(s.now())
	previous, err := s.schedule(ctx, v, in.EffectiveAt, timeline, now)
	if err != nil {
		return err
	}
	report, err := s.inspect(v, previous, app, texts)
	if err != nil {
		return err
	}
	if errs := report.refusals(in.Acknowledged); len(errs) > 0 {
		return errs
	}
	if err := s.consistent(ctx, v, moments); err != nil {
		return err
	}
	declared, err := in.declarations(v, previous)
	if err != nil {
		return err
	}
	expected := v.Revision
	v.settle(app, now)
	v.RulePack, v.Acknowledged = report.Pack.Name(), report.acknowledged(in.Acknowledged, a.ID, now)
	v.Facts.TextChanges, v.Facts.MembersByNotice = declared, report.Pack.tellsOfMembers()
	carryConsents(v, previous, in.asks)
	documents, err := s.documents(v, app, texts) // anew: the app's facts may have changed since the draft
	if err != nil {
		return err
	}
	events := s.publicationEvents(a, v)
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.PublishVersion(v, expected, len(moments), documents)
		tx.Record(events...)
		remember(tx, v.ID)
		return nil
	})
	if err == nil { // so that callers without a token hear of it as soon as they may
		s.keepTimeline(ctx, app.Code, append(moments, Moment{v.ID, v.PublishedAt, v.EffectiveAt}))
	}
	return err
}

// settle fixes what a draft leaves open: when it is published, which language
// prevails, and whom it names.
func (v *Version) settle(app App, now time.Time) {
	v.Status, v.PublishedAt, v.UpdatedAt, v.Revision = Published, now, now, v.Revision+1
	v.Authoritative = app.AuthoritativeLanguage
	v.name(app)
}

// publicationEvents are the publication and what was declared with it.
func (s *Service) publicationEvents(a Actor, v *Version) []AuditEvent {
	events := []AuditEvent{s.policyEvent(a, PolicyPublished, v)}
	for _, c := range v.Facts.TextChanges {
		e := s.policyEvent(a, PolicyTextDeclared, v)
		e.Object, e.Reason = e.Object+";locale="+c.Locale+";meaning="+string(c.Meaning), string(c.Reason)
		events = append(events, e)
	}
	return events
}

// inspect holds a version against the law of its app's jurisdiction, and against
// the one that it follows.
func (s *Service) inspect(v, previous *Version, app App, texts []PolicyText) (Report, error) {
	pack, err := s.pack(app)
	if err != nil {
		return Report{}, err
	}
	return Gate{pack, s.Catalogue, s.Normaliser.CheckBIN, previous, s.now()}.Check(v, app, texts), nil
}

// pack is the law that holds for an app.
func (s *Service) pack(app App) (*RulePack, error) { return s.Rules.Of(app.Jurisdiction) }

// schedule fixes when a version takes effect, and answers the published one
// that it follows, nil for the first. Versions take effect in the order in
// which they are published: each says which older consents still count, and
// one that slipped in between would not have been asked.
func (s *Service) schedule(ctx context.Context, v *Version, effectiveAt *time.Time, timeline Timeline, now time.Time) (*Version, error) {
	if effectiveAt != nil {
		v.EffectiveAt = effectiveAt.UTC().Truncate(time.Millisecond)
	}
	if v.EffectiveAt.IsZero() {
		v.EffectiveAt = now
	}
	if v.EffectiveAt.Before(now) {
		return nil, NewError(CodeInvalidDate,
			"a version cannot take effect before it is published; leave effectiveAt out, or give a later moment").At("effectiveAt")
	}
	if len(timeline) == 0 {
		return nil, nil //nolint:nilnil // the first version follows none
	}
	last := timeline[len(timeline)-1]
	if last.Version == v.ID { // by somebody else, since it was read
		return nil, errPublished
	}
	if last.EffectiveAt.After(v.EffectiveAt) {
		return nil, NewError(CodeInvalidDate,
			"a published version takes effect later than this one would; take effect at the same moment, which replaces it, or after it").
			With("effectiveAt", last.EffectiveAt.Format(time.RFC3339Nano)).With("policyVersionId", last.Version.String()).At("effectiveAt")
	}
	return s.published(ctx, last.Version)
}

// draft reads a version that may still change, with its app.
func (s *Service) draft(ctx context.Context, id uuid.UUID) (*Version, App, error) {
	v, err := s.Reader.Version(ctx, id)
	if err != nil {
		return nil, App{}, err
	}
	if v.Status != Draft {
		return nil, App{}, errPublished
	}
	app, err := s.app(ctx, v.App)
	return v, app, err
}

var errPublished = NewError(CodeVersionPublished, "this version is published and never changes; start a new draft").At("id")

// texts reads a version's texts back from its documents.
func (s *Service) texts(ctx context.Context, v *Version) ([]PolicyText, error) {
	var out []PolicyText
	for _, ref := range v.Documents {
		d, _, err := s.document(ctx, v.ID, ref.Locale)
		if err != nil {
			return nil, err
		}
		out = append(out, PolicyText{Locale: ref.Locale, Text: d.Text})
	}
	return out, nil
}

func (s *Service) policyEvent(a Actor, action Action, v *Version) AuditEvent {
	role, ok := a.Allowed(Compliance, System)
	if !ok {
		role = a.Kind()
	}
	e := s.event(a, role, action)
	e.App, e.Object = v.App, "PolicyVersion:"+v.ID.String()
	return e
}

func (in PolicyDraft) digestParts() []string {
	raw, err := Canonical(map[string]any{
		"id": in.ID.String(), "revision": in.ExpectedRevision, "app": in.App, "label": in.Label,
		"effectiveAt": in.EffectiveAt, "facts": in.Facts, "texts": in.Texts,
	})
	if err != nil {
		return []string{"unreadable"} // facts hold nothing that does not encode
	}
	return []string{string(raw)}
}

// unstale words the store's ErrStale for a caller who named a revision.
func unstale(err error) error {
	if CodeOf(err) == CodeStale && err != nil {
		return NewError(CodeRevisionConflict, "the draft was changed since it was read; read it again, then change it").
			At("expectedRevision").Because(err)
	}
	return err
}
