package vault

import (
	"slices"

	"github.com/google/uuid"
)

// Place is where a ciphertext belongs: one field of one user. The encryption
// key is derived for it, so that a ciphertext moved to another row, field or
// user does not decrypt.
type Place struct {
	User  uuid.UUID
	Field string // field code; never renamed
}

// Context is the derivation context of the place, as fixed for version 1.
func (p Place) Context() string { return "kelisim/1/" + p.User.String() + "/" + p.Field }

// FieldTechnical is the reserved code under which batches of technical data are
// encrypted, under a key of their own.
const FieldTechnical = "technical"

// Use is which key a value of the place is encrypted with.
func (p Place) Use() KeyUse {
	if p.Field == FieldTechnical {
		return KeyOfTechnical
	}
	return KeyOfData
}

// Codes of what the service encrypts to tie a database to its keys, under the
// database's id in place of a person's.
const (
	FieldCanary = "canary"
	FieldPepper = "pepper"
)

// Codes of what is kept with objects; see ObjectValue.
const (
	FieldRequesterName         = "requesterName"
	FieldRequesterContact      = "requesterContact"
	FieldRequestText           = "requestText"
	FieldRequestAnswer         = "requestAnswer"
	FieldRepresentativeName    = "representativeName"
	FieldRepresentativeContact = "representativeContact"
	// FieldRepresentativeDocument is what the right to act follows from.
	FieldRepresentativeDocument = "representativeDocument"
)

// objectCodes are all of them; each is reserved, too.
var objectCodes = []string{
	FieldRequesterName, FieldRequesterContact, FieldRequestText, FieldRequestAnswer,
	FieldRepresentativeName, FieldRepresentativeContact, FieldRepresentativeDocument,
}

// objectPlace is where a value that is kept with an object belongs.
// CodeFieldNotCollected: nothing of the code is kept with objects.
func objectPlace(object uuid.UUID, code string) (Place, error) {
	if !slices.Contains(objectCodes, code) {
		return Place{}, NewError(CodeFieldNotCollected, "nothing of this code is kept with objects").With("field", code)
	}
	return Place{object, code}, nil
}

// reserved are the codes of what is no personal field. Each is the service's
// own, for ever: a field of the same code would share its keys.
var reserved = []string{
	FieldConsentContext, FieldDisplayName, FieldCanary, FieldPepper, FieldTechnical,
	FieldRequesterName, FieldRequesterContact, FieldRequestText, FieldRequestAnswer,
	FieldRepresentativeName, FieldRepresentativeContact, FieldRepresentativeDocument,
	FieldIPAddress, FieldIPNetwork, FieldCookieID, FieldUserAgent, FieldAccessTime, FieldPageURL,
}

// fieldCode reports whether a personal field may have the code.
func fieldCode(code string) bool {
	return codeForm.MatchString(code) && !slices.Contains(reserved, code)
}

// personalPlace is where the value of a personal field belongs. Every value of
// one is encrypted, decrypted and moved by what is answered here, so that no
// row of the database, be it a policy's, has the engine work on what is the
// service's own. CodeFieldNotCollected: no personal field has the code.
func personalPlace(user uuid.UUID, code string) (Place, error) {
	if !fieldCode(code) {
		return Place{}, NewError(CodeFieldNotCollected, "no personal field has this code").With("field", code)
	}
	return Place{user, code}, nil
}
