package console

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const savedSchema = `type Query { me(first: Int): String }`

func keepIn(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSavedQueriesAreReadWithTitleRoleAndVariables(t *testing.T) {
	dir := t.TempDir()
	keepIn(t, dir, "mine.graphql", "# title kk: Менікі\n# title ru: Мой\n# role: SUPPORT\nquery Mine($first: Int) { me(first: $first) }\n")
	keepIn(t, dir, "mine.json", `{"first": 5}`)
	keepIn(t, dir, "bare.graphql", "{ me }")
	keepIn(t, dir, "notes.txt", "not one of them")
	var log bytes.Buffer
	s, err := OpenSaved(dir, []byte(savedSchema), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	body := get(Handler(Options{Saved: s}), Path+"saved.json").Body.String()
	want := `[{"role":"own","title":{"en":"bare"},"query":"{ me }","variables":{}},` +
		`{"role":"support","title":{"kk":"Менікі","ru":"Мой"},"query":"# title kk: Менікі\n# title ru: Мой\n# role: SUPPORT\nquery Mine($first: Int) { me(first: $first) }\n","variables":{"first":5}}]`
	if body != want || log.Len() > 0 {
		t.Errorf("got  %s\nwant %s\nlog %s", body, want, &log)
	}
	keepIn(t, dir, "later.graphql", "query Later { me }")
	if n := len(s.Examples()); n != 3 {
		t.Errorf("%d after a file was added, want 3", n)
	}
}

func TestASavedQueryThatDoesNotFitIsNamedAndLeftOut(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"unknown field":    {"bad.graphql": "{ you }"},
		"no GraphQL":       {"bad.graphql": "{"},
		"no operation":     {"bad.graphql": "# nothing\n"},
		"unknown role":     {"bad.graphql": "# role: BOSS\n{ me }"},
		"no JSON":          {"bad.graphql": "{ me }", "bad.json": "{"},
		"no object":        {"bad.graphql": "{ me }", "bad.json": "[1]"},
		"unknown variable": {"bad.graphql": "{ me }", "bad.json": `{"first": 1}`},
		"too long":         {"bad.graphql": "{ me }" + strings.Repeat(" ", maxSaved)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range files {
				keepIn(t, dir, file, text)
			}
			keepIn(t, dir, "good.graphql", "{ me }")
			var log bytes.Buffer
			s, err := OpenSaved(dir, []byte(savedSchema), slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Examples(); len(got) != 1 || got[0].Title["en"] != "good" {
				t.Errorf("got %v", got)
			}
			if !strings.Contains(log.String(), "bad.graphql") || strings.Count(log.String(), "\n") != 1 {
				t.Errorf("the log says %q", &log)
			}
		})
	}
}

func TestAFolderOfSavedQueriesThatIsNotThereStopsTheStart(t *testing.T) {
	_, err := OpenSaved(filepath.Join(t.TempDir(), "none"), []byte(savedSchema), slog.New(slog.DiscardHandler))
	if err == nil || !strings.HasPrefix(err.Error(), "KELISIM_CONSOLE_EXAMPLES: ") {
		t.Errorf("got %v", err)
	}
}
