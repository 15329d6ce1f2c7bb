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
)

const (
	changesPerDay   = 5
	decisionsPerDay = 50
)

// limited words the store's ErrLimited for the person.
func limited(err error) error {
	if CodeOf(err) != CodeTooManyChanges {
		return err
	}
	message, limit := "phone, e-mail and IIN can be changed five times a day; try again after midnight UTC", changesPerDay
	if asError(err).Param("what") == string(CountDecisions) {
		message, limit = "decisions can be recorded fifty times a day; try again after midnight UTC. Withdrawing is always possible", decisionsPerDay
	}
	return NewError(CodeTooManyChanges, message).With("limit", itoa(int64(limit))).Because(err)
}
