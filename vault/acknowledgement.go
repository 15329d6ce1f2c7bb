package vault

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Acknowledgement is why a version was published in spite of what a rule warns
// of. It stands with the version, since the audit log holds no free text.
type Acknowledgement struct {
	Rule   RuleID    `json:"rule"`
	Reason string    `json:"reason"` // a reference: a ticket, a document, a provision; nothing personal
	By     uuid.UUID `json:"by"`     // the colleague; zero: the command line
	At     time.Time `json:"at"`
}

// provisionForm is how a reason names a provision of a law: TAX-CODE-190. Like the
// other references it has no room for words, nor for the digits of an IIN in a row.
var provisionForm = regexp.MustCompile(`^[A-Z]{2,10}(?:-[A-Z]{2,10}){1,2}-[0-9]{1,6}(?:[/.-][0-9]{1,6}){0,5}$`)

// checkReasons refuses reasons that could not be put on record.
func checkReasons(given []Acknowledgement) Errors {
	l := &linter{}
	for i, a := range given {
		path := []string{"acknowledgedWarnings", strconv.Itoa(i)}
		switch {
		case !slices.Contains(RuleIDs(), a.Rule):
			l.add(CodeInvalidValue, "there is no such rule; the warnings name theirs", append(path, "rule")...)
		case slices.ContainsFunc(given[:i], func(o Acknowledgement) bool { return o.Rule == a.Rule }):
			l.add(CodeDuplicateInput, "one reason for a rule is enough", append(path, "rule")...)
		}
		switch {
		case strings.TrimSpace(a.Reason) == "":
			l.add(CodeRequired, "say why the warning may be passed over", append(path, "reason")...)
		case checkReference(a.Reason) != nil && !provisionForm.MatchString(a.Reason):
			l.add(CodeInvalidReason, "a reason is a reference, capital letters, hyphens and numbers of up to six digits: CP-1, DOC-2026/118, TAX-CODE-190; "+
				"it stays on record in clear and has no room for words", append(path, "reason")...)
		}
	}
	return l.errs
}

// refusals are everything that keeps a policy from being published: what is
// wrong, what a rule wants, and what a rule warns of without a reason given.
func (r Report) refusals(given []Acknowledgement) Errors {
	errs := checkReasons(given)
	for _, f := range r.Form {
		errs = append(errs, f.refusal(f.Code, ""))
	}
	for _, f := range r.Findings {
		known := slices.ContainsFunc(given, func(a Acknowledgement) bool { return a.Rule == f.Rule.ID })
		switch {
		case f.Rule.Severity == Fatal:
			errs = append(errs, f.refusal(CodeVersionIncomplete, ""))
		case !known:
			errs = append(errs, f.refusal(CodeWarningUnanswered, " This is a warning: acknowledge "+string(f.Rule.ID)+" with a reason to publish all the same."))
		}
	}
	return errs
}

func (f Finding) refusal(code Code, more string) *Error {
	text, _ := WordsIn(f.Message, "en")
	e := NewError(code, text+more)
	if f.Rule.ID != "" {
		e = e.With("rule", string(f.Rule.ID))
	}
	if f.Rule.Article != "" {
		e = e.With("article", f.Rule.Article)
	}
	if f.Line > 0 {
		e = e.With("line", strconv.Itoa(f.Line))
	}
	return e.At(f.Path...)
}

// acknowledged are the reasons that answer a warning of the report, as they go
// on record.
func (r Report) acknowledged(given []Acknowledgement, by uuid.UUID, at time.Time) []Acknowledgement {
	var out []Acknowledgement
	for _, a := range given {
		if slices.ContainsFunc(r.Of(Warning), func(f Finding) bool { return f.Rule.ID == a.Rule }) {
			a.By, a.At = by, at
			out = append(out, a)
		}
	}
	return out
}
