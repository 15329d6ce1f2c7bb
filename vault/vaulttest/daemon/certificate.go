package daemon

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs the certificates of one server, in that server's folder.
type authority struct {
	folder string
	parent *x509.Certificate
	key    *ecdsa.PrivateKey
}

func newAuthority(folder string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{folder: folder, key: key, parent: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}}
	signed, err := x509.CreateCertificate(rand.Reader, a.parent, a.parent, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return a, write(a.ca(), "CERTIFICATE", signed)
}

// issue writes a certificate that is valid until then, and its key: for loopback,
// and for 0.0.0.0, which leads there and looks like another machine.
func (a *authority) issue(until time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	signed, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(until.UnixNano()), Subject: pkix.Name{CommonName: "test server"},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4zero}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.parent, key.Public(), a.key)
	if err != nil {
		return err
	}
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(write(a.certificate(), "CERTIFICATE", signed), write(a.private(), "PRIVATE KEY", plain))
}

// Stranger is the file of an authority that has signed nothing.
func Stranger(t testing.TB) string {
	t.Helper()
	a, err := newAuthority(t.TempDir())
	if err != nil {
		t.Fatalf("daemon: an authority: %v", err)
	}
	return a.ca()
}

func (a *authority) ca() string          { return filepath.Join(a.folder, "ca.pem") }
func (a *authority) certificate() string { return filepath.Join(a.folder, "server.pem") }
func (a *authority) private() string     { return filepath.Join(a.folder, "server.key") }

func write(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
