package vault

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Screen is what a person was shown and what they decided: one screen is one
// act.
type Screen struct {
	Act       uuid.UUID // the client's eventId
	Version   uuid.UUID
	Locale    string
	Document  string // hash of what was shown
	Decisions []ItemDecision
	// KnownSeq is the person's ConsentSeq when they decided; nil when the
	// client did not say. Giving again after a withdrawal needs it.
	KnownSeq *int64
	DeviceAt time.Time // evidence only
	AppBuild string
	Receipt  *Receipt // how it reached a colleague; nil: it came through the app
	Path     []string // where in the input it stands
}

// ItemDecision is a decision about one item.
type ItemDecision struct {
	Item     string
	Decision Decision
}

var buildForm = regexp.MustCompile(`^[A-Za-z0-9._+()-]{1,40}$`)

// digestParts spells out what the act says. The device's time is not part of
// it: a retry may have a new one.
func (in Screen) digestParts() []string {
	parts := []string{"decide", in.Version.String(), in.Locale, in.Document}
	for _, d := range in.Decisions {
		parts = append(parts, d.Item, string(d.Decision))
	}
	return append(parts, in.Receipt.digestParts()...)
}

// actDigest tells one act from another under the same eventId. Nothing personal
// is in it, so a plain hash does.
func actDigest(parts []string) string {
	raw, err := Canonical(parts)
	if err != nil {
		return "" // strings always encode
	}
	return Hash(raw)
}

// decide turns a screen into an act and its events, or says everything that
// is wrong with it.
func (s *Service) decide(p *Person, in Screen) (Act, []ConsentEvent, error) {
	if err := p.checkScreen(in); err != nil {
		return Act{}, nil, err
	}
	v, now := p.versions[in.Version], s.now()
	act := Act{User: p.User.ID, ID: in.Act, Digest: actDigest(in.digestParts()), ReceivedAt: now}
	events := make([]ConsentEvent, len(in.Decisions))
	for i, d := range in.Decisions {
		id := s.NewID()
		events[i] = ConsentEvent{
			ID: id, User: p.User.ID, Seq: p.User.ConsentSeq + int64(i) + 1, Act: in.Act, Consent: id,
			Type: EventType(d.Decision), App: p.App.Code, Item: d.Item, Version: in.Version, Locale: in.Locale,
			Document: in.Document, Operators: v.Operators,
			ReceivedAt: now, DeviceAt: in.DeviceAt, AppBuild: in.AppBuild,
		}
		in.Receipt.record(&events[i])
	}
	return act, events, nil
}

// checkScreen holds what was shown against what is published.
func (p *Person) checkScreen(in Screen) error {
	at := func(e *Error, path ...string) error { return e.At(append(append([]string{}, in.Path...), path...)...) }
	if in.AppBuild != "" && !buildForm.MatchString(in.AppBuild) {
		return at(NewError(CodeInvalidValue, "appBuild is up to forty letters, digits and . _ + - ( )"), "appBuild")
	}
	v := p.versions[in.Version]
	if v == nil {
		e := NewError(CodeVersionNotPublished, "this policy version is not published for the app")
		if current := p.Current(); current != nil {
			e = e.With("policyVersionId", current.ID.String())
		}
		return at(e, "version")
	}
	if in.Receipt != nil {
		if err := in.Receipt.check(p.now); err != nil {
			return err
		}
		if in.Receipt.SignedAt.Before(v.PublishedAt) {
			return in.Receipt.at(NewError(CodeInvalidDate, "the version was not published yet when this was signed").
				With("publishedAt", v.PublishedAt.Format(time.RFC3339)), "signedAt")
		}
	}
	if e := p.outdated(v, in.decidedAt(p.now)); e != nil {
		return at(e, "version")
	}
	hash, ok := v.Document(in.Locale)
	switch {
	case !ok:
		return at(NewError(CodeUnknownLocale, "the policy version has no text in this language").
			With("locales", strings.Join(v.Locales(), " ")), "locale")
	case hash != in.Document:
		return at(NewError(CodeHashMismatch, "the hash is not that of the document in this language; show the document again").
			With("documentHash", hash).With("locale", in.Locale), "documentHash")
	case len(in.Decisions) == 0:
		return at(NewError(CodeRequired, "name at least one decision"), "decisions")
	}
	return p.checkDecisions(v, in, at)
}

// decidedAt is when the person decided: now, unless it stands on paper.
func (in Screen) decidedAt(now time.Time) time.Time {
	if in.Receipt == nil {
		return now
	}
	return in.Receipt.SignedAt
}

