package vault

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// TestASpanIsWiderThanATermEverIs: what was decided outside the span is judged as
// if it had been decided at its end.
func TestASpanIsWiderThanATermEverIs(t *testing.T) {
	terms := []string{"P1Y", "P3Y", "P6M", "P1M", "P30D", "P1Y1M1D", "P11M29D", "P100Y", "P1D"}
	rapid.Check(t, func(t *rapid.T) {
		term := rapid.SampledFrom(terms).Draw(t, "term")
		now := time.UnixMilli(rapid.Int64Range(1.6e12, 2.2e12).Draw(t, "now")).UTC()
		v := &Version{ID: uuid.New(), Facts: Facts{Term: &term}}
		c := &census{Person: &Person{now: now, versions: map[uuid.UUID]*Version{v.ID: v}}, version: v}
		span := c.spans([]Moment{{Version: v.ID}})[0]
		decided := now.AddDate(0, 0, -rapid.IntRange(0, 40_000).Draw(t, "days")).Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "time")))
		expired := func(at time.Time) bool {
			end := c.expires(ConsentEvent{Version: v.ID, ReceivedAt: at})
			return !now.Before(end)
		}
		switch {
		case decided.Before(span.From) && (!expired(decided) || !expired(span.From)):
			t.Fatalf("%s before %s holds still", decided, span.From)
		case decided.After(span.Until) && (expired(decided) || expired(span.Until)):
			t.Fatalf("%s after %s holds no more", decided, span.Until)
		}
	})
}
