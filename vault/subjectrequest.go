package vault

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// SubjectRequest is what somebody asks about their personal data under the law.
// Nothing personal is in it: a name, a contact, their words and the answer's are
// kept with it, encrypted; see ObjectValue.
type SubjectRequest struct {
	ID uuid.UUID
	// User is whose data it is about; zero until the identity is proved, and for
	// a requester of whom nothing is held.
	User       uuid.UUID
	Kind       RequestKind
	State      RequestState
	Channel    RequestChannel
	App        string
	Fields     []string // codes of the fields concerned; none: all
	Locale     string   // in which the requester reads
	Revision   int64
	ReceivedAt time.Time // when the term begins
	RecordedAt time.Time
	DueAt      time.Time // the last moment to answer, to the millisecond
	RefuseBy   time.Time // the last moment for a refusal, which may have a shorter term
	ExtendedAt time.Time // zero: never
	Extension  ExtensionReason
	ClosedAt   time.Time // zero: open
	Pack       string    // name of the rule pack that set the due date
	Assignee   uuid.UUID // zero: nobody's
	Proof      RequesterProof
	Outcome    RequestOutcome // of a fulfilled or joined one
	Ground     RefusalGround  // of a refused one
	Reference  string         // a colleague's, of the answer: fixed form, never words
	JoinedTo   uuid.UUID      // the request that answers this one, too
	// Erasure is what the certificate of an erasure is called, or will be: it is
	// known from when the person is, so that they have it before they are erased.
	Erasure uuid.UUID
}

// Open reports whether somebody still waits for the answer.
func (r SubjectRequest) Open() bool { return r.ClosedAt.IsZero() }

// Number is what people call the request by, on paper and in tickets.
func (r SubjectRequest) Number() string {
	n := uint64(r.ID[13])<<16 | uint64(r.ID[14])<<8 | uint64(r.ID[15])
	return fmt.Sprintf("REQ-%s/%06d", r.RecordedAt.UTC().Format("060102"), n%1_000_000)
}

// object is the request as an event names it.
func (r SubjectRequest) object() string {
	return "SubjectRequest:" + r.ID.String() + ";kind=" + string(r.Kind)
}

// RequestKind is what is asked.
type RequestKind string

// The kinds.
const (
	AsksAccess     RequestKind = "ACCESS"
	AsksExport     RequestKind = "EXPORT"
	AsksCorrection RequestKind = "CORRECTION"
	AsksBlocking   RequestKind = "BLOCKING"
	AsksUnblocking RequestKind = "UNBLOCKING"
	AsksErasure    RequestKind = "ERASURE"
	Objects        RequestKind = "OBJECTION" // to a decision made by a machine alone
)

// RequestKinds are all of them.
func RequestKinds() []RequestKind {
	return []RequestKind{AsksAccess, AsksExport, AsksCorrection, AsksBlocking, AsksUnblocking, AsksErasure, Objects}
}

// immediate reports whether the app answers such a request at once.
func (k RequestKind) immediate() bool { return k == AsksAccess || k == AsksExport }

// rule is what says how long an answer may take.
func (k RequestKind) rule() RuleID {
	switch k {
	case AsksExport:
		return RuleExport
	case AsksCorrection:
		return RuleCorrection
	case AsksBlocking:
		return RuleBlocking
	case AsksUnblocking:
		return RuleUnblocking
	case AsksErasure:
		return RuleErasure
	case Objects:
		return RuleObjection
	default:
		return RuleRequestAnswer
	}
}

// RequestChannel is how a request came.
type RequestChannel string

// The channels.
const (
	ByApp    RequestChannel = "APP" // under the person's own token
	ByLetter RequestChannel = "LETTER"
	ByEmail  RequestChannel = "EMAIL"
	ByPhone  RequestChannel = "PHONE"
	InPerson RequestChannel = "IN_PERSON"
)

// RequesterProof is how a requester proved who they are.
type RequesterProof string

// The proofs.
const (
	ProvedByToken          RequesterProof = "TOKEN"
	ProvedByDocument       RequesterProof = "DOCUMENT" // looked at, never copied
	ProvedByAnswers        RequesterProof = "KNOWN_ANSWERS"
	ProvedBySignature      RequesterProof = "ESIGNATURE"
	ProvedByRepresentation RequesterProof = "REPRESENTATIVE"
	// ReportsViolation: whoever tells of a violation need not be the person.
	ReportsViolation RequesterProof = "VIOLATION_REPORT"
)

