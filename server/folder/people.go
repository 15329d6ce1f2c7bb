package folder

import (
	"io/fs"

	"github.com/kelisim/kelisim/vault"
)

// Person is one of the demo people.
type Person struct {
	Subject  string   // who the identity provider says it is
	Locale   string   // in which they read the policy
	Verified []string // what the identity provider vouches for: phone, email
	// Profile is what they tell about themselves in the file's order, the
	// typed fields and the app's own alike.
	Profile []vault.Change
	// Decisions are those of one screen, in its order.
	Decisions []vault.ItemDecision
}

const peopleFile = "people.yaml"

// People reads the demo people, people.yaml, in their order.
func People(fsys fs.FS) ([]Person, error) {
	p := place{FS: fsys}
	raw, err := p.read(peopleFile)
	if err != nil {
		return nil, err
	}
	return decode(p.path(peopleFile), raw, func(o *object) []Person { return each(o.at("people"), person) })
}

func person(v value) Person {
	o := v.object()
	defer o.close()
	return Person{
		Subject:   o.at("subject").text(),
		Locale:    o.at("locale").text(),
		Verified:  each(o.at("verified"), value.text),
		Profile:   profile(o.at("profile")),
		Decisions: decisions(o.at("decisions")),
	}
}

// profile takes any field: which ones there are, the policy says.
func profile(v value) []vault.Change {
	typed := v.object()
	own := typed.at("fields").object()
	var out []vault.Change
	for _, field := range append(typed.rest(), own.rest()...) {
		text := vault.NewPlain(field.text())
		out = append(out, vault.Change{Field: field.name, Value: &text})
	}
	return out
}

func decisions(v value) []vault.ItemDecision {
	var out []vault.ItemDecision
	for _, item := range v.object().rest() {
		decision := vault.Decision(item.text())
		if decision != vault.Give && decision != vault.Refuse {
			item.faultf("%s: write %s or %s", quote(item.name), vault.Give, vault.Refuse)
		}
		out = append(out, vault.ItemDecision{Item: item.name, Decision: decision})
	}
	return out
}
