package vault

import (
	"slices"

	"github.com/google/uuid"
)

// Role is what a caller may be to the vault. The schema's enum of the same
// name is bound to it.
type Role string

// The roles. SYSTEM and ANONYMOUS are never granted by a token.
const (
	Anonymous  Role = "ANONYMOUS"
	Subject    Role = "SUBJECT"
	Machine    Role = "SERVICE" // Service is the name of the use cases' type
	Support    Role = "SUPPORT"
	Compliance Role = "COMPLIANCE"
	Security   Role = "SECURITY"
	Auditor    Role = "AUDITOR"
	System     Role = "SYSTEM"
)

// Staff are the roles that only a colleagues' issuer grants.
var staff = []Role{Machine, Support, Compliance, Security, Auditor}

// IsStaff reports whether the role belongs to colleagues and services.
func (r Role) IsStaff() bool { return slices.Contains(staff, r) }

// Actor is who calls: what the token proved, and nothing that was guessed.
type Actor struct {
	Issuer  string // the token's issuer; empty for Anonymous and System
	Subject string // the token's subject, unique within the issuer
	Roles   []Role // all that the token grants; several add up

	// ID is the opaque id that events hold for a colleague or a service.
	// A person's own events hold their user id instead.
	ID uuid.UUID

	// App is the app that the token's audience stands for (SUBJECT).
	App string
	// Apps and Purposes are what a SERVICE may name.
	Apps     []string
	Purposes []string

	// Proven identifiers: claims of the token that the provider verified.
	Phone Plain
	Email Plain

	RequestID string // goes into every event and log line
	Network   Network
}

// FieldDisplayName is the reserved code under which a colleague's display name is
// encrypted.
const FieldDisplayName = "displayName"

// Network is what the connection said; it is personal data and is kept only
// encrypted, beside the consent that it is evidence for.
type Network struct {
	Address   Plain
	UserAgent Plain
}

// Authenticated reports whether there was a valid token. One that grants no
// role is still somebody's: what it is refused is on record.
func (a Actor) Authenticated() bool { return a.Issuer != "" }

// Has reports whether the token grants the role.
func (a Actor) Has(role Role) bool { return slices.Contains(a.Roles, role) }

// anonymous reports whether nobody is known to call.
func (a Actor) anonymous() bool { return len(a.Roles) == 0 || a.Has(Anonymous) }

// Allowed returns the first of the given roles that the actor has: the role
// that an event names as the one that allowed the act.
func (a Actor) Allowed(roles ...Role) (Role, bool) {
	for _, r := range roles {
		if a.Has(r) {
			return r, true
		}
	}
	return "", false
}

// Kind is the role that describes the actor best in an event.
func (a Actor) Kind() Role {
	if len(a.Roles) == 0 {
		return Anonymous
	}
	return a.Roles[0]
}

// SystemActor is the service itself: a job or the command line.
func SystemActor(requestID string) Actor {
	return Actor{Roles: []Role{System}, RequestID: requestID}
}
