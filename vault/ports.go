package vault

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Page asks for a part of a list: up to Limit rows after a key (zero: from
// the start). Stores are asked for one row more than shown, to know whether
// there is a next page.
type Page struct {
	After uuid.UUID
	Limit int
}

// UserFilter narrows a list of people.
type UserFilter struct {
	Status Status // empty: any
}

// Every reading method is one statement, so one snapshot. They answer
// ErrNotFound where one object was asked for and is not there, and
// ErrUnavailable when the database does not answer. Lists are empty, not nil
// errors, when nothing matches.

// StandingReader reads who somebody is, what is published and what they
// decided, together.
type StandingReader interface {
	// Standing of the person with this login in the app of this code; User is
	// nil when nobody has it. ErrNotFound: no such app.
	Standing(ctx context.Context, app string, login SubjectKey) (Standing, error)
	// Standings of people by id, in the order asked; User is nil for an
	// unknown id. ErrNotFound: no such app.
	Standings(ctx context.Context, app string, users []uuid.UUID) ([]Standing, error)
}

// UserReader reads people.
type UserReader interface {
	Users(ctx context.Context, filter UserFilter, page Page) ([]User, error)
	CountUsers(ctx context.Context, filter UserFilter) (int64, error)
	// FindUsers answers people by a blind index that was computed under the plan
	// of an epoch, verified holders first, then by id; at most limit.
	// ErrReplanned: another plan is in force.
	FindUsers(ctx context.Context, plan int64, by BlindIndex, limit int) ([]Match, error)
	// FindByLogin answers people by any of their logins, by id; at most limit.
	FindByLogin(ctx context.Context, logins []SubjectKey, limit int) ([]Match, error)
	ClaimReader
}

// FieldReader reads personal values, encrypted.
type FieldReader interface {
	// Fields answers everything stored for these people, in no order.
	Fields(ctx context.Context, users []uuid.UUID) ([]StoredField, error)
	// Indexes answers what a person is found by, in no order.
	Indexes(ctx context.Context, user uuid.UUID) ([]BlindIndex, error)
	// IndexPlan answers the plan in force; ErrNotFound: there is none yet.
	IndexPlan(ctx context.Context) (IndexPlan, error)
}

// ConsentReader reads consents across apps.
type ConsentReader interface {
	// Decided answers all events of a person, by Seq.
	Decided(ctx context.Context, user uuid.UUID) (History, error)
	// Act answers an act by the client's id; ErrNotFound.
	Act(ctx context.Context, user, id uuid.UUID) (Act, error)
	// DecidedAlike counts the people who ever decided anything in an app and are
	// not erased, together with whoever decided alike. Versions that have no span
	// are told as uuid.Max.
	DecidedAlike(ctx context.Context, app string, spans []Span) ([]Alike, error)
}

// PolicyReader reads policies.
type PolicyReader interface {
	// Version answers a version, published or not; ErrNotFound.
	Version(ctx context.Context, id uuid.UUID) (*Version, error)
	// Document answers the canonical document's bytes; ErrNotFound.
	Document(ctx context.Context, version uuid.UUID, locale string) (StoredDocument, error)
	// Versions lists an app's versions, newest first; drafts only when asked.
	Versions(ctx context.Context, app string, drafts bool, page Page) ([]*Version, error)
}

// AppReader reads apps.
type AppReader interface {
	// App answers an app with what is published of it; ErrNotFound.
	App(ctx context.Context, code string) (App, []Moment, error)
	Apps(ctx context.Context) ([]App, error)
}

// AuditReader reads the audit log.
type AuditReader interface {
	// Events lists events newest first.
	Events(ctx context.Context, filter AuditFilter, page Page) ([]StoredEvent, error)
}

// KeepingReader reads what the service keeps for itself.
type KeepingReader interface {
	// Meta answers a value kept under a name; ErrNotFound.
	Meta(ctx context.Context, name string) (string, error)
	// Colleague answers the id of a colleague or service; ErrNotFound.
	Colleague(ctx context.Context, login SubjectKey) (uuid.UUID, error)
	// Remembered answers what an idempotency key was used for; ErrNotFound.
	Remembered(ctx context.Context, principal, operation, key string) (Remembered, error)
}

// HeldReader reads ciphertexts whosever they are, for the jobs that look after
// keys.
type HeldReader interface {
	// CountHeld counts a holding's ciphertexts by key and version, in that
	// order. Unlike the others it takes several statements, because a large
	// table is counted in parts: what changes meanwhile is counted or not.
	CountHeld(ctx context.Context, of Holding) ([]HeldCount, error)
	// Held lists the ciphertexts under one version of a key by their primary
	// keys, at most limit of them, after a row (zero: from the start). It walks
	// no others, however few these are.
	Held(ctx context.Context, of Holding, key string, version int, after HeldRow, limit int) ([]Held, error)
}

// IndexReader reads blind indexes whosever they are, for the job that computes
// them anew.
type IndexReader interface {
	IndexPlan(ctx context.Context) (IndexPlan, error)
	// CountIndexes counts blind indexes by field and version, in that order. It
	// takes several statements, as CountHeld does.
	CountIndexes(ctx context.Context) ([]IndexCount, error)
	// IndexedFields lists the blind indexes of a field under one version by
	// digest and person, at most limit of them, after one (zero: from the
	// start), those that stand under the version to as well included.
	IndexedFields(ctx context.Context, field string, version, to int, after BlindIndex, limit int) ([]IndexedField, error)
}

// PersonReader reads who people are, what is kept of them and for how long.
type PersonReader interface {
	StandingReader
	UserReader
	FieldReader
	ObjectValueReader
	TechnicalReader
	ObstacleReader
	RetentionReader
	ErasureReader
}

// DecisionReader reads what people decided and asked for, and to whom their
// data was passed on.
type DecisionReader interface {
	ConsentReader
	ChannelReader
	DisclosureReader
	RequestReader
}

// OperatorReader reads what the operator says and owes to people.
type OperatorReader interface {
	AppReader
	PolicyReader
	BreachReader
}

// OversightReader reads what was done, and by whom.
type OversightReader interface {
	AuditReader
	AccessReader
}

// Reader is everything that requests read.
type Reader interface {
	PersonReader
	DecisionReader
	OperatorReader
	OversightReader
	KeepingReader
}

// UserTx queues changes of people.
type UserTx interface {
	// InsertUser adds a person with a login, or (zero) without one. ErrTaken
	// (parameter "what": "login"): the login has a person.
	InsertUser(u User, login SubjectKey)
	// ReviseUser raises the revision from the expected one, and sets the
	// locale when it is not nil. ErrStale: the revision is another one, or the
	// person is erased.
	ReviseUser(id uuid.UUID, expected int64, locale *string)
	// SetStatus changes whether a person's data is processed. ErrStale: the
	// revision is another one.
	SetStatus(id uuid.UUID, expected int64, status Status)
	// ConfirmUser stamps that the person says that their data still holds.
	// ErrStale: the revision is another one.
	ConfirmUser(id uuid.UUID, expected int64, at time.Time)
	// Represent sets until when somebody decides for the person; zero: nobody
	// does. ErrStale: they have decided since.
	Represent(id uuid.UUID, seq int64, until time.Time)
	ClaimTx
}

// FieldTx queues changes of personal fields.
type FieldTx interface {
	// PutField adds or replaces a field. An empty Visibility leaves that as it
	// is, PRIVATE for a new one.
	PutField(f StoredField)
	// SetVisibility changes who may see fields. ErrStale: one that is to be
	// PUBLIC is not stored.
	SetVisibility(user uuid.UUID, codes []string, to Visibility)
	// ClearField removes a field with its blind indexes.
	ClearField(user uuid.UUID, code string)
	// PutIndexes replaces a field's blind indexes with those computed under the
	// plan of an epoch; the field is put before. ErrTaken (parameter "field"):
	// another person has proved the value. ErrReplanned: another plan is in force.
	PutIndexes(plan int64, user uuid.UUID, field string, rows []BlindIndex)
	// SetVerified marks a field and its indexes. ErrTaken as above; ErrStale:
	// there is no such field, or it was written since.
	SetVerified(user uuid.UUID, field string, writtenAt time.Time, verified bool)
	// Count counts one more of something that a person did on a day (UTC,
	// YYYY-MM-DD); ErrLimited beyond the limit.
	Count(user uuid.UUID, what Counted, day string, limit int)
}

// ConsentTx queues consent events.
type ConsentTx interface {
	// Append adds an act with its events, whose Seq follow on expected.
	// ErrStale: the person's ConsentSeq is another one, or they are erased.
	// ErrTaken (parameter "what": "act"): the act's id was used.
	Append(act Act, expected int64, events []ConsentEvent)
}

// PolicyTx queues changes of apps and policies.
type PolicyTx interface {
	PutApp(app App)
	// InsertVersion adds a draft with its documents.
	InsertVersion(v *Version, documents []StoredDocument)
	// UpdateVersion replaces a draft with its documents. ErrStale: it is not a
	// draft of the expected revision any more.
	UpdateVersion(v *Version, expected int64, documents []StoredDocument)
	// PublishVersion publishes a draft with its documents, as the version that
	// follows on those published of its app. ErrStale as above, or there is
	// another number of them by now.
	PublishVersion(v *Version, expected int64, published int, documents []StoredDocument)
}

// AuditTx queues audit events.
type AuditTx interface {
	Record(events ...AuditEvent)
}

// IndexTx queues changes of how people are found.
type IndexTx interface {
	// PutPlan puts a plan in force: the first one, or the one after. ErrStale:
	// the last one is of another epoch, or those before it are not settled.
	PutPlan(p IndexPlan)
	// SettlePlan forgets the plans before an epoch. It waits for those who are
	// writing under them; when it is done, nobody will.
	SettlePlan(epoch int64)
	// FillIndexes adds indexes beside those that were read, proved if they are.
	// What does not stand any more, or is being changed at the moment, is left
	// out. ErrTaken (parameter "field"): another person has proved the value.
	FillIndexes(rows []Reindexed)
	// DropIndexes removes blind indexes of a field under a version, at most limit
	// of them, and none that is being changed. ErrNotFound: it removed none.
	DropIndexes(field string, version, limit int)
}

// MetaTx queues changes of what is kept under a name.
type MetaTx interface {
	// InsertMeta keeps a value under a name. ErrTaken: the name is in use.
	InsertMeta(name, value string)
	// ReplaceMeta changes a value. ErrStale: it is another one by now.
	ReplaceMeta(name, from, to string)
}

// RememberTx queues what tells a repeated call from a new one.
type RememberTx interface {
	// Remember keeps what an idempotency key was used for. ErrTaken (parameter
	// "what": "idempotencyKey"): it was used within RememberFor.
	Remember(r Remembered)
	// Forget removes idempotency keys that were used before a moment, oldest
	// first, at most limit of them. ErrNotFound: there are none.
	Forget(before time.Time, limit int)
}

// KeepingTx queues what the service keeps for itself.
type KeepingTx interface {
	MetaTx
	RememberTx
	LeaseTx
	LoginTx
	IndexTx
	// InsertColleague adds a colleague or service with the encrypted display
	// name (its Text may be empty). ErrTaken: the login is known.
	InsertColleague(id uuid.UUID, login SubjectKey, name Ciphertext, at time.Time)
	// Rewrap puts ciphertexts in the place of those that were read. Whatever
	// was written there since stays, and nothing else of a row changes. Once that
	// is committed, changed is told of how many rows; nil: nobody is.
	Rewrap(rows []Moved, changed func(rows int))
	// MarkLedgered notes since when tombstones are known to be in the ledger.
	MarkLedgered(erasures []uuid.UUID, at time.Time)
}

// PersonTx queues changes of people and of what is kept of them.
type PersonTx interface {
	UserTx
	FieldTx
	ObjectValueTx
	TechnicalTx
	ObstacleTx
	RetentionTx
	ErasureTx
}

// DecisionTx queues what people decide and ask for, and to whom their data is
// passed on.
type DecisionTx interface {
	ConsentTx
	ChannelTx
	DisclosureTx
	RequestTx
}

// OperatorTx queues what the operator says and owes to people.
type OperatorTx interface {
	PolicyTx
	BreachTx
}

// Tx queues changes: nothing happens before the function given to Write has
// returned, and no method answers data. The function is called again when the
// database asks for a retry, so it is pure: no Vault, no clock, no new ids.
type Tx interface {
	PersonTx
	DecisionTx
	OperatorTx
	AuditTx
	CopyTx
	KeepingTx
}

// Writer changes things. Both methods commit all that was queued, or nothing,
// and answer the first error that a queued change met, or ErrUnavailable.
type Writer interface {
	// Write is the only way to change anything: it refuses to commit unless
	// an audit event was recorded in it.
	Write(ctx context.Context, queue func(Tx) error) error
	// Maintain is the narrow door for housekeeping that leaves no event:
	// leases, canary, idempotency, colleagues' ids, rewrapped ciphertexts, blind
	// indexes under another version, logins to Vault.
	Maintain(ctx context.Context, queue func(KeepingTx) error) error
}

// Cache keeps what never changes or may be a few seconds old, and nothing
// about a person. Losing it costs speed only: an error is logged, never
// answered.
type Cache interface {
	// Get answers the value and whether there is one.
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Set keeps a value for at most ttl; 0: as long as there is room.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

// Claims say which acts are under way on all servers. Nothing depends on them:
// without them an act is refused later, when it is written.
type Claims interface {
	// Claim takes a name for at most ttl. Where somebody has it, the answer is
	// false and what they claimed it with.
	Claim(ctx context.Context, name string, with []byte, ttl time.Duration) (mine bool, theirs []byte, err error)
	// Release gives a name back.
	Release(ctx context.Context, name string) error
}

// Normaliser checks and normalises values.
type Normaliser interface {
	// Normalise answers the form to store (the person's own spelling where
	// that is harmless) and the form that look-ups use. The error is an
	// *Error without a path, and without the value.
	Normalise(kind FieldKind, value string, now time.Time) (stored, normalised string, err error)
	// CheckTogether refuses an IIN and a birth date that contradict each other.
	CheckTogether(iin, birthDate string) error
	// Born is the birth date, YYYY-MM-DD, that a normalised IIN says.
	Born(iin string) (string, bool)
	// Limits are what a value of a kind has to be, as data.
	Limits(kind FieldKind, now time.Time) Limits
	// CheckOrganisation refuses what is no business identification number.
	CheckOrganisation(bin string) error
	// CheckBIN refuses what is no BIN of a legal entity, nor the IIN of a sole
	// entrepreneur.
	CheckBIN(bin string) error
	// Version of the normal forms, stored beside digests.
	Version() int
}