// RequestOutcome says what a request came to.
type RequestOutcome string

// The outcomes.
const (
	DataShown         RequestOutcome = "GIVEN"
	ExportReady       RequestOutcome = "EXPORT_READY"
	DataCorrected     RequestOutcome = "CORRECTED"
	SelfCorrected     RequestOutcome = "CORRECTED_BY_PERSON"
	DataBlocked       RequestOutcome = "BLOCKED"
	DataUnblocked     RequestOutcome = "UNBLOCKED"
	DataErased        RequestOutcome = "ERASED"
	DecisionChanged   RequestOutcome = "DECISION_CHANGED"
	DecisionExplained RequestOutcome = "DECISION_EXPLAINED"
	NothingHeld       RequestOutcome = "NOTHING_HELD"
	JoinedAnother     RequestOutcome = "JOINED"
)

// outcomes are what a colleague may bring a request of the kind to, where its
// person is known.
func (k RequestKind) outcomes() []RequestOutcome {
	switch k {
	case AsksAccess:
		return []RequestOutcome{DataShown}
	case AsksExport:
		return []RequestOutcome{ExportReady}
	case AsksCorrection:
		return []RequestOutcome{DataCorrected}
	case AsksBlocking:
		return []RequestOutcome{DataBlocked}
	case AsksUnblocking:
		return []RequestOutcome{DataUnblocked}
	case AsksErasure:
		return []RequestOutcome{DataErased}
	case Objects:
		return []RequestOutcome{DecisionChanged, DecisionExplained}
	}
	return nil
}

// RefusalGround is why a request is refused. What the law says of it, and for
// which kinds it holds, is in the rule pack.
type RefusalGround string

// The grounds.
const (
	NotIdentified      RefusalGround = "NOT_IDENTIFIED"
	UnderLegalHold     RefusalGround = "LEGAL_HOLD"
	ObligationOpen     RefusalGround = "OPEN_OBLIGATION"
	DataIsCorrect      RefusalGround = "DATA_CORRECT"
	NoViolation        RefusalGround = "NO_VIOLATION"
	ViolationConfirmed RefusalGround = "VIOLATION_CONFIRMED"
	NotAutomated       RefusalGround = "NOT_AUTOMATED"
	BarredByLaw        RefusalGround = "BARRED_BY_LAW"
)

// ExtensionReason is why an answer takes longer.
type ExtensionReason string

// The reasons.
const (
	HardToAnswer ExtensionReason = "COMPLEX"
	ManyRequests ExtensionReason = "MANY_REQUESTS" // of the same person
)

// rule is what says when the ground holds.
func (g RefusalGround) rule() RuleID {
	return map[RefusalGround]RuleID{
		NotIdentified: RuleRefuseUnknown, UnderLegalHold: RuleRefuseHold, ObligationOpen: RuleRefuseObligation,
		DataIsCorrect: RuleRefuseCorrect, NoViolation: RuleRefuseNoViolation, ViolationConfirmed: RuleRefuseViolation,
		NotAutomated: RuleRefuseByHand, BarredByLaw: RuleRefuseLaw,
	}[g]
}

// RequestFilter narrows a list of requests; zero values do not narrow.
type RequestFilter struct {
	State     RequestState
	Kind      RequestKind
	Assignee  uuid.UUID
	User      uuid.UUID
	JoinedTo  uuid.UUID
	DueBefore time.Time
	Open      bool // only those that wait for an answer
	Own       bool // only what the person asked themselves: no report of a violation
}

// RequestOrder is how a list of requests is sorted, earliest first.
type RequestOrder string

// The orders.
const (
	ByDue      RequestOrder = "DUE_AT"
	ByRefusal  RequestOrder = "REFUSAL_DUE_AT" // and that is never after the other
	ByReceived RequestOrder = "RECEIVED_AT"
)

// RequestCount is how many requests are open at a moment, and of these, how many
// are late, and how many can be refused only late.
type RequestCount struct{ Open, Overdue, Unrefusable int64 }

// list is outcomes as an error names them.
func list(outcomes []RequestOutcome) string {
	names := make([]string, len(outcomes))
	for i, o := range outcomes {
		names[i] = string(o)
	}
	return strings.Join(names, " ")
}
