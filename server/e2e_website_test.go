package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// paged is a page as it was answered.
type paged struct {
	status int
	header http.Header
	body   string
}

// visit asks for a page; headers come in pairs.
func (w *world) visit(method, path string, headers ...string) paged {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.http.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return paged{got.StatusCode, got.Header, string(body)}
}

// says reports an error unless the page holds all of the words.
func (p paged) says(t *testing.T, what string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(p.body, word) {
			t.Errorf("%s does not say %q", what, word)
		}
	}
}

func TestClause61TheDateOfTheLastUpdateAndEarlierVersionsAreShown(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		hash := w.shown("kk").hash
		old := w.visit("GET", "/policy/dala", "Accept-Language", "kk-KZ,kk;q=0.9,ru;q=0.8")
		equal(t, "status", old.status, http.StatusOK)
		equal(t, "language", old.header.Get("Content-Language"), "kk")
		old.says(t, "the page", `<html lang="kk">`, "Соңғы жаңартылған күні", hash, "қолданыста", "/policy/dala/delete?locale=kk")
		for locale, said := range map[string]string{"kk": "Барлық редакциялар", "ru": "Все редакции", "en": "All versions"} {
			p := w.visit("GET", "/policy/dala?locale="+locale, "Accept-Language", "de")
			p.says(t, locale, `<html lang="`+locale+`">`, said)
			equal(t, locale+": one h1", strings.Count(p.body, "<h1"), 1)
		}

		effective := w.clock.Now().Add(time.Hour).Truncate(time.Millisecond)
		coming := w.policy("6.1")
		texts, _ := coming["texts"].([]input)
		coming["texts"] = texts[:2] // none in English
		w.publish(w.draft(coming), input{"effectiveAt": stamp(effective), "acknowledgedWarnings": []input{{"rule": "policy.otherTexts", "reason": "CP-1"}}})
		now := w.visit("GET", "/policy/dala?locale=ru")
		now.says(t, "before the switch", `href="/policy/dala/6.1?locale=ru"`, "ещё не вступила в силу", "<dd>1.0</dd>")
		w.visit("GET", "/policy/dala/6.1?locale=ru").says(t, "the coming version", "Эта редакция ещё не вступила в силу.", "Что изменилось", "» исключён.", "<dd>6.1</dd>")
		w.clock.advance(time.Hour)
		w.visit("GET", "/policy/dala?locale=ru").says(t, "after the switch", "<dd>6.1</dd>")
		w.visit("GET", "/policy/dala/1.0?locale=ru").says(t, "the old version", "Эта редакция больше не действует.")
		w.visit("GET", "/policy/dala?locale=en").says(t, "a language that is missing", `<html lang="en">`, `<article lang="ru">`, "has no English text")
	})
}

func TestHowToHaveDataDeletedIsComputedFromFactsAndRules(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for locale, said := range map[string][]string{
			"kk": {"Дербес деректерді жою", "Не жойылады", "ЖСН", "Бухгалтерлік және салықтық есепке алу", "5 жыл", "15 күн", "әлі салыстырылған жоқ"},
			"ru": {"Удаление персональных данных", "Что удаляется", "ИИН", "Бухгалтерский и налоговый учёт", "5 лет", "15 дней", "privacy@dala.example"},
			"en": {"Deletion of personal data", "What is deleted", "IIN", "Accounting and tax records", "5 years", "15 days", "mailto:responsible@dala.example"},
		} {
			p := w.visit("GET", "/policy/dala/delete?locale="+locale)
			equal(t, locale, p.status, http.StatusOK)
			p.says(t, locale, said...)
		}
	})
}

func TestPagesAreRevalidatedAndHarmless(t *testing.T) {
	w := embedded(t)
	first := w.visit("GET", "/policy/dala?locale=ru")
	for name, want := range map[string]string{
		"Cache-Control": "public, no-cache", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Content-Type": "text/html; charset=utf-8", "Set-Cookie": "",
	} {
		equal(t, name, first.header.Get(name), want)
	}
	policy := first.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(first.body, "<script") {
		t.Errorf("the page may run something: %s", policy)
	}
	again := w.visit("GET", "/policy/dala?locale=ru", "If-None-Match", first.header.Get("ETag"))
	equal(t, "asked again", again.status, http.StatusNotModified)
	other := w.visit("GET", "/policy/dala?locale=en", "If-None-Match", first.header.Get("ETag"))
	equal(t, "in another language", other.status, http.StatusOK)
	head := w.visit("HEAD", "/policy/dala?locale=ru")
	equal(t, "HEAD", head.status, http.StatusOK)
	equal(t, "HEAD's body", head.body, "")
	equal(t, "HEAD's ETag", head.header.Get("ETag"), first.header.Get("ETag"))
	equal(t, "POST", w.visit("POST", "/policy/dala").status, http.StatusMethodNotAllowed)
	for _, path := range []string{
		"/policy/nowhere", "/policy/nowhere/delete", "/policy/dala/9.9", "/policy/", "/policy/dala/1.0/more", "/policy/dala/%3Cscript%3E", "/consents/",
	} {
		p := w.visit("GET", path+"?locale=kk")
		equal(t, path, p.status, http.StatusNotFound)
		if strings.HasPrefix(path, "/policy/") {
			p.says(t, path, "Бет табылмады", `<html lang="kk">`)
		}
		if strings.Contains(p.body, "script") || strings.Contains(p.body, "9.9") {
			t.Errorf("%s: the page repeats what was asked for", path)
		}
	}
	draft := w.policy("draft of tomorrow")
	w.draft(draft)
	if strings.Contains(w.visit("GET", "/policy/dala?locale=ru").body, "draft of tomorrow") {
		t.Error("a draft is listed")
	}
}

