package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/server/folder"
	"github.com/kelisim/kelisim/vault"
)

type policyLintCommand struct {
	Path         string `arg:"" help:"The folder with policy.yaml and a text per language, or one text file: what is not there as facts is named as lacking."`
	App          string `type:"existingfile" placeholder:"FILE" help:"The app's file, which names the operator; by default app.yaml beside the folder, if it is there."`
	Locale       string `enum:",kk,ru,en" default:"" help:"Language of the report: kk, ru or en (default). Also that of a single text whose name does not tell: policy.ru.txt does."`
	Jurisdiction string `placeholder:"CODE" help:"Whose law holds: the code of a rule pack; by default the app's, or else KZ."`
	JSON         bool   `name:"json" help:"Print JSON, with the words in every language."`
}

// Run holds a policy's files against the law, and fails when they cannot be
// published.
func (c policyLintCommand) Run(p *process) error {
	l, err := c.read(p)
	if err != nil {
		return err
	}
	if c.JSON {
		err = l.printJSON(p.out)
	} else {
		err = l.print(p.out)
	}
	if err != nil {
		return err
	}
	if l.Stops() {
		return errors.New(l.words().stops)
	}
	return nil
}

// linted is a report with the files that it is about.
type linted struct {
	vault.Report
	locale string // of the report
	policy string // as it was named
	app    string // the app's file, "" for none
	single bool   // the policy is one text
	texts  []vault.PolicyText
	files  map[string][]byte // by place: what is read for lines
}

func (c policyLintCommand) read(p *process) (*linted, error) {
	l := &linted{policy: c.Path, locale: c.Locale, files: map[string][]byte{}}
	if l.locale == "" {
		l.locale = "en"
	}
	policy, err := c.policy(l)
	if err != nil {
		return nil, err
	}
	app, err := c.appOf(l, policy)
	if err != nil {
		return nil, err
	}
	gate, err := p.gate(app.Jurisdiction)
	if err != nil {
		return nil, err
	}
	l.texts = policy.Texts
	l.Report = gate.Check(&vault.Version{Label: policy.Label, Facts: policy.Facts}, app, policy.Texts)
	return l, nil
}

// policy reads a folder, or a text whose name or flag tells its language.
func (c policyLintCommand) policy(l *linted) (folder.Policy, error) {
	info, err := os.Stat(c.Path)
	if err != nil {
		return folder.Policy{}, err
	}
	if l.single = !info.IsDir(); !l.single {
		return folder.ReadPolicy(c.Path)
	}
	policy, err := folder.ReadText(c.Path, "")
	if err != nil && c.Locale != "" {
		return folder.ReadText(c.Path, c.Locale)
	}
	return policy, err
}

// appOf reads the app's file. Where there is none, the app is one that nobody
// has described: it speaks every language, and the policy's first prevails.
func (c policyLintCommand) appOf(l *linted, policy folder.Policy) (vault.App, error) {
	l.app = c.App
	if l.app == "" && !l.single {
		if whole, err := filepath.Abs(c.Path); err == nil {
			l.app = filepath.Join(filepath.Dir(whole), "app.yaml")
		}
		if _, err := os.Stat(l.app); err != nil {
			l.app = ""
		}
	}
	app := vault.App{Languages: vault.Languages}
	if l.app != "" {
		var err error
		if app, err = folder.App(l.app); err != nil {
			return app, err
		}
		if raw, err := os.ReadFile(l.app); err == nil {
			l.files["app"] = raw
		}
	} else if len(policy.Texts) > 0 {
		app.AuthoritativeLanguage = policy.Texts[0].Locale
		if slices.ContainsFunc(policy.Texts, func(t vault.PolicyText) bool { return t.Locale == "ru" }) {
			app.AuthoritativeLanguage = "ru"
		}
	}
	l.files["facts"] = policy.Source()
	if c.Jurisdiction != "" {
		app.Jurisdiction = c.Jurisdiction
	}
	return app, nil
}

// gate is the gate of a jurisdiction, without a server or a database.
func (p *process) gate(jurisdiction string) (vault.Gate, error) {
	s, err := p.settings()
	if err != nil {
		return vault.Gate{}, err
	}
	packs, err := loadRules(s.Rules)
	if err != nil {
		return vault.Gate{}, err
	}
	pack, err := packs.Of(jurisdiction)
	if err != nil {
		return vault.Gate{}, err
	}
	catalogue, err := graph.Catalogue(graph.Schema(), labels(), helps())
	return vault.Gate{Pack: pack, Catalogue: catalogue, CheckBIN: normaliser{}.CheckBIN, Now: p.clock()}, err
}

// place is where a path of the report stands: the file and the line, 0 for none.
func (l *linted) place(path []string, line int) (file string, at int) {
	root, rest := "facts", path
	switch {
	case len(path) == 0:
	case path[0] == "app":
		if l.app == "" {
			return "", 0
		}
		return l.app, folder.Line(l.files["app"], path[1:]...)
	case path[0] == "texts" && len(path) > 1:
		if n, err := strconv.Atoi(path[1]); err == nil && n < len(l.texts) && !l.single {
			return filepath.Join(l.policy, l.texts[n].Locale+".md"), line
		}
	case path[0] == "texts" && !l.single:
		return l.policy, 0
	case path[0] == "facts":
		rest = path[1:]
	}
	if l.single {
		return l.policy, line
	}
	return filepath.Join(l.policy, "policy.yaml"), folder.Line(l.files[root], rest...)
}

// reported is a finding as it is printed.
type reported struct {
	Rule     vault.RuleID      `json:"rule,omitempty"`
	Severity vault.Severity    `json:"severity"`
	Article  string            `json:"article,omitempty"`
	Source   string            `json:"source,omitempty"`
	Mark     vault.Mark        `json:"mark,omitempty"`
	Path     string            `json:"path"`
	File     string            `json:"file,omitempty"`
	Line     int               `json:"line,omitempty"`
	Message  map[string]string `json:"message"`
}

// findings are the report's, what is wrong in form among the errors.
func (l *linted) findings() []reported {
	out := []reported{}
	for _, f := range slices.Concat(l.Form, l.Findings) {
		r := reported{
			Rule: f.Rule.ID, Severity: f.Rule.Severity, Article: f.Rule.Article, Source: f.Rule.Source, Mark: f.Rule.Mark,
			Path: strings.Join(f.Path, "."), Message: map[string]string{},
		}
		r.File, r.Line = l.place(f.Path, f.Line)
		for _, w := range f.Message {
			r.Message[w.Locale] = w.Text
		}
		out = append(out, r)
	}
	return out
}

// unconfirmed is a rule that nobody has read in the law.
type unconfirmed struct {
	Rule    vault.RuleID `json:"rule"`
	Article string       `json:"article,omitempty"`
	Mark    vault.Mark   `json:"mark"`
}

// MarshalJSON implements json.Marshaler.
func (l *linted) MarshalJSON() ([]byte, error) {
	leans := []unconfirmed{}
	for _, r := range l.Unconfirmed {
		leans = append(leans, unconfirmed{r.ID, r.Article, r.Mark})
	}
	raw, err := json.Marshal(struct {
		Policy      string        `json:"policy"`
		RulePack    string        `json:"rulePack"`
		Publishable bool          `json:"publishable"`
		Findings    []reported    `json:"findings"`
		Unconfirmed []unconfirmed `json:"unconfirmedRules"`
	}{l.policy, l.Pack.Name(), !l.Stops(), l.findings(), leans})
	if err != nil {
		return nil, fmt.Errorf("the report: %w", err)
	}
	return raw, nil
}
