package graph

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Types that have ids. An id is base64url of "Type:uuid"; what a person owns
// carries the person's uuid too, so that authorisation needs no look-up.
const (
	typeUser    = "User"
	typeConsent = "Consent"
	typeVersion = "PolicyVersion"
	typeEvent   = "AuditEvent"
	typeRequest = "SubjectRequest"
	typeExport  = "Export"
	// What a person owns besides consents.
	typeObstacle   = "Obstacle"
	typeDisclosure = "Disclosure"
	typeNotice     = "RecipientNotice"
	typeTechnical  = "TechnicalData"

	typeBreach = "Breach"
)

// ID encodes an object's id.
func ID(kind string, id uuid.UUID) string { return encodeID(kind + ":" + id.String()) }

// UserID is the id of a person as clients know it.
func UserID(id uuid.UUID) string { return ID(typeUser, id) }

// VersionID is the id of a policy version as clients know it.
func VersionID(id uuid.UUID) string { return ID(typeVersion, id) }

// ParseVersionID reads the id of a policy version as clients know it. Whatever
// is not one is NOT_FOUND.
func ParseVersionID(id string) (uuid.UUID, error) { return decodeAs(typeVersion, id) }

// ParseConsentID reads the id of a consent as clients know it: whose it is, and
// which. Whatever is not one is NOT_FOUND.
func ParseConsentID(id string) (user, consent uuid.UUID, err error) {
	o, err := decodeID(id)
	if err != nil || o.kind != typeConsent || o.user == uuid.Nil {
		return uuid.Nil, uuid.Nil, vault.ErrNotFound
	}
	return o.user, o.id, nil
}

// BreachID is the id of a breach as clients know it.
func BreachID(id uuid.UUID) string { return ID(typeBreach, id) }

// ParseBreachID reads the id of a breach as clients know it. Whatever is not one
// is NOT_FOUND.
func ParseBreachID(id string) (uuid.UUID, error) { return decodeAs(typeBreach, id) }

// ParseExportID reads the id of an export as clients know it. Whatever is not one
// is NOT_FOUND.
func ParseExportID(id string) (uuid.UUID, error) { return decodeAs(typeExport, id) }

func consentID(user, id uuid.UUID) string { return ownedID(typeConsent, user, id) }

// ownedID is the id of what a person owns.
func ownedID(kind string, user, id uuid.UUID) string {
	return encodeID(kind + ":" + user.String() + "." + id.String())
}

func encodeID(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// object is a decoded id.
type object struct {
	kind string
	user uuid.UUID // owner; zero unless the person owns it
	id   uuid.UUID
}

// decodeID reads an id. Whatever is not one is not found: the answer tells
// nothing about what ids look like.
func decodeID(id string) (object, error) {
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(raw) > 128 {
		return object{}, vault.ErrNotFound
	}
	kind, rest, ok := strings.Cut(string(raw), ":")
	if !ok {
		return object{}, vault.ErrNotFound
	}
	out := object{kind: kind}
	if owner, own, has := strings.Cut(rest, "."); has && slices.Contains([]string{typeConsent, typeObstacle, typeDisclosure}, kind) { // nothing else has an owner in its id
		if out.user, err = parseUUID(owner); err != nil {
			return object{}, err
		}
		rest = own
	}
	if out.id, err = parseUUID(rest); err != nil || encodeID(string(raw)) != id {
		return object{}, vault.ErrNotFound
	}
	return out, nil
}

// parseUUID reads the canonical form only: one id has one spelling.
func parseUUID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return uuid.Nil, vault.ErrNotFound
	}
	return id, nil
}

// decodeAs reads an id of one type.
func decodeAs(kind, id string) (uuid.UUID, error) {
	o, err := decodeID(id)
	if err != nil || o.kind != kind {
		return uuid.Nil, vault.ErrNotFound
	}
	return o.id, nil
}

// clientUUID reads an id that clients make themselves.
func clientUUID(text string, path ...string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 || id == uuid.Nil {
		return uuid.Nil, vault.NewError(vault.CodeInvalidValue,
			"the eventId is a UUID that the client makes, 36 characters, a new one for each act").At(path...)
	}
	return id, nil
}
