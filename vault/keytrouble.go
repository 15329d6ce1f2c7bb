package vault

import (
	"fmt"
	"strings"
)

// TroubleKind is what somebody did to a key that they should not have. The
// schema's enum KeyTroubleKind is bound to it.
type TroubleKind string

// The kinds. The first six keep something from working.
const (
	KeyMissing       TroubleKind = "MISSING"
	KeyForeign       TroubleKind = "FOREIGN" // another key than the database was written with
	KeyBehind        TroubleKind = "BEHIND"  // it lacks versions that were used
	KeyTrimmed       TroubleKind = "TRIMMED"
	KeyMinDecryption TroubleKind = "MIN_DECRYPTION_VERSION"
	KeyMinEncryption TroubleKind = "MIN_ENCRYPTION_VERSION"

	KeyAutoRotates     TroubleKind = "AUTO_ROTATE_PERIOD"
	KeyExportable      TroubleKind = "EXPORTABLE"
	KeyPlaintextBackup TroubleKind = "ALLOW_PLAINTEXT_BACKUP"
	KeyDeletionAllowed TroubleKind = "DELETION_ALLOWED"

	// KeyNotSetUp and KeyUnseen are nobody's doing: the engine was set up for an
	// earlier version.
	KeyNotSetUp TroubleKind = "NOT_SET_UP" // nothing needs the key yet, and there is none
	KeyUnseen   TroubleKind = "UNSEEN"     // nobody would notice what is done to it
)

// KeyTrouble is something that is wrong with a key.
type KeyTrouble struct {
	Key  string
	Kind TroubleKind
	// Need is what cannot be had, of the kinds that keep something from
	// working; the oldest if there are several, and the newest where the key
	// has to be brought back.
	Need KeyNeed
	What string // a sentence
	Undo string // the command that undoes it, or what to do where none does
}

// Word is the kind as settings of keys and labels of metrics are written.
func (k TroubleKind) Word() string { return strings.ToLower(string(k)) }

// Blocking reports whether something stored cannot be had because of it.
func (t KeyTrouble) Blocking() bool {
	switch t.Kind {
	case KeyMissing, KeyForeign, KeyBehind, KeyTrimmed, KeyMinDecryption, KeyMinEncryption:
		return true
	default:
		return false
	}
}

// Harmful reports whether somebody did it.
func (t KeyTrouble) Harmful() bool { return t.Kind != KeyNotSetUp && t.Kind != KeyUnseen }

// String is the trouble with its remedy, in one line.
func (t KeyTrouble) String() string {
	var out strings.Builder
	out.WriteString(t.What)
	if t.Undo != "" {
		out.WriteString("; undo it: " + t.Undo)
	}
	return out.String()
}

// Troubles are what is wrong with a key that has these needs, with how to undo
// each.
func (f KeyFacts) Troubles(needs []KeyNeed, remedy func(KeyTrouble) string) []KeyTrouble {
	var out []KeyTrouble
	found := func(kind TroubleKind, need KeyNeed, format string, args ...any) {
		t := KeyTrouble{Key: f.Name, Kind: kind, Need: need, What: f.Name + ": " + fmt.Sprintf(format, args...)}
		t.Undo = remedy(t)
		out = append(out, t)
	}
	needs = sorted(needs)
	var newest KeyNeed
	if len(needs) > 0 {
		newest = needs[len(needs)-1]
	}
	switch {
	case f.Unseen:
		found(KeyUnseen, KeyNeed{}, "this login may not read about it, so that nobody is told when somebody weakens it")
		return out
	case f.Missing && f.Use.Later() && len(needs) == 0:
		found(KeyNotSetUp, KeyNeed{}, "there is no such key, and nothing needs it yet")
		return out
	case f.Missing:
		found(KeyMissing, newest, "there is no such key any more, and what was encrypted under it cannot be had; a new key of this name would help nothing")
		return out
	}
	seen := map[TroubleKind]bool{}
	for _, need := range needs {
		if kind, what := f.refuses(need.Version); kind != "" && !seen[kind] {
			seen[kind] = true
			if kind == KeyBehind {
				need = newest
			}
			found(kind, need, "%s, and version %d is needed (%s: %s)", what, need.Version, need.By, plural(need.Rows, "row"))
		}
	}
	if f.Foreign && len(out) == 0 { // any of those is reason enough that it does not answer as it did
		found(KeyForeign, newest, "this is another key than the database was written with: what was encrypted under that one cannot be had, "+
			"and what is written now cannot be once that one is back; stop the servers first")
	}
	if f.Use == KeyOfIndexes && f.AutoRotate != 0 {
		found(KeyAutoRotates, KeyNeed{}, "auto_rotate_period is set: versions come that no index uses; rotate it by hand")
	}
	if f.Exportable {
		found(KeyExportable, KeyNeed{}, "exportable is true: whoever may read its export path has the key itself")
	}
	if f.PlaintextBackup {
		found(KeyPlaintextBackup, KeyNeed{}, "allow_plaintext_backup is true: whoever may read its backup path has the key itself")
	}
	if f.DeletionAllowed {
		found(KeyDeletionAllowed, KeyNeed{}, "deletion_allowed is true: one call may destroy everything that it encrypted")
	}
	return out
}

// refuses is why the key does not serve a version that something needs; ""
// when it does.
func (f KeyFacts) refuses(version int) (kind TroubleKind, what string) {
	switch {
	case version > f.Latest:
		return KeyBehind, fmt.Sprintf("its newest version is %d: it was replaced, or restored from a copy that is too old", f.Latest)
	case version < f.oldest():
		return KeyTrimmed, fmt.Sprintf("versions below %d were trimmed", f.MinAvailable)
	case version < f.MinDecryption:
		return KeyMinDecryption, fmt.Sprintf("min_decryption_version is %d", f.MinDecryption)
	case f.Use == KeyOfIndexes && version < f.MinEncryption && version != f.Latest:
		return KeyMinEncryption, fmt.Sprintf("min_encryption_version is %d", f.MinEncryption)
	}
	return "", ""
}
