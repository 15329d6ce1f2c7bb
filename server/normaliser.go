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

func (normaliser) Born(iin string) (string, bool) {
	info, err := identifier.IIN(iin)
	return info.BirthDate, err == nil
}

func (normaliser) Limits(kind vault.FieldKind, now time.Time) vault.Limits {
	return identifier.Limits(string(kind), now)
}

// CheckOrganisation takes no IIN, as which sole entrepreneurs are known: that is somebody's own.
func (normaliser) CheckOrganisation(bin string) error {
	if len(bin) == 12 && bin[4] <= '3' {
		return vault.NewError(vault.CodeInvalidBIN, "this is no BIN of an organisation: the fifth digit is 4 to 6")
	}
	_, err := identifier.BIN(bin)
	return err
}

func (normaliser) CheckBIN(bin string) error {
	_, err := identifier.BIN(bin)
	return err
}

func (normaliser) Version() int { return identifier.Version }

func inAll(kk, ru, en string) vault.Words {
	return vault.Words{{Locale: "kk", Text: kk}, {Locale: "ru", Text: ru}, {Locale: "en", Text: en}}
}

// helps are what a form says below the typed fields.
func helps() map[string]vault.Words {
	name := inAll("Жеке куәліктегідей жазыңыз.", "Как в удостоверении личности.", "As in the identity document.")
	return map[string]vault.Words{
		"familyName": name,
		"givenName":  name,
		"patronymic": inAll("Бар болса, жеке куәліктегідей.", "Если есть, как в удостоверении личности.", "If you have one, as in the identity document."),
		"birthDate":  inAll("Жыл-ай-күн: 1991-04-12.", "Год-месяц-день: 1991-04-12.", "Year-month-day: 1991-04-12."),
		"iin":        inAll("12 цифр.", "12 цифр.", "12 digits."),
		"email":      inAll("Мысалы, aty@mail.example.", "Например, name@mail.example.", "For example, name@mail.example."),
		"phone": inAll("Қазақстан нөмірін 8 немесе +7-ден бастаңыз; шетел нөмірін — ел кодынан.",
			"Номер Казахстана начните с 8 или +7, зарубежный — с кода страны.", "Begin a number of Kazakhstan with 8 or +7, a foreign one with its country code."),
		"postalAddress": inAll("Индекс, қала, көше, үй, пәтер.", "Индекс, город, улица, дом, квартира.", "Postcode, city, street, house, flat."),
	}
}

// labels are the product's own words for the typed fields.
func labels() map[string]vault.Words {
	return map[string]vault.Words{
		"familyName":    inAll("Тегі", "Фамилия", "Family name"),
		"givenName":     inAll("Аты", "Имя", "Given name"),
		"patronymic":    inAll("Әкесінің аты", "Отчество", "Patronymic"),
		"birthDate":     inAll("Туған күні", "Дата рождения", "Date of birth"),
		"iin":           inAll("ЖСН", "ИИН", "IIN"),
		"email":         inAll("Электрондық пошта", "Электронная почта", "E-mail"),
		"phone":         inAll("Телефон", "Телефон", "Phone"),
		"postalAddress": inAll("Пошталық мекенжай", "Почтовый адрес", "Postal address"),

		"ipAddress":  inAll("IP-мекенжай (толық)", "IP-адрес (полный)", "IP address, the whole of it"),
		"ipNetwork":  inAll("IP-мекенжайдың желісі", "Сеть IP-адреса", "Network of the IP address"),
		"cookieId":   inAll("Cookie сәйкестендіргіші", "Идентификатор cookie", "Cookie identifier"),
		"userAgent":  inAll("Браузер немесе қосымша", "Браузер или приложение", "Browser or app"),
		"accessTime": inAll("Кіру уақыты", "Время доступа", "Time of access"),
		"pageUrl":    inAll("Ашылған бет", "Адрес страницы", "Page address"),
	}
}
