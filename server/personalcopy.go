package main

import (
	"archive/zip"
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"iter"
	"time"

	"github.com/kelisim/kelisim/vault"
)

//go:embed export/page.html
var copyPage embed.FS

// shownOnPage is how many rows of each list the readable page has.
const shownOnPage = 500

// readableCopy is a copy as its page shows it: of what is long, the beginning.
type readableCopy struct {
	*vault.PersonalCopy
	Passed    []vault.CopyOfPassing
	Technical []vault.CopyOfTechnical
	Reads     []vault.CopyOfAccess
}

// packCopy makes the ZIP. Of what is long it holds a page at a time, and the
// outcome compressed.
func packCopy(data *vault.PersonalCopy) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	page := readableCopy{PersonalCopy: data}
	err := entry(z, "data.json", data.MadeAt, func(w io.Writer) error { return copyTo(w, data, &page) })
	if err == nil {
		err = entry(z, "index.html", data.MadeAt, func(w io.Writer) error { return copyPageTo(w, page) })
	}
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func entry(z *zip.Writer, name string, at time.Time, write func(io.Writer) error) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
	if err != nil {
		return err
	}
	return write(w)
}

// copyTo writes data.json: what is short as one object, and into it the lists
// that are long, row by row. It keeps what the page shows of them.
func copyTo(w io.Writer, data *vault.PersonalCopy, page *readableCopy) error {
	var short bytes.Buffer
	lines := json.NewEncoder(&short)
	lines.SetEscapeHTML(false)
	lines.SetIndent("", "  ")
	if err := lines.Encode(data); err != nil {
		return err
	}
	_, err := w.Write(bytes.TrimSuffix(short.Bytes(), []byte("\n}\n")))
	if err == nil {
		page.Passed, err = rowsTo(w, "disclosures", data.Passed)
	}
	if err == nil {
		page.Technical, err = rowsTo(w, "technicalData", data.Technical)
	}
	if err == nil {
		page.Reads, err = rowsTo(w, "accesses", data.Reads)
	}
	if err == nil {
		_, err = fmt.Fprintf(w, ",\n  \"technicalDataComplete\": %t,\n  \"accessesComplete\": %t\n}\n", data.AllTechnical, data.AllReads)
	}
	return err
}

// rowsTo writes a list as a member of an object that has others before it, a row
// in each line, and answers its beginning.
func rowsTo[T any](w io.Writer, name string, rows iter.Seq2[T, error]) ([]T, error) {
	if _, err := fmt.Fprintf(w, ",\n  %q: [", name); err != nil {
		return nil, err
	}
	row := json.NewEncoder(w) // ends each row with a newline
	row.SetEscapeHTML(false)
	var head []T
	between := "\n    "
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		if len(head) < shownOnPage {
			head = append(head, r)
		}
		if _, err := io.WriteString(w, between); err != nil {
			return nil, err
		}
		if err := row.Encode(r); err != nil {
			return nil, err
		}
		between = "    ,"
	}
	_, err := io.WriteString(w, "  ]")
	return head, err
}

// copyPageTo writes the readable page.
func copyPageTo(w io.Writer, data readableCopy) error {
	say := func(kk, ru, en string) string {
		return map[string]string{"kk": kk, "ru": ru, "en": en}[data.Locale]
	}
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"say":    say,
		"moment": func(at time.Time) string { return vault.SayMoment(at, data.Zone, data.Locale) },
		"word":   func(code any) any { return inWords(code, data.Locale) },
		"act":    func(a vault.CopyOfAccess) string { return sayAct(a, say) },
	}).ParseFS(copyPage, "export/page.html")
	if err != nil {
		return err
	}
	return t.Execute(w, data)
}

// sayAct is what was done in words; what has none is named as it is on record.
func sayAct(a vault.CopyOfAccess, say func(kk, ru, en string) string) string {
	switch a.Action {
	case vault.ProfileRevealed:
		if a.Outcome == vault.OutcomeMasked {
			return say("мәндерді жасырын түрде оқыды", "прочитано, значения скрыты маской", "read, with values masked")
		}
		return say("мәндерді оқыды", "прочитаны значения", "read the values")
	case vault.UserSearched:
		return say("сізді іздеді", "вас искали", "searched for you")
	case vault.TechnicalRevealed:
		return say("техникалық деректерді оқыды", "прочитаны технические данные", "read technical data")
	case vault.RepresentativeSeen:
		return say("өкіліңіз туралы мәліметті оқыды", "прочитаны сведения о представителе", "read who acts for you")
	case vault.RequesterRevealed:
		return say("сұрауыңызды оқыды", "прочитан ваш запрос", "read your request")
	case vault.ConsentPrinted:
		return say("келісім парағын басып шығарды", "напечатан лист согласия", "printed the sheet of a consent")
	case vault.UserUpdated:
		return say("деректерді өзгертті", "изменены данные", "changed data")
	case vault.ConsentRecorded:
		return say("шешіміңізді жазды", "записано ваше решение", "recorded your decision")
	case vault.ConsentsExpired:
		return say("келісім мерзімі аяқталды", "истёк срок согласия", "the term of a consent ended")
	case vault.RetentionWarned:
		return say("деректер мерзімі жақында аяқталады", "скоро истечёт срок хранения", "the retention of data is about to end")
	case vault.RetentionErased:
		return say("мерзімі өткен деректер жойылды", "удалены данные с истёкшим сроком", "erased what was kept long enough")
	default:
		return string(a.Action)
	}
}
