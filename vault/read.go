package vault

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// staleFor is how old the policy in force may be for callers without a token.
const staleFor = 5 * time.Second

// App answers an app by its code.
func (s *Service) App(ctx context.Context, code string) (App, error) {
	app, _, err := s.Reader.App(ctx, code)
	return app, err
}

// app is App for an input: an unknown one is the input's mistake.
func (s *Service) app(ctx context.Context, code string) (App, error) {
	app, err := s.App(ctx, code)
	if errors.Is(err, ErrNotFound) {
		err = NewError(CodeUnknownApp, "there is no such app").At("app")
	}
	return app, err
}

// PolicyInForce answers the version in force at a moment (zero: now), or nil
// when there is none. Callers without a token may be answered from a cache up
// to five seconds old.
func (s *Service) PolicyInForce(ctx context.Context, a Actor, app string, at time.Time) (*Version, error) {
	timeline, err := s.timeline(ctx, a, app)
	if err != nil {
		return nil, err
	}
	if at.IsZero() {
		at = s.now()
	}
	id, ok := timeline.InForce(at)
	if !ok {
		return nil, nil //nolint:nilnil // the schema answers null when nothing is in force
	}
	return s.published(ctx, id)
}

func (s *Service) timeline(ctx context.Context, a Actor, app string) (Timeline, error) {
	if a.anonymous() {
		if raw, ok := s.cached(ctx, timelineKey(app)); ok {
			var moments []Moment
			if json.Unmarshal(raw, &moments) == nil {
				return NewTimeline(moments), nil
			}
		}
	}
	_, moments, err := s.Reader.App(ctx, app)
	if err != nil {
		return nil, err
	}
	if a.anonymous() {
		s.keepTimeline(ctx, app, moments)
	}
	return NewTimeline(moments), nil
}

func timelineKey(app string) string { return "timeline:" + app }

// keepTimeline caches when versions count. It holds moments and not the version
// in force, so that a switch that is known happens when it is due.
func (s *Service) keepTimeline(ctx context.Context, app string, moments []Moment) {
	if raw, err := json.Marshal(moments); err == nil {
		s.keep(ctx, timelineKey(app), raw, staleFor)
	}
}

// PolicyVersion answers one version. A draft exists for COMPLIANCE only.
func (s *Service) PolicyVersion(ctx context.Context, a Actor, id uuid.UUID) (*Version, error) {
	v, err := s.published(ctx, id)
	if err != nil {
		return nil, err
	}
	if v.Status != Published && !a.Has(Compliance) && !a.Has(System) {
		if a.anonymous() {
			return nil, ErrNotFound
		}
		return nil, s.refuse(ctx, a, "PolicyVersion:"+id.String(), uuid.Nil, ErrNotFound)
	}
	return v, nil
}

// PolicyVersions lists an app's versions, newest first.
func (s *Service) PolicyVersions(ctx context.Context, a Actor, app string, page Page) ([]*Version, error) {
	versions, err := s.Reader.Versions(ctx, app, a.Has(Compliance) || a.Has(System), page)
	if err == nil && len(versions) == 0 {
		_, err = s.App(ctx, app) // nothing of an app, or no such app?
	}
	return versions, err
}

