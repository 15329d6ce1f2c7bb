package folder

import (
	"io/fs"

	"github.com/kelisim/kelisim/vault"
)

// App reads an app's file. Its form is right; whether the app is, vault.App's
// Validate says.
func App(file string) (vault.App, error) {
	p, name := beside(file)
	return p.app(name)
}

// AppFS reads an app's file from a file system.
func AppFS(fsys fs.FS, name string) (vault.App, error) { return place{FS: fsys}.app(name) }

func (p place) app(name string) (vault.App, error) {
	raw, err := p.read(name)
	if err != nil {
		return vault.App{}, err
	}
	return decode(p.path(name), raw, app)
}

func app(o *object) vault.App {
	return vault.App{
		Code:                  o.at("code").text(),
		Name:                  o.at("name").words(),
		Operator:              operator(o.at("operator")),
		Owner:                 operator(o.at("owner")),
		Group:                 each(o.at("group"), operator),
		Contacts:              contacts(o.at("contacts")),
		ResponsiblePerson:     responsiblePerson(o.at("responsiblePerson")),
		Languages:             each(o.at("languages"), value.text),
		AuthoritativeLanguage: o.at("authoritativeLanguage").text(),
		Audiences:             each(o.at("audiences"), value.text),
		Jurisdiction:          o.at("jurisdiction").text(),
	}
}

func operator(v value) vault.Operator {
	o := v.object()
	defer o.close()
	return vault.Operator{
		Code:    o.at("code").text(),
		Name:    o.at("name").words(),
		BIN:     o.at("bin").text(),
		Address: o.at("address").words(),
	}
}

func contacts(v value) vault.Contacts {
	o := v.object()
	defer o.close()
	return vault.Contacts{
		Email:   o.at("email").text(),
		Phone:   o.at("phone").text(),
		Address: o.at("address").words(),
	}
}

func responsiblePerson(v value) vault.ResponsiblePerson {
	o := v.object()
	defer o.close()
	return vault.ResponsiblePerson{Name: o.at("name").words(), Email: o.at("email").text()}
}
