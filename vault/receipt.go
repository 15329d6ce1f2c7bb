package vault

import (
	"slices"
	"strings"
	"time"
)

// Receipt says how a decision reached the operator otherwise than through the
// app, as a colleague records it.
type Receipt struct {
	Method    Method
	Reference string    // of the document, in a fixed form: it stays in clear and for ever
	SignedAt  time.Time // when the person decided
	// Representative decided for the person; nil: the person did.
	Representative *Representative
	Path           []string // where in the input it stands
}

// Representative is somebody who may act for a person. Everything but the ground
// is kept encrypted, with the act.
type Representative struct {
	Ground   Ground
	Name     Plain
	Contact  Plain // may be empty
	Document Plain // what the right to act follows from
}

// Ground is why a representative may act.
type Ground string

// The grounds.
const (
	Parent          Ground = "PARENT"
	Guardian        Ground = "GUARDIAN"
	PowerOfAttorney Ground = "POWER_OF_ATTORNEY"
	ByCourt         Ground = "COURT"
)

// instead reports whether who acts on this ground does so because the person
// cannot. Whoever gave a power of attorney still can.
func (g Ground) instead() bool { return g == Parent || g == Guardian || g == ByCourt }

// Flaw is why a consent is invalid.
type Flaw string

// The flaws.
const (
	Fraud            Flaw = "FRAUD"
	Child            Flaw = "CHILD"
	Coercion         Flaw = "COERCION"
	MistakenIdentity Flaw = "MISTAKEN_IDENTITY"
	Misrecorded      Flaw = "MISRECORDED"
)

var (
	paperMethods = []Method{Written, Signed, StateService, NonstateService}
	grounds      = []Ground{Parent, Guardian, PowerOfAttorney, ByCourt}
	flaws        = []Flaw{Fraud, Child, Coercion, MistakenIdentity, Misrecorded}
)

// digestParts are what tells one act from another. Who the representative is
// stays out: a plain digest of it would be personal.
func (r *Receipt) digestParts() []string {
	if r == nil {
		return nil
	}
	parts := []string{"receipt", string(r.Method), r.Reference, r.SignedAt.UTC().Format(time.RFC3339Nano)}
	if r.Representative != nil {
		parts = append(parts, string(r.Representative.Ground))
	}
	return parts
}

func (r *Receipt) at(e *Error, path ...string) *Error {
	return e.At(append(slices.Clone(r.Path), path...)...)
}

// check holds a receipt to its form.
func (r *Receipt) check(now time.Time) error {
	var errs Errors
	bad := func(code Code, message string, path ...string) {
		errs = append(errs, r.at(NewError(code, message), path...))
	}
	if !slices.Contains(paperMethods, r.Method) {
		bad(CodeInvalidValue, "the method is WRITTEN, ESIGNATURE, STATE_SERVICE or NONSTATE_SERVICE; in the app the person decides", "method")
	}
	if !legalForm.MatchString(r.Reference) {
		bad(CodeInvalidReason, referenceForm, "reference")
	}
	switch {
	case r.SignedAt.IsZero():
		bad(CodeRequired, "say when it was signed", "signedAt")
	case r.SignedAt.After(now):
		bad(CodeInvalidDate, "what is signed in the future is not signed yet", "signedAt")
	}
	if r.Representative != nil && !slices.Contains(grounds, r.Representative.Ground) {
		bad(CodeInvalidValue, "the ground is PARENT, GUARDIAN, POWER_OF_ATTORNEY or COURT", "representative", "ground")
	}
	return errs.orNil()
}

const referenceForm = "a reference is capital letters, a hyphen and numbers of up to six digits: DOC-2026/118; it has no room for words, nor for an IIN or a phone number"

// record puts a receipt into an event; without one it came through the app.
func (r *Receipt) record(e *ConsentEvent) {
	if r == nil {
		e.Method, e.GivenBy = InAppConfirmed, BySubject
		e.Reference, e.Ground, e.SignedAt = "", "", time.Time{}
		return
	}
	e.Method, e.GivenBy = r.Method, BySubject
	e.Reference, e.Ground, e.SignedAt = r.Reference, "", r.SignedAt.UTC().Truncate(time.Millisecond)
	if r.Representative != nil {
		e.GivenBy, e.Ground = ByRepresentative, r.Representative.Ground
	}
}

// values are what is kept of a representative with the act.
func (r *Receipt) values() map[string]Plain {
	if r == nil || r.Representative == nil {
		return nil
	}
	return map[string]Plain{
		FieldRepresentativeName: r.Representative.Name, FieldRepresentativeContact: r.Representative.Contact,
		FieldRepresentativeDocument: r.Representative.Document,
	}
}

// normalise checks what is said of a representative, and brings it into the form
// that is kept.
func (s *Service) normalise(r *Receipt) error {
	if r == nil || r.Representative == nil {
		return nil
	}
	who := *r.Representative
	var errs Errors
	for _, part := range []struct {
		name     string
		kind     FieldKind
		value    *Plain
		optional bool
	}{
		{"name", KindName, &who.Name, false}, {"contact", KindText, &who.Contact, true}, {"document", KindText, &who.Document, false},
	} {
		text := part.value.Reveal()
		if part.optional && strings.TrimSpace(text) == "" {
			*part.value = Plain{}
			continue
		}
		if strings.TrimSpace(text) == "" {
			errs = append(errs, r.at(NewError(CodeRequired, "a representative has a name, and a document that the right to act follows from"),
				"representative", part.name))
			continue
		}
		stored, _, err := s.Normaliser.Normalise(part.kind, text, s.now())
		if err != nil {
			errs = append(errs, r.at(asError(err), "representative", part.name))
			continue
		}
		*part.value = NewPlain(stored)
	}
	r.Representative = &who
	return errs.orNil()
}
