package keyring

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/kelisim/kelisim/vault"
)

// Keys implements vault.KeyReader. There is no key of receipts.
func (k *Keyring) Keys(ctx context.Context) ([]vault.KeyFacts, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	policies := k.keys.Load().policies
	out := []vault.KeyFacts{
		facts(policies[k.names.data], vault.KeyOfData),
		facts(policies[k.names.index], vault.KeyOfIndexes),
	}
	technical, there := policies[k.names.technical]
	if !there { // the keyring is older than this key
		return append(out, vault.KeyFacts{Name: k.names.technical, Use: vault.KeyOfTechnical, Missing: true}), nil
	}
	return append(out, facts(technical, vault.KeyOfTechnical)), nil
}

func facts(p *keysutil.Policy, use vault.KeyUse) vault.KeyFacts {
	f := vault.KeyFacts{
		Name: p.Name, Use: use, Latest: p.LatestVersion,
		MinDecryption: max(p.MinDecryptionVersion, 1), MinEncryption: p.MinEncryptionVersion, MinAvailable: p.MinAvailableVersion,
		Exportable: p.Exportable, PlaintextBackup: p.AllowPlaintextBackup, DeletionAllowed: p.DeletionAllowed, AutoRotate: p.AutoRotatePeriod,
	}
	for version := max(f.MinDecryption, f.MinAvailable); version <= f.Latest; version++ {
		f.Versions = append(f.Versions, vault.KeyVersion{Version: version, Made: p.Keys[strconv.Itoa(version)].CreationTime.UTC()})
	}
	return f
}

// Remedy implements vault.KeyReader.
func (k *Keyring) Remedy(t vault.KeyTrouble) string {
	switch t.Kind {
	case vault.KeyNotSetUp:
		return "kelisim keys rotate --key " + t.Key
	case vault.KeyMinDecryption, vault.KeyMinEncryption:
		return fmt.Sprintf("kelisim keys retire --key %s --below %d", t.Key, t.Need.Version)
	case vault.KeyForeign:
		return "bring the keyring back that the database was written with"
	case vault.KeyMissing, vault.KeyBehind, vault.KeyTrimmed:
		return fmt.Sprintf("bring the keyring back from a backup that has version %d of the key", max(t.Need.Version, 1))
	default:
		return "" // nothing sets the others in a keyring
	}
}

// SetMinima implements vault.KeyCustodian, with the rules that Vault has.
func (k *Keyring) SetMinima(ctx context.Context, key string, encryption, decryption int) error {
	return k.alter(ctx, key, func(p *keysutil.Policy) error {
		switch {
		case encryption > p.LatestVersion || decryption > p.LatestVersion:
			return fmt.Errorf("the newest version is %d", p.LatestVersion)
		case encryption > 0 && encryption < decryption:
			return fmt.Errorf("what is encrypted under version %d could not be decrypted under %d and newer", encryption, decryption)
		case encryption < p.MinAvailableVersion || decryption < max(p.MinAvailableVersion, 1):
			return fmt.Errorf("versions below %d were trimmed", max(p.MinAvailableVersion, 1))
		}
		p.MinEncryptionVersion, p.MinDecryptionVersion = encryption, decryption
		return nil
	})
}

// Trim implements vault.KeyCustodian, with the rules that Vault has.
func (k *Keyring) Trim(ctx context.Context, key string, available int) error {
	return k.alter(ctx, key, func(p *keysutil.Policy) error {
		if available < max(p.MinAvailableVersion, 1) || available > p.MinEncryptionVersion || available > p.MinDecryptionVersion {
			return fmt.Errorf("min_available_version can be %d to %d", max(p.MinAvailableVersion, 1), min(p.MinEncryptionVersion, p.MinDecryptionVersion))
		}
		p.MinAvailableVersion = available
		return nil
	})
}

// errRaised: somebody retired a version that is needed.
var errRaised = errors.New("min_encryption_version or min_decryption_version was raised above a version that is needed")

func raised(key string, version int) error {
	return fmt.Errorf("keyring: version %[2]d of key %[1]s: %[3]w; undo it: kelisim keys retire --key %[1]s --below %[2]d", key, version, errRaised)
}

// alter changes the settings of a key, and writes the file before they hold.
func (k *Keyring) alter(ctx context.Context, key string, set func(*keysutil.Policy) error) error {
	if _, err := k.policy(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return k.change(func(s shelf) error {
		policy, err := s.policy(ctx, key)
		if err != nil {
			return err
		}
		if err := set(policy); err != nil {
			return fmt.Errorf("keyring: key %s: %w", key, err)
		}
		if err := policy.Persist(ctx, s); err != nil {
			return fmt.Errorf("keyring: key %s: %w", key, err)
		}
		return nil
	})
}

var _ vault.KeyCustodian = (*Keyring)(nil)
