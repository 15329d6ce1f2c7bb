package main

import (
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/identifier"
)

// normaliser is package identifier as the vault's port.
type normaliser struct{}

func (normaliser) Normalise(kind vault.FieldKind, value string, now time.Time) (stored, normalised string, err error) {
	return identifier.Normalise(string(kind), value, now)
}

func (normaliser) CheckTogether(iin, birthDate string) error {
	return identifier.CheckIINBirthDate(iin, birthDate)
}

// CheckBIN takes no IIN, as which sole entrepreneurs are known: that is somebody's own.
func (normaliser) CheckBIN(bin string) error {
	if len(bin) == 12 && bin[4] <= '3' {
		return vault.NewError(vault.CodeInvalidBIN, "this is no BIN of an organisation: the fifth digit is 4 to 6")
	}
	_, err := identifier.BIN(bin)
	return err
}

func (normaliser) Version() int { return identifier.Version }

// labels are the product's own words for the typed fields.
func labels() map[string]vault.Words {
	words := func(kk, ru, en string) vault.Words {
		return vault.Words{{Locale: "kk", Text: kk}, {Locale: "ru", Text: ru}, {Locale: "en", Text: en}}
	}
	return map[string]vault.Words{
		"familyName":    words("Тегі", "Фамилия", "Family name"),
		"givenName":     words("Аты", "Имя", "Given name"),
		"patronymic":    words("Әкесінің аты", "Отчество", "Patronymic"),
		"birthDate":     words("Туған күні", "Дата рождения", "Date of birth"),
		"iin":           words("ЖСН", "ИИН", "IIN"),
		"email":         words("Электрондық пошта", "Электронная почта", "E-mail"),
		"phone":         words("Телефон", "Телефон", "Phone"),
		"postalAddress": words("Пошталық мекенжай", "Почтовый адрес", "Postal address"),
	}
}
