package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

type policyDiffCommand struct {
	From   string `arg:"" help:"The older one: a policy folder, a text file, or the id of a version."`
	To     string `arg:"" optional:"" help:"The newer one. Left out: FROM is compared with what is published last of --app."`
	App    string `help:"Code of the app; needed where one side is a folder and the other in the database."`
	Locale string `default:"en" enum:"kk,ru,en" help:"The language of the sentences: kk, ru or en."`
	JSON   bool   `name:"json" help:"All languages at once, for programs."`
}

// Run prints what differs. Two folders need no database.
func (c policyDiffCommand) Run(p *process) (err error) {
	from, to, app, err := c.sides(p)
	if err != nil {
		return err
	}
	catalogue, err := graph.Catalogue(graph.Schema(), labels(), helps())
	if err != nil {
		return err
	}
	changes := vault.DescribeChanges(app, catalogue, from, to)
	if c.JSON {
		out := json.NewEncoder(p.out)
		out.SetIndent("", "  ")
		return out.Encode(struct {
			Changes    vault.PolicyChanges `json:"changes"`
			AskedAgain []string            `json:"askedAgain"`
			NotAsked   []string            `json:"notAsked"` // wider, and only told
			Reworded   []string            `json:"reworded"` // languages to declare
		}{append(vault.PolicyChanges{}, changes...), changes.AskedAgain(to), changes.NotAsked(to).Items(), vault.Reworded(from, to)})
	}
	return c.print(p, changes, from, to)
}

func (c policyDiffCommand) print(p *process, changes vault.PolicyChanges, from, to *vault.Version) error {
	say := diffSayings[c.Locale]
	var out strings.Builder
	for _, one := range changes {
		sentence, _ := vault.WordsIn(one.Sentence, c.Locale)
		fmt.Fprintf(&out, "%-10s  %-12s  %s\n", one.Effect, one.Item, sentence)
	}
	if len(changes) == 0 {
		out.WriteString(say.same + "\n")
	}
	if again := changes.AskedAgain(to); len(again) > 0 {
		out.WriteString(say.again + ": " + strings.Join(again, ", ") + "\n")
	} else {
		out.WriteString(say.nobody + "\n")
	}
	if told := changes.NotAsked(to); len(told) > 0 {
		out.WriteString(say.told + ": " + strings.Join(told.Items(), ", ") + "\n")
	}
	if words := vault.Reworded(from, to); len(words) > 0 {
		out.WriteString(say.words + ": " + strings.Join(words, ", ") + ". " + say.declare + "\n")
	}
	_, err := fmt.Fprint(p.out, out.String())
	return err
}

// diffSayings are the command's own words.
var diffSayings = map[string]struct{ same, again, nobody, told, words, declare string }{
	"kk": {
		"Айырмашылық жоқ.", "Келісімі қайта сұралатын тармақтар", "Ешкімнен қайта сұралмайды.",
		"Келісім сұралмай, тек хабарланатын тармақтар", "Сөздері өзгерген тілдер",
		"Жариялағанда олардың мағынасы өзгерген-өзгермегенін айтыңыз: --text CORRECTION:CONTENT немесе --text MEANING:CONTENT.",
	},
	"ru": {
		"Различий нет.", "Согласие запрашивается заново по пунктам", "Заново никого не спрашивают.",
		"Согласие не запрашивается, людям только сообщается, по пунктам", "Слова изменились на языках",
		"При публикации скажите, изменился ли их смысл: --text CORRECTION:CONTENT или --text MEANING:CONTENT.",
	},
	"en": {
		"Nothing differs.", "Consent is asked for again about", "Nobody is asked again.",
		"Nobody is asked, and people are told, about", "Words changed in",
		"Say at publication whether they mean something else: --text CORRECTION:CONTENT or --text MEANING:CONTENT.",
	},
}

