package folder_test

import (
	"strings"
	"testing"

	"github.com/kelisim/kelisim/server/folder"
)

func TestAPathOfAFileHasItsLine(t *testing.T) {
	const file = "label: x\nitems:\n  - code: a\n    title:\n      ru: А\n  - code: b\nfields: []\n"
	for path, want := range map[string]int{
		"label": 1, "items": 2, "items.0": 3, "items.0.title": 4, "items.0.title.ru": 5, "items.1.code": 6,
		"items.1.retention": 6, "items.7": 2, "fields.0.label": 7, "term": 0, "label.ru": 1,
	} {
		if got := folder.Line([]byte(file), strings.Split(path, ".")...); got != want {
			t.Errorf("%s: line %d, want %d", path, got, want)
		}
	}
	if got := folder.Line([]byte("a: ["), "a"); got != 0 {
		t.Errorf("a file that cannot be read: line %d", got)
	}
}
