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
		"encryption key not found",
		"key version does not exist",
		"no such key version",
		"disallowed by policy",
		"version is too new",
		"message authentication failed",
		"invalid ciphertext",
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