// PolicyChanges lists what differs in a version from an older one of its app;
// uuid.Nil is the one published before. A draft is compared as it would be
// published now.
func (s *Service) PolicyChanges(ctx context.Context, a Actor, now *Version, since uuid.UUID) (PolicyChanges, error) {
	app, moments, err := s.Reader.App(ctx, now.App)
	if err != nil {
		return nil, err
	}
	timeline := NewTimeline(moments)
	if since == uuid.Nil {
		before := timeline.Position(now.ID) - 1
		if now.Status != Published {
			before = len(timeline) - 1
		}
		if before < 0 {
			return PolicyChanges{}, nil
		}
		since = timeline[before].Version
	}
	was, err := s.PolicyVersion(ctx, a, since)
	if err == nil && was.App != now.App {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	pack, err := s.pack(app)
	if err != nil {
		return nil, err
	}
	return DescribeChanges(app, s.Catalogue, was.AsPublished(app, pack), now.AsPublished(app, pack)), nil
}

// PolicyDocument answers a version's document in a language, with its hashes.
func (s *Service) PolicyDocument(ctx context.Context, v *Version, locale string) (Document, StoredDocument, error) {
	return s.document(ctx, v.ID, locale)
}

func (s *Service) document(ctx context.Context, version uuid.UUID, locale string) (Document, StoredDocument, error) {
	stored, err := s.Reader.Document(ctx, version, locale)
	if err != nil {
		return Document{}, stored, err
	}
	var d Document
	if err := json.Unmarshal(stored.Canonical, &d); err != nil {
		return d, stored, NewError(CodeInternal, "a stored policy document does not read as one").Because(err)
	}
	return d, stored, nil
}

// Consents lists a person's consents, newest first: in all apps, or in those
// that a service is configured for.
func (s *Service) Consents(ctx context.Context, a Actor, user uuid.UUID) ([]Consent, error) {
	events, err := s.Reader.Decided(ctx, user)
	if err != nil {
		return nil, err
	}
	if _, other := a.Allowed(Subject, Support, Compliance, Auditor); !other {
		events = slices.DeleteFunc(events, func(e ConsentEvent) bool { return !slices.Contains(a.Apps, e.App) })
	}
	p := &Person{versions: map[uuid.UUID]*Version{}, now: s.now()}
	for _, e := range events {
		if p.versions[e.Version] != nil {
			continue
		}
		v, err := s.published(ctx, e.Version)
		if err != nil {
			return nil, err
		}
		p.versions[e.Version] = v
		p.timeline = append(p.timeline, Moment{v.ID, v.PublishedAt, v.EffectiveAt})
	}
	return events.Consents(NewTimeline(p.timeline), p.now, p.expires), nil
}

// Consent answers one consent of a person; a stranger's is not found.
func (s *Service) Consent(ctx context.Context, a Actor, user, id uuid.UUID) (Consent, error) {
	if !a.hasStaffRole() {
		me, err := s.Me(ctx, a)
		if err != nil {
			return Consent{}, err
		}
		if me.User == nil || me.User.ID != user {
			return Consent{}, s.refuse(ctx, a, "consent", user, ErrNotFound)
		}
	}
	all, err := s.Consents(ctx, a, user)
	if err != nil {
		return Consent{}, err
	}
	for _, c := range all {
		if c.Consent == id {
			return c, nil
		}
	}
	return Consent{}, ErrNotFound
}

// AuditEvents lists events newest first. Reading them leaves one too.
func (s *Service) AuditEvents(ctx context.Context, a Actor, filter AuditFilter, page Page) ([]StoredEvent, error) {
	role, ok := a.Allowed(Auditor, Security, Compliance, System)
	if !ok {
		return nil, NewError(CodeForbidden, "this role may not read the audit log")
	}
	events, err := s.Reader.Events(ctx, filter, page)
	if err != nil {
		return nil, err
	}
	event := s.event(a, role, AuditRead)
	event.Subject = filter.Subject
	return events, s.record(ctx, event)
}

// ApplyApp creates an app or brings it up to date.
func (s *Service) ApplyApp(ctx context.Context, a Actor, app App) error {
	if _, err := s.pack(app); err != nil {
		loaded := strings.Join(slices.Sorted(maps.Keys(s.Rules)), ", ")
		return Errorf(CodeInvalidValue, "there is no rule pack of this jurisdiction; name one of %s", loaded).At("jurisdiction").Because(err)
	}
	was, err := s.App(ctx, app.Code)
	switch {
	case err == nil:
		app.ID = was.ID
	case errors.Is(err, ErrNotFound):
		app.ID = s.NewID()
	default:
		return err
	}
	app.order()
	event := s.event(a, System, AppApplied)
	event.App = app.Code
	return s.Writer.Write(ctx, func(tx Tx) error {
		tx.PutApp(app)
		tx.Record(event)
		return nil
	})
}

// Deny records that an authenticated caller was refused an operation.
func (s *Service) Deny(ctx context.Context, a Actor, operation string) error {
	return s.deny(ctx, a, operation, uuid.Nil)
}

// refuse is a refusal that leaves an event. It stands even when the event
// cannot be recorded.
func (s *Service) refuse(ctx context.Context, a Actor, what string, subject uuid.UUID, refusal error) error {
	if err := s.deny(ctx, a, what, subject); err != nil {
		s.trouble(ctx, a, "a refusal could not be recorded", err)
	}
	return refusal
}

// deny records that an authenticated caller was refused something, of a person
// or (zero) of nobody.
func (s *Service) deny(ctx context.Context, a Actor, what string, subject uuid.UUID) error {
	// Whoever was refused cannot take the event back by hanging up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*recordTimeout)
	defer cancel()
	event := s.event(a, a.Kind(), AccessDenied)
	event.Object, event.Subject, event.Outcome = what, subject, OutcomeDenied
	if a.Has(Subject) && !a.hasStaffRole() {
		me, err := s.Me(ctx, a)
		if err != nil {
			return err
		}
		if me.User != nil {
			event.Actor = me.User.ID
		}
	}
	return s.record(ctx, event)
}

// Colleague is the opaque id that events hold for a colleague or a service:
// made at their first call, with the display name encrypted beside it.
func (s *Service) Colleague(ctx context.Context, issuer, subject string, name Plain) (uuid.UUID, error) {
	login := s.Pepper.Login(issuer, subject)
	s.mu.RLock()
	id, ok := s.colleagues[login]
	s.mu.RUnlock()
	if ok {
		return id, nil
	}
	id, err := s.Reader.Colleague(ctx, login)
	if errors.Is(err, ErrNotFound) {
		id, err = s.hire(ctx, login, name)
	}
	if err != nil {
		return uuid.Nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.colleagues[login] = id
	return id, nil
}

func (s *Service) hire(ctx context.Context, login SubjectKey, name Plain) (uuid.UUID, error) {
	id := s.NewID()
	var encrypted Ciphertext
	if !name.Empty() {
		// Without Vault the name is left out: who works here must not depend on it.
		if results, err := s.Encrypter.Encrypt(ctx, []EncryptItem{{Place{id, FieldDisplayName}, name, id}}); err == nil && results[0].Err == nil {
			encrypted = results[0].Ciphertext
		}
	}
	now := s.now()
	err := s.Writer.Maintain(ctx, func(tx KeepingTx) error {
		tx.InsertColleague(id, login, encrypted, now)
		return nil
	})
	if errors.Is(err, ErrTaken) {
		return s.Reader.Colleague(ctx, login)
	}
	return id, err
}

// AuditEvent answers one event by id.
func (s *Service) AuditEvent(ctx context.Context, a Actor, id uuid.UUID) (*StoredEvent, error) {
	events, err := s.AuditEvents(ctx, a, AuditFilter{ID: id}, Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(events) == 0 {
		return nil, ErrNotFound
	}
	return &events[0], nil
}

// ExportEvents hands out events, newest first, a page at a time. The export
// leaves an event of its own before the first is handed out.
func (s *Service) ExportEvents(ctx context.Context, a Actor, filter AuditFilter, pageSize int, each func(StoredEvent) error) error {
	if err := s.record(ctx, s.event(a, a.Kind(), AuditExported)); err != nil {
		return err
	}
	page := Page{Limit: pageSize}
	for {
		events, err := s.Reader.Events(ctx, filter, page)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := each(e); err != nil {
				return err
			}
		}
		if len(events) < pageSize {
			return nil
		}
		page.After = events[len(events)-1].ID
	}
}

// ExportPolicy answers a version as it is stored, drafts and source included,
// with its texts.
func (s *Service) ExportPolicy(ctx context.Context, a Actor, id uuid.UUID) (*Version, []PolicyText, error) {
	v, err := s.Reader.Version(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if v.Status != Published && !a.Has(Compliance) && !a.Has(System) {
		return nil, nil, ErrNotFound
	}
	texts, err := s.texts(ctx, v)
	return v, texts, err
}