// sides reads both versions, and the app where it is known.
func (c policyDiffCommand) sides(p *process) (from, to *vault.Version, app vault.App, err error) {
	if c.To != "" && onDisk(c.From) && onDisk(c.To) {
		if from, err = draftOnDisk(c.From, app, nil); err == nil {
			to, err = draftOnDisk(c.To, app, nil)
		}
		return from, to, app, err
	}
	sys, err := p.openPlain()
	if err != nil {
		return nil, nil, app, err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if c.App != "" {
		if app, err = sys.vault.App(p.ctx, c.App); errors.Is(err, vault.ErrNotFound) {
			return nil, nil, app, fmt.Errorf("there is no app %q", c.App)
		} else if err != nil {
			return nil, nil, app, readable(err)
		}
	}
	if c.To == "" {
		if c.App == "" {
			return nil, nil, app, errors.New("say with --app which app's published version to compare with, or name a second folder or version")
		}
		_, timeline, err := sys.vault.PolicyTimeline(p.ctx, c.App)
		if err != nil {
			return nil, nil, app, readable(err)
		}
		versions, err := sys.vault.PolicyVersionsOf(p.ctx, timeline)
		if err != nil {
			return nil, nil, app, readable(err)
		}
		if len(versions) == 0 {
			return nil, nil, app, fmt.Errorf("nothing of app %q is published yet", c.App)
		}
		to, app, err = c.side(p, sys, c.From, app)
		return versions[len(versions)-1], to, app, err
	}
	// What is stored is read first: it says whose app it is.
	first, second := &from, &to
	one, two := c.From, c.To
	if onDisk(one) {
		first, second, one, two = second, first, two, one
	}
	if *first, app, err = c.side(p, sys, one, app); err == nil {
		*second, app, err = c.side(p, sys, two, app)
	}
	return from, to, app, err
}

// side reads one version.
func (c policyDiffCommand) side(p *process, sys *system, name string, app vault.App) (*vault.Version, vault.App, error) {
	if onDisk(name) {
		pack, err := sys.vault.Rules.Of(app.Jurisdiction)
		if err != nil {
			return nil, app, readable(err)
		}
		v, err := draftOnDisk(name, app, pack)
		return v, app, err
	}
	var id versionArg
	if err := id.UnmarshalText([]byte(name)); err != nil {
		return nil, app, fmt.Errorf("%s: there is no such folder or file, and it is %w", name, err)
	}
	v, err := sys.vault.PolicyVersion(p.ctx, p.systemActor(), uuid.UUID(id))
	if err != nil {
		return nil, app, readable(err)
	}
	switch {
	case app.Code == "":
		app, err = sys.vault.App(p.ctx, v.App)
	case app.Code != v.App:
		err = fmt.Errorf("%s is a version of app %q, and not of %q", v.ID, v.App, app.Code)
	}
	if err != nil {
		return nil, app, err
	}
	pack, err := sys.vault.Rules.Of(app.Jurisdiction)
	return v.AsPublished(app, pack), app, err
}

func onDisk(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// draftOnDisk is a folder as the draft that it would become under the law of a pack.
func draftOnDisk(path string, app vault.App, pack *vault.RulePack) (*vault.Version, error) {
	policy, err := readPolicy(path, "")
	if err != nil {
		return nil, err
	}
	return vault.DraftVersion(app, pack, policy.Label, policy.Facts, policy.Texts), nil
}

// publishingFlags are what a publisher says beside the version.
type publishingFlags struct {
	AskAgain []string `placeholder:"ITEM" help:"Ask everybody about this item again, although nothing of it became wider; may be repeated."`
	AskAll   bool     `help:"Ask everybody about everything again."`
	Text     []string `placeholder:"[LOCALE=]MEANING:REASON" help:"What the words are that changed since the version before: CORRECTION:CONTENT, they mean the same, or MEANING:CONTENT, people are asked again; kk=CORRECTION:TYPO is about one language. Needed whenever words changed. Reasons: TYPO, TRANSLATION, TERMINOLOGY, LAYOUT, CONTENT."`

	Acknowledge map[string]string `placeholder:"RULE=REASON" mapsep:"none" help:"Publish in spite of what a rule warns of, and say why: a reference such as CP-7 or TAX-CODE-190, which stays with the version. May be repeated."`
}

// publishing is what the flags ask for.
func (f publishingFlags) publishing(id uuid.UUID) (vault.Publishing, error) {
	out := vault.Publishing{ID: id, AskAgain: f.AskAgain, AskEverybodyAgain: f.AskAll}
	for _, rule := range slices.Sorted(maps.Keys(f.Acknowledge)) {
		out.Acknowledged = append(out.Acknowledged, vault.Acknowledgement{Rule: vault.RuleID(rule), Reason: f.Acknowledge[rule]})
	}
	for _, text := range f.Text {
		locale, said, one := strings.Cut(text, "=")
		if !one {
			locale, said = "", text // each language whose words changed
		}
		meaning, reason, ok := strings.Cut(said, ":")
		if !ok || one && locale == "" {
			return out, fmt.Errorf("--text: %q is not of the form MEANING:REASON or LOCALE=MEANING:REASON, like CORRECTION:CONTENT or kk=CORRECTION:TYPO", text)
		}
		out.TextChanges = append(out.TextChanges, vault.TextChange{
			Locale: locale, Meaning: vault.TextMeaning(meaning), Reason: vault.TextReason(reason),
		})
	}
	return out, nil
}
