package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// How many saved queries there may be, and how large a file.
const (
	mostSaved = 200
	maxSaved  = 64 << 10
)

// Example is an operation that is ready to be run from the console.
type Example struct {
	Role      string            `json:"role"`
	Title     map[string]string `json:"title"`
	Query     string            `json:"query"`
	Variables map[string]any    `json:"variables"`
}

// Saved are the queries that an operator keeps in a folder, as NAME.graphql with
// NAME.json for what its form begins with. Comments at the head of a file say what
// it is called and whom it is for:
//
//	# title kk: Адамды табу
//	# title ru: Найти человека
//	# title en: Find a person
//	# role: SUPPORT
//
// A file that does not fit the schema is named in the log and left out: a query
// that went out of date keeps nobody from being served.
type Saved struct {
	dir    string
	schema *ast.Schema
	log    *slog.Logger

	mu    sync.Mutex
	stamp string // of the folder as it was read
	list  []Example
}

// OpenSaved reads a folder for the first time; that it cannot be read is an error.
func OpenSaved(dir string, schema []byte, log *slog.Logger) (*Saved, error) {
	parsed, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(schema)})
	if err != nil {
		return nil, fmt.Errorf("console: the schema: %w", err)
	}
	s := &Saved{dir: dir, schema: parsed, log: log}
	if err := s.refresh(); err != nil {
		return nil, fmt.Errorf("KELISIM_CONSOLE_EXAMPLES: %w", err)
	}
	return s, nil
}

// Examples are the queries as they are in the folder now. Of a folder that has
// become unreadable it answers what it read last.
func (s *Saved) Examples() []Example {
	if s == nil {
		return []Example{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(); err != nil {
		s.log.Warn("the console's saved queries cannot be read", slog.Any("error", err))
	}
	return s.list
}

// refresh reads the folder when a file of it has changed.
func (s *Saved) refresh() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var stamp strings.Builder
	var names []string
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // gone meanwhile
			continue
		}
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintln(&stamp, entry.Name(), info.Size(), info.ModTime().UnixNano())
		if filepath.Ext(entry.Name()) == ".graphql" {
			names = append(names, entry.Name())
		}
	}
	if stamp.String() == s.stamp && s.list != nil {
		return nil
	}
	if len(names) > mostSaved {
		s.log.Warn("there are more saved queries than the console shows", slog.Int("files", len(names)), slog.Int("most", mostSaved))
		names = names[:mostSaved]
	}
	list := []Example{}
	for _, name := range names {
		example, err := s.read(name)
		if err != nil {
			s.log.Warn("a saved query of the console is left out", slog.String("file", filepath.Join(s.dir, name)), slog.Any("error", err))
			continue
		}
		list = append(list, example)
	}
	s.stamp, s.list = stamp.String(), list
	return nil
}

func (s *Saved) read(name string) (Example, error) {
	query, err := s.file(name)
	if err != nil {
		return Example{}, err
	}
	e := Example{Role: "own", Title: map[string]string{}, Query: string(query), Variables: map[string]any{}}
	if err := e.readHead(); err != nil {
		return Example{}, err
	}
	if len(e.Title) == 0 {
		e.Title["en"] = strings.TrimSuffix(name, ".graphql")
	}
	document, problems := gqlparser.LoadQueryWithRules(s.schema, e.Query, rules.NewDefaultRules())
	if len(problems) > 0 {
		return Example{}, problems
	}
	if len(document.Operations) == 0 {
		return Example{}, errors.New("there is no operation in it")
	}
	variables, err := s.file(strings.TrimSuffix(name, ".graphql") + ".json")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return e, nil
	case err != nil:
		return Example{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(variables))
	decoder.UseNumber()
	if err := decoder.Decode(&e.Variables); err != nil {
		return Example{}, fmt.Errorf("its variables: %w", err)
	}
	for variable := range e.Variables {
		if !declared(document, variable) {
			return Example{}, fmt.Errorf("its variables: no operation has $%s", variable)
		}
	}
	return e, nil
}

func (s *Saved) file(name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err == nil && len(text) > maxSaved {
		return nil, fmt.Errorf("%s is longer than 64 KiB", name)
	}
	return text, err
}

func declared(document *ast.QueryDocument, variable string) bool {
	for _, operation := range document.Operations {
		if operation.VariableDefinitions.ForName(variable) != nil {
			return true
		}
	}
	return false
}

var (
	headForm  = regexp.MustCompile(`^#\s*(role|title (?:kk|ru|en)):\s*(\S.*)$`)
	savedRole = map[string]string{
		"ANONYMOUS": "anonymous", "SUBJECT": "subject", "SERVICE": "service", "SUPPORT": "support", "COMPLIANCE": "compliance", "SECURITY": "security", "AUDITOR": "auditor",
	}
)

// readHead reads the comments before the operation.
func (e *Example) readHead() error {
	for line := range strings.Lines(e.Query) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			return nil
		}
		found := headForm.FindStringSubmatch(line)
		switch {
		case found == nil:
		case found[1] == "role":
			role, ok := savedRole[found[2]]
			if !ok {
				return fmt.Errorf("%s is no role of the schema", found[2])
			}
			e.Role = role
		default:
			e.Title[strings.TrimPrefix(found[1], "title ")] = found[2]
		}
	}
	return nil
}
