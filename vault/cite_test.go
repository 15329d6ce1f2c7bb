package vault

import "testing"

func TestAnArticleIsCitedAsLawyersWriteIt(t *testing.T) {
	for _, c := range []struct{ article, kk, ru, en string }{
		{"8", "8-бап", "статья 8", "article 8"},
		{"7-1", "7-1-бап", "статья 7-1", "article 7-1"},
		{"8(2)", "8-баптың 2-тармағы", "пункт 2 статьи 8", "article 8(2)"},
		{"25(2)(10)", "25-баптың 2-тармағының 10) тармақшасы", "подпункт 10) пункта 2 статьи 25", "article 25(2)(10)"},
		{"13(1)(a)", "13-баптың 1-тармағының a) тармақшасы", "подпункт a) пункта 1 статьи 13", "article 13(1)(a)"},
		{"7(1), 9", "7-баптың 1-тармағы, 9-бап", "пункт 1 статьи 7, статья 9", "article 7(1), article 9"},
	} {
		for locale, want := range map[string]string{"kk": c.kk, "ru": c.ru, "en": c.en} {
			if got, ok := CiteArticle(c.article, locale); got != want || !ok {
				t.Errorf("%s in %s: %q", c.article, locale, got)
			}
		}
	}
	for _, none := range []string{"", "Digital Code, right to deletion", "25(2)(8); order 481"} {
		if got, ok := CiteArticle(none, "ru"); got != none || ok {
			t.Errorf("%q: %q", none, got)
		}
	}
}
