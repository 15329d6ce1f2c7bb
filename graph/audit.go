package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/graph/scalar"
	"github.com/kelisim/kelisim/vault"
)

func (r queryResolver) AuditEvents(ctx context.Context, filter *generated.AuditFilter, first *int, after *string) (*generated.AuditEventConnection, error) {
	page, err := r.pageOf(typeEvent, first, after)
	if err != nil {
		return nil, err
	}
	where, err := auditFilter(filter)
	if err != nil {
		return nil, err
	}
	rows, err := r.Vault.AuditEvents(ctx, from(ctx).actor, where, more(page))
	if err != nil {
		return nil, err
	}
	out := &generated.AuditEventConnection{}
	out.Nodes, out.PageInfo = cut(typeEvent, rows, page, func(e vault.StoredEvent) uuid.UUID { return e.ID })
	for _, e := range out.Nodes {
		out.Edges = append(out.Edges, generated.AuditEventEdge{Cursor: cursor(typeEvent, e.ID), Node: e})
	}
	return out, nil
}

// Node answers any object by its id, through the same door as its own field:
// the same roles, the same rules.
func (r queryResolver) Node(ctx context.Context, id string) (scalar.Node, error) {
	o, err := decodeID(id)
	if err != nil {
		return nil, err
	}
	actor := from(ctx).actor
	roles := map[string][]vault.Role{
		typeUser:       {vault.Subject, vault.Machine, vault.Support, vault.Compliance, vault.Auditor},
		typeConsent:    {vault.Subject, vault.Support, vault.Compliance, vault.Auditor},
		typeEvent:      {vault.Compliance, vault.Security, vault.Auditor},
		typeRequest:    {vault.Subject, vault.Support, vault.Compliance},
		typeDisclosure: {vault.Subject, vault.Compliance, vault.Auditor},
		typeNotice:     {vault.Compliance},
		typeVersion:    {vault.Anonymous, vault.Subject, vault.Machine, vault.Support, vault.Compliance, vault.Security, vault.Auditor},
	}
	if len(actor.Roles) == 0 {
		actor.Roles = []vault.Role{vault.Anonymous}
	}
	if _, ok := actor.Allowed(roles[o.kind]...); !ok {
		r.refused(ctx, actor, "Query.node")
		return nil, vault.ErrNotFound
	}
	switch o.kind {
	case typeUser:
		return one(r.user(ctx, o.id))
	case typeConsent:
		return one(r.Consent(ctx, id))
	case typeVersion:
		return one(r.Vault.PolicyVersion(ctx, actor, o.id))
	case typeDisclosure:
		return one(r.disclosure(ctx, id))
	case typeNotice:
		return one(r.Vault.RecipientNotice(ctx, actor, o.id))
	case typeEvent:
		return one(r.Vault.AuditEvent(ctx, actor, o.id))
	case typeRequest:
		return one(r.SubjectRequest(ctx, id))
	}
	return nil, vault.ErrNotFound
}

// one keeps a typed nil from becoming a Node that is not nil.
func one[T any](v *T, err error) (scalar.Node, error) {
	if err != nil || v == nil {
		return nil, err
	}
	return v, nil
}

func (r auditEventResolver) ID(_ context.Context, e *vault.StoredEvent) (string, error) {
	return ID(typeEvent, e.AuditEvent.ID), nil
}

func (r auditEventResolver) Actor(_ context.Context, e *vault.StoredEvent) (*string, error) {
	if e.AuditEvent.Actor == uuid.Nil {
		return nil, nil //nolint:nilnil // SYSTEM has no id
	}
	return orNull(e.AuditEvent.Actor.String()), nil
}

func (r auditEventResolver) Action(_ context.Context, e *vault.StoredEvent) (string, error) {
	return string(e.AuditEvent.Action), nil
}

func (r auditEventResolver) Subject(_ context.Context, e *vault.StoredEvent) (*string, error) {
	if e.AuditEvent.Subject == uuid.Nil {
		return nil, nil //nolint:nilnil // nobody's data
	}
	return orNull(UserID(e.AuditEvent.Subject)), nil
}

func (r auditEventResolver) Purpose(_ context.Context, e *vault.StoredEvent) (*string, error) {
	return orNull(e.AuditEvent.Purpose), nil
}

func (r auditEventResolver) App(_ context.Context, e *vault.StoredEvent) (*string, error) {
	return orNull(e.AuditEvent.App), nil
}

func (r auditEventResolver) Reason(_ context.Context, e *vault.StoredEvent) (*string, error) {
	return orNull(e.AuditEvent.Reason), nil
}

func (r auditEventResolver) Reference(_ context.Context, e *vault.StoredEvent) (*string, error) {
	return orNull(e.AuditEvent.Reference), nil
}

func (r auditEventResolver) Consent(_ context.Context, e *vault.StoredEvent) (*string, error) {
	if e.AuditEvent.Consent == uuid.Nil {
		return nil, nil //nolint:nilnil // it rested on none
	}
	return orNull(consentID(e.AuditEvent.Subject, e.AuditEvent.Consent)), nil
}

func (r auditEventResolver) Canonical(_ context.Context, e *vault.StoredEvent) (string, error) {
	return string(e.Canonical), nil
}
