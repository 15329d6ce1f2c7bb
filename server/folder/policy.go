package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// Policy is a policy version as operators keep it.
type Policy struct {
	Label       string
	EffectiveAt *time.Time // nil: at publication
	Facts       vault.Facts
	Texts       []vault.PolicyText // byte for byte, in the order of vault.Languages
	Files       map[string][]byte  // the files that it was read from
}

const policyFile = "policy.yaml"

// Source is the file of facts that the policy was read from, byte for byte;
// nil when there was none. Kept beside the version, and put back into Files
// under Sources, it is what WritePolicy writes.
func (p Policy) Source() []byte { return p.Files[policyFile] }

// Sources are the Files of a policy whose Source was kept.
func Sources(source []byte) map[string][]byte {
	if len(source) == 0 {
		return map[string][]byte{}
	}
	return map[string][]byte{policyFile: source}
}

// ReadPolicy reads a policy's folder: policy.yaml, and a text kk.md, ru.md or
// en.md for each language that it has. Hidden files and README are left alone.
func ReadPolicy(dir string) (Policy, error) {
	return place{FS: os.DirFS(dir), dir: dir}.policy()
}

// ReadPolicyFS reads a policy's folder that is a file system of its own.
func ReadPolicyFS(fsys fs.FS) (Policy, error) { return place{FS: fsys}.policy() }

func (p place) policy() (Policy, error) {
	names, err := p.list()
	if err != nil {
		return Policy{}, err
	}
	files := map[string][]byte{}
	var errs []error
	for _, name := range names {
		raw, err := p.read(name)
		errs = append(errs, err)
		files[name] = raw
	}
	if err := errors.Join(errs...); err != nil {
		return Policy{}, err
	}
	out, err := decode(p.path(policyFile), files[policyFile], facts)
	if err != nil {
		return Policy{}, err
	}
	out.Files = files
	for _, locale := range vault.Languages {
		if raw, ok := files[textFile(locale)]; ok {
			out.Texts = append(out.Texts, vault.PolicyText{Locale: locale, Text: string(raw)})
		}
	}
	return out, nil
}

// list names the files of a policy's folder and refuses what does not belong.
func (p place) list() ([]string, error) {
	entries, err := fs.ReadDir(p, ".")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such folder; check the path: %w", p.path("."), fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", p.path("."), err)
	}
	names := []string{policyFile}
	var errs []error
	for _, entry := range entries {
		switch name := entry.Name(); {
		case ignored(name) || name == policyFile:
		case isText(name):
			names = append(names, name)
		default:
			errs = append(errs, fmt.Errorf("%s: this does not belong to a policy; its folder holds %s and %s: rename or remove it",
				p.path(name), policyFile, languages("%.md")))
		}
	}
	return names, errors.Join(errs...)
}

func textFile(locale string) string { return locale + ".md" }

func isText(name string) bool {
	locale, ok := strings.CutSuffix(name, ".md")
	return ok && slices.Contains(vault.Languages, locale)
}

// ReadText reads a policy that is a single text without facts. An empty locale
// is found in the file's name: privacy-policy.ru.txt.
func ReadText(file, locale string) (Policy, error) {
	if locale == "" {
		var err error
		if locale, err = localeOf(file); err != nil {
			return Policy{}, err
		}
	}
	if !slices.Contains(vault.Languages, locale) {
		return Policy{}, fmt.Errorf("%s: %s is not a language of the product; use one of %s", file, quote(locale), languages("%"))
	}
	p, name := beside(file)
	raw, err := p.read(name)
	if err != nil {
		return Policy{}, err
	}
	return Policy{
		Facts: vault.Facts{Items: []vault.Item{}, Fields: []vault.Field{}},
		Texts: []vault.PolicyText{{Locale: locale, Text: string(raw)}},
		Files: map[string][]byte{},
	}, nil
}

// localeOf finds the one language that a file's name names.
func localeOf(file string) (string, error) {
	var found []string
	for part := range strings.SplitSeq(filepath.Base(file), ".") {
		if slices.Contains(vault.Languages, part) {
			found = append(found, part)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%s: the name does not tell one language; say which it is: %s, or name the file like policy.ru.txt", file, languages("%"))
	}
	return found[0], nil
}

// facts reads policy.yaml.
func facts(o *object) Policy {
	return Policy{
		Label:       o.at("label").text(),
		EffectiveAt: o.at("effectiveAt").moment(),
		Facts: vault.Facts{
			Title:         o.at("title").words(),
			Term:          o.at("term").optional(),
			PurposesEnd:   o.at("purposesEnd").words(),
			LawTitle:      o.at("lawTitle").words(),
			ThirdParties:  o.at("thirdParties").flag(),
			CrossBorder:   o.at("crossBorder").flag(),
			PublicSources: o.at("publicSources").flag(),
			Items:         each(o.at("items"), item),
			Fields:        each(o.at("fields"), field),
			Withdrawal:    o.at("withdrawal").words(),
			Approval:      approval(o.at("approval")),
			ExternalLinks: each(o.at("externalLinks"), externalLink),
		},
	}
}

func item(v value) vault.Item {
	o := v.object()
	defer o.close()
	return vault.Item{
		Code:       o.at("code").text(),
		Kind:       vault.ItemKind(o.at("kind").text()),
		Required:   o.at("required").answer(),
		Basis:      vault.LawfulBasis(o.at("basis").text()),
		Title:      o.at("title").words(),
		Statement:  o.at("statement").words(),
		Fields:     each(o.at("fields"), itemField),
		Retention:  o.at("retention").optional(),
		Recipients: each(o.at("recipients"), recipient),
		Channels:   each(o.at("channels"), channel),
	}
}

func channel(v value) vault.Channel { return vault.Channel(v.text()) }

func itemField(v value) vault.ItemField {
	o := v.object()
	defer o.close()
	return vault.ItemField{Field: o.at("field").text(), Required: o.at("required").answer()}
}

func recipient(v value) vault.Recipient {
	o := v.object()
	defer o.close()
	return vault.Recipient{
		Name:    o.at("name").words(),
		Country: o.at("country").text(),
		Purpose: o.at("purpose").words(),
	}
}

func field(v value) vault.Field {
	o := v.object()
	defer o.close()
	return vault.Field{
		Code:  o.at("code").text(),
		Class: vault.FieldClass(o.at("class").text()),
		Kind:  vault.FieldKind(o.at("kind").text()),
		Mask:  vault.FieldMask(o.at("mask").text()),
		Label: o.at("label").words(),
		Help:  o.at("help").words(),
	}
}

func externalLink(v value) vault.ExternalLink {
	o := v.object()
	defer o.close()
	return vault.ExternalLink{Title: o.at("title").words(), URL: o.at("url").text()}
}

func approval(v value) *vault.Approval {
	if v.none() {
		return nil
	}
	o := v.object()
	defer o.close()
	return &vault.Approval{
		By:        o.at("by").text(),
		At:        o.at("at").date(),
		Reference: o.at("reference").text(),
	}
}
