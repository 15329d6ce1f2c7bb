package console

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const wantPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

func devOptions() Options {
	return Options{Dev: true, Tokens: func() map[string]string {
		return map[string]string{"support": "token-of-support"}
	}}
}

// get asks as a browser on this machine does; edit may change that.
func get(h http.Handler, target string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "127.0.0.1:8080"
	r.RemoteAddr = "127.0.0.1:50000"
	for _, change := range edit {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	want := map[string]string{
		"Content-Security-Policy":      wantPolicy,
		"Referrer-Policy":              "no-referrer",
		"X-Content-Type-Options":       "nosniff",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	}
	h := Handler(devOptions())
	for _, name := range []string{"", "init.js", "third_party/graphiql/graphiql.min.js", "settings.json", "dev-tokens.json", "no-such-file"} {
		got := get(h, Path+name).Header()
		for header, value := range want {
			if got.Get(header) != value {
				t.Errorf("%q: %s = %q, want %q", name, header, got.Get(header), value)
			}
		}
	}
}

func TestFilesHaveTheirTypeAndNothingElseIsServed(t *testing.T) {
	tests := []struct {
		name   string
		status int
		media  string
	}{
		{"", 200, "text/html; charset=utf-8"},
		{"init.js", 200, "text/javascript; charset=utf-8"},
		{"labels.js", 200, "text/javascript; charset=utf-8"},
		{"console.css", 200, "text/css; charset=utf-8"},
		{"examples.json", 200, "application/json"},
		{"settings.json", 200, "application/json"},
		{"third_party/graphiql/LICENSE", 200, "text/plain; charset=utf-8"},
		{"third_party", 404, "text/plain; charset=utf-8"},
		{"third_party/", 404, "text/plain; charset=utf-8"},
		{"handler.go", 404, "text/plain; charset=utf-8"},
		{"update.sh", 404, "text/plain; charset=utf-8"},
	}
	h := Handler(Options{})
	for _, test := range tests {
		r := get(h, Path+test.name)
		if r.Code != test.status || r.Header().Get("Content-Type") != test.media {
			t.Errorf("%q: %d %s, want %d %s", test.name, r.Code, r.Header().Get("Content-Type"), test.status, test.media)
		}
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	r := get(Handler(Options{}), Path, func(r *http.Request) { r.Method = http.MethodPost })
	if r.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST answered %d, want 405", r.Code)
	}
}

func TestOwnFilesAreNeverStoredAndThirdPartyFilesAreRevalidated(t *testing.T) {
	h := Handler(devOptions())
	for _, name := range []string{"", "init.js", "examples.json", "settings.json", "dev-tokens.json"} {
		if got := get(h, Path+name).Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%q: Cache-Control = %q, want no-store", name, got)
		}
	}
	const script = Path + "third_party/react/react.production.min.js"
	first := get(h, script)
	if got := first.Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control = %q, want no-cache", got)
	}
	tag := first.Header().Get("ETag")
	again := get(h, script, func(r *http.Request) { r.Header.Set("If-None-Match", tag) })
	if tag == "" || again.Code != http.StatusNotModified {
		t.Errorf("ETag %q asked again answered %d, want 304", tag, again.Code)
	}
}

func TestPageIsToldItsEndpoint(t *testing.T) {
	if got := get(Handler(Options{}), Path+"settings.json").Body.String(); got != `{"endpoint":"/graphql","schema":"/schema.graphql","dev":false,"issuers":[]}` {
		t.Errorf("settings = %s", got)
	}
	opts := devOptions()
	opts.Endpoint = "/api"
	if got := get(Handler(opts), Path+"settings.json").Body.String(); got != `{"endpoint":"/api","schema":"/schema.graphql","dev":true,"issuers":[]}` {
		t.Errorf("settings = %s", got)
	}
}

