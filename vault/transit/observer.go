package transit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
)

// Observer reads what Vault tells of the keys. It uses none.
type Observer struct {
	login *login
	only  vault.KeyUse // empty: all that the login may see
}

var _ vault.KeyReader = (*Observer)(nil)

// NewObserver needs config.ObserveLogin and no other login, and asks Vault
// nothing.
func NewObserver(config Config) (*Observer, error) {
	config, err := config.checked()
	if err != nil {
		return nil, err
	}
	if config.ObserveLogin == nil {
		return nil, errors.New("transit: a login is needed to read about keys")
	}
	l, err := newLogin(config, "read about keys", config.ObserveLogin)
	return &Observer{login: l}, err
}

// Observer gives the part that reads about keys, under the login that
// encrypts.
func (e *Engine) Observer() *Observer { return &Observer{login: e.encrypter.login} }

// Observer gives the part that reads about keys, under the job's own login,
// which sees its own key alone.
func (r *Rewrapper) Observer() *Observer { return &Observer{r.login, r.use} }

// Observer gives the part that reads about keys, under the job's own login,
// which sees the key of indexes alone.
func (r *Reindexer) Observer() *Observer { return &Observer{r.indexer.login, vault.KeyOfIndexes} }

// Login tells how the login stands.
func (o *Observer) Login(ctx context.Context) vault.LoginState { return o.login.state(ctx) }

// Close gives the login's token back, as Engine.Close does.
func (o *Observer) Close(ctx context.Context) error { return o.login.close(ctx) }

// keyData is Vault's answer about a key.
type keyData struct {
	Latest          int                        `json:"latest_version"`
	MinDecryption   int                        `json:"min_decryption_version"`
	MinEncryption   int                        `json:"min_encryption_version"`
	MinAvailable    int                        `json:"min_available_version"`
	Exportable      bool                       `json:"exportable"`
	PlaintextBackup bool                       `json:"allow_plaintext_backup"`
	DeletionAllowed bool                       `json:"deletion_allowed"`
	AutoRotate      int64                      `json:"auto_rotate_period"` // seconds
	Keys            map[string]json.RawMessage `json:"keys"`               // by version; of an HMAC key there are none
}

func (d keyData) facts(name string, use vault.KeyUse) (vault.KeyFacts, error) {
	f := vault.KeyFacts{
		Name: name, Use: use, Latest: d.Latest,
		MinDecryption: max(d.MinDecryption, 1), MinEncryption: d.MinEncryption, MinAvailable: d.MinAvailable,
		Exportable: d.Exportable, PlaintextBackup: d.PlaintextBackup, DeletionAllowed: d.DeletionAllowed,
		AutoRotate: time.Duration(d.AutoRotate) * time.Second,
	}
	if f.Latest < 1 {
		return f, errAnswer
	}
	for version := max(f.MinDecryption, f.MinAvailable); version <= f.Latest; version++ {
		made, err := madeAt(d.Keys[strconv.Itoa(version)])
		if err != nil {
			return f, err
		}
		f.Versions = append(f.Versions, vault.KeyVersion{Version: version, Made: made})
	}
	return f, nil
}

// madeAt is when a version was made: seconds for a key that encrypts, a text
// beside the public part for one that signs, nothing for one of HMACs.
func madeAt(raw json.RawMessage) (time.Time, error) {
	if raw == nil {
		return time.Time{}, nil
	}
	var seconds int64
	if json.Unmarshal(raw, &seconds) == nil {
		return time.Unix(seconds, 0).UTC(), nil
	}
	var signs struct {
		Made time.Time `json:"creation_time"`
	}
	if err := json.Unmarshal(raw, &signs); err != nil {
		return time.Time{}, errAnswer
	}
	return signs.Made.UTC(), nil
}

// Keys implements vault.KeyReader. Only the keys of technical data and of
// receipts may be some that the login does not see: Vault may have been set up
// before they were wanted.
func (o *Observer) Keys(ctx context.Context) ([]vault.KeyFacts, error) {
	config := o.login.config
	var out []vault.KeyFacts
	for _, key := range []struct {
		name string
		use  vault.KeyUse
	}{
		{config.dataKey(), vault.KeyOfData},
		{config.indexKey(), vault.KeyOfIndexes},
		{config.receiptKey(), vault.KeyOfReceipts},
		{config.technicalKey(), vault.KeyOfTechnical},
	} {
		if o.only != "" && o.only != key.use {
			continue
		}
		data, err := o.login.readKey(ctx, key.name)
		switch {
		case missing(err):
			out = append(out, vault.KeyFacts{Name: key.name, Use: key.use, Missing: true})
			continue
		case key.use.Later() && errors.Is(err, ErrForbidden):
			out = append(out, vault.KeyFacts{Name: key.name, Use: key.use, Unseen: true})
			continue
		case err != nil:
			return nil, failed(ctx, err)
		}
		facts, err := data.facts(key.name, key.use)
		if err != nil {
			return nil, failed(ctx, err)
		}
		out = append(out, facts)
	}
	return out, nil
}

// missing reports whether Vault answered that there is no such key.
func missing(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.status == http.StatusNotFound
}

func (l *login) readKey(ctx context.Context, key string) (keyData, error) {
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	var answer struct {
		Data keyData `json:"data"`
	}
	err := l.counted("read", 1, func() error {
		return l.exchange(ctx, "read", &answer, func(ctx context.Context) (*api.Response, error) {
			return l.client.Logical().ReadRawWithContext(ctx, l.config.Mount+"/keys/"+key)
		})
	})
	return answer.Data, err
}

// Remedy implements vault.KeyReader.
func (o *Observer) Remedy(t vault.KeyTrouble) string {
	at := o.login.config.Mount + "/keys/" + t.Key
	config := "vault write " + at + "/config "
	switch t.Kind {
	case vault.KeyMinDecryption, vault.KeyMinEncryption:
		return config + minima(t.Need.Version)
	case vault.KeyAutoRotates:
		return config + "auto_rotate_period=0"
	case vault.KeyDeletionAllowed:
		return config + "deletion_allowed=false"
	case vault.KeyMissing, vault.KeyForeign, vault.KeyBehind, vault.KeyTrimmed:
		return "vault operator raft snapshot restore SNAPSHOT, one that has " + wanted(t)
	case vault.KeyNotSetUp, vault.KeyUnseen:
		return "kelisim vault setup"
	case vault.KeyExportable, vault.KeyPlaintextBackup:
		return "nothing does, as Vault never takes it back: see who may, and move to another key"
	}
	return ""
}

// wanted is what a snapshot has to have.
func wanted(t vault.KeyTrouble) string {
	version := strconv.Itoa(max(t.Need.Version, 1))
	if t.Kind == vault.KeyForeign {
		return "the key that was there before, with version " + version
	}
	return "version " + version + " of the key"
}

// minima are the settings that let a version be used, and what is newer.
func minima(version int) string {
	return fmt.Sprintf("min_encryption_version=%[1]d min_decryption_version=%[1]d", version)
}
