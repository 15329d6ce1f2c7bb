package vault

import (
	"slices"
	"strconv"
	"time"
)

// view is how one actor sees one person on one ground: everything that
// decides about a field, without its value.
type view struct {
	service *Service
	person  *Person
	role    Role  // the role that allows it
	own     bool  // a person looking at themselves
	check   Check // of the purpose, when the ground is one
	basis   Basis
	reveal  []string
	current *Version
}

// view refuses a ground that is not valid, and a purpose behind a closed gate.
// The role is set even then, for the event.
func (r *reveal) view(req RevealRequest) (view, error) {
	v := view{
		service: r.Service, person: req.Person, role: r.actor.Kind(), basis: req.Basis,
		reveal: req.Reveal, current: req.Person.Current(),
	}
	if err := req.Basis.validate(); err != nil {
		return v, err
	}
	if r.actor.Has(Subject) && !r.actor.hasStaffRole() {
		v.role, v.own = Subject, true
		v.basis = Basis{} // their own data needs no ground, and the event names none
		if req.Person.login != r.Service.Pepper.Login(r.actor.Issuer, r.actor.Subject) {
			return v, ErrNotFound
		}
		return v, nil
	}
	role, ok := req.Basis.role(r.actor)
	if !ok {
		return v, NewError(CodeForbidden, "this role may not read on such a ground")
	}
	v.role = role
	for i, code := range req.Reveal {
		if _, known := req.Person.definition(r.Catalogue, code); !known {
			return v, NewError(CodeBadRequest, "there is no such field to reveal").At("reveal", strconv.Itoa(i))
		}
	}
	if len(req.Reveal) > 0 && req.Basis.Ticket == "" {
		return v, NewError(CodeBadRequest, "fields are revealed for a request: give its reason and ticket as the basis").At("reveal")
	}
	if req.Basis.Purpose == "" {
		return v, nil
	}
	if !slices.Contains(r.actor.Apps, req.Person.App.Code) { // also where another role lets it name the app
		return v, NewError(CodeForbidden, "this service is not configured for the app")
	}
	if !slices.Contains(r.actor.Purposes, req.Basis.Purpose) {
		return v, NewError(CodeForbidden, "this service is not configured for the purpose")
	}
	if req.Person.User.Status == StatusActive {
		if err := req.Person.gate(); err != nil {
			return v, err
		}
	}
	v.check = req.Person.Check(req.Basis.Purpose, "", req.Person.now)
	return v, nil
}

// field is the answer for one field without its value: PLAIN and MASKED say
// what it will be once it is decrypted.
func (v view) field(code string, stored []StoredField) PersonalField {
	out := PersonalField{Field: Field{Code: code}, State: StateNotCollected, Visibility: Private, UpdatedAt: time.Time{}}
	collected := false
	if v.current != nil {
		collected = slices.ContainsFunc(v.current.Facts.Items, func(i Item) bool { return i.Uses(code) })
	}
	field, known := v.person.definition(v.service.Catalogue, code)
	if known {
		out.Field = field
	}
	i := slices.IndexFunc(stored, func(f StoredField) bool { return f.Code == code })
	if i >= 0 {
		out.Visibility, out.Verified, out.UpdatedAt = stored[i].Visibility, stored[i].Verified, stored[i].UpdatedAt
		out.Source, out.WrittenBy = stored[i].Source, stored[i].WrittenBy
		if out.Visibility == Public && len(v.person.notPublic([]string{code})) > 0 {
			out.Visibility = Private // the version in force does not ask for it any more, or asks anew
		}
	}
	out.State = v.state(field, known, collected, i >= 0)
	switch out.State {
	case StateForbidden, StateNoConsent, StateNotCollected, StateBlocked, StateErased: // not even that something is there
		out.Visibility, out.Verified, out.UpdatedAt, out.Source, out.WrittenBy = Private, false, time.Time{}, "", ""
	default:
	}
	return out
}

func (v view) state(field Field, known, collected, stored bool) FieldState {
	if !known {
		return StateNotCollected
	}
	if v.person.User.Status == StatusErased {
		if stored && v.role == Compliance && v.basis.Legal != "" && v.service.Rules.keep(v.service.Catalogue, field.Code) {
			return StatePlain // a rule wants it kept
		}
		return StateErased
	}
	seen, refused := v.sight(field)
	switch {
	case refused != "":
		return refused
	case !collected && !(v.own && stored): // what is no longer collected is still the person's own
		return StateNotCollected
	case !stored:
		return StateEmpty
	case seen == SeesValue:
		return StatePlain
	}
	return StateMasked
}

// sight is what this actor sees of the field on this ground: SeesValue or
// SeesMask, or the state that refuses it.
func (v view) sight(field Field) (Sight, FieldState) {
	sight := v.service.Access.Sight(v.role, field)
	if v.own {
		return SeesValue, ""
	}
	if sight == SeesNothing {
		return "", StateForbidden
	}
	if v.person.User.Status == StatusBlocked && v.role != Compliance {
		return "", StateBlocked
	}
	switch v.role {
	case Machine:
		switch {
		case v.basis.Purpose == "":
			return "", StateForbidden
		case !v.check.Allowed || !v.check.scope.Uses(field.Code):
			return "", StateNoConsent
		}
		return SeesValue, ""
	case Compliance:
		if v.basis.Ticket == "" && v.basis.Legal == "" {
			return SeesMask, ""
		}
		return SeesValue, ""
	default:
		if sight == MayReveal && v.basis.Ticket != "" && slices.Contains(v.reveal, field.Code) {
			return SeesValue, ""
		}
		return SeesMask, ""
	}
}
