package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// Profile is the one place that asks for plaintext: once for everything that
// is selected of one person, together with all others of its level.
func (r userResolver) Profile(ctx context.Context, u *vault.User, app *string, _ *generated.BasisInput, _ []string) (*generated.Profile, error) {
	p, err := r.person(ctx, u, app)
	if err != nil {
		return nil, err
	}
	ask, err := r.revealRequest(ctx, graphql.GetFieldContext(ctx), p)
	if err != nil {
		return nil, err
	}
	answer, err := from(ctx).reveals.get(ctx, ask)
	switch {
	case err != nil:
		return nil, err
	case answer.Err != nil:
		return nil, answer.Err
	case ctx.Err() != nil:
		return nil, ctx.Err() // what is not decrypted was not given the time
	}
	f := func(code string) vault.PersonalField {
		i := slices.IndexFunc(answer.Fields, func(f vault.PersonalField) bool { return f.Field.Code == code })
		if i < 0 {
			return vault.PersonalField{} // not selected, so never written
		}
		return answer.Fields[i]
	}
	return &generated.Profile{
		FamilyName: f("familyName"), GivenName: f("givenName"), Patronymic: f("patronymic"), BirthDate: f("birthDate"),
		Iin: f("iin"), Email: f("email"), Phone: f("phone"), PostalAddress: f("postalAddress"),
		All: answer.Fields, Collected: r.Vault.CollectedFields(p),
	}, nil
}

// revealRequest is what a profile field asks for of one person. It looks ahead
// at what is selected, so that a value is decrypted only when it is asked for.
// Equal requests are one and the same.
func (r *Resolver) revealRequest(ctx context.Context, profile *graphql.FieldContext, p *vault.Person) (*vault.RevealRequest, error) {
	wanted, err := lookAhead(graphql.GetOperationContext(ctx), profile.Field, r.Vault.CollectedFields(p))
	if err != nil {
		return nil, err
	}
	basis, _ := profile.Args["basis"].(*generated.BasisInput)
	reveal, _ := profile.Args["reveal"].([]string)
	return from(ctx).question(vault.RevealRequest{Person: p, Basis: basisOf(basis), Reveal: reveal, Fields: wanted}), nil
}

// fieldsPerList is how many codes one `fields(codes:)` may name.
const fieldsPerList = 100

// lookAhead is what is selected below a profile: which fields, and of which of
// them the value.
func lookAhead(op *graphql.OperationContext, profile graphql.CollectedField, collected []string) ([]vault.Wanted, error) {
	var out []vault.Wanted
	want := func(code string, value bool) {
		i := slices.IndexFunc(out, func(w vault.Wanted) bool { return w.Code == code })
		if i < 0 {
			out = append(out, vault.Wanted{Code: code, Value: value})
			return
		}
		out[i].Value = out[i].Value || value
	}
	for _, f := range graphql.CollectFields(op, profile.Selections, []string{profileType}) {
		if f.Name == "__typename" {
			continue
		}
		value := slices.ContainsFunc(graphql.CollectFields(op, f.Selections, []string{"PersonalField"}),
			func(below graphql.CollectedField) bool { return below.Name == "value" })
		if f.Name != "fields" {
			want(f.Name, value)
			continue
		}
		list, err := codesOf(f.ArgumentMap(op.Variables)["codes"], collected)
		if err != nil {
			return nil, err
		}
		for _, code := range list {
			want(code, value)
		}
	}
	return out, nil
}

// codesOf reads the codes of a `fields(codes:)`; without any, all collected.
func codesOf(argument any, collected []string) ([]string, error) {
	if argument == nil {
		return collected, nil
	}
	list := graphql.CoerceList(argument) // as the resolver gets it: one code alone is a list of one
	if len(list) > fieldsPerList {
		return nil, vault.NewError(vault.CodeBadRequest, "name at most 100 codes").With("limit", "100")
	}
	out := make([]string, 0, len(list))
	for _, code := range list {
		if text, ok := code.(string); ok {
			out = append(out, text)
		}
	}
	return out, nil
}

func (r profileResolver) Fields(_ context.Context, p *generated.Profile, codes []string) ([]vault.PersonalField, error) {
	if codes == nil {
		codes = p.Collected
	}
	out := make([]vault.PersonalField, 0, len(codes))
	for _, code := range codes {
		i := slices.IndexFunc(p.All, func(f vault.PersonalField) bool { return f.Field.Code == code })
		if i >= 0 {
			out = append(out, p.All[i])
		}
	}
	return out, nil
}

func (r personalFieldResolver) Code(_ context.Context, f *vault.PersonalField) (string, error) {
	return f.Field.Code, nil
}

func (r personalFieldResolver) Label(ctx context.Context, f *vault.PersonalField, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, f.Field.Label, locale)
}

func (r personalFieldResolver) Source(_ context.Context, f *vault.PersonalField) (*vault.Source, error) {
	return orNull(f.Source), nil
}

func (r personalFieldResolver) UpdatedBy(_ context.Context, f *vault.PersonalField) (*vault.Role, error) {
	return orNull(f.WrittenBy), nil
}

// Value is where a value leaves its wrapper: into the answer, nowhere else.
func (r personalFieldResolver) Value(_ context.Context, f *vault.PersonalField) (*string, error) {
	if f.State != vault.StatePlain && f.State != vault.StateMasked {
		return nil, nil //nolint:nilnil // the state says why there is no value
	}
	text := f.Value.Reveal()
	return &text, nil
}
