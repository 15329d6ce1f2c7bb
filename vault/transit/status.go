package transit

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// statusError is an answer that is no success.
type statusError struct {
	operation string
	status    int
	why       string
	rest      time.Duration // how long Vault asks to be left alone; 0 when it does not
}

func (e *statusError) Error() string {
	return fmt.Sprintf("transit: %s: Vault answered %d%s", e.operation, e.status, e.why)
}

// allFailed reports whether Vault answered that every item of a batch failed:
// with 400, and with the results all the same. A 500 is Vault's own trouble.
func allFailed(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.status == http.StatusBadRequest
}

// retryAfter reads the header of that name where it holds seconds.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, int(longestRest/time.Second))) * time.Second
}

// known picks what an operator needs out of an answer of Vault. Only phrases
// from this list are passed on: the rest of an answer may quote what was sent.
func known(answer string) string {
	for _, phrase := range []string{
		"Vault is sealed",
		"Vault is not initialized",
		keyNotFound,
		"key version does not exist",
		versionGone,
		versionDisallowed,
		versionToCome,
		"message authentication failed",
		"invalid ciphertext",
		"invalid role or secret ID",
		"invalid role name",
		"service account name not authorized",
		"namespace not authorized",
		"no handler for route",
		"rate limit",
		"context deadline exceeded",
		"active cluster node not found",
	} {
		if strings.Contains(answer, phrase) {
			return told(phrase)
		}
	}
	return ""
}

// The phrases of what somebody did to a key.
const (
	keyNotFound       = "encryption key not found"
	versionGone       = "no such key version"
	versionDisallowed = "disallowed by policy"
	versionToCome     = "version is too new"
)

func told(phrase string) string { return " (" + phrase + ")" }

// advice is what somebody did to a key so that Vault answers like this, and
// how to undo it; "" when that does not follow from the answer.
func (c Config) advice(answer, key string, version int) string {
	at := c.Mount + "/keys/" + key
	switch {
	case answer == told(keyNotFound):
		return ": the key " + key + " was deleted, and a new one of its name would help nothing; undo it by restoring a snapshot of Vault that has it"
	case version > 0 && (answer == told(versionDisallowed) || answer == told(versionGone)):
		return fmt.Sprintf(": min_encryption_version or min_decryption_version of %s is above version %d, which is needed; undo it: vault write %s/config %s",
			key, version, at, minima(version))
	}
	return ""
}
