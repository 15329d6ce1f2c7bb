package vault

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// App is a mobile application and the operator that answers for it. It is
// configuration: `kelisim app apply` writes it, nothing else changes it.
type App struct {
	ID                    uuid.UUID         `json:"-"`
	Code                  string            `json:"code"`
	Name                  Words             `json:"name"`
	Operator              Operator          `json:"operator"`
	Owner                 Operator          `json:"owner"`
	Group                 []Operator        `json:"group"`
	Contacts              Contacts          `json:"contacts"`
	ResponsiblePerson     ResponsiblePerson `json:"responsiblePerson"`
	Languages             []string          `json:"languages"`
	AuthoritativeLanguage string            `json:"authoritativeLanguage"`
	Audiences             []string          `json:"audiences"` // token audiences that stand for the app
	// Jurisdiction is whose rules hold: the code of a rule pack; empty is
	// HomeJurisdiction.
	Jurisdiction string `json:"jurisdiction,omitempty"`
}

// Operator is a legal entity.
type Operator struct {
	Code string `json:"code"`
	Name Words  `json:"name"`
	BIN  string `json:"bin"` // or the IIN of a sole entrepreneur

	Address Words `json:"address,omitempty"`
}

// Contacts of the operator about personal data. They are published, not personal.
type Contacts struct {
	Email   string `json:"email"`
	Phone   string `json:"phone"`
	Address Words  `json:"address"`
}

// ResponsiblePerson answers for the processing; published by the operator.
type ResponsiblePerson struct {
	Name  Words  `json:"name"`
	Email string `json:"email"`
}

var appCodeForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,31}$`)

// Validate says everything that is wrong with an app's configuration.
func (a App) Validate(checkBIN func(string) error) []*Error {
	var errs []*Error
	bad := func(message string, path ...string) {
		errs = append(errs, NewError(CodeInvalidValue, message).At(path...))
	}
	if !appCodeForm.MatchString(a.Code) {
		bad("code is 2 to 32 lower-case letters, digits and hyphens, and begins with a letter", "code")
	}
	if len(a.Languages) == 0 {
		bad("name at least one language", "languages")
	}
	for _, l := range a.Languages {
		if !slices.Contains(Languages, l) {
			bad(fmt.Sprintf("language %q is not one of kk, ru, en", l), "languages")
		}
	}
	if !slices.Contains(a.Languages, a.AuthoritativeLanguage) {
		bad("the authoritative language is one of the app's languages", "authoritativeLanguage")
	}
	if len(a.Audiences) == 0 {
		bad("name at least one token audience that stands for the app", "audiences")
	}
	if a.Contacts.Email == "" {
		bad("an e-mail address for questions about personal data is required", "contacts", "email")
	}
	if a.ResponsiblePerson.Email == "" || len(a.ResponsiblePerson.Name) == 0 {
		bad("the person responsible for personal data is required, with a name and an e-mail address", "responsiblePerson")
	}
	members := append([]Operator{a.Operator, a.Owner}, a.Group...)
	places := []string{"operator", "owner"}
	for i := range a.Group {
		places = append(places, fmt.Sprintf("group.%d", i))
	}
	for i, o := range members {
		if len(o.Name) == 0 {
			bad("a legal entity has a name", places[i], "name")
		}
		if err := checkBIN(o.BIN); err != nil {
			bad("the BIN is twelve digits with a right check digit", places[i], "bin")
		}
	}
	return errs
}

// OperatorBINs are the BINs of everybody who may rely on a consent given now:
// the operator and the group's members, sorted, each once.
func (a App) OperatorBINs() []string {
	bins := []string{a.Operator.BIN}
	for _, o := range a.Group {
		bins = append(bins, o.BIN)
	}
	slices.Sort(bins)
	return slices.Compact(bins)
}

// speaks refuses a language that the app does not speak; empty is none chosen.
func (a App) speaks(locale string) error {
	if locale == "" || slices.Contains(a.Languages, locale) {
		return nil
	}
	return NewError(CodeInvalidLocale, "the app does not speak this language; Kazakh is kk, Russian ru, English en").
		With("languages", strings.Join(a.Languages, " ")).At("locale")
}
