package vault

import (
	"errors"
	"fmt"
	"strings"
)

// Error is the one error type of the vault: a code for programs, a message
// for people, the place in the input, parameters, and the cause for the log.
// A message never holds a personal value.
type Error struct {
	Code    Code
	Message string   // English, one sentence or two: what is wrong and what to do
	Path    []string // where in the input, outermost first; empty for the whole request
	Params  []Param  // machine-readable figures behind the message, in a fixed order
	cause   error
}

// Param is one named figure of an error; never a personal value.
type Param struct{ Name, Value string }

// NewError makes an error of the given code.
func NewError(code Code, message string, params ...Param) *Error {
	return &Error{Code: code, Message: message, Params: params}
}

// Errorf is NewError with a formatted message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At returns a copy that points at a place in the input.
func (e *Error) At(path ...string) *Error {
	c := *e
	c.Path = path
	return &c
}

// Because returns a copy that carries the cause, for the log and errors.Is.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// With returns a copy with one parameter more.
func (e *Error) With(name, value string) *Error {
	c := *e
	c.Params = append(append([]Param(nil), e.Params...), Param{name, value})
	return &c
}

// Param returns the value of a parameter, or "".
func (e *Error) Param(name string) string {
	for _, p := range e.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare codes, so that errors.Is(err, ErrNotFound) holds
// for every not-found error whatever its message.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Errors are several things to put right in one request. Use cases that check
// an input answer all that is wrong with it at once.
type Errors []*Error

func (e Errors) Error() string {
	parts := make([]string, len(e))
	for i, one := range e {
		parts[i] = one.Error()
	}
	return strings.Join(parts, "; ")
}

// Unwrap gives the errors, for errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// orNil is the errors as an error, or nil when there are none.
func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// CodeOf is the code of an error, or CodeInternal when it has none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// Sentinels for errors.Is. Each back end returns these (with a cause) so that
// callers never look at a driver's own errors.
var (
	// ErrUnavailable: a back end did not answer or refused; try again later.
	ErrUnavailable = NewError(CodeUnavailable, "the service is not available at the moment; try again")
	// ErrTooLarge: a value is over MaxPlaintext.
	ErrTooLarge = NewError(CodeValueTooLong, "the value is longer than 64 KiB; shorten it")
	// ErrUndecryptable: altered, moved from its place, or its key version is gone.
	ErrUndecryptable = NewError(CodeUndecryptable, "the stored value cannot be decrypted")
	// ErrNotFound: there is no such thing, or the caller may not know of it.
	ErrNotFound = NewError(CodeNotFound, "there is no such object, or it is not yours to see")
	// ErrStale: the row changed since it was read. Use cases read again; callers never see it.
	ErrStale = NewError(CodeStale, "the data changed meanwhile")
	// ErrOwners: the database leaves it to the owner of its tables.
	ErrOwners = NewError(CodeForbidden, "only the owner of the database may do this")
	// ErrTaken: a unique value is held by another row. Use cases say which in their own words.
	ErrTaken = NewError(CodeTaken, "the value is already in use")
)

// ErrKeyBehind is the cause of an ErrUnavailable: the engine does not have a
// version of the key that something stored names. It is behind for as long as it
// answers from an earlier state, or the version was made up.
var ErrKeyBehind = errors.New("the key has no such version yet")

// ErrLimited: something was done too often. Use cases say what.
var ErrLimited = NewError(CodeTooManyChanges, "too many changes today")
