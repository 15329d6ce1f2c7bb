package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r mutationResolver) RecordConsentFor(ctx context.Context, input generated.RecordConsentForInput) (*generated.RecordConsentForPayload, error) {
	out := &generated.RecordConsentForPayload{Consents: []vault.Consent{}}
	in, err := r.paper(ctx, input.User, input.App.Value(), input.IdempotencyKey.Value())
	if err == nil {
		var screen vault.Screen
		if screen, err = paperScreen(input.Consent); err == nil {
			in.Decisions = &screen
			out.User, out.Consents, err = r.recordPaper(ctx, in)
		}
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r mutationResolver) WithdrawConsentFor(ctx context.Context, input generated.WithdrawConsentForInput) (*generated.WithdrawConsentForPayload, error) {
	out := &generated.WithdrawConsentForPayload{Consents: []vault.Consent{}}
	in, err := r.paper(ctx, input.User, input.App.Value(), input.IdempotencyKey.Value())
	if err == nil {
		var act uuid.UUID
		if act, err = clientUUID(input.EventID, "eventId"); err == nil {
			in.Withdrawal = &vault.Withdrawal{
				Act: act, Items: input.Items.Value(), All: deref(input.All.Value()), Receipt: receiptOf(input.Receipt, "receipt"),
			}
			out.User, out.Consents, err = r.recordPaper(ctx, in)
		}
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

// paper reads whom a colleague's act is about.
func (r *Resolver) paper(ctx context.Context, user string, app, idempotencyKey *string) (vault.Paper, error) {
	id, err := decodeAs(typeUser, user)
	if err != nil {
		return vault.Paper{}, notFoundAs(err, "user")
	}
	code, err := r.appOr(ctx, app)
	return vault.Paper{User: id, App: code, IdempotencyKey: deref(idempotencyKey)}, err
}

func (r *Resolver) recordPaper(ctx context.Context, in vault.Paper) (*vault.User, []vault.Consent, error) {
	done, err := r.Vault.RecordPaper(ctx, from(ctx).actor, in)
	if err != nil {
		return nil, []vault.Consent{}, notFoundAs(err, "user")
	}
	from(ctx).remember(done.Person)
	return done.Person.User, done.Consents, nil
}

func (r mutationResolver) InvalidateConsent(ctx context.Context, input generated.InvalidateConsentInput) (*generated.InvalidateConsentPayload, error) {
	out := &generated.InvalidateConsentPayload{}
	consent, err := decodeID(input.Consent)
	if err != nil || consent.kind != typeConsent || consent.user == uuid.Nil {
		return out, vault.ErrNotFound.At("consent")
	}
	act, err := clientUUID(input.EventID, "eventId")
	if err == nil {
		var done vault.Acted
		done, err = r.Vault.Invalidate(ctx, from(ctx).actor, vault.Invalidation{
			Act: act, User: consent.user, Consent: consent.id, Reason: input.Reason, Reference: input.Reference,
			IdempotencyKey: deref(input.IdempotencyKey.Value()),
		})
		if err == nil {
			from(ctx).remember(done.Person)
			out.User = done.Person.User
			if len(done.Consents) > 0 {
				out.Consent = &done.Consents[0]
			}
		}
	}
	out.UserErrors, err = userErrors(notFoundAs(err, "consent"))
	return out, err
}

func (r queryResolver) Representative(ctx context.Context, consent string, seq *int, basis generated.RequestBasisInput) (*generated.Representative, error) {
	o, err := decodeID(consent)
	if err != nil || o.kind != typeConsent || o.user == uuid.Nil {
		return nil, vault.ErrNotFound
	}
	who, err := r.Vault.Representative(ctx, from(ctx).actor, vault.RepresentativeQuestion{
		User: o.user, Consent: o.id, Seq: int64(deref(seq)), Basis: requestOf(&basis),
	})
	if err != nil || who == nil {
		return nil, err
	}
	return &generated.Representative{
		Ground: who.Ground, Name: orNull(who.Name.Reveal()), Contact: orNull(who.Contact.Reveal()), Document: orNull(who.Document.Reveal()),
	}, nil
}

func (r queryResolver) NetworkContext(ctx context.Context, consent string, seq *int, basis generated.BasisInput) (*generated.NetworkContext, error) {
	o, err := decodeID(consent)
	if err != nil || o.kind != typeConsent || o.user == uuid.Nil {
		return nil, vault.ErrNotFound
	}
	seen, err := r.Vault.NetworkContext(ctx, from(ctx).actor, vault.ContextQuestion{
		User: o.user, Consent: o.id, Seq: int64(deref(seq)), Basis: basisOf(&basis),
	})
	if err != nil || seen == nil {
		return nil, err
	}
	return &generated.NetworkContext{IP: orNull(seen.Address.Reveal()), UserAgent: orNull(seen.UserAgent.Reveal())}, nil
}

func paperScreen(in generated.PaperConsentInput) (vault.Screen, error) {
	out, err := screenOf(generated.ConsentInput{
		EventID: in.EventID, Version: in.Version, Locale: in.Locale, DocumentHash: in.DocumentHash,
		Decisions: in.Decisions, KnownConsentSeq: in.KnownConsentSeq,
	})
	out.Receipt = receiptOf(in.Receipt, "consent", "receipt")
	return out, err
}

func receiptOf(in generated.ReceiptInput, path ...string) *vault.Receipt {
	out := &vault.Receipt{Method: in.Method, Reference: in.Reference, SignedAt: in.SignedAt, Path: path}
	if who := in.Representative.Value(); who != nil {
		out.Representative = &vault.Representative{
			Ground: who.Ground, Name: vault.NewPlain(who.Name), Contact: vault.NewPlain(deref(who.Contact.Value())),
			Document: vault.NewPlain(who.Document),
		}
	}
	return out
}
