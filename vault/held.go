package vault

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Holding is a table that holds ciphertexts, at most one in each row.
type Holding string

// The holdings.
const (
	HoldingFields  Holding = "personal_fields" // personal fields of people
	HoldingActs    Holding = "consent_acts"    // network contexts beside consents
	HoldingActors  Holding = "actors"          // display names of colleagues
	HoldingObjects Holding = "object_values"   // personal values that are kept with objects

	HoldingTechnical Holding = "technical_data" // batches of technical data
)

// Holdings are all of them. The canary is none: the process keeps it.
func Holdings() []Holding {
	return []Holding{HoldingFields, HoldingActs, HoldingActors, HoldingObjects, HoldingTechnical}
}

// HoldingsOf are those whose ciphertexts are under the key of a use.
func HoldingsOf(use KeyUse) []Holding {
	if use == KeyOfTechnical {
		return []Holding{HoldingTechnical}
	}
	return slices.DeleteFunc(Holdings(), func(h Holding) bool { return h == HoldingTechnical })
}

// HeldRow is the primary key of a row: what a holding does not need is zero.
type HeldRow struct {
	Owner uuid.UUID // the person; in actors, the colleague; in object_values, the object
	Field string    // personal_fields, object_values: the code
	Act   uuid.UUID // consent_acts: the act; technical_data: the batch
}

// Held is a ciphertext and where it stands.
type Held struct {
	Holding Holding
	HeldRow
	Ciphertext Ciphertext
}

// place is where the ciphertext belongs; CodeFieldNotCollected: nowhere.
func (h Held) place() (Place, error) {
	switch h.Holding {
	case HoldingActs:
		return Place{h.Owner, FieldConsentContext}, nil
	case HoldingActors:
		return Place{h.Owner, FieldDisplayName}, nil
	case HoldingObjects:
		return objectPlace(h.Owner, h.Field)
	case HoldingTechnical:
		return Place{h.Owner, FieldTechnical}, nil
	default:
		return personalPlace(h.Owner, h.Field)
	}
}

// Where names the row for operators: the table, the ids, the field.
func (h Held) Where() string {
	switch h.Holding {
	case HoldingActs:
		return fmt.Sprintf("%s user %s, act %s, %s", h.Holding, h.Owner, h.Act, FieldConsentContext)
	case HoldingActors:
		return fmt.Sprintf("%s %s, %s", h.Holding, h.Owner, FieldDisplayName)
	case HoldingTechnical:
		return fmt.Sprintf("%s user %s, batch %s", h.Holding, h.Owner, h.Act)
	default:
		return fmt.Sprintf("%s %s, %s", h.Holding, h.Owner, h.Field)
	}
}

// Moved is a ciphertext and the one of the same value that takes its place.
type Moved struct {
	Held
	To Ciphertext
}

// HeldCount is how many rows of a holding are under one version of a key.
type HeldCount struct {
	Holding Holding
	Key     string
	Version int
	Rows    int64
}
