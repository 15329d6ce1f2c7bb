package vault

import (
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Document is what a person is shown in one language: the canonical document
// that a consent pins by its hash.
type Document struct {
	V           int            `json:"v"` // 1
	Locale      string         `json:"locale"`
	Title       string         `json:"title"`
	Text        string         `json:"text"` // Markdown, the bytes as given
	ConsentForm string         `json:"consentForm"`
	Items       []DocumentItem `json:"items"`
}

// DocumentItem is a consent item's words in the document's language.
type DocumentItem struct {
	Code      string `json:"code"`
	Title     string `json:"title"`
	Statement string `json:"statement"`
}

// StoredDocument is a document as the store keeps it.
type StoredDocument struct {
	Version   uuid.UUID
	Locale    string
	Canonical []byte // JCS of the Document; its SHA-256 is Hash
	Hash      string
	TextHash  string // SHA-256 of the text alone
}

// PolicyText is a policy's text in one language.
type PolicyText struct {
	Locale string
	Text   string
}

// Title is the text's first heading, or its first line that says anything.
func (t PolicyText) Title() string {
	for line := range strings.Lines(t.Text) {
		if title := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#")); title != "" {
			return title
		}
	}
	return ""
}

// NewDocument makes the canonical document of a version in one language, as
// it will be stored. Words that are missing in the language stand in the
// authoritative one.
func NewDocument(app App, catalogue Catalogue, v *Version, text PolicyText) (StoredDocument, error) {
	if !utf8.ValidString(text.Text) {
		return StoredDocument{}, NewError(CodeInvalidValue, "the text is not valid UTF-8; save it as UTF-8").At("texts", text.Locale)
	}
	heading, ok := WordsIn(v.Facts.Title, text.Locale)
	if !ok {
		heading = text.Title()
	}
	d := Document{
		V: 1, Locale: text.Locale, Title: heading, Text: text.Text,
		ConsentForm: consentForm(app, catalogue, v, text.Locale), Items: []DocumentItem{},
	}
	for _, item := range v.Facts.Items {
		title := wordsOr(item.Title, text.Locale, app.AuthoritativeLanguage)
		statement := wordsOr(item.Statement, text.Locale, app.AuthoritativeLanguage)
		d.Items = append(d.Items, DocumentItem{item.Code, title, statement})
	}
	canonical, err := Canonical(d)
	if err != nil {
		return StoredDocument{}, err
	}
	return StoredDocument{
		Version: v.ID, Locale: text.Locale, Canonical: canonical,
		Hash: Hash(canonical), TextHash: Hash([]byte(text.Text)),
	}, nil
}
