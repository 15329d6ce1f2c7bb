package vault

import (
	"time"

	"github.com/google/uuid"
)

// Action names what was done: dotted, in the past.
type Action string

// The actions that leave an event.
const (
	UserRegistered      Action = "user.registered"
	UserUpdated         Action = "user.updated"
	UserSearched        Action = "user.searched"
	ProfileRevealed     Action = "profile.revealed"
	ConsentRecorded     Action = "consent.recorded"
	WithdrawalRecorded  Action = "consent.withdrawn"
	InvalidityRecorded  Action = "consent.invalidated"
	ConsentsExpired     Action = "consent.expired"
	RepresentativeSeen  Action = "representative.revealed"
	UserCreated         Action = "user.created"
	UserConfirmed       Action = "user.confirmed"
	ClaimIssued         Action = "user.claimIssued"
	UserClaimed         Action = "user.claimed"
	IdentifierVerified  Action = "identifier.verified"
	IdentifierReleased  Action = "identifier.released"
	PolicyDrafted       Action = "policy.drafted"
	PolicyChanged       Action = "policy.changed"
	PolicyPublished     Action = "policy.published"
	VisibilityChanged   Action = "visibility.changed"
	ChannelsChosen      Action = "channels.chosen"
	DisclosureRecorded  Action = "disclosure.recorded"
	DisclosureApproved  Action = "disclosure.approved"
	DisclosureSeen      Action = "disclosure.seen"
	DisclosureReleased  Action = "disclosure.released"
	NoticeMoved         Action = "notice.moved"
	NoticesRead         Action = "notices.read"
	PolicyTextDeclared  Action = "policy.text_declared"
	ConsentsCounted     Action = "consent.counted"
	ConsentPrinted      Action = "consent.printed"
	AppApplied          Action = "app.applied"
	AccessDenied        Action = "access.denied"
	AuditRead           Action = "audit.read"
	AuditExported       Action = "audit.exported"
	CanaryWritten       Action = "canary.written"
	RewrapStarted       Action = "rewrap.started"
	RewrapEnded         Action = "rewrap.ended"
	KeysRead            Action = "keys.read"
	KeysRetired         Action = "keys.retired"
	KeysTrimmed         Action = "keys.trimmed"
	BackupDeclared      Action = "backup.declared"
	BackupExpired       Action = "backup.expired"
	KeysRotated         Action = "keys.rotated"
	KeysExported        Action = "keys.exported"
	KeysImported        Action = "keys.imported"
	ReindexStarted      Action = "reindex.started"
	ReindexStepped      Action = "reindex.stepped"
	ReindexEnded        Action = "reindex.ended"
	DemonstrationFilled Action = "demo.filled"

	RequestSubmitted    Action = "request.submitted"
	RequestJoined       Action = "request.joined"
	RequestAssigned     Action = "request.assigned"
	RequestReopened     Action = "request.reopened"
	RequesterVerified   Action = "request.verified"
	RequesterRetracted  Action = "request.retracted"
	RequestWasFulfilled Action = "request.fulfilled"
	RequestWasRefused   Action = "request.refused"
	RequestExtended     Action = "request.extended"
	RequestWasCancelled Action = "request.cancelled"
	RequesterRevealed   Action = "request.revealed"
	UserWasBlocked      Action = "user.blocked"
	UserWasUnblocked    Action = "user.unblocked"
	ExportWasMade       Action = "export.made"
	ExportWasDownloaded Action = "export.downloaded"
	UserErased          Action = "user.erased"
	ErasureReplayed     Action = "erasure.replayed"
	RetentionStarted    Action = "retention.started"
	RetentionEnded      Action = "retention.ended"
	RetentionWarned     Action = "retention.warned"
	RetentionErased     Action = "retention.erased"
	HoldPlaced          Action = "hold.placed"
	HoldLifted          Action = "hold.lifted"
	ObligationRecorded  Action = "obligation.recorded"
	ObligationSettled   Action = "obligation.settled"
	TechnicalRecorded   Action = "technical.recorded"
	TechnicalRevealed   Action = "technical.revealed"
	TechnicalForgotten  Action = "technical.forgotten"
	TechnicalKept       Action = "technical.held"
	ContextRevealed     Action = "context.revealed"
	BreachRecorded      Action = "breach.recorded"
	BreachUpdated       Action = "breach.updated"
	BreachWasClosed     Action = "breach.closed"
	BreachNoticeIssued  Action = "breach.noticeIssued"
	AccessReported      Action = "access.reported"

	BreachNoticeDownloaded Action = "breach.noticeDownloaded"
)

