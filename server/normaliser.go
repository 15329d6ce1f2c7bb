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

		"ipAddress":  words("IP мекенжайы, толық", "IP-адрес полностью", "IP address, the whole of it"),
		"ipNetwork":  words("IP мекенжайының желісі", "Сеть IP-адреса", "Network of the IP address"),
		"cookieId":   words("Cookie идентификаторы", "Идентификатор cookie", "Cookie identifier"),
		"userAgent":  words("Браузер немесе қолданба", "Браузер или приложение", "Browser or app"),
		"accessTime": words("Кіру уақыты", "Время доступа", "Time of access"),
		"pageUrl":    words("Ашылған бет", "Адрес страницы", "Page address"),
	}
}
