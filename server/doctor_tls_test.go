package main

import (
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault/sqlstore"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// TestTheDoctorOnAPostgreSQLWithTLS: a real server that lets nobody in without, at
// an address that looks like another machine's.
func TestTheDoctorOnAPostgreSQLWithTLS(t *testing.T) {
	database, ca := daemon.SecurePostgreSQL(t)
	stranger := daemon.Stranger(t)
	secret, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := secret.User.Password()
	for _, c := range []struct {
		mode, rootCert      string
		setting, connection string // what is found, after its severity; empty: nothing is
	}{
		{"disable", "", "insecure sslmode=disable lets the connection be in clear", "unchecked not checked, because SQLSTATE 28000"},
		{"prefer", "", "insecure sslmode=prefer lets the connection be in clear", ""},
		{"require", "", "weak sslmode=require encrypts and does not make sure whom it speaks to", ""},
		{"verify-ca", ca, "weak sslmode=verify-ca encrypts and does not make sure whom it speaks to", ""},
		{"verify-full", ca, "", ""},
		{"verify-full", stranger, "", "unchecked not checked, because the server's certificate is not signed by an authority that is trusted here"},
		{"verify-full", "", "", "unchecked not checked, because the server's certificate is not signed by an authority that is trusted here"},
		{"verify-full", filepath.Join(t.TempDir(), "none.pem"), "", "unchecked not checked, because "},
	} {
		query := url.Values{"sslmode": {c.mode}}
		if c.rootCert != "" {
			query.Set("sslrootcert", c.rootCert)
		}
		at := *secret
		at.Host, at.RawQuery = "0.0.0.0:"+secret.Port(), query.Encode()
		on := &patient{process: &process{ctx: t.Context()}, settings: settings{DatabaseURL: at.String()}}
		for what, check := range map[string]struct {
			found []finding
			want  string
		}{
			"the setting": {checkDatabaseSetting(on), c.setting}, "the connection": {checkDatabaseConnection(on), c.connection},
		} {
			var all []string
			for _, f := range check.found {
				all = append(all, string(f.Severity)+" "+f.Found)
			}
			got := strings.Join(all, "")
			if (got == "") != (check.want == "") || !strings.HasPrefix(got, check.want) || strings.Contains(got, password) {
				t.Errorf("sslmode=%s with %q: of %s it finds %q, want %q", c.mode, filepath.Base(c.rootCert), what, got, check.want)
			}
		}
		on.discharge()
	}

	right := *secret
	right.RawQuery = url.Values{"sslmode": {"verify-full"}, "sslrootcert": {ca}}.Encode()
	db, err := sqlstore.Open(t.Context(), right.String(), sqlstore.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	is, err := db.Transport(t.Context())
	if err != nil || is.TLS != "TLSv1.3" || !is.Remote {
		t.Errorf("the connection is %+v (%v)", is, err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Errorf("migrating over TLS: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(ca); err != nil {
		t.Error(err)
	}
}
