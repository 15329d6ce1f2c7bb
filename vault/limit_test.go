package vault

import "testing"

func TestEachLimitOfADayIsSaidInItsOwnWords(t *testing.T) {
	said := map[string]Counted{}
	for what, limit := range map[Counted]string{
		CountIdentifiers: "5", CountDecisions: "50", CountRequests: "20", countedTechnical: "500",
	} {
		err := asError(limited(ErrLimited.With("what", string(what))))
		if err.Code != CodeTooManyChanges || err.Param("limit") != limit {
			t.Errorf("%s: %v, limit %s", what, err, err.Param("limit"))
		}
		if other, twice := said[err.Message]; twice {
			t.Errorf("%s and %s are told alike", what, other)
		}
		said[err.Message] = what
	}
}
