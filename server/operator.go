package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kelisim/kelisim/vault"
)

type reportOperatorCommand struct {
	Notice string `enum:",start,stop" default:"" help:"Print the notice to the authority of starting or stopping instead: start, stop."`
	App    string `placeholder:"CODE" help:"Of which app the notice is; by default the only one there is."`
	Locale string `enum:"kk,ru,en" default:"ru" help:"The language: kk, ru, en (${default})."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Validate implements kong's check of a command's flags.
func (c reportOperatorCommand) Validate() error {
	if c.JSON && c.Notice != "" {
		return errors.New("--notice and --json can't be used together")
	}
	return nil
}

// operatorJSON is what programs read of an operator's size.
type operatorJSON struct {
	People         int64              `json:"people"`
	Size           vault.OperatorSize `json:"size"`
	SmallUpTo      int64              `json:"smallUpTo"`
	MediumBelow    int64              `json:"mediumBelow"`
	WarningPercent int64              `json:"warningPercent"`
	NearThreshold  int64              `json:"nearThreshold"` // 0: none is
}

// Run prints how large the operator is, or a notice.
func (c reportOperatorCommand) Run(p *process) (err error) {
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	figures, err := sys.vault.Operator(p.ctx)
	if err != nil {
		return readable(err)
	}
	if c.Notice != "" {
		return c.notice(p, sys, figures)
	}
	if c.JSON {
		out := json.NewEncoder(p.out)
		out.SetIndent("", "  ")
		return out.Encode(operatorJSON{
			figures.People, figures.Size, figures.Small.Number, figures.Medium.Number, figures.Warning, figures.Near(),
		})
	}
	lines := []string{fmt.Sprintf("people: %d; size: %s", figures.People, figures.Size)}
	if near := figures.Near(); near > 0 {
		lines = append(lines, fmt.Sprintf("warning: that is %d per cent or more of the threshold of %d", figures.Warning, near))
	}
	for _, r := range figures.Thresholds() {
		lines = append(lines, ruleLine(r, c.Locale))
	}
	_, err = fmt.Fprintln(p.out, strings.Join(lines, "\n"))
	return err
}

// ruleLine is what a rule says, where it stands, and how well it is known.
func ruleLine(r vault.Rule, locale string) string {
	says, _ := vault.WordsIn(r.Says, locale)
	line := fmt.Sprintf("%s: %s [%s", r.ID, says, r.Mark)
	if r.Article != "" {
		line += ", " + r.Article
	}
	return line + "]"
}

// operatorWords are the words of the two notices.
type operatorWords struct {
	start, stop                                                                                                       string
	operator, bin, address, responsible, people, purposes, categories, fields, recipients, storage, none, unconfirmed string
}

func operatorWordsIn(locale string) operatorWords {
	switch locale {
	case "kk":
		return operatorWords{
			"Дербес деректерді өңдеуді бастау туралы хабарлама", "Дербес деректерді өңдеуді тоқтату туралы хабарлама",
			"Оператор", "БСН", "Мекенжайы", "Жауапты тұлға", "Субъектілер саны", "Мақсаттары", "Санаттары", "Деректер тізбесі",
			"Алушылар мен елдер", "Сақтау орны", "жоқ", "Заң мәтіні бойынша расталмаған ережелер",
		}
	case "en":
		return operatorWords{
			"Notice of starting the processing of personal data", "Notice of stopping the processing of personal data",
			"Operator", "BIN", "Address", "Responsible person", "Number of people", "Purposes", "Categories", "List of data",
			"Recipients and countries", "Stored in", "none", "Rules that nobody has confirmed by the text of the law",
		}
	}
	return operatorWords{
		"Уведомление о начале обработки персональных данных", "Уведомление о прекращении обработки персональных данных",
		"Оператор", "БИН", "Адрес", "Ответственное лицо", "Число субъектов", "Цели", "Категории", "Перечень данных",
		"Получатели и страны", "Место хранения", "нет", "Правила, не подтверждённые по тексту закона",
	}
}

// notice prints a notice from what the app and its policy in force say.
func (c reportOperatorCommand) notice(p *process, sys *system, figures vault.OperatorFigures) error {
	actor := p.systemActor()
	code := c.App
	if code == "" {
		var err error
		if code, err = sys.vault.DefaultApp(p.ctx, actor); err != nil {
			return readable(err)
		}
	}
	app, err := sys.vault.App(p.ctx, code)
	if err != nil {
		return readable(err)
	}
	version, err := sys.vault.PolicyInForce(p.ctx, actor, code, p.clock())
	if err != nil {
		return readable(err)
	}
	if version == nil {
		return fmt.Errorf("no policy of %s is in force, so that nothing says what is processed", code)
	}
	w := operatorWordsIn(c.Locale)
	title := w.start
	if c.Notice == "stop" {
		title = w.stop
	}
	said := func(words vault.Words) string {
		text, ok := vault.WordsIn(words, c.Locale)
		if !ok && len(words) > 0 {
			text = words[0].Text
		}
		return text
	}
	var purposes, recipients, categories, fields []string
	for _, item := range version.Facts.Items {
		purposes = append(purposes, said(item.Title))
		for _, r := range item.Recipients {
			recipients = append(recipients, said(r.Name)+" ("+r.Country+")")
		}
	}
	for _, f := range version.Facts.Collected(sys.vault.Catalogue) {
		fields = append(fields, said(f.Label))
		if !slices.Contains(categories, string(f.Class)) {
			categories = append(categories, string(f.Class))
		}
	}
	list := func(texts []string) string { return cmp.Or(strings.Join(slices.Compact(texts), "; "), w.none) }
	lines := []string{
		title, "",
		w.operator + ": " + said(app.Operator.Name), w.bin + ": " + app.Operator.BIN, w.address + ": " + said(app.Operator.Address),
		w.responsible + ": " + said(app.ResponsiblePerson.Name) + ", " + app.ResponsiblePerson.Email,
		fmt.Sprintf("%s: %d", w.people, figures.People), w.purposes + ": " + list(purposes), w.categories + ": " + list(categories),
		w.fields + ": " + list(fields), w.recipients + ": " + list(recipients), w.storage + ": " + cmp.Or(sys.settings.StorageRegion, "KELISIM_STORAGE_REGION?"),
	}
	for _, r := range figures.Thresholds() {
		if !r.Confirmed() {
			lines = append(lines, w.unconfirmed+": "+ruleLine(r, c.Locale))
		}
	}
	_, err = fmt.Fprintln(p.out, strings.Join(lines, "\n"))
	return err
}
