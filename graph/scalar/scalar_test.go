package scalar_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/graph/scalar"
)

func TestAStringIsTextAndNothingElse(t *testing.T) {
	if got, err := scalar.UnmarshalString("007"); got != "007" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, v := range []any{json.Number("77015551234"), 7.5, int64(7), true, nil, []any{"7"}} {
		got, err := scalar.UnmarshalString(v)
		if err == nil || got != "" || strings.Contains(err.Error(), "7") {
			t.Errorf("%v: %q, %v", v, got, err)
		}
	}
}

func TestADateTimeIsAMomentFrom1970On(t *testing.T) {
	got, err := scalar.UnmarshalDateTime("2026-11-23T13:30:00.0009+05:00")
	if want := time.Date(2026, 11, 23, 8, 30, 0, 0, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, v := range []any{"0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "yesterday", "2026-11-23", json.Number("1"), nil} {
		if got, err := scalar.UnmarshalDateTime(v); err == nil {
			t.Errorf("%v is %v", v, got)
		}
	}
}
