package vault

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ExternalLink is a link that leads out of the app, to somebody else who is
// answerable there. A policy declares them.
type ExternalLink struct {
	Title Words  `json:"title"`
	URL   string `json:"url"` // https only
}

// Host is where the link leads to, in lower case; empty where it leads nowhere.
func (l ExternalLink) Host() string {
	u, err := url.Parse(l.URL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// maxLink bounds a link, in bytes.
const maxLink = 2000

func (r *proofreader) externalLinks(app App, links []ExternalLink) {
	for i, link := range links {
		path := []string{"facts", "externalLinks", strconv.Itoa(i)}
		u, err := url.Parse(link.URL)
		twice := slices.ContainsFunc(links[:i], func(o ExternalLink) bool { return o.URL == link.URL })
		switch {
		case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(link.URL) > maxLink:
			r.find(CodeInvalidValue, "linkForm", append(path, "url")...)
		case twice:
			r.find(CodeDuplicateInput, "linkTwice", append(path, "url")...)
		}
		r.words(app, link.Title, append(path, "title")...)
	}
}
