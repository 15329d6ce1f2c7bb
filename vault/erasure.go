package vault

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// ErasureGround says why a person is erased.
type ErasureGround string

// The grounds.
const (
	ErasedOnRequest   ErasureGround = "PERSON_ASKED"
	ErasedByRetention ErasureGround = "RETENTION_OVER"
	ErasedByLaw       ErasureGround = "LAW" // a law, a court, the authority
	ErasedByOperator  ErasureGround = "OPERATOR"
)

// Trace is a sort of thing that is kept of a person and goes with them.
type Trace string

// The traces.
const (
	TraceFields    Trace = "FIELDS"
	TraceIndexes   Trace = "INDEXES"          // what they are found by
	TraceLogins    Trace = "LOGINS"           // so that they may register anew, as somebody new
	TraceClaims    Trace = "LOGIN_CLAIMS"     // by what a login was brought, or might have been
	TraceRepeats   Trace = "IDEMPOTENCY_KEYS" // which stand under the digest of a login
	TraceObjects   Trace = "OBJECT_VALUES"    // kept with requests and the like
	TraceContexts  Trace = "NETWORK_CONTEXTS" // beside consents
	TraceTechnical Trace = "TECHNICAL_DATA"   // what their devices sent
	TraceCounts    Trace = "DAILY_COUNTS"     // of what they did on a day
)

// TraceCount is how many there are.
type TraceCount struct {
	Trace Trace `json:"trace"`
	Rows  int64 `json:"rows"`
}

// KeptKind is what stays of a person under the opaque id.
type KeptKind string

// What stays, as far as there is any of it. Evidence is still somebody's:
// encrypted, and for COMPLIANCE only.
const (
	KeptConsents    KeptKind = "CONSENTS" // decisions, and channels that were refused
	KeptAudit       KeptKind = "AUDIT"
	KeptDisclosures KeptKind = "DISCLOSURES" // to whom data was passed on, and what they were told since
	KeptRequests    KeptKind = "REQUESTS"    // what was asked and answered, in codes
	KeptHolds       KeptKind = "HOLDS"       // what stood against an erasure
	KeptBreaches    KeptKind = "BREACHES"    // that one touched them
	KeptCertificate KeptKind = "CERTIFICATE" // the opaque id, and that they were erased
	KeptFields      KeptKind = "EVIDENCE_FIELDS"
	KeptContexts    KeptKind = "EVIDENCE_NETWORK_CONTEXTS"
)

// Kept is what stays, on which ground, and until when.
type Kept struct {
	Kind   KeptKind
	Source string    // where the rule comes from: an article
	Until  time.Time // zero: no end is set
}

// Erasure is that a person was erased: the certificate. Nothing personal is in
// it. Its canonical bytes are what is stored.
type Erasure struct {
	ID        uuid.UUID
	User      uuid.UUID
	At        time.Time
	Ground    ErasureGround
	Reference string    // of the request, the order
	Actor     uuid.UUID // who did it; zero: a job or the command line
	Gone      []TraceCount
	Kept      []Kept
	// ReplayedAt is when it was carried out again, on a database that came from
	// a copy older than it.
	ReplayedAt time.Time

	LedgeredAt time.Time // zero: its tombstone is not known to be in the ledger
}

// erasureBytes is the form of an erasure's canonical bytes, version 1.
type erasureBytes struct {
	V          int           `json:"v"`
	ID         uuid.UUID     `json:"id"`
	User       uuid.UUID     `json:"user"`
	At         int64         `json:"at"`
	Ground     ErasureGround `json:"ground"`
	Reference  string        `json:"reference"`
	Actor      *uuid.UUID    `json:"actor,omitempty"`
	Gone       []TraceCount  `json:"gone"`
	Kept       []keptBytes   `json:"kept"`
	ReplayedAt int64         `json:"replayedAt,omitempty"`
}

type keptBytes struct {
	Kind   KeptKind `json:"kind"`
	Source string   `json:"source"`
	Until  int64    `json:"until,omitempty"`
}