func TestDevelopmentTokensStayOnThisMachineAndThisPage(t *testing.T) {
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	peer := func(addr string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = addr } }
	site := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", value) }
	}
	tests := map[string]struct {
		edit   func(*http.Request)
		status int
	}{
		"IPv4 loopback":          {host("127.0.0.1:8080"), 200},
		"IPv6 loopback":          {host("[::1]:8080"), 200},
		"IPv6 without port":      {host("[::1]"), 200},
		"localhost":              {host("localhost:8080"), 200},
		"localhost without port": {host("LOCALHOST"), 200},
		"peer over IPv6":         {peer("[::1]:50000"), 200},
		"mapped IPv4 peer":       {peer("[::ffff:127.0.0.1]:50000"), 200},
		"own page":               {site("same-origin"), 200},
		"typed by the user":      {site("none"), 200},
		"rebound name":           {host("evil.example:8080"), 403},
		"name that looks local":  {host("localhost.evil.example"), 403},
		"name like an address":   {host("127.0.0.1.evil.example"), 403},
		"other address":          {host("192.0.2.7:8080"), 403},
		"no host":                {host(""), 403},
		"peer elsewhere":         {peer("192.0.2.7:50000"), 403},
		"peer unknown":           {peer(""), 403},
		"other site":             {site("cross-site"), 403},
		"same site":              {site("same-site"), 403},
		"unknown site":           {site("something-new"), 403},
	}
	h := Handler(devOptions())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := get(h, Path+"dev-tokens.json", test.edit)
			if r.Code != test.status {
				t.Errorf("answered %d, want %d", r.Code, test.status)
			}
			if given := strings.Contains(r.Body.String(), "token-of-support"); given != (test.status == 200) {
				t.Errorf("token given: %v", given)
			}
		})
	}
}

func TestTokensAreNeverGivenOutsideDevelopment(t *testing.T) {
	outside := devOptions()
	outside.Dev = false
	for name, opts := range map[string]Options{"not development": outside, "no tokens": {Dev: true}} {
		r := get(Handler(opts), Path+"dev-tokens.json")
		if r.Code != http.StatusNotFound || strings.Contains(r.Body.String(), "token-of-support") {
			t.Errorf("%s: answered %d, want 404", name, r.Code)
		}
	}
}