// Outcome says how an act ended.
type Outcome string

// The outcomes.
const (
	OutcomeOK     Outcome = "OK"
	OutcomeDenied Outcome = "DENIED"
	OutcomeMasked Outcome = "MASKED"
)

// AuditEvent is one thing that somebody did. It names fields, never values,
// and has no free text: Reference and Object have a fixed form. Its canonical
// bytes are the stored truth, columns are copies for filters.
type AuditEvent struct {
	ID        uuid.UUID
	At        time.Time
	Actor     uuid.UUID // colleague, service or person; zero for SYSTEM
	Kind      Role      // what kind of caller
	Role      Role      // the role that allowed it
	Action    Action
	Subject   uuid.UUID // whose data; zero: nobody's
	App       string
	Fields    []string // codes, in the order touched
	Purpose   string   // the ground, when it is a purpose
	Reason    string   // the ground, when it is a request: its reason code
	Reference string   // ticket or legal reference
	Consent   uuid.UUID
	// Object is what else it is about: "PolicyVersion:<uuid>", "KeyVersion:<key>/<version>", "IndexPlan:<epoch>",
	// "KeyExport:<SHA-256>", "Backup:<uuid>;kind=<kind>", "Erasure:<uuid>", "Retention:<figures>", "Obstacle:<uuid>", "Query.auditEvents",
	// "DisclosureApproval:<SHA-256 of what is approved>",
	// "SubjectRequest:<uuid>;kind=<kind>", "Export:<uuid>".
	Object    string
	Outcome   Outcome
	RequestID string
}

// Bytes are the event's canonical bytes, version 1. Empty parts are left out.
func (e AuditEvent) Bytes() ([]byte, error) {
	out := map[string]any{
		"v": 1, "id": e.ID.String(), "at": e.At.UnixMilli(), "kind": e.Kind, "role": e.Role,
		"action": e.Action, "outcome": e.Outcome, "requestId": e.RequestID,
	}
	for name, id := range map[string]uuid.UUID{"actor": e.Actor, "subject": e.Subject, "consent": e.Consent} {
		if id != uuid.Nil {
			out[name] = id.String()
		}
	}
	for name, text := range map[string]string{
		"app": e.App, "purpose": e.Purpose, "reason": e.Reason, "reference": e.Reference, "object": e.Object,
	} {
		if text != "" {
			out[name] = text
		}
	}
	if len(e.Fields) > 0 {
		out["fields"] = e.Fields
	}
	return Canonical(out)
}

// size is about how many bytes the event takes to store.
func (e AuditEvent) size() int {
	n := 512 + len(e.Purpose) + len(e.Reason) + len(e.Reference) + len(e.Object) + len(e.RequestID)
	for _, code := range e.Fields {
		n += 2 * len(code)
	}
	return n
}

// StoredEvent is an audit event as it was stored, with its canonical bytes.
type StoredEvent struct {
	AuditEvent
	Canonical []byte
}

// AuditFilter narrows a list of events; zero values do not narrow.
type AuditFilter struct {
	ID        uuid.UUID
	Actor     uuid.UUID
	Subject   uuid.UUID
	Action    string
	Actions   []Action // any of them
	Consent   uuid.UUID
	Outcome   Outcome
	Purpose   string
	From, To  time.Time // From inclusive, To exclusive
	RequestID string
}

// event starts an audit event by this actor. Whose own act it is shows in the
// id: a person's events hold their user id.
func (s *Service) event(a Actor, role Role, action Action) AuditEvent {
	kind := a.Kind()
	return AuditEvent{
		ID: s.NewID(), At: s.now(), Actor: a.ID, Kind: kind, Role: role,
		Action: action, App: a.App, Outcome: OutcomeOK, RequestID: a.RequestID,
	}
}

// systemEvent starts an audit event of a job or of the command line, which go
// by no service.
func systemEvent(a Actor, action Action, id uuid.UUID, at time.Time) AuditEvent {
	return AuditEvent{
		ID: id, At: at, Actor: a.ID, Kind: a.Kind(), Role: a.Kind(),
		Action: action, Outcome: OutcomeOK, RequestID: a.RequestID,
	}
}
