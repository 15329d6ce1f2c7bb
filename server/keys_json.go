package main

import (
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// The views are what --json writes, in the names of the API's encryptionKeys.
type (
	keysView struct {
		AsOf   time.Time   `json:"asOf"`
		Keys   []keyView   `json:"keys"`
		Copies []copyView  `json:"copies"`
		Logins []loginView `json:"logins"`
	}
	keyView struct {
		Name                   string        `json:"name"`
		Use                    string        `json:"use"`
		Missing                bool          `json:"missing"`
		LatestVersion          int           `json:"latestVersion"`
		MinDecryptionVersion   int           `json:"minDecryptionVersion"`
		MinEncryptionVersion   int           `json:"minEncryptionVersion"`
		MinAvailableVersion    int           `json:"minAvailableVersion"`
		Exportable             bool          `json:"exportable"`
		PlaintextBackupAllowed bool          `json:"plaintextBackupAllowed"`
		DeletionAllowed        bool          `json:"deletionAllowed"`
		AutoRotateSeconds      int64         `json:"autoRotateSeconds"`
		OldestNeededVersion    *int          `json:"oldestNeededVersion"`
		Rows                   int64         `json:"rows"`
		RowsOnLatest           int64         `json:"rowsOnLatest"`
		Versions               []versionView `json:"versions"`
		Needs                  []needView    `json:"needs"`
		Troubles               []troubleView `json:"troubles"`
	}
	versionView struct {
		Version int        `json:"version"`
		MadeAt  *time.Time `json:"madeAt"`
		SeenAt  *time.Time `json:"seenAt"`
		Rows    int64      `json:"rows"`
	}
	needView struct {
		By      string `json:"by"`
		Version int    `json:"version"`
		Rows    int64  `json:"rows"`
	}
	troubleView struct {
		Kind     string `json:"kind"`
		Blocking bool   `json:"blocking"`
		What     string `json:"what"`
		Undo     string `json:"undo"`
	}
	copyView struct {
		ID         uuid.UUID        `json:"id"`
		Kind       string           `json:"kind"`
		Label      string           `json:"label"`
		TakenAt    time.Time        `json:"takenAt"`
		Until      *time.Time       `json:"until"`
		DeclaredAt time.Time        `json:"declaredAt"`
		ExpiredAt  *time.Time       `json:"expiredAt,omitempty"`
		Versions   []vault.KeyRange `json:"versions"`
	}
	loginView struct {
		Server    string     `json:"server"`
		Name      string     `json:"name"`
		Method    string     `json:"method"`
		Accessor  string     `json:"accessor"`
		Policies  []string   `json:"policies"`
		ExpiresAt *time.Time `json:"expiresAt"`
		SeenAt    time.Time  `json:"seenAt"`
		Known     bool       `json:"known"`
		Trouble   string     `json:"trouble"`
	}
)

// orNull is null for no moment.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func viewKeys(s vault.KeyStates) keysView {
	out := keysView{AsOf: s.AsOf, Keys: []keyView{}, Copies: viewCopies(s.Copies), Logins: []loginView{}}
	for _, k := range s.Keys {
		out.Keys = append(out.Keys, viewKey(k))
	}
	for _, l := range s.Logins {
		out.Logins = append(out.Logins, loginView{
			Server: l.Server, Name: l.Name, Method: l.Method, Accessor: l.Accessor, Policies: append([]string{}, l.Policies...),
			ExpiresAt: orNull(l.Expires), SeenAt: l.SeenAt, Known: !l.Lost(), Trouble: l.Trouble,
		})
	}
	return out
}

func viewKey(k vault.KeyState) keyView {
	out := keyView{
		Name: k.Name, Use: string(k.Use), Missing: k.Missing, LatestVersion: k.Latest,
		MinDecryptionVersion: k.MinDecryption, MinEncryptionVersion: k.MinEncryption, MinAvailableVersion: k.MinAvailable,
		Exportable: k.Exportable, PlaintextBackupAllowed: k.PlaintextBackup, DeletionAllowed: k.DeletionAllowed,
		AutoRotateSeconds: int64(k.AutoRotate / time.Second), Rows: k.Rows(), RowsOnLatest: k.RowsOnLatest(),
		Versions: []versionView{}, Needs: []needView{}, Troubles: []troubleView{},
	}
	if oldest := k.OldestNeeded(); oldest > 0 {
		out.OldestNeededVersion = &oldest
	}
	for _, v := range k.All() {
		out.Versions = append(out.Versions, versionView{v.Version, orNull(v.Made), orNull(v.Seen), v.Rows})
	}
	for _, n := range k.Needs {
		out.Needs = append(out.Needs, needView{n.By, n.Version, n.Rows})
	}
	for _, t := range k.Troubles {
		out.Troubles = append(out.Troubles, troubleView{string(t.Kind), t.Blocking(), t.What, t.Undo})
	}
	return out
}

func viewCopies(found []vault.Copy) []copyView {
	out := []copyView{}
	for _, c := range found {
		out = append(out, copyView{c.ID, string(c.Kind), c.Label, c.TakenAt, orNull(c.Until), c.DeclaredAt, orNull(c.ExpiredAt), c.Versions})
	}
	return out
}
