package vault

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const secret = "Айгүл-850615100007"

// traces are what a leak of the secret would look like.
var traces = []string{
	secret, "850615100007", "Айгүл", // as text, quoted or not
	fmt.Sprintf("%x", secret)[:16], fmt.Sprintf("%X", secret)[:16], fmt.Sprintf("% x", secret)[:16],
	fmt.Sprintf("%d", []byte(secret))[1:20], fmt.Sprintf("%o", []byte(secret))[1:20], fmt.Sprintf("%b", []byte(secret))[1:20],
	fmt.Sprintf("%+q", secret)[1:12], "ODUwNjE1", // base64 of the digits
}

func hides(t *testing.T, how, printed string) {
	t.Helper()
	for _, trace := range traces {
		if strings.Contains(printed, trace) {
			t.Errorf("%s shows the value: %s", how, printed)
			return
		}
	}
}

type holder struct {
	Name   Plain
	hidden Plain
	Deep   *holder
	Any    any
}

// holders are the places that a value may be printed from.
func holders() map[string]any {
	p := NewPlain(secret)
	h := holder{Name: p, hidden: p, Deep: &holder{Name: p, hidden: p}, Any: p}
	return map[string]any{
		"itself":              p,
		"a pointer":           &p,
		"a struct":            h,
		"a pointer to one":    &h,
		"a slice":             []Plain{p, p},
		"an array":            [1]Plain{p},
		"a map":               map[string]Plain{"name": p},
		"a map's key":         map[Plain]int{p: 1},
		"an interface":        []any{p, &p, map[string]any{"x": p}},
		"a change":            Change{Field: "familyName", Value: &p},
		"a checked change":    checked{stored: p, normalised: p},
		"an answer":           PersonalField{Value: p},
		"an actor":            Actor{Phone: p, Email: p, Network: Network{Address: p, UserAgent: p}},
		"an item to encrypt":  EncryptItem{Value: p},
		"an item to index":    []IndexItem{{Normalised: p}},
		"a decrypted one":     Decrypted{Value: p},
		"a search":            FindBy{Value: p, Subject: p},
		"an unexported field": struct{ p Plain }{p},
	}
}

func TestPlaintextNeverPrintsByAnyVerb(t *testing.T) {
	verbs := []string{
		"%v", "%+v", "%#v", "%s", "%q", "%+q", "%#q", "%x", "%X", "% x", "%#x", "%d", "%o", "%b", "%c", "%U", "%e", "%f", "%g", "%t", "%p",
		"%T", "%w", "%z", "%!", "%10v", "%-10s|", "%.3s", "%[1]v %[1]s", "%v %v", "%", "no verb for it",
	}
	for name, v := range holders() {
		for _, verb := range verbs {
			hides(t, verb+" of "+name, fmt.Sprintf(verb, v))
			hides(t, "an error's "+verb+" of "+name, fmt.Errorf("cannot use "+verb, v).Error())
		}
		hides(t, "Sprint of "+name, fmt.Sprint(v))
		hides(t, "Sprintln of "+name, fmt.Sprintln("a", v))
	}
}

func TestPlaintextNeverLeavesThroughAnEncoder(t *testing.T) {
	encoders := map[string]func(any) ([]byte, error){
		"json": json.Marshal,
		"xml":  xml.Marshal,
		"yaml": yaml.Marshal,
		"gob": func(v any) ([]byte, error) {
			var out bytes.Buffer
			err := gob.NewEncoder(&out).Encode(v)
			return out.Bytes(), err
		},
		"canonical": Canonical,
	}
	for format, encode := range encoders {
		for name, v := range holders() {
			out, err := encode(v)
			hides(t, format+" of "+name, string(out))
			if err != nil {
				hides(t, format+"'s error about "+name, err.Error())
			}
		}
	}
	if _, err := encoders["gob"](NewPlain(secret)); err == nil {
		t.Error("gob takes it")
	}
}

func TestPlaintextNeverReachesALog(t *testing.T) {
	for name, v := range holders() {
		var text, js bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&js, nil)} {
			log := slog.New(h).With("bound", v)
			log.Info("said", "value", v, slog.Group("group", "inner", v))
			log.Error("failed", "error", fmt.Errorf("with %v", v), "joined", errors.Join(fmt.Errorf("%v", v)))
		}
		hides(t, "a text log of "+name, text.String())
		hides(t, "a JSON log of "+name, js.String())
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("said", "value", NewPlain(secret))
	if !strings.Contains(out.String(), Hidden) {
		t.Error(out.String())
	}
}

func TestPlaintextDoesNotPanicOut(t *testing.T) {
	defer func() { hides(t, "a panic", fmt.Sprint(recover())) }()
	panic(NewPlain(secret))
}

func TestEveryWayOfPrintingSaysPersonal(t *testing.T) {
	p := NewPlain(secret)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, p); got != Hidden {
			t.Errorf("%s: %q", verb, got)
		}
	}
	raw, err := json.Marshal(map[string]Plain{"a": p})
	if err != nil || string(raw) != `{"a":"[personal]"}` {
		t.Errorf("%s, %v", raw, err)
	}
	if p.String() != Hidden || p.LogValue().String() != Hidden {
		t.Error("String or LogValue")
	}
}

func TestOnlyRevealGivesTheText(t *testing.T) {
	p := NewPlain(secret)
	if p.Reveal() != secret || p.Len() != len(secret) || p.Empty() {
		t.Errorf("%d", p.Len())
	}
	if zero := (Plain{}); zero.Reveal() != "" || !zero.Empty() || !NewPlain("").Empty() {
		t.Error("the zero value is empty")
	}
	given := map[string]bool{}
	for m := range reflect.TypeFor[Plain]().Methods() {
		given[m.Name] = true
	}
	for name := range given {
		switch name {
		case "Reveal", "Empty", "Len", "Format", "String", "LogValue", "MarshalJSON", "MarshalText":
		default:
			t.Errorf("%s is new: say here what it shows", name)
		}
	}
}

func TestThePepperNeverPrints(t *testing.T) {
	p := Pepper{Version: 1, Key: []byte(secret)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		hides(t, verb, fmt.Sprintf(verb, p))
		hides(t, verb, fmt.Sprintf(verb, &p))
		hides(t, verb, fmt.Sprintf(verb, Config{Pepper: p}))
	}
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	hides(t, "json", string(raw))
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("said", "pepper", p)
	slog.New(slog.NewTextHandler(&out, nil)).Info("said", "pepper", p)
	hides(t, "a log", out.String())
}
