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
	same       bool // it is what the person is found by already
}

// changeset is the changes of one request on their way to the store.
type changeset struct {
	user  uuid.UUID
	fresh bool // nothing is stored of the person: what is absent is empty
	// uncounted: changes of what people are found by are not counted. They are a
	// new person's first ones, or a colleague's.
	uncounted bool
	source    Source // where the values come from
	by        Role   // who writes them
	stored    []string
	at        time.Time
	changes   []checked
	// represented: the changes say until when somebody decides for the person.
	represented *representation
	// filled by encrypt:
	fields  []StoredField
	indexes map[string][]BlindIndex
	plan    int64 // epoch of the plan that the indexes follow
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
	return slices.ContainsFunc(c.changes, func(ch checked) bool { return ch.field.Indexed() && !ch.same })
}

// keepProofs compares with what the person is found by now: a value that is
// sent again as it was is no change, and stays proved if it was.
func (c changeset) keepProofs(owned []BlindIndex) {
	for i := range c.changes {
		change := &c.changes[i]
		rows := c.indexes[change.Field]
		for _, row := range rows {
			k := slices.IndexFunc(owned, func(o BlindIndex) bool {
				return o.Field == row.Field && o.KeyVersion == row.KeyVersion && o.Digest == row.Digest
			})
			if k < 0 {
				continue
			}
			change.same = true
			change.verified = change.verified || owned[k].Verified
		}
		for j := range rows {
			rows[j].Verified = change.verified
		}
		if f := slices.IndexFunc(c.fields, func(f StoredField) bool { return f.Code == change.Field }); f >= 0 {
			c.fields[f].Verified = change.verified
		}
	}
}

// check validates changes against the version in force, all of them, so that
// a form shows every mistake at once. What is no longer collected can still be
// cleared: it is the person's own.
func (s *Service) check(a Actor, p *Person, set changeset, changes []Change) (changeset, error) {
	collected := p.Current().Facts.Collected(s.Catalogue)
	var errs Errors
	seen := map[string]bool{}
	for _, change := range changes {
		if seen[change.Field] {
			errs = append(errs, NewError(CodeDuplicateInput, "the field stands in the input twice").At(change.Path...))
			continue
		}
		seen[change.Field] = true
		field, known := p.definition(s.Catalogue, change.Field)
		if !known || field.Automatic() || change.Value != nil && !collects(collected, change.Field) {
			errs = append(errs, NewError(CodeFieldNotCollected,
				"the policy in force does not collect this field; leave it out").At(change.Path...))
			continue
		}
		one, err := s.checkValue(a, field, change)
		if err != nil {
			errs = append(errs, err.At(change.Path...))
			continue
		}
		set.changes = append(set.changes, one)
	}
	if err := s.checkPair(set, seen, collected, changes); err != nil {
		errs = append(errs, err)
	}
	return set, errs.orNil()
}

func collects(collected []Collected, code string) bool {
	return slices.ContainsFunc(collected, func(c Collected) bool { return c.Code == code })
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
func (s *Service) checkPair(set changeset, seen map[string]bool, collected []Collected, changes []Change) *Error {
	if present, absent, one := half(seen); one && !set.fresh &&
		(collects(collected, absent) || slices.Contains(set.stored, absent)) {
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

// half tells which of IIN and birth date is named, when one alone is.
func half(named map[string]bool) (present, absent string, one bool) {
	switch {
	case named[FieldIIN] == named[FieldBirthDate]:
		return "", "", false
	case named[FieldIIN]:
		return FieldIIN, FieldBirthDate, true
	}
	return FieldBirthDate, FieldIIN, true
}

// encrypt turns the checked values into ciphertexts and blind indexes: one
// Encrypter call for all fields, and one Indexer call per version of the index
// key in the plan, side by side. The extra items ride along in the same call; their
// results come last.
func (s *Service) encrypt(ctx context.Context, set *changeset, reference uuid.UUID, extra ...EncryptItem) ([]Encrypted, error) {
	items := make([]EncryptItem, 0, len(set.changes)+len(extra))
	var written []checked
	for _, c := range set.changes {
		if c.Value == nil {
			continue
		}
		at, err := personalPlace(set.user, c.Field)
		if err != nil {
			return nil, placed(err, c.Path)
		}
		written = append(written, c)
		items = append(items, EncryptItem{at, c.stored, reference})
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
			Verified: c.verified, UpdatedAt: set.at, Source: set.source, WrittenBy: set.by,
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

// index computes the blind indexes under every version of the plan.
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
	plan := s.plan.Load()
	set.plan = plan.Epoch
	answers, err := s.digest(ctx, plan, plan.Write, items)
	if err != nil {
		return err
	}
	for v, digests := range answers {
		for i, d := range digests {
			if d.Err != nil {
				return placed(d.Err, of[i].Path)
			}
			set.indexes[of[i].Field] = append(set.indexes[of[i].Field], BlindIndex{
				Field: of[i].Field, KeyVersion: plan.Write[v], Digest: d.Digest, User: set.user,
				Verified: of[i].verified, NormVersion: s.Normaliser.Version(),
			})
		}
	}
	return nil
}

// queue puts the changes into a transaction. Changes of what people are found
// by are counted, unless they are not to be.
func (c changeset) queue(tx Tx) {
	if c.represented != nil {
		tx.Represent(c.user, c.represented.seq, c.represented.until)
	}
	if c.identifiers() && !c.uncounted {
		tx.Count(c.user, CountIdentifiers, c.at.Format(time.DateOnly), changesPerDay)
	}
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
			tx.PutIndexes(c.plan, c.user, change.Field, rows)
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