func TestHostileMarkdownDoesNothing(t *testing.T) {
	w := embedded(t)
	in := w.policy("hostile")
	text := "# Политика hostile\n\n<script>alert(1)</script>\n\n<img src=x onerror=alert(1)> <b>толсто</b>\n\n" +
		"[раз](javascript:alert(1)) [два](JaVaScRiPt:alert(1)) [три](data:text/html,x) [четыре](//evil.example/) [пять](vbscript:x)\n\n" +
		"![картинка](https://evil.example/track.png) ![ещё](data:image/png;base64,AAAA) [![внутри](https://evil.example/i.png)](https://good.example/)\n\n" +
		"<javascript:alert(1)> [почта](mailto:a@b.example) [сайт](https://good.example/?a=1&b=\"x\")\n\n# Ещё раз первый уровень\n\n| а | б |\n|---|---|\n| 1 | <i>2</i> |\n"
	in["texts"] = []input{{"locale": "ru", "text": text}, {"locale": "kk", "text": "# Саясат hostile"}, {"locale": "en", "text": "# Policy hostile"}}
	w.publish(w.draft(in), input{"acknowledgedWarnings": []input{{"rule": "policy.links", "reason": "CP-1"}}})
	p := w.visit("GET", "/policy/dala?locale=ru")
	equal(t, "status", p.status, http.StatusOK)
	if found := regexp.MustCompile(`(?i)<script|<img|onerror=|<b>|<i>|href="(javascript|data:text|vbscript|//)|evil\.example`).FindAllString(p.body, -1); len(found) > 0 {
		t.Errorf("the page holds %q", found)
	}
	p.says(t, "the page", "раз два три четыре пять", "картинка", "внутри", `href="mailto:a@b.example"`, `href="https://good.example/`, "<td>1</td>")
	equal(t, "one h1", strings.Count(p.body, "<h1"), 1)
}

func TestAConsentIsPrintedForWhoeverMaySeeIt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, other := w.subject("printed"), w.subject("other")
		w.register(me, named())
		w.register(other, named())
		w.withdraw(me, "contact").ok()
		list := w.ask(me, `{ me { consents { nodes { id item documentHash } } } }`, nil).must()
		id, hash := "", str(list, "me", "consents", "nodes", 0, "documentHash")
		for i, item := range pluck(list, "item", "me", "consents", "nodes") {
			if item == "contact" {
				id = str(list, "me", "consents", "nodes", i, "id")
			}
		}
		for locale, said := range map[string][]string{
			"kk": {"Келісім парағы", "Келісім кері қайтарып алынды", "қосымшада, жеке токенмен расталған", "«Dala Delivery» ЖШС"},
			"ru": {"Лист согласия", "Согласие отозвано", "в приложении, подтверждено личным токеном", "ТОО «Dala Delivery»"},
			"en": {"Consent sheet", "Consent withdrawn", "in the app, confirmed by the person", "Dala Delivery LLP"},
		} {
			p := w.visit("GET", "/consents/"+id+"?locale="+locale, "Authorization", "Bearer "+me)
			equal(t, locale, p.status, http.StatusOK)
			equal(t, "kept", p.header.Get("Cache-Control"), "no-store")
			equal(t, "ETag", p.header.Get("ETag"), "")
			p.says(t, locale, append(said, hash, "Asia/Almaty", "(UTC&#43;05:00)", "Даю операторам группы «Dala» согласие на сбор и обработку моего номера телефона", "Идентификация")...)
			for _, value := range []string{"Сағынтаева", "Әйгерім"} {
				if strings.Contains(p.body, value) {
					t.Errorf("the sheet holds a personal value")
				}
			}
			event := w.events(vault.AuditFilter{RequestID: p.header.Get("X-Request-ID")})
			if len(event) != 1 || event[0].Action != vault.ConsentPrinted || event[0].Subject != event[0].Actor {
				t.Errorf("events: %v", event)
			}
		}
		for role, status := range map[vault.Role]int{
			vault.Support: 200, vault.Compliance: 200, vault.Auditor: 200, vault.Security: 403, vault.Machine: 403,
		} {
			p := w.visit("GET", "/consents/"+id+"?locale=ru", "Authorization", "Bearer "+w.staff(role))
			equal(t, string(role), p.status, status)
			want := vault.ConsentPrinted
			if status != 200 {
				want = vault.AccessDenied
			}
			if event := w.events(vault.AuditFilter{RequestID: p.header.Get("X-Request-ID")}); len(event) != 1 || event[0].Action != want || event[0].Kind != role {
				t.Errorf("%s: events %v", role, event)
			}
		}
		equal(t, "a stranger", w.visit("GET", "/consents/"+id, "Authorization", "Bearer "+other).status, http.StatusNotFound)
		nobody := w.visit("GET", "/consents/"+id+"?locale=ru")
		equal(t, "nobody", nobody.status, http.StatusUnauthorized)
		equal(t, "nobody is told how", nobody.header.Get("WWW-Authenticate"), "Bearer")
		nobody.says(t, "nobody", "Нужен вход")
		equal(t, "a token that is none", w.visit("GET", "/consents/"+id, "Authorization", "Bearer x").status, http.StatusUnauthorized)
		equal(t, "an id that is none", w.visit("GET", "/consents/abc", "Authorization", "Bearer "+me).status, http.StatusNotFound)
		if strings.Contains(w.log.String(), id) {
			t.Error("the log holds the id of the consent")
		}
	})
}
