package transit_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its own certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t), file: filepath.Join(t.TempDir(), "ca.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	a.pem(a.file, "CERTIFICATE", der)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) pem(file, kind string, der []byte) {
	a.t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// issue writes a certificate for vault.test and its key, as name.pem and
// name.key in a folder.
func (a *authority) issue(dir, name string) (cert, key string) {
	a.t.Helper()
	own := newKey(a.t)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"vault.test"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 2)}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, own.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	a.pem(cert, "CERTIFICATE", der)
	a.pem(key, "PRIVATE KEY", raw)
	return cert, key
}

func TestMutualTLSWithCertificatesThatAreRotatedWhileServing(t *testing.T) {
	t.Parallel()
	trusted, other, dir := newAuthority(t), newAuthority(t), t.TempDir()
	serverCert, serverKey := trusted.issue(dir, "server")
	addr, cluster := daemon.FreeAddr(t), daemon.FreeAddr(t)
	v := daemon.PrivateVault(t, fmt.Sprintf(`listener "tcp" {
  address = %q
  cluster_address = %q
  tls_cert_file = %q
  tls_key_file = %q
  tls_client_ca_file = %q
  tls_require_and_verify_client_cert = true
}`, addr, cluster, serverCert, serverKey, trusted.file))
	cert, key := other.issue(dir, "client")
	c := config(v.VaultServer)
	c.Address = "https://" + addr
	right := transit.TLS{CACert: trusted.file, ServerName: "vault.test", ClientCert: cert, ClientKey: key}

	// In TLS 1.3 the refusal may come too late to be read: the connection is cut.
	const refusedInTLS = "VAULT_CLIENT_CERT|Vault cannot be reached"
	for name, wrong := range map[string]struct {
		change func(*transit.TLS)
		why    string
	}{
		"another authority": {func(t *transit.TLS) { t.CACert = other.file }, "VAULT_CACERT"},
		"the system's":      {func(t *transit.TLS) { t.CACert = "" }, "VAULT_CACERT"},
		"another name":      {func(t *transit.TLS) { t.ServerName = "other.test" }, "another server's"},
		"no certificate":    {func(t *transit.TLS) { t.ClientCert, t.ClientKey = "", "" }, refusedInTLS},
		"a certificate that Vault does not trust": {func(*transit.TLS) {}, refusedInTLS},
	} {
		c.TLS = right
		wrong.change(&c.TLS)
		err := open(t, c).Healthy(t.Context())
		if !errors.Is(err, vault.ErrUnavailable) || !regexp.MustCompile(wrong.why).MatchString(err.Error()) || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %v", name, err)
		}
	}

	c.TLS = right
	e := open(t, c)
	if err := e.Healthy(t.Context()); err == nil {
		t.Fatal("before the rotation it is let in")
	}
	trusted.issue(dir, "client") // in the place of the one that is refused
	if err := e.Healthy(t.Context()); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
	// Half written, the files fit each other no more: the last that did are used.
	other.issue(dir, "half")
	if err := os.Rename(filepath.Join(dir, "half.key"), key); err != nil {
		t.Fatal(err)
	}
	v.Stop()
	v.Start() // on a new connection
	if err := e.Healthy(t.Context()); err != nil {
		t.Errorf("with a key of another certificate: %v", err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
	byFolder := right
	byFolder.CACert, byFolder.CAPath = "", filepath.Dir(trusted.file)
	trusted.issue(dir, "client")
	c.TLS = byFolder
	if err := open(t, c).Healthy(t.Context()); err != nil {
		t.Errorf("with a folder of authorities: %v", err)
	}
}

func TestFilesOfTLSAreReadAtTheStart(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	cert, key := a.issue(dir, "one")
	_, otherKey := a.issue(dir, "two")
	for name, wrong := range map[string]transit.TLS{
		"no authority":         {CACert: filepath.Join(dir, "none.pem")},
		"no folder":            {CAPath: filepath.Join(dir, "none")},
		"no certificate":       {ClientCert: filepath.Join(dir, "none.pem"), ClientKey: key},
		"another's key":        {ClientCert: cert, ClientKey: otherKey},
		"half of a pair":       {ClientCert: cert},
		"a key that is no key": {ClientCert: cert, ClientKey: cert},
	} {
		c := transit.Config{Address: "https://127.0.0.1:1", EncryptLogin: fixed("e"), DecryptLogin: fixed("d"), TLS: wrong}
		if _, err := transit.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := transit.Operator(c, "t"); err == nil {
			t.Errorf("%s, for an operator: accepted", name)
		}
	}
}

func TestNamespaceIsSentWithLoginsAndCalls(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"role", "secret"} {
		hold(t, filepath.Join(dir, name), name)
	}
	seen := map[string]string{}
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		seen[r.URL.Path] = r.Header.Get("X-Vault-Namespace")
		_, _ = w.Write([]byte(`{"auth":{"client_token":"t"},"data":{"latest_version":1}}`))
	})
	c.Namespace = "eu/people"
	c.EncryptLogin = transit.AppRole{RoleIDFile: filepath.Join(dir, "role"), SecretIDFile: filepath.Join(dir, "secret")}
	if _, err := open(t, c).LatestVersion(t.Context(), "kelisim-pii"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/auth/approle/login", "/v1/auth/token/lookup-self", "/v1/transit/keys/kelisim-pii"} {
		if seen[path] != "eu/people" {
			t.Errorf("%s got %q", path, seen[path])
		}
	}
}
