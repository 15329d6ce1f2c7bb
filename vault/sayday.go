package vault

import (
	"fmt"
	"time"
)

// months are their names as a date has them, in the order of the year.
var months = map[string][12]string{
	"kk": {"қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан"},
	"ru": {"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

// SayDay is a day in a zone as people of a language of the product write it.
func SayDay(at time.Time, zone *time.Location, locale string) string {
	on := at.In(zone)
	month := months[locale][on.Month()-1]
	switch locale {
	case "kk":
		return fmt.Sprintf("%d жылғы %d %s", on.Year(), on.Day(), month)
	case "ru":
		return fmt.Sprintf("%d %s %d года", on.Day(), month, on.Year())
	default:
		return fmt.Sprintf("%d %s %d", on.Day(), month, on.Year())
	}
}

// SayMoment is a day and a time, to the second, with the distance from UTC.
func SayMoment(at time.Time, zone *time.Location, locale string) string {
	return SayDay(at, zone, locale) + ", " + at.In(zone).Format("15:04:05 (UTC-07:00)")
}
