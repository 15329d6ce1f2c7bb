package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// What the files tell, of which the settings give the paths.

const (
	groupReads   fs.FileMode = 0o040
	groupWrites  fs.FileMode = 0o020
	othersRead   fs.FileMode = 0o004
	othersWrite  fs.FileMode = 0o002
	othersAtAll  fs.FileMode = 0o007
	anybodyElse  fs.FileMode = 0o077
	stickyFolder             = fs.ModeDir | fs.ModeSticky
)

// namedFile is a file by the setting that names it.
type namedFile struct{ setting, path string }

// look answers a file's mode; a path that is empty is not looked at.
func (n namedFile) look() (fs.FileMode, error) {
	info, err := os.Stat(n.path)
	if err != nil {
		return 0, err
	}
	return info.Mode(), nil
}

func (n namedFile) found(how severity, what string, mode fs.FileMode, do string) finding {
	return finding{Severity: how, Subject: n.setting, Found: fmt.Sprintf("%s %s (mode %04o)", n.path, what, mode.Perm()), Do: do + " " + n.path}
}

// secretFiles are those whose text lets somebody in.
func (s settings) secretFiles() []namedFile {
	files := []namedFile{
		{"KELISIM_KEYRING_KEY_FILE", s.KeyringKeyFile},
		{"DATABASE_URL_FILE", s.DatabaseURLFile},
		{"REDIS_URL_FILE", s.RedisURLFile},
		{"VAULT_CLIENT_KEY", s.VaultClientKey},
	}
	return slices.Concat(files, s.EncryptLogin.files("VAULT_"), s.DecryptLogin.files("KELISIM_DECRYPT_"), s.RewrapLogin.files("KELISIM_REWRAP_"))
}

func checkSecretFiles(on *patient) []finding {
	return eachFile(on.settings.secretFiles(), func(n namedFile, mode fs.FileMode) []finding {
		switch {
		case mode&othersAtAll != 0:
			return []finding{n.found(insecure, "is open to every account of this machine", mode, "chmod 600")}
		case mode&groupWrites != 0:
			return []finding{n.found(insecure, "can be written by its group", mode, "chmod 600")}
		case mode&groupReads != 0:
			return []finding{n.found(note, "can be read by its group", mode, "see who is in the group, or chmod 600")}
		}
		return nil
	})
}

// trustedFiles are those whose text decides whom the server believes.
func (s settings) trustedFiles() []namedFile {
	return []namedFile{{"KELISIM_OIDC_FILE", s.OIDCFile}, {"VAULT_CACERT", s.VaultCACert}, {"VAULT_CAPATH", s.VaultCAPath}}
}

func checkTrustedFiles(on *patient) []finding {
	return eachFile(on.settings.trustedFiles(), func(n namedFile, mode fs.FileMode) []finding {
		switch {
		case mode&othersWrite != 0:
			return []finding{n.found(insecure, "can be written by every account: it says who is believed", mode, "chmod go-w")}
		case mode&groupWrites != 0:
			return []finding{n.found(weak, "can be written by its group: it says who is believed", mode, "chmod go-w")}
		}
		return nil
	})
}

// checkFolders: who may write a folder replaces the files in it.
func checkFolders(on *patient) []finding {
	seen := map[string]bool{}
	return eachFile(append(on.settings.secretFiles(), on.settings.trustedFiles()...), func(n namedFile, _ fs.FileMode) []finding {
		folder := namedFile{n.setting, filepath.Dir(n.path)}
		mode, err := folder.look()
		if err != nil {
			return notChecked(n.setting, err)
		}
		if seen[folder.path] || mode&othersWrite == 0 || mode&stickyFolder == stickyFolder {
			return nil
		}
		seen[folder.path] = true
		return []finding{folder.found(insecure, "can be written by every account, who replaces the file in it", mode, "chmod go-w")}
	})
}

func checkDataFolder(on *patient) []finding {
	var out []finding
	for _, n := range []namedFile{{"KELISIM_DATA", on.settings.Data}, {"KELISIM_DATA", on.settings.in("kelisim.db")}, {"KELISIM_DATA", on.settings.in("keyring.age")}} {
		mode, err := n.look()
		switch {
		case errors.Is(err, fs.ErrNotExist): // nothing is kept there
		case err != nil:
			out = append(out, notChecked(n.setting, err)...)
		case mode&othersAtAll != 0:
			out = append(out, n.found(insecure, "is open to every account of this machine", mode, "chmod go="))
		case mode&anybodyElse != 0:
			out = append(out, n.found(weak, "is open to its group", mode, "chmod go="))
		}
	}
	return out
}

func checkAuditFileMode(on *patient) []finding {
	n := namedFile{"KELISIM_AUDIT_FILE", on.settings.AuditFile}
	if n.path == "" || n.path == "-" {
		return nil
	}
	mode, err := n.look()
	switch {
	case errors.Is(err, fs.ErrNotExist): // it is made for its owner only
		return nil
	case err != nil:
		return notChecked(n.setting, err)
	case mode&(groupWrites|othersWrite) != 0:
		return []finding{n.found(insecure, "can be changed by others than the server", mode, "chmod go-w")}
	case mode&othersRead != 0:
		return []finding{n.found(weak, "can be read by every account: who read whom is in it", mode, "chmod o=")}
	}
	return nil
}

func checkDevelopment(on *patient) []finding {
	folder := on.settings.in("dev")
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return notChecked("KELISIM_DATA", err)
	}
	return []finding{{
		Severity: insecure, Subject: "KELISIM_DATA", Found: folder + " holds the keys and tokens of serve --dev: whoever reads it decrypts what --dev wrote there",
		Do: "begin production with a new folder, database and keys",
	}}
}

func checkKeyring(on *patient) []finding {
	if !on.keyring {
		return nil
	}
	if err := on.settings.keyringOutside(); err != nil {
		return []finding{{Severity: insecure, Subject: "KELISIM_KEYRING_KEY_FILE", Found: err.Error(), Do: "keep the key and what it protects apart, in backups too"}}
	}
	return nil
}

// eachFile looks at files that are named, each once.
func eachFile(files []namedFile, check func(namedFile, fs.FileMode) []finding) []finding {
	var out []finding
	for _, n := range files {
		if n.path == "" {
			continue
		}
		mode, err := n.look()
		if err != nil {
			out = append(out, notChecked(n.setting, err)...)
			continue
		}
		out = append(out, check(n, mode)...)
	}
	return out
}
