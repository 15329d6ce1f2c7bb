package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/kelisim/kelisim/vault"
)

const (
	devCustomers = "http://localhost/dev/customers"
	devStaff     = "http://localhost/dev/staff"
	devAudience  = "kelisim" // of staff
	devClient    = "kelisim-dev"
	devRoles     = "roles"
)

// devGrants are the roles of the staff's development issuer, by its own names.
var devGrants = map[string]vault.Role{
	"service": vault.Machine, "support": vault.Support, "compliance": vault.Compliance,
	"security": vault.Security, "auditor": vault.Auditor,
}

// Dev is two issuers on this machine, one of customers and one of staff, for
// development alone: whoever can read their folder is whoever they like. Give
// it to a Provider only when the server listens on a loopback address. Every
// other Provider refuses their tokens: it does not know the issuers.
type Dev struct {
	// Audiences are what tokens of people may be for; the first is the
	// default. Apps and Purposes are what services may name. NewDev sets those
	// of the demo app; change them before the first use.
	Audiences, Apps, Purposes []string

	clock func() time.Time
	keys  map[Kind]*ecdsa.PrivateKey
}

// NewDev opens the development issuers whose keys are in a folder (0700), and
// makes folder and keys (0600) the first time.
func NewDev(dir string, clock func() time.Time) (*Dev, error) {
	if err := own(dir); err != nil {
		return nil, err
	}
	d := &Dev{
		Audiences: []string{"dala-mobile"},
		Apps:      []string{"dala"},
		Purposes:  []string{"identify", "contact", "personalise", "improve", "marketing", "courier", "accounting"},
		clock:     clock,
		keys:      map[Kind]*ecdsa.PrivateKey{},
	}
	for kind, name := range map[Kind]string{Customers: "customers.key", Staff: "staff.key"} {
		key, err := devKey(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		d.keys[kind] = key
	}
	return d, nil
}

// Config is the configuration that a Provider with these issuers adds to its own.
func (d *Dev) Config() Config {
	return Config{
		Issuers: []Issuer{
			{URL: devCustomers, Kind: Customers, Audiences: d.Audiences, Algorithms: []string{oidc.ES256}},
			{
				URL: devStaff, Kind: Staff, Audiences: []string{devAudience}, Algorithms: []string{oidc.ES256},
				RolesClaim: devRoles, Roles: devGrants,
			},
		},
		Services: []Service{{Issuer: devStaff, ClientID: devClient, Apps: d.Apps, Purposes: d.Purposes}},
	}
}

func (d *Dev) keySet(kind Kind) oidc.KeySet {
	return &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{d.keys[kind].Public()}}
}

// own makes a folder that only its owner enters.
func own(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of development tokens: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder is entered, so it is 0700
		return fmt.Errorf("closing the folder of development tokens to others: %w", err)
	}
	return nil
}

// devKey reads a key, or makes it where there is none.
func devKey(path string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a development key: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading a development key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the development key %s may be read by others: run chmod 600 on it, or delete it to get a new one", path)
	}
	block, _ := pem.Decode(text)
	if block != nil {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if key, ok := key.(*ecdsa.PrivateKey); ok && key.Curve == elliptic.P256() {
				return key, nil
			}
		}
	}
	return nil, fmt.Errorf("%s does not hold a development key: delete it to get a new one", path)
}

func makeKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a development key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("making a development key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := keep(path, text, os.Link); err != nil {
		if errors.Is(err, fs.ErrExist) { // another process was first: its key counts
			return devKey(path)
		}
		return nil, err
	}
	return key, nil
}

// keep writes a file (0600) that is there whole or not at all: os.Rename
// replaces what was there, os.Link fails with fs.ErrExist.
func keep(path string, text []byte, place func(from, to string) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if gone := os.Remove(file.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = place(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
