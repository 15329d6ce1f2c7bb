package vault

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Change is one field to write: nil clears it.
type Change struct {
	Field string
	Value *Plain
	Path  []string // where in the input it stands
}

// checked is a change that may be carried out.
type checked struct {
	Change
	field      Field
	stored     Plain
	normalised Plain
	verified   bool
}

// changeset is the changes of one request on their way to the store.
type changeset struct {
	user    uuid.UUID
	fresh   bool // a new person: what is absent is empty
	at      time.Time
	changes []checked
	// filled by encrypt:
	fields  []StoredField
	indexes map[string][]BlindIndex
}

// codes of the fields changed, in the order of the input.
func (c changeset) codes() []string {
	out := make([]string, len(c.changes))
	for i, change := range c.changes {
		out[i] = change.Field
	}
	return out
}

// identifiers reports whether anything is changed that people are found by.
func (c changeset) identifiers() bool {
	return slices.ContainsFunc(c.changes, func(ch checked) bool { return ch.field.Indexed() })
}

// check validates changes against the version in force, all of them, so that
// a form shows every mistake at once.
func (s *Service) check(a Actor, v *Version, set changeset, changes []Change) (changeset, error) {
	collected := v.Facts.Collected(s.Catalogue)
	var errs Errors
	seen := map[string]bool{}
	for _, change := range changes {
		if seen[change.Field] {
			errs = append(errs, NewError(CodeDuplicateInput, "the field stands in the input twice").At(change.Path...))
			continue
		}
		seen[change.Field] = true
		i := slices.IndexFunc(collected, func(c Collected) bool { return c.Code == change.Field })
		if i < 0 {
			errs = append(errs, NewError(CodeFieldNotCollected,
				"the policy in force does not collect this field; leave it out").At(change.Path...))
			continue
		}
		one, err := s.checkValue(a, collected[i].Field, change)
		if err != nil {
			errs = append(errs, err.At(change.Path...))
			continue
		}
		set.changes = append(set.changes, one)
	}
	if err := s.checkPair(set, seen, changes); err != nil {
		errs = append(errs, err)
	}
	return set, errs.orNil()
}

func (s *Service) checkValue(a Actor, field Field, change Change) (checked, *Error) {
	out := checked{Change: change, field: field}
	if change.Value == nil {
		return out, nil
	}
	if change.Value.Len() > MaxPlaintext {
		return out, ErrTooLarge
	}
	stored, normalised, err := s.Normaliser.Normalise(field.Kind, change.Value.Reveal(), s.now())
	if err != nil {
		return out, asError(err)
	}
	out.stored, out.normalised = NewPlain(stored), NewPlain(normalised)
	out.verified = s.proven(a, field, normalised)
	return out, nil
}

// proven reports whether the token proves that the value is the person's: the
// identity provider verified exactly this value.
func (s *Service) proven(a Actor, field Field, normalised string) bool {
	claim := Plain{}
	switch field.Code {
	case FieldPhone:
		claim = a.Phone
	case FieldEmail:
		claim = a.Email
	}
	if claim.Empty() {
		return false
	}
	_, proved, err := s.Normaliser.Normalise(field.Kind, claim.Reveal(), s.now())
	return err == nil && proved == normalised
}

// checkPair holds IIN and birth date together: whoever changes one sends both,
// so that neither can come to contradict the other unseen.
func (s *Service) checkPair(set changeset, seen map[string]bool, changes []Change) *Error {
	if !set.fresh && seen[FieldIIN] != seen[FieldBirthDate] {
		present, absent := FieldIIN, FieldBirthDate
		if !seen[present] {
			present, absent = absent, present
		}
		i := slices.IndexFunc(changes, func(c Change) bool { return c.Field == present })
		return NewError(CodeSendTogether, "iin and birthDate change together: send both, as they are now").
			With("missing", absent).At(changes[i].Path...)
	}
	values := map[string]checked{}
	for _, c := range set.changes {
		if c.Value != nil {
			values[c.Field] = c
		}
	}
	iin, hasIIN := values[FieldIIN]
	date, hasDate := values[FieldBirthDate]
	if !hasIIN || !hasDate {
		return nil
	}
	if err := s.Normaliser.CheckTogether(iin.normalised.Reveal(), date.normalised.Reveal()); err != nil {
		return asError(err).At(iin.Path...)
	}
	return nil
}

// encrypt turns the checked values into ciphertexts and blind indexes: one
// Encrypter call for all fields, and one Indexer call per live version of the
// index key, side by side. The extra items ride along in the same call; their
// results come last.
func (s *Service) encrypt(ctx context.Context, set *changeset, reference uuid.UUID, extra ...EncryptItem) ([]Encrypted, error) {
	items := make([]EncryptItem, 0, len(set.changes)+len(extra))
	var written []checked
	for _, c := range set.changes {
		if c.Value == nil {
			continue
		}
		written = append(written, c)
		items = append(items, EncryptItem{Place{set.user, c.Field}, c.stored, reference})
	}
	items = append(items, extra...)
	var indexErr error
	var indexing sync.WaitGroup
	indexing.Go(func() { indexErr = s.index(ctx, set, written, reference) })
	results, err := s.encryptAll(ctx, items)
	indexing.Wait()
	if err != nil {
		return nil, err
	}
	if indexErr != nil {
		return nil, indexErr
	}
	for i, c := range written {
		if err := results[i].Err; err != nil {
			return nil, placed(err, c.Path)
		}
		set.fields = append(set.fields, StoredField{
			User: set.user, Code: c.Field, Ciphertext: results[i].Ciphertext,
			Visibility: Private, Verified: c.verified, UpdatedAt: set.at,
		})
	}
	return results[len(written):], nil
}

