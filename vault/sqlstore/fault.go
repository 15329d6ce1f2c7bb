package sqlstore

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/kelisim/kelisim/vault"
)

// conflict: the database asks to try again from the start.
type conflict struct{ cause error }

func (c *conflict) Error() string { return "conflict: " + c.cause.Error() }
func (c *conflict) Unwrap() error { return c.cause }

// duplicate: a unique value is there already.
type duplicate struct{ cause error }

func (d *duplicate) Error() string { return "duplicate: " + d.cause.Error() }
func (d *duplicate) Unwrap() error { return d.cause }

// orphan: a row refers to one that is not there.
type orphan struct{ cause error }

func (o *orphan) Error() string { return "orphan: " + o.cause.Error() }
func (o *orphan) Unwrap() error { return o.cause }

// forbidden: the role may not do it.
type forbidden struct{ cause error }

func (f *forbidden) Error() string { return f.cause.Error() }
func (f *forbidden) Unwrap() error { return f.cause }

// brief is the cause of a failure in few words. A driver's own text may hold
// keys and values of a row, or the server's address, so nothing of it is kept
// that is not known to be harmless.
func brief(err error) error {
	var (
		name *net.DNSError
		call *os.SyscallError
		file *os.PathError

		unknown x509.UnknownAuthorityError
		other   x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &unknown):
		return errors.New("the server's certificate is not signed by an authority that is trusted here")
	case errors.As(err, &other):
		return errors.New("the server's certificate is for another name")
	case errors.As(err, &invalid):
		return errors.New("the server's certificate is not valid")
	case errors.As(err, &name):
		return errors.New("the server's name could not be looked up")
	case errors.As(err, &call):
		return fmt.Errorf("%s: %w", call.Syscall, call.Err)
	case errors.As(err, &file):
		return fmt.Errorf("%s: %w", file.Op, file.Err)
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time") // the store's time, not the caller's
	}
	return fmt.Errorf("%T", err)
}

// unavailable makes of any error that is not the vault's own an ErrUnavailable.
// That the caller's context ended stays recognisable.
func unavailable(ctx context.Context, err error) error {
	var known *vault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case ctx.Err() != nil:
		return vault.ErrUnavailable.Because(ctx.Err())
	}
	return vault.ErrUnavailable.Because(err)
}
