package vault

import (
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// FieldClass says what sort of personal data a field holds.
type FieldClass string

// The classes.
const (
	Identity  FieldClass = "IDENTITY"
	Contact   FieldClass = "CONTACT"
	Technical FieldClass = "TECHNICAL"
	Other     FieldClass = "OTHER"
)

// FieldKind says how a value is checked and normalised.
type FieldKind string

// The kinds. NAME, BIRTH_DATE and IIN are for typed fields only.
const (
	KindName      FieldKind = "NAME"
	KindBirthDate FieldKind = "BIRTH_DATE"
	KindDate      FieldKind = "DATE"
	KindIIN       FieldKind = "IIN"
	KindEmail     FieldKind = "EMAIL"
	KindPhone     FieldKind = "PHONE"
	KindText      FieldKind = "TEXT"
	KindInteger   FieldKind = "INTEGER"
	KindBoolean   FieldKind = "BOOLEAN"
)

// FieldIndex says whether people can be found by a field.
type FieldIndex string

// The indexes.
const (
	NotIndexed         FieldIndex = "NONE"
	UniqueWhenVerified FieldIndex = "UNIQUE_WHEN_VERIFIED"
)

// Codes of the typed fields that rules name.
const (
	FieldIIN       = "iin"
	FieldBirthDate = "birthDate"
	FieldEmail     = "email"
	FieldPhone     = "phone"
)

// Field is one entry of the catalogue: what the product can hold (the typed
// fields of the schema), or what a policy version declares for its app.
type Field struct {
	Code  string     `json:"code"`
	Class FieldClass `json:"class"`
	Kind  FieldKind  `json:"kind"`
	Mask  FieldMask  `json:"mask"`
	Label Words      `json:"label"`
	Help  Words      `json:"help,omitempty"` // what a form says below it
	Index FieldIndex `json:"-"`              // typed fields only
}

// Indexed reports whether people can be found by the field.
func (f Field) Indexed() bool { return f.Index == UniqueWhenVerified }

// ownKinds are what an app's own field may be.
var (
	ownKinds = []FieldKind{KindText, KindDate, KindInteger, KindBoolean, KindPhone, KindEmail}
	codeForm = regexp.MustCompile(`^[a-z][A-Za-z0-9]{1,39}$`)
)

// Catalogue is the typed fields, read from the schema at start.
type Catalogue []Field

// Get finds a typed field.
func (c Catalogue) Get(code string) (Field, bool) {
	i := slices.IndexFunc(c, func(f Field) bool { return f.Code == code })
	if i < 0 {
		return Field{}, false
	}
	return c[i], true
}

// Visibility says who may see a field besides the operator.
type Visibility string

// The visibilities.
const (
	Private Visibility = "PRIVATE"
	Public  Visibility = "PUBLIC"
)

// StoredField is a personal field as the store keeps it: encrypted on its own.
type StoredField struct {
	User       uuid.UUID
	Code       string
	Ciphertext Ciphertext
	Visibility Visibility
	Verified   bool
	UpdatedAt  time.Time
	Source     Source // where it came from
	WrittenBy  Role   // who wrote it
}

// FieldState says why a field answers what it answers.
type FieldState string

// The states, as in the schema.
const (
	StatePlain        FieldState = "PLAIN"
	StateMasked       FieldState = "MASKED"
	StateEmpty        FieldState = "EMPTY"
	StateNotCollected FieldState = "NOT_COLLECTED"
	StateErased       FieldState = "ERASED"
	StateBlocked      FieldState = "BLOCKED"
	StateNoConsent    FieldState = "NO_CONSENT"
	StateForbidden    FieldState = "FORBIDDEN"
	StateUnavailable  FieldState = "UNAVAILABLE"
)

// PersonalField is the answer for one field of one person.
type PersonalField struct {
	Field      Field
	State      FieldState
	Value      Plain // set when the state is PLAIN or MASKED and the value was asked for
	Visibility Visibility
	Verified   bool
	UpdatedAt  time.Time // zero when nothing is stored
	Source     Source    // where it came from; empty when nothing is stored
	WrittenBy  Role      // who wrote it; empty when nothing is stored
}