func (s *Service) encryptAll(ctx context.Context, items []EncryptItem) ([]Encrypted, error) {
	if len(items) == 0 {
		return []Encrypted{}, nil
	}
	return s.Encrypter.Encrypt(ctx, items)
}

// index computes the blind indexes under every live version.
func (s *Service) index(ctx context.Context, set *changeset, written []checked, reference uuid.UUID) error {
	var items []IndexItem
	var of []checked
	for _, c := range written {
		if c.field.Indexed() {
			items = append(items, IndexItem{c.Field, c.normalised, reference})
			of = append(of, c)
		}
	}
	set.indexes = map[string][]BlindIndex{}
	if len(items) == 0 {
		return nil
	}
	for _, version := range s.IndexVersions {
		digests, err := s.Indexer.Index(ctx, version, items)
		if err != nil {
			return err
		}
		for i, d := range digests {
			if d.Err != nil {
				return placed(d.Err, of[i].Path)
			}
			set.indexes[of[i].Field] = append(set.indexes[of[i].Field], BlindIndex{
				Field: of[i].Field, KeyVersion: version, Digest: d.Digest, User: set.user,
				Verified: of[i].verified, NormVersion: s.Normaliser.Version(),
			})
		}
	}
	return nil
}

// queue puts the changes into a transaction.
func (c changeset) queue(tx FieldTx) {
	for _, change := range c.changes {
		if change.Value == nil {
			tx.ClearField(c.user, change.Field)
		}
	}
	for _, f := range c.fields {
		tx.PutField(f)
	}
	for _, change := range c.changes {
		if rows, ok := c.indexes[change.Field]; ok {
			tx.PutIndexes(c.user, change.Field, rows)
		}
	}
}

// taken words the store's ErrTaken about an identifier. It says no more than
// that: whose it is, or that it is anybody's, is nobody's business.
func (c changeset) taken(err error) error {
	e := asError(err)
	field := e.Param("field")
	for _, change := range c.changes {
		if e.Code == CodeTaken && change.Field == field {
			return NewError(CodeIdentifierTaken,
				"the value could not be recorded as yours; confirm it with your provider, or ask support").
				With("field", field).At(change.Path...).Because(err)
		}
	}
	return err
}

// UpdateProfile is a change of one's own data.
type UpdateProfile struct {
	Changes          []Change
	Locale           *string
	ExpectedRevision *int64
	IdempotencyKey   string
}

// changesPerDay is how often a person may change what people are found by, so
// that nobody tries out whose phone is registered.
const changesPerDay = 5

// UpdateMyProfile changes any part of the actor's own data.
func (s *Service) UpdateMyProfile(ctx context.Context, a Actor, in UpdateProfile) (*Person, error) {
	_, err := s.once(ctx, a, "updateMyProfile", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) { return s.updateMyProfile(ctx, a, in, remember) })
	})
	if err != nil {
		return nil, err
	}
	return s.Me(ctx, a)
}

func (s *Service) updateMyProfile(ctx context.Context, a Actor, in UpdateProfile, remember rememberer) (uuid.UUID, error) {
	me, err := s.registered(ctx, a)
	if err != nil {
		return uuid.Nil, err
	}
	user := me.User
	switch {
	case user.Status != StatusActive:
		return uuid.Nil, NewError(CodeUserBlocked, "processing of this person's data is stopped; nothing can be changed now")
	case in.ExpectedRevision != nil && *in.ExpectedRevision != user.Revision:
		return uuid.Nil, conflict(user.Revision)
	}
	if err := me.gate(); err != nil {
		return uuid.Nil, err
	}
	if in.Locale != nil {
		if err := me.App.speaks(*in.Locale); err != nil {
			return uuid.Nil, err
		}
	}
	set, err := s.check(a, me.Current(), changeset{user: user.ID, at: s.now()}, in.Changes)
	if err != nil {
		return uuid.Nil, err
	}
	event := s.event(a.as(user.ID), Subject, UserUpdated)
	event.Subject, event.Fields = user.ID, set.codes()
	if _, err := s.encrypt(ctx, &set, event.ID); err != nil {
		return uuid.Nil, err
	}
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.ReviseUser(user.ID, user.Revision, in.Locale)
		if set.identifiers() {
			tx.CountChange(user.ID, set.at.Format(time.DateOnly), changesPerDay)
		}
		set.queue(tx)
		tx.Record(event)
		remember(tx, user.ID)
		return nil
	})
	return user.ID, set.taken(limited(err))
}

func limited(err error) error {
	if CodeOf(err) == CodeTooManyChanges {
		return NewError(CodeTooManyChanges, "phone, e-mail and IIN can be changed five times a day; try again tomorrow").Because(err)
	}
	return err
}

func conflict(actual int64) *Error {
	return NewError(CodeRevisionConflict, "the data was changed since it was read; read it again, then change it").
		With("revision", itoa(actual)).At("expectedRevision")
}
