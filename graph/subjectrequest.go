package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r queryResolver) SubjectRequest(ctx context.Context, id string) (*vault.SubjectRequest, error) {
	request, err := decodeAs(typeRequest, id)
	if err != nil {
		return nil, err
	}
	found, err := r.Vault.SubjectRequest(ctx, from(ctx).actor, request)
	return &found, err
}

func (r queryResolver) SubjectRequests(
	ctx context.Context, filter *generated.SubjectRequestFilter, orderBy vault.RequestOrder, first *int, after *string,
) (*generated.SubjectRequestConnection, error) {
	where, err := requestFilter(filter)
	if err != nil {
		return nil, err
	}
	return r.requestPage(first, after, func(page vault.Page) ([]vault.SubjectRequest, error) {
		return r.Vault.SubjectRequests(ctx, from(ctx).actor, where, orderBy, page)
	})
}

func (r userResolver) Requests(ctx context.Context, u *vault.User, first *int, after *string) (*generated.SubjectRequestConnection, error) {
	return r.requestPage(first, after, func(page vault.Page) ([]vault.SubjectRequest, error) {
		return r.Vault.RequestsOf(ctx, from(ctx).actor, u.ID, page)
	})
}

// requestPage is a page of requests.
func (r *Resolver) requestPage(first *int, after *string, read func(vault.Page) ([]vault.SubjectRequest, error)) (*generated.SubjectRequestConnection, error) {
	page, err := r.pageOf(typeRequest, first, after)
	if err != nil {
		return nil, err
	}
	rows, err := read(more(page))
	if err != nil {
		return nil, err
	}
	out := &generated.SubjectRequestConnection{}
	out.Nodes, out.PageInfo = cut(typeRequest, rows, page, func(q vault.SubjectRequest) uuid.UUID { return q.ID })
	for _, q := range out.Nodes {
		out.Edges = append(out.Edges, generated.SubjectRequestEdge{Cursor: cursor(typeRequest, q.ID), Node: q})
	}
	return out, nil
}

func requestFilter(in *generated.SubjectRequestFilter) (vault.RequestFilter, error) {
	var out vault.RequestFilter
	if in == nil {
		return out, nil
	}
	out = vault.RequestFilter{
		State: deref(in.State.Value()), Kind: deref(in.Kind.Value()), DueBefore: deref(in.DueBefore.Value()), Open: deref(in.Open.Value()),
	}
	var err error
	if assignee := in.Assignee.Value(); assignee != nil {
		if out.Assignee, err = parseUUID(*assignee); err != nil {
			return out, vault.NewError(vault.CodeBadRequest, "assignee is the opaque id that a request shows").At("filter", "assignee")
		}
	}
	if user := in.User.Value(); user != nil {
		if out.User, err = decodeAs(typeUser, *user); err != nil {
			return out, vault.NewError(vault.CodeBadRequest, "user is a user's id").At("filter", "user")
		}
	}
	return out, nil
}

func (r subjectRequestResolver) ID(_ context.Context, q *vault.SubjectRequest) (string, error) {
	return ID(typeRequest, q.ID), nil
}

func (r subjectRequestResolver) User(_ context.Context, q *vault.SubjectRequest) (*string, error) {
	if q.User == uuid.Nil {
		return nil, nil //nolint:nilnil // the schema answers null
	}
	id := UserID(q.User)
	return &id, nil
}

func (r subjectRequestResolver) WorkingDaysLeft(ctx context.Context, q *vault.SubjectRequest) (*int, error) {
	if !q.Open() {
		return nil, nil //nolint:nilnil // nobody waits any more
	}
	left, err := r.Vault.DaysLeft(ctx, *q)
	return &left, err
}

func (r subjectRequestResolver) Assignee(ctx context.Context, q *vault.SubjectRequest) (*string, error) {
	if _, colleague := from(ctx).actor.Allowed(vault.Support, vault.Compliance); !colleague || q.Assignee == uuid.Nil {
		return nil, nil //nolint:nilnil // the schema answers null
	}
	id := q.Assignee.String()
	return &id, nil
}

func (r subjectRequestResolver) Proof(_ context.Context, q *vault.SubjectRequest) (*vault.RequesterProof, error) {
	return codeOrNull(q.Proof), nil
}

func (r subjectRequestResolver) Outcome(_ context.Context, q *vault.SubjectRequest) (*vault.RequestOutcome, error) {
	return codeOrNull(q.Outcome), nil
}

func (r subjectRequestResolver) Ground(_ context.Context, q *vault.SubjectRequest) (*vault.RefusalGround, error) {
	return codeOrNull(q.Ground), nil
}

// codeOrNull is null for no code.
func codeOrNull[T ~string](code T) *T {
	if code == "" {
		return nil
	}
	return &code
}

func (r subjectRequestResolver) Reference(_ context.Context, q *vault.SubjectRequest) (*string, error) {
	return orNull(q.Reference), nil
}

func (r subjectRequestResolver) JoinedTo(ctx context.Context, q *vault.SubjectRequest) (*vault.SubjectRequest, error) {
	if q.JoinedTo == uuid.Nil {
		return nil, nil //nolint:nilnil // the schema answers null
	}
	first, err := r.Vault.SubjectRequest(ctx, from(ctx).actor, q.JoinedTo)
	return &first, err
}

func (r subjectRequestResolver) Joined(ctx context.Context, q *vault.SubjectRequest) ([]vault.SubjectRequest, error) {
	return r.Vault.JoinedTo(ctx, *q, r.limits.Page)
}

func (r subjectRequestResolver) Requester(ctx context.Context, q *vault.SubjectRequest, reveal bool, basis *generated.BasisInput) (*vault.Requester, error) {
	who, err := r.Vault.Requester(ctx, from(ctx).actor, *q, reveal, basisOf(basis))
	return &who, err
}

func (r subjectRequestResolver) Document(ctx context.Context, q *vault.SubjectRequest, locale *string) (*vault.RequestDocument, error) {
	if locale == nil && len(from(ctx).languages) == 0 {
		locale = &q.Locale
	}
	return r.Vault.RequestDocument(ctx, *q, r.choose(ctx, locale, vault.Languages).locale)
}

func (r subjectRequestResolver) Export(ctx context.Context, q *vault.SubjectRequest) (*vault.Export, error) {
	return r.Vault.RequestExport(ctx, *q)
}

func (r subjectRequestDocumentResolver) Canonical(_ context.Context, d *vault.RequestDocument) (string, error) {
	return string(d.Canonical), nil
}

func (r requesterResolver) Name(_ context.Context, q *vault.Requester) (*string, error) {
	return orNull(q.Name.Reveal()), nil
}

func (r requesterResolver) Contact(_ context.Context, q *vault.Requester) (*string, error) {
	return orNull(q.Contact.Reveal()), nil
}

func (r requesterResolver) Text(_ context.Context, q *vault.Requester) (*string, error) {
	return orNull(q.Text.Reveal()), nil
}

func (r requesterResolver) Note(_ context.Context, q *vault.Requester) (*string, error) {
	return orNull(q.Note.Reveal()), nil
}

func (r exportResolver) ID(_ context.Context, e *vault.Export) (string, error) {
	return ID(typeExport, e.ID), nil
}

func (r exportResolver) Path(_ context.Context, e *vault.Export) (string, error) {
	return "/exports/" + ID(typeExport, e.ID), nil
}
