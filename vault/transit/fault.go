package transit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/vault/api"
)

// brief is why Vault did not answer, without its address, which the errors of
// the library, of HTTP and of the network hold: what is not known to be
// harmless is left out.
func brief(err error) error {
	for _, harmless := range []error{
		context.Canceled, context.DeadlineExceeded, http.ErrSchemeMismatch, io.ErrUnexpectedEOF, io.EOF, net.ErrClosed, api.ErrLifetimeWatcherNotRenewable,
	} {
		if errors.Is(err, harmless) {
			return harmless
		}
	}
	var (
		answer      *api.ResponseError
		certificate *tls.CertificateVerificationError
		name        *net.DNSError
		alert       *net.OpError
		call        *os.SyscallError
		slow        net.Error
	)
	switch {
	case errors.As(err, &answer):
		return fmt.Errorf("it answered %d%s", answer.StatusCode, known(strings.Join(answer.Errors, " ")))
	case errors.As(err, &certificate):
		return errors.New("its certificate is not trusted here, or is another server's; VAULT_CACERT names who signed it")
	case errors.As(err, &alert) && alert.Op == "remote error": // a TLS alert, which is one of few words
		return fmt.Errorf("it ended the handshake: %w; VAULT_CLIENT_CERT names the certificate that it asks for", alert.Err)
	case errors.As(err, &name):
		return errors.New("its name could not be looked up")
	case errors.As(err, &call):
		return fmt.Errorf("%s: %w", call.Syscall, call.Err)
	case errors.As(err, &slow) && slow.Timeout():
		return errors.New("no answer in time")
	}
	return fmt.Errorf("%T", err)
}