// Bytes are the erasure's canonical bytes.
func (e Erasure) Bytes() ([]byte, error) {
	out := erasureBytes{
		V: 1, ID: e.ID, User: e.User, At: e.At.UnixMilli(), Ground: e.Ground, Reference: e.Reference,
		Gone: slices.Clip(append([]TraceCount{}, e.Gone...)), Kept: []keptBytes{},
	}
	if e.Actor != uuid.Nil {
		out.Actor = &e.Actor
	}
	for _, k := range e.Kept {
		one := keptBytes{Kind: k.Kind, Source: k.Source}
		if !k.Until.IsZero() {
			one.Until = k.Until.UnixMilli()
		}
		out.Kept = append(out.Kept, one)
	}
	if !e.ReplayedAt.IsZero() {
		out.ReplayedAt = e.ReplayedAt.UnixMilli()
	}
	return Canonical(out)
}

// ReadErasure reads an erasure's canonical bytes.
func ReadErasure(canonical []byte) (Erasure, error) {
	var in erasureBytes
	if err := json.Unmarshal(canonical, &in); err != nil {
		return Erasure{}, NewError(CodeInternal, "a stored erasure does not read as one").Because(err)
	}
	e := Erasure{ID: in.ID, User: in.User, At: time.UnixMilli(in.At).UTC(), Ground: in.Ground, Reference: in.Reference, Gone: in.Gone}
	if in.Actor != nil {
		e.Actor = *in.Actor
	}
	for _, k := range in.Kept {
		one := Kept{Kind: k.Kind, Source: k.Source}
		if k.Until != 0 {
			one.Until = time.UnixMilli(k.Until).UTC()
		}
		e.Kept = append(e.Kept, one)
	}
	if in.ReplayedAt != 0 {
		e.ReplayedAt = time.UnixMilli(in.ReplayedAt).UTC()
	}
	return e, nil
}

// Tombstone is what is left of a person outside the database: that they were
// erased, and why. A copy of the database that is older brings them back, and
// by this it is noticed.
type Tombstone struct {
	Erasure   uuid.UUID
	User      uuid.UUID
	At        time.Time
	Ground    ErasureGround
	Reference string
}

func (e Erasure) tombstone() Tombstone {
	return Tombstone{Erasure: e.ID, User: e.User, At: e.At, Ground: e.Ground, Reference: e.Reference}
}

// Ledger keeps tombstones outside the database, for good.
type Ledger interface {
	// Bury adds tombstones. When it returns nil they are on disk, and stay there
	// if the machine stops. ErrUnavailable: it is not known whether they are.
	Bury(ctx context.Context, stones ...Tombstone) error
	// Tombstones answers all that were buried of this database, some of them
	// twice. An error: some of it cannot be read, so that nobody knows all.
	Tombstones(ctx context.Context) ([]Tombstone, error)
}

// ErasureFilter narrows a list of erasures; zero values do not narrow.
type ErasureFilter struct {
	ID         uuid.UUID
	Users      []uuid.UUID // only of these people
	Unledgered bool        // only those whose tombstone is not known to be in the ledger
}

// Evidence is what the rules have us keep of somebody who is erased.
type Evidence struct {
	Fields   []string // codes
	Contexts bool     // the network contexts beside consents
}

// ErasureReader reads what is there to erase, and who was.
type ErasureReader interface {
	// User answers a person by id; ErrNotFound.
	User(ctx context.Context, id uuid.UUID) (User, error)
	// Traces counts what goes with a person when the evidence is kept: every
	// trace, in the order in which they go.
	Traces(ctx context.Context, user uuid.UUID, kept Evidence) ([]TraceCount, error)
	// Erasures lists erasures by moment, at most limit of them.
	Erasures(ctx context.Context, filter ErasureFilter, limit int) ([]Erasure, error)
}

// ErasureTx queues erasures.
type ErasureTx interface {
	// EraseUser marks a person as erased and removes what is kept of them, but
	// the evidence. ErrStale: they are not as they were read, or there is not as
	// much of it as the counts say. ErrTaken: they were erased before.
	EraseUser(u User, gone []TraceCount, kept Evidence)
	// InsertErasure keeps the certificate. ErrTaken: there is one of this person.
	InsertErasure(e Erasure)
}
