package keyring

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
)

// Backup gives a key as a string that transit/restore of a real Vault takes,
// as an operator would get it who moves to one. The engine itself exports
// nothing: the flags are set on a copy, and cleared in what is restored.
func (k *Keyring) Backup(key string) (string, error) {
	copied := maps.Clone(k.keys.Load().shelf)
	policy, err := copied.policy(context.Background(), key)
	if err != nil {
		return "", err
	}
	policy.Exportable, policy.AllowPlaintextBackup = true, true
	backup, err := policy.Backup(context.Background(), copied)
	if err != nil {
		return "", err
	}
	data, err := base64.StdEncoding.DecodeString(backup)
	if err != nil {
		return "", err
	}
	var parts struct {
		Policy   map[string]any  `json:"policy"`
		Archived json.RawMessage `json:"archived_keys"`
	}
	if err := json.Unmarshal(data, &parts); err != nil {
		return "", err
	}
	parts.Policy["exportable"], parts.Policy["allow_plaintext_backup"] = false, false
	cleared, err := json.Marshal(parts)
	return base64.StdEncoding.EncodeToString(cleared), err
}
