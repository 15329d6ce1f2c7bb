package vault

import "slices"

// Code is a stable, machine-readable reason. The set is closed: clients switch
// on it, so a new one is announced like a new enum value.
type Code string

// Codes of requests as a whole.
const (
	CodeUnauthenticated   Code = "UNAUTHENTICATED"
	CodeForbidden         Code = "FORBIDDEN"
	CodePolicyNotAccepted Code = "POLICY_NOT_ACCEPTED"
	CodeNotFound          Code = "NOT_FOUND"
	CodeBadRequest        Code = "BAD_REQUEST"
	CodeRateLimited       Code = "RATE_LIMITED"
	CodeComplexity        Code = "COMPLEXITY_LIMIT_EXCEEDED"
	CodeTimeout           Code = "TIMEOUT"
	CodeUnavailable       Code = "UNAVAILABLE"
	CodeInternal          Code = "INTERNAL"
)

// Codes of a payload's userErrors.
const (
	CodeRequired            Code = "REQUIRED"
	CodeInvalidPhone        Code = "INVALID_PHONE"
	CodeInvalidEmail        Code = "INVALID_EMAIL"
	CodeInvalidIIN          Code = "INVALID_IIN"
	CodeInvalidBIN          Code = "INVALID_BIN"
	CodeInvalidDate         Code = "INVALID_DATE"
	CodeInvalidName         Code = "INVALID_NAME"
	CodeInvalidValue        Code = "INVALID_VALUE"
	CodeInvalidLocale       Code = "INVALID_LOCALE"
	CodeInvalidReason       Code = "INVALID_REASON"
	CodeValueTooLong        Code = "VALUE_TOO_LONG"
	CodeIINBirthDate        Code = "IIN_BIRTH_DATE_MISMATCH"
	CodeSendTogether        Code = "SEND_TOGETHER"
	CodeFieldNotCollected   Code = "FIELD_NOT_COLLECTED"
	CodeDuplicateInput      Code = "DUPLICATE_INPUT"
	CodeIdentifierTaken     Code = "IDENTIFIER_TAKEN"
	CodeTooManyChanges      Code = "TOO_MANY_CHANGES"
	CodeRevisionConflict    Code = "REVISION_CONFLICT"
	CodeNotRegistered       Code = "NOT_REGISTERED"
	CodeUserBlocked         Code = "USER_BLOCKED"
	CodeVersionNotPublished Code = "VERSION_NOT_PUBLISHED"
	CodeVersionOutdated     Code = "VERSION_OUTDATED"
	CodeVersionPublished    Code = "VERSION_ALREADY_PUBLISHED"
	CodeVersionIncomplete   Code = "VERSION_INCOMPLETE"
	CodeWarningUnanswered   Code = "WARNING_UNANSWERED"
	CodeHashMismatch        Code = "DOCUMENT_HASH_MISMATCH"
	CodeUnknownItem         Code = "UNKNOWN_CONSENT_ITEM"
	CodeUnknownApp          Code = "UNKNOWN_APP"
	CodeUnknownLocale       Code = "UNKNOWN_LOCALE"
	CodeEventIDReused       Code = "EVENT_ID_REUSED"
	CodeWithdrawnSince      Code = "CONSENT_WITHDRAWN_SINCE"
	CodeNotGiven            Code = "CONSENT_NOT_GIVEN"
	CodeAlreadyWithdrawn    Code = "CONSENT_ALREADY_WITHDRAWN"
	CodeIdempotencyMismatch Code = "IDEMPOTENCY_MISMATCH"
	CodeIdempotencyRunning  Code = "IDEMPOTENCY_IN_PROGRESS"
	CodeLegalHold           Code = "LEGAL_HOLD"
	CodeOpenObligation      Code = "OPEN_OBLIGATION"
	CodeBreachState         Code = "BREACH_STATE"

	CodeRepresentativeNeeded Code = "REPRESENTATIVE_NEEDED"
	CodeRequestClosed        Code = "REQUEST_CLOSED"
	CodeRequestUnverified    Code = "REQUEST_IDENTITY_UNVERIFIED"
	CodeRequestVerified      Code = "REQUEST_IDENTITY_VERIFIED"
	CodeRequestNotExtendable Code = "REQUEST_NOT_EXTENDABLE"
	CodeRequestGround        Code = "REQUEST_GROUND_INVALID"
	CodeRequestOutcome       Code = "REQUEST_OUTCOME_INVALID"

	CodeNotPublishable   Code = "FIELD_NOT_PUBLISHABLE"
	CodeUnknownRecipient Code = "UNKNOWN_RECIPIENT"
	CodeNotCovered       Code = "FIELD_NOT_COVERED"
	CodeDisputeRefused   Code = "DISPUTE_NOT_ALLOWED"
	CodeUnacknowledged   Code = "WARNING_NOT_ACKNOWLEDGED"
	CodeIllegalMove      Code = "NOTICE_STATE_CONFLICT"
)

// Codes that callers inside the service tell apart.
const (
	CodeUndecryptable Code = "UNDECRYPTABLE"
	CodeStale         Code = "STALE"
	CodeTaken         Code = "TAKEN"
)

// requestCodes are answered in GraphQL's top-level errors, whoever asks:
// authentication, the gate, limits and faults.
var requestCodes = []Code{
	CodeUnauthenticated, CodeForbidden, CodePolicyNotAccepted, CodeNotFound, CodeBadRequest,
	CodeRateLimited, CodeComplexity, CodeTimeout, CodeUnavailable, CodeInternal,
}

// payloadCodes are a payload's userErrors: what the person can put right.
var payloadCodes = []Code{
	CodeRequired, CodeInvalidPhone, CodeInvalidEmail, CodeInvalidIIN, CodeInvalidBIN, CodeInvalidDate,
	CodeInvalidName, CodeInvalidValue, CodeInvalidLocale, CodeInvalidReason, CodeValueTooLong, CodeIINBirthDate,
	CodeSendTogether, CodeFieldNotCollected, CodeDuplicateInput, CodeIdentifierTaken, CodeTooManyChanges,
	CodeRevisionConflict, CodeNotRegistered, CodeUserBlocked, CodeVersionNotPublished, CodeVersionOutdated,
	CodeVersionPublished, CodeVersionIncomplete, CodeWarningUnanswered, CodeHashMismatch, CodeUnknownItem, CodeUnknownApp,
	CodeUnknownLocale, CodeEventIDReused, CodeWithdrawnSince, CodeNotGiven, CodeAlreadyWithdrawn,
	CodeIdempotencyMismatch, CodeIdempotencyRunning,
	CodeRequestClosed, CodeRequestUnverified, CodeRequestVerified, CodeRequestNotExtendable, CodeRequestGround, CodeRequestOutcome,
	CodeNotPublishable, CodeUnknownRecipient, CodeNotCovered, CodeDisputeRefused, CodeUnacknowledged, CodeIllegalMove,
	CodeLegalHold, CodeOpenObligation, CodeRepresentativeNeeded, CodeBreachState,
}

// OfRequest reports whether the code belongs in GraphQL's top-level errors.
func (c Code) OfRequest() bool { return slices.Contains(requestCodes, c) }

// OfPayload reports whether the code belongs in a payload's userErrors.
// A code in neither list is nobody's to see: callers get INTERNAL instead.
func (c Code) OfPayload() bool { return slices.Contains(payloadCodes, c) }
