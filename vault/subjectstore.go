package vault

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// RequestReader reads what people ask about their data.
type RequestReader interface {
	// SubjectRequest answers one; ErrNotFound.
	SubjectRequest(ctx context.Context, id uuid.UUID) (SubjectRequest, error)
	// SubjectRequests lists requests in an order, earliest first.
	SubjectRequests(ctx context.Context, filter RequestFilter, by RequestOrder, page Page) ([]SubjectRequest, error)
	// RequestDocument answers the answer's canonical bytes; ErrNotFound: there is
	// none yet, or not in this language.
	RequestDocument(ctx context.Context, request uuid.UUID, locale string) (StoredDocument, error)
	// CountRequests counts the open ones at a moment, and those that are late.
	CountRequests(ctx context.Context, now time.Time) (RequestCount, error)
	// Export answers one; ErrNotFound.
	Export(ctx context.Context, id uuid.UUID) (Export, error)
	// ExportOf answers the one that was made for a request; ErrNotFound.
	ExportOf(ctx context.Context, request uuid.UUID) (Export, error)
}

// RequestTx queues changes of what people ask about their data.
type RequestTx interface {
	ObjectValueTx
	// InsertRequest adds one. ErrTaken (parameter "what": "request"): the person
	// has an open one that is answered with the same.
	InsertRequest(r SubjectRequest)
	// UpdateRequest changes one from the expected revision. ErrStale: it is
	// another one. ErrTaken as above.
	UpdateRequest(r SubjectRequest, expected int64)
	// InsertRequestDocuments adds the answer, by language. It never changes.
	InsertRequestDocuments(request uuid.UUID, documents []StoredDocument)
	// InsertExport adds one; its request is inserted before.
	InsertExport(e Export)
	// UseExport marks it as fetched. ErrStale: it was fetched before.
	UseExport(id uuid.UUID, at time.Time)
}