func TestThirdPartyFilesAreThoseListed(t *testing.T) {
	list, err := files.Open("third_party/README.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = list.Close() }()
	want := map[string]string{}
	line := regexp.MustCompile(`^([0-9a-f]{64}) {2}(\S+)$`)
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		if m := line.FindStringSubmatch(lines.Text()); m != nil {
			want["third_party/"+m[2]] = m[1]
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	eachFile(t, "third_party", func(name string, content []byte) {
		if name == "third_party/README.txt" {
			return
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != want[name] {
			t.Errorf("%s has SHA-256 %s, README.txt says %q", name, got, want[name])
		}
		delete(want, name)
	})
	for name := range want {
		t.Errorf("%s is listed and absent", name)
	}
}

func TestOwnFilesNameNoOtherHostAndRunNothingInline(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		"an address":             regexp.MustCompile(`(?i)\b(https?|wss?)://|["'(=]\s*//\w`),
		"the browser's storage":  regexp.MustCompile(`localStorage|sessionStorage|indexedDB|document\.cookie`),
		"an inline script":       regexp.MustCompile(`(?i)<script(?:\s+(?:defer|type="module"))*\s*>|\son\w+=|javascript:`),
		"an inline style":        regexp.MustCompile(`(?i)<style|\sstyle=`),
		"code made out of words": regexp.MustCompile(`\beval\(|new Function|innerHTML`),
	}
	eachFile(t, ".", func(name string, content []byte) {
		if strings.HasPrefix(name, "third_party/") {
			return
		}
		for what, pattern := range forbidden {
			if name == "signin.js" && what == "the browser's storage" { // while the browser is away; the next test
				continue
			}
			if found := pattern.Find(content); found != nil {
				t.Errorf("%s holds %s: %q", name, what, found)
			}
		}
	})
}

func TestOnlyWhatProvesASignInIsInTheTabsStorage(t *testing.T) {
	content, err := files.ReadFile("signin.js")
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`\w*(?:localStorage|sessionStorage|indexedDB|cookie)[^;]*`).FindAllString(string(content), -1)
	want := []string{
		"sessionStorage.setItem(pending, JSON.stringify(asked))", "sessionStorage.getItem(pending) ?? 'null')", "sessionStorage.removeItem(pending)",
	}
	if !slices.Equal(used, want) {
		t.Errorf("signin.js uses %q, want %q", used, want)
	}
	if asked := "const asked = { issuer, state: random(), nonce: random(), verifier: random() };"; !strings.Contains(string(content), asked) {
		t.Errorf("what is kept while the browser is away is not %q", asked)
	}
}

func TestThePageMayAskItsIssuersAndNobodyElse(t *testing.T) {
	is := Issuer{URL: "https://sso.dala.example:8443/staff", ClientID: "console", Scopes: []string{"openid"}}
	other := Issuer{URL: "https://id.dala.example", ClientID: "console", Scopes: []string{"openid"}}
	r := get(Handler(Options{Issuers: []Issuer{is, is, other}}), Path+"settings.json")
	want := strings.Replace(wantPolicy, "connect-src 'self'", "connect-src 'self' https://sso.dala.example:8443 https://id.dala.example", 1)
	if got := r.Header().Get("Content-Security-Policy"); got != want {
		t.Errorf("the policy is %s, want %s", got, want)
	}
	if !strings.Contains(r.Body.String(), `{"issuer":"https://id.dala.example","clientId":"console","scopes":["openid"]}`) {
		t.Errorf("the page is told %s", r.Body)
	}
	if back := get(Handler(Options{}), Path+"callback?code=x"); back.Code != http.StatusOK || !strings.Contains(back.Body.String(), "init.js") {
		t.Errorf("the callback is %d", back.Code)
	}
}

func TestPageRefersOnlyToFilesThatAreServed(t *testing.T) {
	h := Handler(Options{})
	page := get(h, Path).Body.String()
	references := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(references) < 8 {
		t.Fatalf("only %d references in the page", len(references))
	}
	for _, reference := range references {
		if reference[1] == "data:," { // no icon, and no request for one
			continue
		}
		if r := get(h, path.Join(Path, reference[1])); r.Code != http.StatusOK {
			t.Errorf("%s answered %d", reference[1], r.Code)
		}
	}
}

func TestEveryRoleHasAnExampleInThreeLanguages(t *testing.T) {
	content, err := files.ReadFile("examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []struct {
		Role      string            `json:"role"`
		Title     map[string]string `json:"title"`
		Query     string            `json:"query"`
		Variables map[string]any    `json:"variables"`
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&examples); err != nil {
		t.Fatal(err)
	}
	roles := map[string]bool{}
	for i, example := range examples {
		roles[example.Role] = true
		for _, language := range []string{"kk", "ru", "en"} {
			if strings.TrimSpace(example.Title[language]) == "" {
				t.Errorf("example %d (%s) has no title in %s", i, example.Role, language)
			}
		}
		if strings.TrimSpace(example.Query) == "" {
			t.Errorf("example %d (%s) has no query", i, example.Role)
		}
	}
	for _, role := range []string{"anonymous", "subject", "service", "support", "compliance", "security", "auditor"} {
		if !roles[role] {
			t.Errorf("no example for %s", role)
		}
	}
}

func TestBarSpeaksThreeLanguages(t *testing.T) {
	content, err := files.ReadFile("labels.js")
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`(?m)^ {4,6}(\w+):`)
	parts := regexp.MustCompile(`(?m)^ {2}(kk|ru|en): \{$`).Split(string(content), -1)
	if len(parts) != 4 {
		t.Fatalf("%d languages, want 3", len(parts)-1)
	}
	var want string
	for i, part := range parts[1:] {
		var keys []string
		for _, m := range key.FindAllStringSubmatch(part, -1) {
			keys = append(keys, m[1])
		}
		got := strings.Join(keys, " ")
		if i == 0 {
			want = got
		}
		if got != want || len(keys) < 20 {
			t.Errorf("language %d has the labels %q, the first has %q", i, got, want)
		}
	}
}

func TestFieldsHaveANameInThreeLanguages(t *testing.T) {
	content, err := files.ReadFile("words.js")
	if err != nil {
		t.Fatal(err)
	}
	entries := regexp.MustCompile(`(?m)^ {2}(\w+): (.*),$`).FindAllStringSubmatch(string(content), -1)
	three := regexp.MustCompile(`^\['[^']+', '[^']+', '[^']+'\]$`)
	for _, entry := range entries {
		if !three.MatchString(entry[2]) {
			t.Errorf("%s: %s", entry[1], entry[2])
		}
	}
	if len(entries) < 60 {
		t.Errorf("only %d fields have names", len(entries))
	}
}

// eachFile walks the embedded files below root.
func eachFile(t *testing.T, root string, visit func(name string, content []byte)) {
	t.Helper()
	err := fs.WalkDir(files, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		visit(name, content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
