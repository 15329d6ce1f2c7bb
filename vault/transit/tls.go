package transit

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"

	"github.com/hashicorp/vault/api"
)

// TLS is how the connection to Vault is secured. All of it may be empty: the
// system's authorities, and no certificate of our own.
type TLS struct {
	CACert     string // path of a PEM file, as VAULT_CACERT
	CAPath     string // path of a folder of PEM files, as VAULT_CAPATH; instead of CACert
	ClientCert string // path of our certificate for mutual TLS, as VAULT_CLIENT_CERT; needs ClientKey
	ClientKey  string // path of its key, as VAULT_CLIENT_KEY
	ServerName string // Vault's name in its certificate when the address has another, as VAULT_TLS_SERVER_NAME
}

// secure sets a transport up. The client certificate is read now, so that a
// wrong file is told at the start.
func (t TLS) secure(transport *http.Transport) error {
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	settings := &api.Config{HttpClient: &http.Client{Transport: transport}}
	if err := settings.ConfigureTLS(&api.TLSConfig{CACert: t.CACert, CAPath: t.CAPath, TLSServerName: t.ServerName}); err != nil {
		return fmt.Errorf("transit: the CA certificate %s: %w", t.CACert+t.CAPath, err)
	}
	if t.ClientCert == "" && t.ClientKey == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(t.ClientCert, t.ClientKey)
	if err != nil {
		return fmt.Errorf("transit: the client certificate %s and its key: %w", t.ClientCert, err)
	}
	own := &certificate{cert: t.ClientCert, key: t.ClientKey, last: &pair}
	transport.TLSClientConfig.GetClientCertificate = own.read
	return nil
}

// certificate is a client certificate that somebody rotates.
type certificate struct {
	cert, key string // paths

	mu   sync.Mutex
	last *tls.Certificate
}

// read gives what the files hold at a new connection. While they are being
// replaced they do not fit each other, and the last pair that did is used.
func (c *certificate) read(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.last = &pair
	}
	return c.last, nil
}
