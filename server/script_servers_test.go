package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/hashicorp/vault/api"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func (s *script) postgres(ts *testscript.TestScript, args []string) {
	database := daemon.PostgreSQL(s.t)
	u, err := url.Parse(database)
	ts.Check(err)
	password, _ := u.User.Password()
	s.secrets = append(s.secrets, password)
	ts.Setenv(args[0], database)
	ts.Setenv(args[0]+"_RUNTIME", daemon.AsRuntime(s.t, database))
	ts.Setenv(args[0]+"_HOST", u.Host)
	daemon.Ran(s.t, "PostgreSQL")
}

func (s *script) vault(ts *testscript.TestScript, _ []string) {
	v := daemon.Vault(s.t)
	s.vaults = v
	s.secrets = append(s.secrets, v.Token, v.EncryptToken, v.DecryptToken, v.RewrapToken)
	write(ts, "encrypt.token", v.EncryptToken)
	write(ts, "decrypt.token", v.DecryptToken)
	write(ts, "rewrap.token", v.RewrapToken)
	write(ts, "reindex.token", v.ReindexToken)
	ts.Setenv("VAULT_ADDR", v.Addr)
	ts.Setenv("VAULT_TOKEN_FILE", ts.MkAbs("encrypt.token"))
	ts.Setenv("KELISIM_DECRYPT_TOKEN_FILE", ts.MkAbs("decrypt.token"))
	ts.Setenv("KELISIM_REWRAP_TOKEN_FILE", ts.MkAbs("rewrap.token"))
	ts.Setenv("KELISIM_REINDEX_TOKEN_FILE", ts.MkAbs("reindex.token"))
	ts.Setenv("KELISIM_TRANSIT_MOUNT", v.Mount)
	daemon.Ran(s.t, "HashiCorp Vault")
}

func (s *script) rotate(_ *testscript.TestScript, args []string) { s.vaults.Rotate(args[0]) }

func (s *script) retire(ts *testscript.TestScript, args []string) {
	version, err := strconv.Atoi(args[1])
	ts.Check(err)
	s.vaults.Write("keys/"+args[0]+"/config", map[string]any{"min_decryption_version": version, "min_encryption_version": version})
}

func (s *script) person(ts *testscript.TestScript, _ []string) {
	ts.Setenv("VAULT_TOKEN", s.vaults.Token)
}

// administrator is a login that may do everything on a Vault that is bare but
// for the mounts of other tests.
func (s *script) administrator(ts *testscript.TestScript, _ []string) {
	v := daemon.Vault(s.t)
	s.secrets = append(s.secrets, v.Token)
	ts.Setenv("VAULT_ADDR", v.Addr)
	ts.Setenv("VAULT_TOKEN", v.Token)
	daemon.Ran(s.t, "HashiCorp Vault")
}

func administration(ts *testscript.TestScript) *api.Client {
	config := api.DefaultConfig()
	config.Address, config.MaxRetries = ts.Getenv("VAULT_ADDR"), 0
	config.HttpClient.Transport = &http.Transport{DisableKeepAlives: true}
	client, err := api.NewClient(config)
	ts.Check(err)
	client.SetToken(ts.Getenv("VAULT_TOKEN"))
	return client
}

func (s *script) withheld(ts *testscript.TestScript, args []string) {
	for _, path := range args {
		_, err := administration(ts).Logical().ReadWithContext(context.Background(), path)
		if err == nil {
			ts.Fatalf("%s is to be had", path)
		}
		ts.Logf("%v", err)
	}
}

func (s *script) administer(ts *testscript.TestScript, args []string) {
	data := map[string]any{}
	for _, field := range args[1:] {
		name, value, _ := strings.Cut(field, "=")
		data[name] = value
	}
	_, err := administration(ts).Logical().WriteWithContext(context.Background(), args[0], data)
	ts.Check(err)
}

func (s *script) withdraw(ts *testscript.TestScript, args []string) {
	_, err := administration(ts).Logical().DeleteWithContext(context.Background(), args[0])
	ts.Check(err)
}

func (s *script) redis(ts *testscript.TestScript, _ []string) {
	ts.Setenv("REDIS_URL", daemon.Redis(s.t).URL)
	daemon.Ran(s.t, "Redis")
}

func write(ts *testscript.TestScript, name, text string) {
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
}

// issuer is two OpenID Connect providers, /customers and /staff, over HTTPS.
type issuer struct {
	*httptest.Server
	key *ecdsa.PrivateKey
}

func (s *script) serveIssuer(ts *testscript.TestScript, _ []string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	keys := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}}
	i := &issuer{key: key}
	i.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		var answer any = keys
		if base, ok := strings.CutSuffix(r.URL.Path, "/.well-known/openid-configuration"); ok {
			answer = map[string]string{"issuer": i.URL + base, "jwks_uri": i.URL + "/keys"}
		}
		_ = json.NewEncoder(w).Encode(answer) // a client that is gone has no use for an error
	}))
	s.t.Cleanup(i.Close)
	s.issuer = i
	write(ts, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Certificate().Raw})))
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("ca.pem"))
	write(ts, "oidc.yaml", fmt.Sprintf(`issuers:
  - {issuer: %[1]s/customers, kind: CUSTOMERS, audiences: [shop-mobile], algorithms: [ES256]}
  - issuer: %[1]s/staff
    kind: STAFF
    audiences: [kelisim]
    algorithms: [ES256]
    rolesClaim: roles
    roles: {SERVICE: SERVICE, SUPPORT: SUPPORT, COMPLIANCE: COMPLIANCE, SECURITY: SECURITY, AUDITOR: AUDITOR}
`, i.URL))
	ts.Setenv("KELISIM_OIDC_FILE", ts.MkAbs("oidc.yaml"))
}

func (s *script) token(ts *testscript.TestScript, args []string) {
	file, role, subject := args[0], args[1], args[2]
	now := time.Now()
	claims := map[string]any{"sub": subject, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	claims["iss"], claims["aud"], claims["roles"] = s.issuer.URL+"/staff", "kelisim", []string{role}
	if role == "SUBJECT" {
		claims["iss"], claims["aud"] = s.issuer.URL+"/customers", "shop-mobile"
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.issuer.key}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", "one"))
	ts.Check(err)
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	ts.Check(err)
	s.secrets = append(s.secrets, token)
	write(ts, file, token)
}
