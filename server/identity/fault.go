package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
)

// fault is a failure in words of our own, which hold no address.
type fault string

func (f fault) Error() string { return string(f) }

// brief is the cause of a failure without the addresses, certificates and
// answers that the errors of go-oidc and the network hold: what is not known to
// be harmless is left out.
func brief(err error) error {
	var (
		own         fault
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		alert       tls.AlertError
		call        *os.SyscallError
		slow        net.Error
		asking      *url.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &own):
		return own
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.As(err, &name):
		return fault("the issuer's name could not be looked up")
	case errors.As(err, &certificate):
		return fault("the issuer's certificate is not trusted")
	case errors.As(err, &alert):
		return alert
	case errors.As(err, &call):
		return fmt.Errorf("%s: %w", call.Syscall, call.Err)
	case errors.As(err, &slow) && slow.Timeout():
		return fault("no answer in time")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault("the issuer closed the connection")
	case errors.As(err, &asking):
		return fault("the issuer could not be asked")
	}
	return fault("the issuer's answer is neither the configuration of this issuer nor a set of keys")
}
