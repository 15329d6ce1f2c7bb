package graph

import (
	"cmp"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// What clients send, as the vault takes it. Absent, null and a value differ:
// absent leaves a field as it is, null clears it.

// changes lists the fields that an input writes, in the schema's order.
func changes(in *generated.ProfileInput, path ...string) []vault.Change {
	if in == nil {
		return nil
	}
	var out []vault.Change
	add := func(code string, value *string, at ...string) {
		change := vault.Change{Field: code, Path: append(append([]string{}, path...), at...)}
		if value != nil {
			plain := vault.NewPlain(*value)
			change.Value = &plain
		}
		out = append(out, change)
	}
	for _, typed := range []struct {
		code  string
		value graphql.Omittable[*string]
	}{
		{"familyName", in.FamilyName},
		{"givenName", in.GivenName},
		{"patronymic", in.Patronymic},
		{"birthDate", in.BirthDate},
		{"iin", in.Iin},
		{"email", in.Email},
		{"phone", in.Phone},
		{"postalAddress", in.PostalAddress},
	} {
		if value, given := typed.value.ValueOK(); given {
			add(typed.code, value, typed.code)
		}
	}
	for i, own := range in.Fields.Value() {
		add(own.Code, own.Value.Value(), "fields", strconv.Itoa(i), "value")
	}
	return out
}

func registration(in generated.RegisterMeInput) (vault.Registration, error) {
	screen, err := screenOf(in.Consent)
	return vault.Registration{
		Changes: changes(in.Profile.Value(), "profile"), Consent: screen,
		Locale: deref(in.Locale.Value()), IdempotencyKey: deref(in.IdempotencyKey.Value()),
	}, err
}

func update(in generated.UpdateMyProfileInput) (vault.UpdateProfile, error) {
	out := vault.UpdateProfile{
		Changes: changes(in.Profile.Value(), "profile"), IdempotencyKey: deref(in.IdempotencyKey.Value()),
	}
	if locale, given := in.Locale.ValueOK(); given {
		chosen := deref(locale)
		out.Locale = &chosen
	}
	out.ExpectedRevision = revision(in.ExpectedRevision)
	if len(out.Changes) == 0 && out.Locale == nil {
		return out, vault.NewError(vault.CodeRequired, "say what to change: a field of the profile, or the locale").At("profile")
	}
	return out, nil
}

func screenOf(in generated.ConsentInput) (vault.Screen, error) {
	act, err := clientUUID(in.EventID, "consent", "eventId")
	if err != nil {
		return vault.Screen{}, err
	}
	version, err := decodeAs(typeVersion, in.Version)
	if err != nil {
		return vault.Screen{}, vault.NewError(vault.CodeVersionNotPublished,
			"this is not the id of a policy version; take it from policyInForce").At("consent", "version")
	}
	out := vault.Screen{
		Act: act, Version: version, Locale: in.Locale, Document: in.DocumentHash, Decisions: in.Decisions,
		DeviceAt: deref(in.DeviceAt.Value()), AppBuild: deref(in.AppBuild.Value()), Path: []string{"consent"},
	}
	if known := in.KnownConsentSeq.Value(); known != nil {
		seq := int64(*known)
		out.KnownSeq = &seq
	}
	return out, nil
}

func withdrawal(in generated.WithdrawConsentInput) (vault.Withdrawal, error) {
	act, err := clientUUID(in.EventID, "eventId")
	return vault.Withdrawal{
		Act: act, Items: in.Items.Value(), All: deref(in.All.Value()), DeviceAt: deref(in.DeviceAt.Value()),
		AppBuild: deref(in.AppBuild.Value()), IdempotencyKey: deref(in.IdempotencyKey.Value()),
	}, err
}

// basisOf reads the ground of a read. gqlgen does not hold variables to
// @oneOf, so the vault counts for itself.
func basisOf(in *generated.BasisInput) vault.Basis {
	var out vault.Basis
	if in == nil {
		return out
	}
	if purpose := in.Purpose.Value(); purpose != nil {
		out.Purpose = cmp.Or(*purpose, "-") // given and empty: not of the form, rather than not given
	}
	if request := in.Request.Value(); request != nil {
		of := requestOf(request)
		out.Reason, out.Ticket = of.Reason, of.Ticket
	}
	if legal := in.Legal.Value(); legal != nil {
		out.Legal = cmp.Or(legal.Reference, "-")
	}
	if out == (vault.Basis{}) {
		out.Purpose = "-" // a basis without a ground is a mistake, and not the lack of one
	}
	return out
}

func requestOf(in *generated.RequestBasisInput) vault.Basis {
	return vault.Basis{Reason: string(in.Reason), Ticket: cmp.Or(in.Ticket, "-")}
}

func auditFilter(in *generated.AuditFilter) (vault.AuditFilter, error) {
	var out vault.AuditFilter
	if in == nil {
		return out, nil
	}
	out = vault.AuditFilter{
		Action: deref(in.Action.Value()), Outcome: deref(in.Outcome.Value()), Purpose: deref(in.Purpose.Value()),
		From: deref[time.Time](in.From.Value()), To: deref[time.Time](in.To.Value()), RequestID: deref(in.RequestID.Value()),
	}
	var err error
	if actor := in.Actor.Value(); actor != nil {
		if out.Actor, err = parseUUID(*actor); err != nil {
			return out, vault.NewError(vault.CodeBadRequest, "actor is the opaque id that an event shows").At("filter", "actor")
		}
	}
	if consent := in.Consent.Value(); consent != nil {
		o, err := decodeID(*consent)
		if err != nil || o.kind != typeConsent || in.Subject.Value() != nil {
			return out, vault.NewError(vault.CodeBadRequest, "consent is a consent's id, and names its person too: leave subject out").At("filter", "consent")
		}
		out.Subject, out.Consent = o.user, o.id
	}
	if subject := in.Subject.Value(); subject != nil {
		if out.Subject, err = decodeAs(typeUser, *subject); err != nil {
			return out, vault.NewError(vault.CodeBadRequest, "subject is a user's id").At("filter", "subject")
		}
	}
	return out, nil
}

// revision is a revision that a client expects; nil when it names none.
func revision(in graphql.Omittable[*int]) *int64 {
	expected := in.Value()
	if expected == nil {
		return nil
	}
	out := int64(*expected)
	return &out
}
