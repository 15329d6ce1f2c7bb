package vault

// Counted is something that a person may do so many times a day only.
type Counted string

// What is counted. The day is UTC's.
const (
	// CountIdentifiers: changes of what people are found by, so that nobody
	// tries out whose phone is registered.
	CountIdentifiers Counted = "identifiers"
	// CountDecisions: screens of decisions. Each stays on record for ever and
	// is read with the person. Withdrawals are never counted.
	CountDecisions Counted = "decisions"
	// CountRequests: requests that a person submits. Each stays on record.
	CountRequests Counted = "requests"
)

const (
	changesPerDay   = 5
	decisionsPerDay = 50
	requestsPerDay  = 20
)

// limited words the store's ErrLimited for the person.
func limited(err error) error {
	if CodeOf(err) != CodeTooManyChanges {
		return err
	}
	message, limit := "phone, e-mail and IIN can be changed five times a day; try again after midnight UTC", changesPerDay
	switch Counted(asError(err).Param("what")) {
	case CountRequests:
		message, limit = "twenty requests can be made a day; try again after midnight UTC, or write to the operator", requestsPerDay
	case CountDecisions:
		message, limit = "decisions can be recorded fifty times a day; try again after midnight UTC. Withdrawing is always possible", decisionsPerDay
	case countedTechnical:
		message, limit = "the batches of technical data of a day are full; try again after midnight UTC, with more events in each", technicalADay
	default: // CountIdentifiers
	}
	return NewError(CodeTooManyChanges, message).With("limit", itoa(int64(limit))).Because(err)
}
