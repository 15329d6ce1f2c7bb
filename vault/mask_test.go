package vault

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestMasksShowWhatTheirNameSays(t *testing.T) {
	for _, c := range []struct {
		mask     FieldMask
		in, want string
	}{
		{MaskHidden, "anything", "••••"},
		{MaskHidden, "", "••••"},
		{MaskInitial, "Нұрғалиева", "Н••••"},
		{MaskInitial, "Әлия", "Ә••••"},
		{MaskInitial, "😀 smile", "😀••••"},
		{MaskInitial, "Ли", "Л••••"},
		{MaskInitial, "Я", "••••"},
		{MaskInitial, "", "••••"},
		{MaskInitial, "\xff\xfe", "••••"},
		{MaskLast4, "+77010000001", "••••0001"},
		{MaskLast4, "850615100007", "••••0007"},
		{MaskLast4, "қымызқұрт", "••••құрт"},
		{MaskLast4, "12345678", "••••5678"},
		{MaskLast4, "1234567", "••••"},
		{MaskLast4, "0001", "••••"},
		{MaskLast4, "", "••••"},
		{MaskYear, "1991-04-12", "1991-••-••"},
		{MaskYear, "1991-02-30", "••••"},
		{MaskYear, "abcd-12-34", "••••"},
		{MaskYear, "12.04.1991", "••••"},
		{MaskYear, "1991", "••••"},
		{MaskYear, "", "••••"},
		{MaskDomain, "aigul@mail.example", "a••••@mail.example"},
		{MaskDomain, "әлия@пошта.қаз", "ә••••@пошта.қаз"},
		{MaskDomain, "a@mail.example", "••••"},
		{MaskDomain, "я@mail.example", "••••"},
		{MaskDomain, "@mail.example", "••••"},
		{MaskDomain, "no address", "••••"},
		{MaskDomain, "write to me@home, Abai street 7", "••••"},
		{MaskDomain, "a@b@c.example", "••••"},
		{MaskDomain, "", "••••"},
		{"NONE", "a value", "••••"},
		{"", "a value", "••••"},
	} {
		if got := c.mask.Apply(NewPlain(c.in)).Reveal(); got != c.want {
			t.Errorf("%s of %q: %q, want %q", c.mask, c.in, got, c.want)
		}
	}
}

// shows is how many characters of a value a mask may show at most.
var shows = map[FieldMask]int{MaskHidden: 0, MaskInitial: 1, MaskLast4: 4, MaskYear: 4, "OTHER": 0}

func TestAMaskNeverShowsMoreThanItSaysNorHowLongTheRestIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		for mask, most := range shows {
			masked := mask.Apply(NewPlain(value)).Reveal()
			shown := strings.Replace(masked, stars, "", 1)
			if mask == MaskYear {
				shown = strings.TrimSuffix(masked, "-••-••")
				shown = strings.TrimSuffix(shown, stars)
			}
			if n := utf8.RuneCountInString(shown); n > most || n > 0 && n >= utf8.RuneCountInString(value) {
				t.Fatalf("%s of %q shows %q", mask, value, masked)
			}
		}
		if masked := MaskDomain.Apply(NewPlain(value)).Reveal(); masked != stars {
			name, domain, _ := strings.Cut(value, "@")
			first, _ := utf8.DecodeRuneInString(name)
			if masked != string(first)+stars+"@"+domain {
				t.Fatalf("DOMAIN of %q shows %q", value, masked)
			}
		}
	})
}

func TestOnlyTheDefinedMasksAreKnown(t *testing.T) {
	for mask, known := range map[FieldMask]bool{
		MaskHidden: true, MaskInitial: true, MaskLast4: true, MaskYear: true, MaskDomain: true, "": false, "NONE": false, "hidden": false,
	} {
		if mask.Known() != known {
			t.Errorf("%q: %t", mask, mask.Known())
		}
	}
}
