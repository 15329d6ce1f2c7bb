package transit

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// statusError is an answer that is no success.
type statusError struct {
	operation string
	status    int
	why       string
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

// known picks what an operator needs out of an answer of Vault. Only phrases
// from this list are passed on: the rest of an answer may quote what was sent.
func known(answer string) string {
	for _, phrase := range []string{
		"Vault is sealed",
		"Vault is not initialized",
		"encryption key not found",
		"key version does not exist",
		"no such key version",
		"disallowed by policy",
		"version is too new",
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
			return " (" + phrase + ")"
		}
	}
	return ""
}
