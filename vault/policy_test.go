package vault

import (
	"slices"
	"testing"
	"time"
)

func TestInForceIsAQuestionAboutAMoment(t *testing.T) {
	a, b, c := testVersion(1, morning, morning), testVersion(2, morning.Add(days(1)), morning.Add(days(10))), testVersion(3, morning.Add(days(2)), morning.Add(days(5)))
	var moments []Moment
	for _, v := range []*Version{b, c, a} {
		moments = append(moments, Moment{v.ID, v.PublishedAt, v.EffectiveAt})
	}
	timeline := NewTimeline(moments)
	for when, want := range map[time.Time]*Version{
		morning.Add(-1):           nil,
		morning:                   a,
		morning.Add(days(5) - 1):  a,
		morning.Add(days(5)):      c,
		morning.Add(days(10) - 1): c,
		morning.Add(days(10)):     b,
		morning.Add(days(9999)):   b,
	} {
		id, ok := timeline.InForce(when)
		if ok != (want != nil) || ok && id != want.ID {
			t.Errorf("at %s: %s, %t", when, id, ok)
		}
	}
	if coming := timeline.Coming(morning.Add(days(2))); len(coming) != 2 || coming[0].Version != c.ID {
		t.Errorf("coming: %v", coming)
	}
	if coming := timeline.Coming(morning.Add(days(1))); len(coming) != 1 || coming[0].Version != b.ID {
		t.Errorf("what is not published yet is not coming: %v", coming)
	}
}

func TestTiesGoToTheLaterPublicationThenToTheGreaterID(t *testing.T) {
	effective := morning.Add(days(5))
	early, late := Moment{testID(9), morning, effective}, Moment{testID(1), morning.Add(1 * time.Millisecond), effective}
	same := Moment{testID(2), morning.Add(1 * time.Millisecond), effective}
	for _, order := range [][]Moment{{early, late, same}, {same, late, early}, {late, early, same}} {
		if id, _ := NewTimeline(order).InForce(effective); id != same.Version {
			t.Errorf("%v: %s", order, id)
		}
	}
	if id, _ := NewTimeline([]Moment{late, early}).InForce(effective); id != late.Version {
		t.Error("the earlier publication won")
	}
}

func TestATimelineLeavesItsMomentsAsTheyWere(t *testing.T) {
	moments := []Moment{{testID(2), morning, morning.Add(days(2))}, {testID(1), morning, morning}}
	was := slices.Clone(moments)
	NewTimeline(moments)
	if !slices.Equal(moments, was) {
		t.Error("the caller's slice was sorted")
	}
}

func TestDurationsAreCountedByTheCalendar(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 23, 30, 0, 5e6, time.UTC) }
	for _, c := range []struct {
		from time.Time
		iso  string
		want time.Time
	}{
		{day(2026, 3, 2), "P3Y", day(2029, 3, 2)},
		{day(2026, 3, 2), "P6M", day(2026, 9, 2)},
		{day(2026, 3, 2), "P1Y6M", day(2027, 9, 2)},
		{day(2026, 3, 2), "P30D", day(2026, 4, 1)},
		{day(2026, 3, 2), "P1Y1M1D", day(2027, 4, 3)},
		{day(2026, 11, 30), "P14M", day(2028, 1, 30)},
		{day(2026, 1, 31), "P1M", day(2026, 2, 28)}, // no 31 February: the month's last day
		{day(2028, 1, 31), "P1M", day(2028, 2, 29)},
		{day(2028, 2, 29), "P1Y", day(2029, 2, 28)},
		{day(2026, 8, 31), "P1M1D", day(2026, 10, 1)},
		{day(2026, 12, 31), "P9999D", day(2054, 5, 17)},
	} {
		if got, ok := AddDuration(c.from, c.iso); !ok || !got.Equal(c.want) {
			t.Errorf("%s from %s: %s, %t", c.iso, c.from, got, ok)
		}
	}
}

func TestWhatIsNoDurationIsRefused(t *testing.T) {
	for _, iso := range []string{
		"", "P", "P0D", "P0Y0M0D", "3Y", "P3", "PT1H", "P1DT1H", "P1W", "P-1Y", "-P1Y", "P1.5Y", "p1y", "P1Y ", " P1Y", "P1M1Y",
		"P1Y1Y", "P1000Y", "P10000D", "P1Y\n", "P١Y", "forever",
	} {
		if got, ok := AddDuration(morning, iso); ok {
			t.Errorf("%q is %s", iso, got)
		}
	}
}

func TestCollectedFieldsKeepTheOrderOfTheItems(t *testing.T) {
	facts := goodFacts(ask("one", true, "phone", "email"), ask("two", false, "email", "familyName", "unheardOf"), tell("tax", "iin"))
	facts.Items[0].Fields[0].Required, facts.Items[1].Fields[1].Required = true, true
	var got []string
	for _, c := range facts.Collected(testCatalogue()) {
		mark := ""
		if c.Required {
			mark = "!"
		}
		got = append(got, c.Code+mark)
	}
	// A field that only an optional item requires may be left out with it.
	if want := []string{"phone!", "email", "familyName", "iin"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
