package vault

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// rememberer queues the idempotency key with the id of the result.
type rememberer func(tx KeepingTx, result uuid.UUID)

// once carries out an operation under an idempotency key: the first call does
// it and keeps the key in the same transaction; a repetition with the same
// input answers the same result for 24 hours, with another input it is
// refused. Without a key the operation is just done.
func (s *Service) once(ctx context.Context, a Actor, operation, key string, input []string,
	do func(remember rememberer) (uuid.UUID, error),
) (uuid.UUID, error) {
	if key == "" {
		return do(func(KeepingTx, uuid.UUID) {})
	}
	if len(key) > 128 {
		return uuid.Nil, NewError(CodeInvalidValue, "an idempotencyKey has at most 128 characters").At("idempotencyKey")
	}
	principal := s.Pepper.Login(a.Issuer, a.Subject).Digest
	used := Remembered{
		Principal: principal, Operation: operation, Key: s.Pepper.digest("key", key),
		Input: s.Pepper.digest("input", input...), At: s.now(),
	}
	result, found, release, err := s.await(ctx, used)
	if found || err != nil {
		return result, err
	}
	defer release()
	result, err = do(func(tx KeepingTx, result uuid.UUID) {
		done := used
		done.Result = result
		tx.Remember(done)
	})
	if err == nil {
		return result, nil
	}
	// Whoever comes second at the same time, while there are no claims, may meet
	// what the first one did as any error: a draft that is published already.
	// The key tells.
	was, found, readErr := s.remembered(ctx, used)
	switch {
	case found:
		return was, readErr
	case errors.Is(err, ErrTaken) && asError(err).Param("what") == "idempotencyKey":
		return uuid.Nil, ErrUnavailable.Because(errors.Join(err, readErr)) // nothing was written: never answer as if it were
	}
	return result, err
}

const (
	// awaitFirst is how long a repetition waits for the first to be done.
	awaitFirst = time.Second
	// lookAgain is how often it looks.
	lookAgain = 50 * time.Millisecond
	// claimFor outlives the longest operation. For so long a repetition is answered
	// IDEMPOTENCY_IN_PROGRESS when a server stops in the middle of one.
	claimFor = 30 * time.Second
)

// await answers what the same act came to, or claims the act for the caller,
// who releases it when done. While somebody else has it, it waits a little.
func (s *Service) await(ctx context.Context, used Remembered) (result uuid.UUID, found bool, release func(), err error) {
	name := s.Pepper.digest("act", used.Principal, used.Operation, used.Key)
	for patience := awaitFirst; ; patience -= lookAgain {
		// The claim comes first: whoever has it finds what was done before.
		mine, theirs, err := s.Claims.Claim(ctx, name, []byte(used.Input), claimFor)
		if err != nil {
			s.cacheTrouble(ctx, err)
			mine = true
		}
		release = func() {
			// Also for a caller who is gone by now: others wait.
			if err := s.Claims.Release(context.WithoutCancel(ctx), name); err != nil {
				s.cacheTrouble(ctx, err)
			}
		}
		result, found, err = s.remembered(ctx, used)
		switch {
		case mine && (found || err != nil):
			release()
			return result, found, nil, err
		case mine:
			return uuid.Nil, false, release, nil
		case found || err != nil:
			return result, found, nil, err
		case len(theirs) > 0 && string(theirs) != used.Input:
			return uuid.Nil, false, nil, errOtherInput
		case patience <= 0:
			return uuid.Nil, false, nil, errInProgress
		}
		pause := time.NewTimer(lookAgain)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return uuid.Nil, false, nil, ctx.Err()
		}
	}
}

var (
	errOtherInput = NewError(CodeIdempotencyMismatch,
		"this idempotencyKey was used with another input; make a new one for another act").At("idempotencyKey")
	errInProgress = NewError(CodeIdempotencyRunning,
		"an act with this idempotencyKey is still under way; send it again with the same key in a few seconds").At("idempotencyKey")
)

func (s *Service) remembered(ctx context.Context, used Remembered) (uuid.UUID, bool, error) {
	was, err := s.Reader.Remembered(ctx, used.Principal, used.Operation, used.Key)
	switch {
	case errors.Is(err, ErrNotFound):
		return uuid.Nil, false, nil
	case err != nil:
		return uuid.Nil, false, err
	case s.now().Sub(was.At) > RememberFor:
		return uuid.Nil, false, nil
	case was.Input != used.Input:
		return uuid.Nil, true, errOtherInput
	}
	return was.Result, true, nil
}

// digestParts spells the input out for its keyed digest.
func (in UpdateProfile) digestParts() []string {
	parts := changeParts(in.Changes)
	if in.Locale != nil {
		parts = append(parts, "locale", *in.Locale)
	}
	return append(parts, expectation(in.ExpectedRevision)...)
}

// expectation is an expected revision as part of an input.
func expectation(revision *int64) []string {
	if revision == nil {
		return nil
	}
	return []string{"revision", itoa(*revision)}
}

func changeParts(changes []Change) []string {
	var parts []string
	for _, c := range changes {
		if c.Value == nil {
			parts = append(parts, "clear", c.Field, "")
		} else {
			parts = append(parts, "set", c.Field, c.Value.Reveal())
		}
	}
	return parts
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// as is the actor with the id that a person's own events hold.
func (a Actor) as(user uuid.UUID) Actor {
	a.ID = user
	return a
}

// asError is the error as an *Error; one without a code is internal.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return NewError(CodeInternal, "something went wrong inside the service").Because(err)
}

// placed points an item's own error at its place in the input.
func placed(err error, path []string) error {
	if e := asError(err); e.Code.OfPayload() {
		return e.At(path...)
	}
	return err
}
