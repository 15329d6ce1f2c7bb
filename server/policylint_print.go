package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/kelisim/kelisim/vault"
)

// lintWords are a report's own words in one language. %s is a file, a rule
// pack or an article, %d a number.
type lintWords struct {
	heading, fatal, warnings, none string
	source                         string
	appUnknown                     string
	leans, advice, stops           string
	marks                          map[vault.Mark]string
}

var lintWordsIn = map[string]lintWords{
	"kk": {
		heading:    "%s: %s ережелері бойынша тексерілді.\n",
		fatal:      "Қателер: олар түзетілмейінше, саясат жарияланбайды (%d).\n",
		warnings:   "Ескертулер: жариялау үшін әрқайсысына себеп жазылуға тиіс (%d).\n",
		none:       "Ескерту де, қате де жоқ.\n",
		source:     "дереккөз: %s",
		appUnknown: "Қосымшаның файлы көрсетілмеген (--app), сондықтан оператор туралы ештеңе белгісіз.\n",
		leans:      "Бұл есеп әлі расталмаған ережелерге сүйенеді (%d).\n",
		advice:     "Бұл заң кеңесі емес: расталмаған ережелерді заңгер заң мәтінімен салыстыруға тиіс.\n",
		stops:      "саясатты бұл күйінде жариялауға болмайды",
		marks:      map[vault.Mark]string{vault.FromMemory: "жадтан жазылған, расталмаған", vault.Concluded: "өз тұжырымымыз, расталмаған"},
	},
	"ru": {
		heading:    "%s: проверено по правилам %s.\n",
		fatal:      "Ошибки: с ними политику опубликовать нельзя (%d).\n",
		warnings:   "Предупреждения: чтобы опубликовать, для каждого нужно записать причину (%d).\n",
		none:       "Ни ошибок, ни предупреждений нет.\n",
		source:     "источник: %s",
		appUnknown: "Файл приложения не указан (--app), поэтому об операторе ничего не известно.\n",
		leans:      "Этот отчёт опирается на ещё не подтверждённые правила (%d).\n",
		advice:     "Это не юридическая консультация: неподтверждённые правила юрист должен сверить с текстом закона.\n",
		stops:      "в таком виде политику опубликовать нельзя",
		marks:      map[vault.Mark]string{vault.FromMemory: "по памяти, не подтверждено", vault.Concluded: "наш вывод, не подтверждено"},
	},
	"en": {
		heading:    "%s, held against the rules %s.\n",
		fatal:      "Errors, with which the policy cannot be published (%d).\n",
		warnings:   "Warnings, each of which needs a recorded reason to publish (%d).\n",
		none:       "There are no errors and no warnings.\n",
		source:     "source: %s",
		appUnknown: "No app's file is named (--app), so that nothing is known of the operator.\n",
		leans:      "This report leans on rules that nobody has confirmed (%d).\n",
		advice:     "This is no legal advice: a lawyer has to hold the unconfirmed rules against the law.\n",
		stops:      "the policy cannot be published as it is",
		marks:      map[vault.Mark]string{vault.FromMemory: "from memory, not confirmed", vault.Concluded: "our own conclusion, not confirmed"},
	},
}

func (l *linted) words() lintWords { return lintWordsIn[l.locale] }

func (l *linted) printJSON(out io.Writer) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(l)
}

// print writes the report to be read.
func (l *linted) print(out io.Writer) error {
	w, text := l.words(), &strings.Builder{}
	_, _ = fmt.Fprintf(text, w.heading, l.policy, l.Pack.Name())
	if l.app == "" {
		text.WriteString(w.appUnknown)
	}
	all := l.findings()
	if len(all) == 0 {
		text.WriteString("\n" + w.none)
	}
	l.group(text, w.fatal, vault.Fatal, all)
	l.group(text, w.warnings, vault.Warning, all)
	if len(l.Unconfirmed) > 0 {
		_, _ = fmt.Fprintf(text, "\n"+w.leans, len(l.Unconfirmed))
		for _, mark := range []vault.Mark{vault.FromMemory, vault.Concluded} {
			l.leaning(text, mark)
		}
		text.WriteString(w.advice)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// leaning writes which rules of a mark the report leans on.
func (l *linted) leaning(out *strings.Builder, mark vault.Mark) {
	var ids []string
	for _, r := range l.Unconfirmed {
		if r.Mark == mark {
			ids = append(ids, string(r.ID))
		}
	}
	if len(ids) > 0 {
		_, _ = fmt.Fprintf(out, "  %s: %s\n", l.words().marks[mark], strings.Join(ids, ", "))
	}
}

// group writes the findings of a severity under a heading.
func (l *linted) group(out *strings.Builder, heading string, severity vault.Severity, all []reported) {
	var own []reported
	for _, r := range all {
		if r.Severity == severity {
			own = append(own, r)
		}
	}
	if len(own) == 0 {
		return
	}
	_, _ = fmt.Fprintf(out, "\n"+heading, len(own))
	for _, r := range own {
		l.entry(out, r)
	}
}

// entry writes a finding: the rule and the place, what is wrong, why.
func (l *linted) entry(out *strings.Builder, r reported) {
	w := l.words()
	place := r.Path
	if r.File != "" && !l.single || r.Line > 0 {
		place = r.File
		if r.Line > 0 {
			place += fmt.Sprintf(":%d", r.Line)
		}
		if !strings.HasPrefix(r.Path, "texts.") || r.Line == 0 {
			place += " " + r.Path
		}
	}
	_, _ = fmt.Fprintf(out, "\n  %s\n    %s\n", strings.TrimSpace(string(r.Rule)+"  "+place), r.Message[l.locale])
	var why []string
	if article, _ := vault.CiteArticle(r.Article, l.locale); article != "" {
		why = append(why, article)
	}
	if r.Source != "" {
		why = append(why, fmt.Sprintf(w.source, r.Source))
	}
	if mark := w.marks[r.Mark]; mark != "" {
		why = append(why, mark)
	}
	if len(why) > 0 {
		_, _ = fmt.Fprintf(out, "    %s\n", strings.Join(why, "; "))
	}
}
