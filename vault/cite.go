package vault

import (
	"regexp"
	"strings"
)

// articleForm is where something stands in a law: 8(4)(1) is article 8, paragraph
// 4, subparagraph 1.
var articleForm = regexp.MustCompile(`^(\d+(?:-\d+)?)(?:\((\w+)\))?(?:\((\w+)\))?$`)

// CiteArticle says where something stands in the law as lawyers of a language
// write it. What is no number, such as the name of another law, stays as it is;
// ok is false then, and of a rule that stands in no article.
func CiteArticle(article, locale string) (text string, ok bool) {
	var out []string
	for one := range strings.SplitSeq(article, ", ") {
		m := articleForm.FindStringSubmatch(one)
		if m == nil {
			return article, false
		}
		out = append(out, citation(m[1], m[2], m[3], one, locale))
	}
	return strings.Join(out, ", "), true
}

func citation(article, paragraph, point, whole, locale string) string {
	switch {
	case locale == "ru" && point != "":
		return "подпункт " + point + ") пункта " + paragraph + " статьи " + article
	case locale == "ru" && paragraph != "":
		return "пункт " + paragraph + " статьи " + article
	case locale == "ru":
		return "статья " + article
	case locale == "kk" && point != "":
		return article + "-баптың " + paragraph + "-тармағының " + point + ") тармақшасы"
	case locale == "kk" && paragraph != "":
		return article + "-баптың " + paragraph + "-тармағы"
	case locale == "kk":
		return article + "-бап"
	default:
		return "article " + whole
	}
}
