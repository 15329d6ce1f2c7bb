package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// PublicProfile asks the same of the vault for an id that is none as for one
// that nobody has: neither answer tells anything.
func (r queryResolver) PublicProfile(ctx context.Context, id string, app *string) (*generated.PublicProfile, error) {
	code, err := r.appOr(ctx, app)
	if err != nil {
		return nil, err
	}
	user, err := decodeAs(typeUser, id)
	if err != nil {
		user = uuid.Nil
	}
	fields, err := r.Vault.PublicProfile(ctx, from(ctx).actor, code, user)
	if err != nil {
		return nil, err
	}
	return &generated.PublicProfile{Fields: fields}, nil
}

func (r publicFieldResolver) Code(_ context.Context, f *vault.PersonalField) (string, error) {
	return f.Field.Code, nil
}

func (r publicFieldResolver) Label(ctx context.Context, f *vault.PersonalField, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, f.Field.Label, locale)
}

// Value is where a public value leaves its wrapper: into the answer, nowhere else.
func (r publicFieldResolver) Value(_ context.Context, f *vault.PersonalField) (string, error) {
	return f.Value.Reveal(), nil
}

func (r mutationResolver) SetFieldVisibility(ctx context.Context, input generated.SetFieldVisibilityInput) (*generated.SetFieldVisibilityPayload, error) {
	out := &generated.SetFieldVisibilityPayload{}
	me, err := r.Vault.SetFieldVisibility(ctx, from(ctx).actor, vault.VisibilityChange{
		Fields: input.Fields, To: input.Visibility, IdempotencyKey: deref(input.IdempotencyKey.Value()),
	})
	if err == nil {
		from(ctx).remember(me)
		out.User = me.User
		if input.Visibility == vault.Private {
			var by time.Time
			if by, err = r.Vault.CopiesGoneBy(me.App); !by.IsZero() {
				out.CopiesGoneBy = &by
			}
		}
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r userResolver) ChannelPreferences(ctx context.Context, u *vault.User, app *string) ([]vault.ChannelPreference, error) {
	p, err := r.person(ctx, u, app)
	if err != nil {
		return nil, err
	}
	return r.Vault.ChannelPreferences(ctx, p)
}

func (r mutationResolver) SetChannelPreferences(ctx context.Context, input generated.SetChannelPreferencesInput) (*generated.SetChannelPreferencesPayload, error) {
	out := &generated.SetChannelPreferencesPayload{}
	me, err := r.Vault.SetChannelPreferences(ctx, from(ctx).actor, vault.ChannelChange{
		Item: input.Item, Channels: input.Channels, IdempotencyKey: deref(input.IdempotencyKey.Value()),
	})
	if err == nil {
		from(ctx).remember(me)
		out.User = me.User
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}
