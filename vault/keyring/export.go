package keyring

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/hashicorp/vault/sdk/helper/jsonutil"
	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/kelisim/kelisim/vault"
)

var (
	// ErrOtherRecipient: an export was encrypted to somebody else.
	ErrOtherRecipient = errors.New("keyring: the identity is not that of the recipient whom the export was made for")
	// ErrNoExport: an export was cut or altered, or is none.
	ErrNoExport = errors.New("keyring: the export is cut or altered, or is none")
)

// exportVersion is the version of what is inside an export.
const exportVersion = 1

// maxExport bounds what is read of an export, in bytes. A version of a key
// takes some hundred.
const maxExport = 16 << 20

// Export is the keys of one database, all versions of them, on their way into
// a real Vault.
type Export struct {
	Version  int           `json:"v"`
	Database uuid.UUID     `json:"database"` // whose keys they are
	Prefix   string        `json:"prefix"`   // of the keys' names; rows name their key, so it stays
	Keys     []ExportedKey `json:"keys"`
}

// ExportedKey is a key as transit/restore of a Vault takes it. Restored so, it
// is neither exportable, nor may it be backed up in plaintext or deleted.
type ExportedKey struct {
	Name    string `json:"name"`             // "kelisim-pii"
	Version int    `json:"version"`          // the newest
	Oldest  int    `json:"oldest,omitempty"` // 1 when it is missing
	Backup  string `json:"backup"`
}

// Export gives the keys as the keyring has them now. What it answers is the
// keys in clear.
func (k *Keyring) Export(ctx context.Context, database uuid.UUID) (Export, error) {
	current := k.keys.Load()
	e := Export{Version: exportVersion, Database: database, Prefix: strings.TrimSuffix(k.names.data, dataSuffix)}
	for _, name := range []string{k.names.data, k.names.index, k.names.technical} {
		if current.policies[name] == nil {
			continue // the keyring is older than this key
		}
		backup, err := current.shelf.backup(ctx, name)
		if err != nil {
			return Export{}, err
		}
		policy := current.policies[name]
		e.Keys = append(e.Keys, ExportedKey{Name: name, Version: policy.LatestVersion, Oldest: max(policy.MinAvailableVersion, 1), Backup: backup})
	}
	return e, nil
}

// backup has the library make a backup. It makes one only of a key whose flags
// allow it, so they are set, on a copy, and cleared in what it gives: a Vault
// never lets them be cleared later.
func (s shelf) backup(ctx context.Context, name string) (string, error) {
	copied := maps.Clone(s)
	policy, err := copied.policy(ctx, name)
	if err != nil {
		return "", err
	}
	policy.Exportable, policy.AllowPlaintextBackup = true, true
	text, err := policy.Backup(ctx, copied)
	if err != nil {
		return "", fmt.Errorf("keyring: backing up key %s: %w", name, err)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("keyring: the backup of key %s: %w", name, err)
	}
	var data keysutil.KeyData
	if err := jsonutil.DecodeJSON(raw, &data); err != nil {
		return "", fmt.Errorf("keyring: the backup of key %s: %w", name, err)
	}
	data.Policy.Exportable, data.Policy.AllowPlaintextBackup, data.Policy.DeletionAllowed = false, false, false
	if raw, err = jsonutil.EncodeJSON(data); err != nil {
		return "", fmt.Errorf("keyring: the backup of key %s: %w", name, err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// Versions are those that it is exported with.
func (k ExportedKey) Versions() vault.KeyRange {
	return vault.KeyRange{Key: k.Name, From: max(k.Oldest, 1), To: k.Version}
}

// Versions are those of all keys.
func (e Export) Versions() []vault.KeyRange {
	var out []vault.KeyRange
	for _, key := range e.Keys {
		out = append(out, key.Versions())
	}
	return out
}

// Encrypt gives the export as a file that only the recipient reads.
func (e Export) Encrypt(recipient age.Recipient) ([]byte, error) {
	plain, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	var file bytes.Buffer
	if err := encryptTo(&file, plain, recipient); err != nil {
		return nil, fmt.Errorf("keyring: encrypting the export: %w", err)
	}
	return file.Bytes(), nil
}

// DecryptExport reads an export that was encrypted to one of the identities;
// ErrOtherRecipient, ErrNoExport.
func DecryptExport(file io.Reader, identities ...age.Identity) (Export, error) {
	reader, err := age.Decrypt(file, identities...)
	if mismatch := (*age.NoIdentityMatchError)(nil); errors.As(err, &mismatch) {
		return Export{}, ErrOtherRecipient
	}
	if err != nil {
		return Export{}, fmt.Errorf("%w: %w", ErrNoExport, err)
	}
	plain, err := io.ReadAll(io.LimitReader(reader, maxExport))
	if err != nil {
		return Export{}, fmt.Errorf("%w: %w", ErrNoExport, err)
	}
	var e Export
	if err := json.Unmarshal(plain, &e); err != nil || len(e.Keys) == 0 {
		return Export{}, fmt.Errorf("%w: it is none inside", ErrNoExport) // the cause may quote the keys
	}
	if e.Version != exportVersion {
		return Export{}, fmt.Errorf("keyring: the export has version %d; this program reads version %d", e.Version, exportVersion)
	}
	return e, nil
}

// Engine is the keys at work in this process, to compare with what a Vault
// makes of them. They cannot be rotated: they have no file.
func (e Export) Engine() (*Encrypter, *Decrypter, error) {
	s := shelf{}
	manager, err := keysutil.NewLockManager(false, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("keyring: %w", err)
	}
	for _, key := range e.Keys {
		if _, err := manager.RestorePolicy(context.Background(), s, key.Name, key.Backup, false); err != nil {
			return nil, nil, fmt.Errorf("%w: key %s does not read as one", ErrNoExport, key.Name)
		}
	}
	k := &Keyring{path: "the export", names: namesOf(e.Prefix)}
	loaded, err := k.load(s)
	if err != nil {
		return nil, nil, errors.Join(ErrNoExport, err)
	}
	for _, key := range e.Keys {
		if policy, known := loaded.policies[key.Name]; !known || policy.LatestVersion != key.Version {
			return nil, nil, fmt.Errorf("%w: it contradicts itself about key %s", ErrNoExport, key.Name)
		}
	}
	k.keys.Store(loaded)
	return k.Encrypter(), k.Decrypter(), nil
}
