package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/identifier"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// secret is a personal value that tests enter, and how it must not be found.
type secret struct{ name, value string }

// leak is a secret found where it does not belong.
type leak struct{ secret, form, place, around string }

// spellings are the values that one secret may be kept as: as it was sent, as
// it is stored, as it is looked up, in either case.
func spellings(value string) []string {
	out := []string{value}
	for _, kind := range []string{"PHONE", "EMAIL", "NAME", "TEXT", "IIN"} {
		stored, normalised, err := identifier.Normalise(kind, value, newTestClock().Now())
		if err == nil {
			out = append(out, stored, normalised, strings.TrimPrefix(normalised, "+"))
		}
	}
	for _, s := range slices.Clone(out) {
		out = append(out, strings.ToLower(s), strings.ToUpper(s))
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return len(s) < 6 })
}

// encodings are the ways in which a text may stand in a file, a log or an
// answer, by name.
func encodings(text string) map[string]string {
	escaped := func(format string) string {
		var out strings.Builder
		for _, unit := range utf16.Encode([]rune(text)) {
			if unit < 0x80 {
				out.WriteByte(byte(unit))
			} else {
				fmt.Fprintf(&out, format, unit)
			}
		}
		return out.String()
	}
	inJSON, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	out := map[string]string{
		"UTF-8": text, "JSON": string(inJSON[1 : len(inJSON)-1]), "JSON \\u": escaped(`\u%04x`), "JSON \\U": escaped(`\u%04X`),
		"hex": hex.EncodeToString([]byte(text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(text))),
		"query": url.QueryEscape(text), "path": url.PathEscape(text), "query, lower": strings.ToLower(url.QueryEscape(text)),
		"UTF-16": string(utf16LE(text)),
	}
	for shift := range 3 {
		for name, alphabet := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			out[fmt.Sprintf("%s +%d", name, shift)] = aligned(alphabet, text, shift)
		}
	}
	return out
}

// aligned is what of a text's base64 does not depend on what stands around it,
// when the text begins shift bytes into a group of three.
func aligned(alphabet *base64.Encoding, text string, shift int) string {
	whole := alphabet.EncodeToString(append(bytes.Repeat([]byte{'x'}, shift), text...))
	from, bits := (shift*8+5)/6, (shift+len(text))*8
	return whole[from : bits/6]
}

func utf16LE(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

// needle is a secret in one spelling and encoding.
type needle struct{ secret, form, text string }

// headed are needles by how they begin.
type headed map[[6]byte][]needle

// needles are all that secrets may stand as. There are thousands, so that they
// are looked for together, in one walk.
func needles(secrets []secret) headed {
	out := headed{}
	for _, s := range secrets {
		for _, text := range spellings(s.value) {
			for form, encoded := range encodings(text) {
				head := [6]byte([]byte(encoded))
				out[head] = append(out[head], needle{s.name, form, encoded})
			}
		}
	}
	return out
}

// search looks for secrets, in every spelling and encoding: each is told once.
func search(place string, haystack []byte, secrets []secret) []leak {
	var found []leak
	by, told := needles(secrets), map[needle]bool{}
	for i := 0; i+6 <= len(haystack); i++ {
		for _, n := range by[[6]byte(haystack[i:])] {
			if !told[n] && bytes.HasPrefix(haystack[i:], []byte(n.text)) {
				told[n] = true
				around := haystack[max(0, i-60):min(len(haystack), i+len(n.text)+20)]
				found = append(found, leak{n.secret, n.form, place, string(around)})
			}
		}
	}
	return found
}

// places is everything that the world keeps or shows outside its answers.
func (w *world) places() map[string][]byte {
	w.t.Helper()
	out := map[string][]byte{"the log": []byte(w.log.String())}
	err := filepath.WalkDir(w.s.Data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		out["data folder: "+entry.Name()], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	metrics := w.get("/metrics")
	if metrics.status != 200 || len(metrics.raw) == 0 {
		w.t.Fatalf("/metrics answers %d", metrics.status)
	}
	out["/metrics"] = metrics.raw
	if w.vault == nil {
		for _, name := range []string{"kelisim.db", "kelisim.db-wal", "kelisim.db-shm", "keyring.age", "audit.jsonl"} {
			if len(out["data folder: "+name]) == 0 {
				w.t.Fatalf("%s is not there or empty: the search would prove nothing", name)
			}
		}
		return out
	}
	out["PostgreSQL dump"] = daemon.Dump(w.t, w.s.DatabaseURL)
	out["Redis dump"] = w.redis.Dump()
	if out["Vault's audit log"], err = os.ReadFile(w.vault.AuditLog); err != nil {
		w.t.Fatal(err)
	}
	for _, sure := range []struct{ place, content string }{
		{"PostgreSQL dump", "personal_fields"}, {"Redis dump", "policy:"}, {"Vault's audit log", "transit"},
	} {
		if !bytes.Contains(out[sure.place], []byte(sure.content)) {
			w.t.Fatalf("%s does not hold %q: the search would prove nothing", sure.place, sure.content)
		}
	}
	return out
}

// TestTheSearchFindsWhatIsPlanted proves the searcher itself: in every
// encoding, at every alignment, and through a database of each kind.
func TestTheSearchFindsWhatIsPlanted(t *testing.T) {
	s := secret{"planted", "8 (701) 926-48-31 Әлімжанұлы"}
	noise := []byte(`{"level":"debug","msg":"request"}`)
	for form, needle := range encodings(s.value) {
		hay := slices.Concat(noise, []byte(needle), noise)
		if len(search("planted", hay, []secret{s})) == 0 {
			t.Errorf("not found as %s", form)
		}
	}
	for shift := range 9 {
		inside := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("n", shift) + `{"ip":"` + s.value + `"}`))
		if len(search("planted", []byte(inside), []secret{s})) == 0 {
			t.Errorf("not found inside base64 after %d bytes", shift)
		}
	}
	for spelled, as := range map[string]string{
		"8 (701) 926-48-31": `args=["+77019264831"]`, "Meruert@Mail.example": "meruert@mail.example", "Әлімжанұлы": "ӘЛІМЖАНҰЛЫ",
	} {
		if len(search("planted", []byte(as), []secret{{"planted", spelled}})) == 0 {
			t.Errorf("%s is not found as %s", spelled, as)
		}
	}
	if found := search("clean", noise, []secret{s}); len(found) > 0 {
		t.Errorf("found in clean noise: %v", found)
	}
	onBoth(t, func(t *testing.T, w *world) {
		w.ask(w.staff(vault.Compliance), `mutation($l: String!) { createPolicyDraft(input: {app: "dala", label: $l,
			facts: {lawTitle: [], items: [], fields: [], withdrawal: []}, texts: [{locale: "ru", text: "# Текст"}]}) { userErrors { code } } }`,
			map[string]any{"l": s.value}).must()
		var found []leak
		for place, content := range w.places() {
			found = append(found, search(place, content, []secret{s})...)
		}
		if len(found) == 0 {
			t.Error("a label that stands in clear in the database was not found there")
		}
	})
}
