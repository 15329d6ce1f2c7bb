package vault

import (
	"fmt"
	"testing"
	"time"
)

func TestAnAddressIsCutToItsNetworkAndAPageToItsPath(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.77": "203.0.113.0/24", "::ffff:203.0.113.77": "203.0.113.0/24", "2001:db8:1:2:3::4": "2001:db8:1::/48", "fe80::1%eth0": "fe80::/48", "nowhere": "",
	} {
		if got, ok := cutAddress(address); ok != (want != "") || ok && got != want {
			t.Errorf("%s is cut to %q", address, got)
		}
	}
	for page, want := range map[string]string{
		"https://dala.example/a?q=secret#part": "https://dala.example/a", "https://me:word@dala.example/": "https://dala.example/", "/goods/7?x": "/goods/7",
		"mailto:me@mail.example": "", "%zz": "", "?only=query": "",
	} {
		if got, ok := cutPage(page); ok != (want != "") || ok && got != want {
			t.Errorf("%s is cut to %q", page, got)
		}
	}
}

func TestABatchIsSmallAndReadsAsItWasPacked(t *testing.T) {
	events := make([]TechnicalEvent, MaxTechnical)
	for i := range events {
		events[i] = TechnicalEvent{
			At: morning.Add(time.Duration(i) * time.Second), IP: NewPlain("203.0.113.0/24"), UserAgent: NewPlain("Dala/4.2.0 (Android 15) kk-KZ"),
			Page: NewPlain(fmt.Sprintf("https://dala.example/goods/%d", i)),
		}
	}
	packed := packTechnical(morning, events)
	if size := packed.Len() / len(events); size > 64 {
		t.Errorf("an event takes %d bytes", size)
	}
	back, err := unpackTechnical(morning, packed)
	if err != nil || len(back) != len(events) {
		t.Fatal(err)
	}
	for i, e := range back {
		if !e.At.Equal(events[i].At) || e.Page.Reveal() != events[i].Page.Reveal() || !e.CookieID.Empty() {
			t.Errorf("event %d is another", i)
		}
	}
	for _, forged := range []string{`{"v":2}`, `{"v":1,"words":[],"events":[[0,9,0,0,0]]}`, `nothing`} {
		if _, err := unpackTechnical(morning, NewPlain(forged)); err == nil {
			t.Errorf("%s reads", forged)
		}
	}
}

func TestTechnicalDataIsKeptForTheLongestPurposeOrAsTheRulesSay(t *testing.T) {
	s := &Service{Config: Config{Rules: RulePacks{HomeJurisdiction: {Rules: []Rule{{ID: RuleTechnicalData, Period: "P90D"}}}}}}
	short, long := "P10D", "P20D"
	for _, c := range []struct {
		items []Item
		want  time.Duration
	}{{[]Item{{Retention: &short}}, days(10)}, {[]Item{{Retention: &long}, {Retention: &short}}, days(20)}, {[]Item{{Retention: &long}, {}}, days(90)}} {
		end, err := s.technicalEnd(&Person{now: morning}, c.items, morning)
		if err != nil || !end.Equal(morning.Add(c.want)) {
			t.Errorf("%v: %s, %v", c.want, end, err)
		}
	}
	if _, err := s.technicalEnd(&Person{now: morning.Add(days(11))}, []Item{{Retention: &short}}, morning); err == nil {
		t.Error("what is over already is taken")
	}
}
