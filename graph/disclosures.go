package graph

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r userResolver) Disclosures(ctx context.Context, u *vault.User, first *int, after *string) (*generated.DisclosureConnection, error) {
	page, err := r.pageOf(typeDisclosure, first, after)
	if err != nil {
		return nil, err
	}
	rows, err := r.Vault.Disclosures(ctx, from(ctx).actor, u.ID, more(page))
	if err != nil {
		return nil, err
	}
	out := &generated.DisclosureConnection{}
	out.Nodes, out.PageInfo = cut(typeDisclosure, rows, page, func(d vault.Disclosure) uuid.UUID { return d.ID })
	for _, d := range out.Nodes {
		out.Edges = append(out.Edges, generated.DisclosureEdge{Cursor: cursor(typeDisclosure, d.ID), Node: d})
	}
	return out, nil
}

func (r mutationResolver) RecordDisclosure(ctx context.Context, input generated.RecordDisclosureInput) (*generated.RecordDisclosurePayload, error) {
	out := &generated.RecordDisclosurePayload{Disclosures: []vault.Disclosure{}, Warnings: []vault.Rule{}}
	in, err := r.disclosing(ctx, input)
	if err != nil {
		return nil, err
	}
	done, err := r.Vault.RecordDisclosure(ctx, from(ctx).actor, in)
	out.Disclosures, out.Warnings = append(out.Disclosures, done.Disclosures...), append(out.Warnings, done.Warnings...)
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r mutationResolver) ApproveDisclosure(ctx context.Context, input generated.ApproveDisclosureInput) (*generated.ApproveDisclosurePayload, error) {
	in, err := r.disclosing(ctx, generated.RecordDisclosureInput(input))
	if err != nil {
		return nil, err
	}
	out := &generated.ApproveDisclosurePayload{}
	if err = r.Vault.ApproveDisclosure(ctx, from(ctx).actor, in); err == nil {
		out.Approved = len(in.Users)
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

// disclosing reads what is passed on; both inputs say the same.
func (r *Resolver) disclosing(ctx context.Context, input generated.RecordDisclosureInput) (vault.Disclosing, error) {
	app, err := r.appOr(ctx, input.App.Value())
	if err != nil {
		return vault.Disclosing{}, err
	}
	in := vault.Disclosing{
		App: app, Fields: input.Fields, Purpose: deref(input.Purpose.Value()), Ground: input.Ground,
		Recipient: vault.RecipientRef{
			Name: deref(input.Recipient.Name.Value()), Registration: deref(input.Recipient.Registration.Value()), Country: input.Recipient.Country,
		},
		Reference: deref(input.Reference.Value()), Violation: deref(input.Violation.Value()),
		Acknowledged: deref(input.AcknowledgeWarning.Value()), IdempotencyKey: deref(input.IdempotencyKey.Value()),
	}
	if authority := input.Requester.Value(); authority != nil {
		in.Requester = vault.RecipientRef{Registration: authority.Registration, Country: authority.Country}
	}
	if bar := input.WithholdFromPerson.Value(); bar != nil {
		in.Withheld = bar.Reference
		if in.Withheld == "" {
			in.Withheld = "-" // given and empty: not of the form, rather than not given
		}
	}
	for i, user := range input.Users {
		id, err := decodeAs(typeUser, user)
		if err != nil {
			return in, notFoundAs(err, "users", strconv.Itoa(i))
		}
		in.Users = append(in.Users, id)
	}
	return in, nil
}

func (r mutationResolver) MarkDisclosuresSeen(ctx context.Context, input generated.MarkDisclosuresSeenInput) (*generated.MarkDisclosuresSeenPayload, error) {
	out := &generated.MarkDisclosuresSeenPayload{Disclosures: []vault.Disclosure{}}
	ids := make([]uuid.UUID, len(input.Disclosures))
	for i, id := range input.Disclosures {
		_, own, err := disclosureOf(id)
		if err != nil {
			return nil, notFoundAs(err, "disclosures", strconv.Itoa(i))
		}
		ids[i] = own
	}
	seen, err := r.Vault.MarkDisclosuresSeen(ctx, from(ctx).actor, ids, deref(input.IdempotencyKey.Value()))
	out.Disclosures = append(out.Disclosures, seen...)
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r mutationResolver) ReleaseDisclosure(ctx context.Context, input generated.ReleaseDisclosureInput) (*generated.ReleaseDisclosurePayload, error) {
	user, id, err := disclosureOf(input.Disclosure)
	if err != nil {
		return nil, notFoundAs(err, "disclosure")
	}
	d, err := r.Vault.ReleaseDisclosure(ctx, from(ctx).actor, user, id, deref(input.IdempotencyKey.Value()))
	errs, err := userErrors(err)
	return &generated.ReleaseDisclosurePayload{Disclosure: d, UserErrors: errs}, err
}

// disclosureOf reads the id of a disclosure, which names the person too.
func disclosureOf(id string) (user, own uuid.UUID, err error) {
	o, err := decodeID(id)
	if err != nil || o.kind != typeDisclosure || o.user == uuid.Nil {
		return uuid.Nil, uuid.Nil, vault.ErrNotFound
	}
	return o.user, o.id, nil
}

func (r *Resolver) disclosure(ctx context.Context, id string) (*vault.Disclosure, error) {
	user, own, err := disclosureOf(id)
	if err != nil {
		return nil, err
	}
	return r.Vault.Disclosure(ctx, from(ctx).actor, user, own)
}

// inside is what only those see who work with the record: who recorded it, and
// what is kept from the person.
func inside(ctx context.Context, text string) *string {
	if _, ok := from(ctx).actor.Allowed(vault.Compliance, vault.Auditor); !ok {
		return nil
	}
	return orNull(text)
}

func (r disclosureResolver) ID(_ context.Context, d *vault.Disclosure) (string, error) {
	return ownedID(typeDisclosure, d.User, d.ID), nil
}

func (r disclosureResolver) Purpose(_ context.Context, d *vault.Disclosure) (*string, error) {
	return orNull(d.Purpose), nil
}

func (r disclosureResolver) Version(ctx context.Context, d *vault.Disclosure) (*vault.Version, error) {
	return r.Vault.PolicyVersion(ctx, from(ctx).actor, d.Version)
}

func (r disclosureResolver) Consents(_ context.Context, d *vault.Disclosure) ([]string, error) {
	out := make([]string, len(d.Consents))
	for i, id := range d.Consents {
		out[i] = consentID(d.User, id)
	}
	return out, nil
}

func (r disclosureResolver) Reference(_ context.Context, d *vault.Disclosure) (*string, error) {
	return orNull(d.Reference), nil
}

func (r disclosureResolver) Violation(_ context.Context, d *vault.Disclosure) (*vault.Violation, error) {
	if d.Violation == "" {
		return nil, nil //nolint:nilnil // it is no dispute
	}
	return &d.Violation, nil
}

func (r disclosureResolver) Recorder(ctx context.Context, d *vault.Disclosure) (*string, error) {
	return inside(ctx, d.Recorder.String()), nil
}

func (r disclosureResolver) Approver(ctx context.Context, d *vault.Disclosure) (*string, error) {
	if d.Approver == uuid.Nil {
		return nil, nil //nolint:nilnil // consents need nobody to answer for it
	}
	return inside(ctx, d.Approver.String()), nil
}

func (r disclosureResolver) Withheld(ctx context.Context, d *vault.Disclosure) (*string, error) {
	return inside(ctx, d.Withheld), nil
}

func (r disclosureResolver) Canonical(ctx context.Context, d *vault.Disclosure) (*string, error) {
	raw, err := d.Bytes()
	return inside(ctx, string(raw)), err
}

func (r disclosedToResolver) Name(ctx context.Context, to *vault.DisclosedTo, locale *string) (*generated.LocalizedText, error) {
	if len(to.Name) == 0 {
		return nil, nil //nolint:nilnil // it is known by its number
	}
	return r.text(ctx, to.Name, locale)
}

func (r disclosedToResolver) Registration(_ context.Context, to *vault.DisclosedTo) (*string, error) {
	return orNull(to.Registration), nil
}

func (r disclosureWarningResolver) Rule(_ context.Context, rule *vault.Rule) (string, error) {
	return string(rule.ID), nil
}

func (r disclosureWarningResolver) Says(ctx context.Context, rule *vault.Rule, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, rule.Says, locale)
}
