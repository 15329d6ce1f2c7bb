package vault

import (
	"encoding/json"
	"math"
	"testing"
)

func TestCanonicalAgreesWithTheVectorsOfRFC8785(t *testing.T) {
	for name, v := range map[string]struct{ in, want string }{
		"3.2.2 strings and literals": {
			`{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`,
			`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		},
		"3.2.3 sorting by UTF-16": {
			`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",` +
				`"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
			"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\"," +
				"\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}",
		},
		"appendix B integers": {`[0, -0, 9007199254740992, -9007199254740992]`, `[0,0,9007199254740992,-9007199254740992]`},
		"short escapes":       {`"\b\t\n\f\r\u0001\u001f"`, `"\b\t\n\f\r\u0001\u001f"`},
		"nothing else is escaped": {
			`"<>&'\u007f\u2028\u2029"`, "\"<>&'\u007f\u2028\u2029\"",
		},
		"empty": {` { "b" : [ ] , "a" : { } } `, `{"a":{},"b":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Canonical(json.RawMessage(v.in))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != v.want {
				t.Errorf(" got %s\nwant %s", got, v.want)
			}
		})
	}
}

func TestCanonicalRefusesWhatHasNoPlaceInStoredJSON(t *testing.T) {
	for name, v := range map[string]any{
		"a fraction":                  1.5,
		"an exponent":                 json.RawMessage(`1e3`),
		"not a number":                math.NaN(),
		"infinity":                    math.Inf(1),
		"above what is exact":         int64(1<<53 + 1),
		"below what is exact":         int64(-(1<<53 + 1)),
		"above 64 bits":               json.RawMessage(`18446744073709551616`),
		"a fraction deep inside":      map[string]any{"a": []any{map[string]any{"b": 0.1}}},
		"a channel":                   make(chan int),
		"JSON that is not JSON":       json.RawMessage(`{"a":}`),
		"a fraction in another shape": json.RawMessage(`[1.0]`),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Canonical(v); err == nil {
				t.Errorf("answered %s", got)
			}
		})
	}
}

func TestCanonicalBytesDoNotDependOnHowTheValueWasWritten(t *testing.T) {
	type pair struct {
		B string `json:"b"`
		A int    `json:"a"`
	}
	want := `{"a":1,"b":"ә"}`
	for _, v := range []any{pair{"ә", 1}, map[string]any{"b": "ә", "a": 1}, json.RawMessage("{\"b\":\"\\u04d9\",\n\"a\":1}")} {
		got, err := Canonical(v)
		if err != nil || string(got) != want {
			t.Errorf("%T: %s, %v", v, got, err)
		}
	}
}

func TestHashIsLowerCaseSHA256(t *testing.T) {
	if got := Hash([]byte("abc")); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Error(got)
	}
}
