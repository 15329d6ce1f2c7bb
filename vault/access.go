package vault

import (
	"regexp"
	"slices"
)

// Sight is what a role sees of a field.
type Sight string

// The sights, from nothing to everything.
const (
	SeesNothing Sight = "FORBIDDEN"
	SeesMask    Sight = "MASKED"
	MayReveal   Sight = "REVEALABLE" // a mask, and the value by name with a request
	SeesValue   Sight = "PLAIN"      // on the grounds that the role may give
)

// sights is the one table of who sees what. A role or class that is not in it
// sees nothing. docs/access.md shows it, and a test holds the two together.
var sights = map[Role]map[FieldClass]Sight{
	Subject:    {Identity: SeesValue, Contact: SeesValue, Technical: SeesValue, Other: SeesValue},
	Machine:    {Identity: SeesValue, Contact: SeesValue, Technical: SeesNothing, Other: SeesValue},
	Support:    {Identity: MayReveal, Contact: MayReveal, Technical: SeesNothing, Other: MayReveal},
	Compliance: {Identity: SeesValue, Contact: SeesValue, Technical: SeesValue, Other: SeesValue},
	Security:   {},
	Auditor:    {},
}

// Access narrows the table for a deployment. It can take away, never give.
type Access struct {
	// SupportNeverReveals are field codes of which support sees a mask only.
	// iin is always among them.
	SupportNeverReveals []string
	// Services are what services are configured for; reports tell it.
	Services []ServiceAccess
}

// Sight is what a role sees of a field.
func (a Access) Sight(role Role, f Field) Sight {
	sight, ok := sights[role][f.Class]
	if !ok {
		return SeesNothing
	}
	if role == Support && sight == MayReveal && (f.Kind == KindIIN || slices.Contains(a.SupportNeverReveals, f.Code)) {
		return SeesMask
	}
	return sight
}

// Basis is the ground on which personal fields are read: at most one of
// Purpose, Ticket (with Reason) and Legal is set.
type Basis struct {
	Purpose string
	Reason  string
	Ticket  string
	Legal   string
}

var (
	ticketForm = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,9}-[0-9]{1,9}$`)
	// A reference stays on record in clear and for ever, so it has no room for
	// words, nor for the digits of an IIN or a phone number in a row.
	legalForm = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,9}-[0-9]{1,6}(?:[/.-][0-9]{1,6}){0,5}$`)
	reasons   = []string{"PERSON_ASKED", "IDENTITY_CHECK", "CORRECTION", "COMPLAINT", "FRAUD", "INCIDENT"}
)

// validate refuses a ground that is not of the agreed form.
func (b Basis) validate() error {
	given := 0
	for _, v := range []string{b.Purpose, b.Ticket, b.Legal} {
		if v != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return NewError(CodeBadRequest, "give one ground only: a purpose, a request or a legal reference").At("basis")
	case b.Purpose != "" && !itemCodeForm.MatchString(b.Purpose): // it stands in events, which hold no free text
		return NewError(CodeBadRequest, "a purpose is the code of a consent item").At("basis", "purpose")
	case b.Reason != "" && b.Ticket == "":
		return NewError(CodeBadRequest, "a reason needs the ticket that it belongs to").At("basis", "request", "ticket")
	case b.Ticket != "" && !ticketForm.MatchString(b.Ticket):
		return NewError(CodeBadRequest, "a ticket reference is capital letters, a hyphen and up to nine digits: SUP-1234").At("basis", "request", "ticket")
	case b.Ticket != "" && !slices.Contains(reasons, b.Reason):
		return NewError(CodeBadRequest, "the reason is not one of the agreed codes").At("basis", "request", "reason")
	case b.Legal != "" && !legalForm.MatchString(b.Legal):
		return NewError(CodeBadRequest, "a legal reference is capital letters, a hyphen and numbers of up to six digits: ART-8.4, COURT-7599-26-00-2/1234").
			At("basis", "legal", "reference")
	}
	return nil
}

// role picks the role under which the actor reads on this ground.
func (b Basis) role(a Actor) (Role, bool) {
	switch {
	case b.Purpose != "":
		return a.Allowed(Machine)
	case b.Legal != "":
		return a.Allowed(Compliance)
	case b.Ticket != "":
		return a.Allowed(Compliance, Support)
	default:
		return a.Allowed(Support, Compliance, Machine, Auditor, Security)
	}
}