// outdated refuses a version that a newer one had replaced when the person
// decided: what was shown is not what held any more.
func (p *Person) outdated(v *Version, at time.Time) *Error {
	current := p.inForce(at)
	if current == nil || p.timeline.Position(v.ID) >= p.timeline.Position(current.ID) {
		return nil
	}
	return NewError(CodeVersionOutdated, "a newer policy version is in force; show that one").
		With("policyVersionId", current.ID.String())
}

func (p *Person) checkDecisions(v *Version, in Screen, at func(*Error, ...string) error) error {
	var errs Errors
	seen := map[string]bool{}
	for i, d := range in.Decisions {
		bad := func(e *Error, member string) {
			errs = append(errs, asError(at(e, "decisions", strconv.Itoa(i), member)))
		}
		item, ok := v.Facts.Item(d.Item)
		switch {
		case !ok || !item.Asked():
			bad(NewError(CodeUnknownItem, "the policy version does not ask for such an item"), "item")
		case d.Decision != Give && d.Decision != Refuse:
			bad(NewError(CodeInvalidValue, "a decision is GIVEN or REFUSED"), "decision")
		case seen[d.Item]:
			bad(NewError(CodeDuplicateInput, "the item stands in the decisions twice"), "item")
		case d.Decision == Give && !p.knows(in, d.Item):
			bad(NewError(CodeWithdrawnSince,
				"the consent was taken back; ask the person again, and send knownConsentSeq as it is now").
				With("consentSeq", itoa(p.User.ConsentSeq)), "item")
		case d.Decision == Give && p.needsRepresentative(in):
			bad(NewError(CodeRepresentativeNeeded,
				"whoever represents this person decides for them: until they come of age, or the operator records a consent of their own, they can only refuse and withdraw"), "item")
		}
		seen[d.Item] = true
	}
	return errs.orNil()
}

// knows reports whether a grant was made knowing that the item was taken back
// before. Clocks cannot say so; the sequence that the client had seen
// can, and without it the answer is no; so it is for one that is not there
// yet. What is on paper is older than what was taken back or refused since it
// was signed.
func (p *Person) knows(in Screen, item string) bool {
	taken := p.History.LastTakenBack(item)
	if in.Receipt != nil {
		taken = p.History.endedSince(item, in.Receipt.SignedAt)
	}
	return taken == 0 || in.KnownSeq != nil && *in.KnownSeq >= taken && *in.KnownSeq <= p.User.ConsentSeq
}

// consentEvent is the audit event of an act.
func (s *Service) consentEvent(a Actor, d deed, act Act, events []ConsentEvent) AuditEvent {
	e := s.event(a, d.role, d.action)
	e.Subject, e.Object, e.Reason = act.User, "Act:"+act.ID.String(), string(d.reason)
	if d.receipt != nil {
		e.Reference = d.receipt.Reference
	}
	if len(events) > 0 {
		e.App = events[0].App
	}
	if len(events) == 1 {
		e.Consent = events[0].Consent
	}
	return e
}

// contextItem is the network context as a value to encrypt; none when the
// connection said nothing.
func (a Actor) contextItem(user, reference uuid.UUID) []EncryptItem {
	if a.Network.Address.Empty() && a.Network.UserAgent.Empty() {
		return nil
	}
	raw, err := json.Marshal(packedContext{a.Network.Address.Reveal(), a.Network.UserAgent.Reveal()})
	if err != nil {
		return nil // strings always encode
	}
	return []EncryptItem{{Place{user, FieldConsentContext}, NewPlain(string(raw)), reference}}
}

// contextPatience is how long a decision or a withdrawal waits for its network
// context to be encrypted before it goes on without.
const contextPatience = time.Second

// encryptContext encrypts the network context alone. Without Vault a decision
// is recorded without it: withdrawing must not depend on Vault.
func (s *Service) encryptContext(ctx context.Context, a Actor, user, reference uuid.UUID) Ciphertext {
	items := a.contextItem(user, reference)
	if len(items) == 0 {
		return Ciphertext{}
	}
	ctx, cancel := context.WithTimeout(ctx, contextPatience)
	defer cancel()
	results, err := s.Encrypter.Encrypt(ctx, items)
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "a consent is recorded without its network context: it could not be encrypted",
				slog.String("requestId", a.RequestID), slog.Any("error", err))
		}
		return Ciphertext{}
	}
	return results[0].Ciphertext
}
