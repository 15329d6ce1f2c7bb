package vault

import (
	"fmt"
	"strings"
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
		"https://dala.example/u/+77015550001/Анна": "https://dala.example/u/*/*", "/u/%2B77015550001": "/u/*", "/u/87015550001/orders": "/u/*/orders",
		"/by/anna@mail.example": "/by/*", "/by/anna%40mail.example/card": "/by/*/card", "/iin/900101-300123": "/iin/*", "/s;id=4/x": "/*/x",
		"/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWI": "/reset/*", "/item/6f1c2a5e-88aa-4b0e-9c1d-0242ac120002": "/item/*", "/our-goods/fresh_kurt.html": "/our-goods/fresh_kurt.html",
		"mailto:me@mail.example": "", "%zz": "", "?only=query": "",
	} {
		if got, ok := cutPage(page); ok != (want != "") || ok && got != want {
			t.Errorf("%s is cut to %q", page, got)
		}
	}
}

func TestWordsOfADeviceSayNothingOfWhoSomebodyIs(t *testing.T) {
	for agent, want := range map[string]string{
		"Dala/4.2.0 (Android 15; Үйтелефон 7) kk-KZ": "Dala/4.2.0 (Android 15; Үйтелефон 7) kk-KZ",
		"Dala/4.2 anna@mail.example 900101300123":    "Dala/4.2 * *", "Mozilla/5.0 Gecko/20100101 Chrome/120.0.6099.144": "Mozilla/5.0 Gecko/20100101 Chrome/120.0.6099.144",
		"Dala\x00": "", "Dala\nINFO all is well": "", "Dala\u202eabc": "", "Dala\u200b": "", "Dala\u2028": "", strings.Repeat("D", maxUserAgent+1): "", "\xff": "",
	} {
		if got, ok := cutAgent(agent); ok != (want != "") || ok && got != want {
			t.Errorf("%q is cut to %q", agent, got)
		}
	}
	for cookie, want := range map[string]bool{
		"GA1.2.1234567890.1700000000": true, "c0ffee-41": true, "900101300123": false, "+77015550001": false, "anna@mail.example": false,
		"Анна": false, "a b": false, "a\x00": false, "a\u202eb": false, strings.Repeat("c", maxCookieID+1): false,
	} {
		if got, ok := cutCookie(cookie); ok != want || ok && got != cookie {
			t.Errorf("%q is taken: %t", cookie, ok)
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

func TestRetentionOfOtherDataKeepsTechnicalDataNoLongerThanTheRulesSay(t *testing.T) {
	s := &Service{Config: Config{Rules: RulePacks{HomeJurisdiction: {Rules: []Rule{{ID: RuleTechnicalData, Period: "P90D"}}}}}}
	name, watched := ItemField{Field: "familyName"}, ItemField{Field: FieldAccessTime}
	for _, c := range []struct {
		retention string
		fields    []ItemField
		want      int
	}{
		{"P3Y", []ItemField{name, watched}, 90},
		{"P10D", []ItemField{name, watched}, 10},
		{"P120D", []ItemField{watched}, 120}, // which the policy says of technical data itself
	} {
		end, err := s.technicalEnd(&Person{now: morning}, []Item{{Retention: &c.retention, Fields: c.fields}}, morning)
		if err != nil || !end.Equal(morning.Add(days(c.want))) {
			t.Errorf("%s of %v: %s, %v", c.retention, c.fields, end, err)
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
