package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rs/cors"
)

// keepPreflight is how long browsers remember what CORS allows.
const keepPreflight = 10 * time.Minute

// fromElsewhere lets the pages of KELISIM_CORS_ORIGINS call the API in a
// browser. There are no cookies: a page sends the token that it has.
func (s settings) fromElsewhere(next http.Handler) http.Handler {
	if len(s.CORSOrigins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: s.CORSOrigins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{"Accept", "Accept-Language", "Authorization", "Content-Type"},
		ExposedHeaders: []string{"Content-Language", "Retry-After", "X-Request-ID"},
		MaxAge:         int(keepPreflight / time.Second),
	}).Handler(next)
}

// checkOrigin reports what is no origin of a web page. There is no wildcard.
func checkOrigin(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Host) && !loopback(u.Host+":80")) ||
		u.Host == "" || strings.Contains(u.Host, "*") || text != u.Scheme+"://"+u.Host {
		return fmt.Errorf("KELISIM_CORS_ORIGINS: %q is not an origin like https://tools.example.kz", text)
	}
	return nil
}
