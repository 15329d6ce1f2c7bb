package vault

import (
	"context"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Whoever came on paper has no login. A colleague gives them a code, on paper
// too; the first login that brings it back is theirs from then on. A code says
// nothing of whose it is, and there is none for somebody who has a login.

// claimFor is how long a code is good for.
const claimFor = 14 * 24 * time.Hour

// claimTries is how many wrong codes a login may send to one server in a day. A
// code has 100 random-looking bits: this keeps the log readable, not the code safe.
const claimTries = 10

// Claim is that somebody without a login may bring one, once. The code itself
// is stored nowhere: it is a keyed digest of the id, and Digest one of the code.
type Claim struct {
	ID        uuid.UUID
	User      uuid.UUID
	Digest    string
	ExpiresAt time.Time
	UsedAt    time.Time // zero: it was not
}

// ClaimReader reads claims.
type ClaimReader interface {
	// Claim answers by the digest of its code; ErrNotFound.
	Claim(ctx context.Context, digest string) (Claim, error)
	// HasLogin reports whether a person has one.
	HasLogin(ctx context.Context, user uuid.UUID) (bool, error)
}

// ClaimTx queues changes of claims.
type ClaimTx interface {
	// PutClaim adds a claim, in the place of the person's last one. ErrStale: they
	// are erased, or have a login.
	PutClaim(c Claim)
	// UseClaim gives the person of a claim their login, and marks the claim as used
	// at a moment. ErrStale: it was used, replaced or has expired, or the person is
	// erased. ErrTaken (parameter "what": "login"): the login has a person.
	UseClaim(c Claim, login SubjectKey, at time.Time)
}

// ClaimIssue asks for a code.
type ClaimIssue struct {
	User           uuid.UUID
	App            string
	Basis          Basis
	IdempotencyKey string
}

// IssuedClaim is a code to hand to the person.
type IssuedClaim struct {
	Person    *Person
	Code      Plain
	ExpiresAt time.Time
}

// IssueClaim makes the code by which somebody without a login takes their data
// into the app. Another one before it is good for nothing any more.
func (s *Service) IssueClaim(ctx context.Context, a Actor, in ClaimIssue) (IssuedClaim, error) {
	role, err := in.Basis.byRequest(a)
	if err != nil {
		return IssuedClaim{}, err
	}
	input := []string{in.User.String(), in.App, in.Basis.Reason, in.Basis.Ticket}
	id, err := s.once(ctx, a, "issueClaimCode", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) { return s.issueClaim(ctx, a, role, in, remember) })
	})
	if err != nil {
		return IssuedClaim{}, err
	}
	code := s.claimCode(id)
	claim, err := s.Reader.Claim(ctx, s.claimDigest(code))
	if errors.Is(err, ErrNotFound) {
		err = NewError(CodeClaimRefused, "another code was issued since, or the person is erased")
	}
	if err != nil {
		return IssuedClaim{}, err
	}
	p, err := s.person(ctx, a, in.App, in.User)
	return IssuedClaim{p, NewPlain(code), claim.ExpiresAt}, err
}

func (s *Service) issueClaim(ctx context.Context, a Actor, role Role, in ClaimIssue, remember rememberer) (uuid.UUID, error) {
	p, err := s.person(ctx, a, in.App, in.User)
	if err != nil {
		return uuid.Nil, err
	}
	if p.User.Status == StatusErased {
		return uuid.Nil, NewError(CodeUserBlocked, "this person is erased").At("user")
	}
	has, err := s.Reader.HasLogin(ctx, in.User)
	if err == nil && has {
		err = s.refuse(ctx, a, "Mutation.issueClaimCode", in.User, NewError(CodeClaimRefused, "this person has a login").At("user"))
	}
	if err != nil {
		return uuid.Nil, err
	}
	event := s.event(a, role, ClaimIssued)
	claim := Claim{ID: s.NewID(), User: in.User, ExpiresAt: event.At.Add(claimFor)}
	claim.Digest = s.claimDigest(s.claimCode(claim.ID))
	event.Subject, event.App, event.Object = in.User, p.App.Code, claim.object()
	event.Reason, event.Reference = in.Basis.Reason, in.Basis.Ticket
	return claim.ID, s.Writer.Write(ctx, func(tx Tx) error {
		tx.PutClaim(claim)
		tx.Record(event)
		remember(tx, claim.ID)
		return nil
	})
}

// ClaimUser gives the actor's login to the person whose code it is. Whatever the
// code lacks, the answer is the same, and on record; a code is good once, and for
// a login under which nobody is registered. Sent again by who used it, it answers
// them.
func (s *Service) ClaimUser(ctx context.Context, a Actor, code Plain, idempotencyKey string) (*Person, error) {
	digest := s.claimDigest(code.Reveal())
	_, err := s.once(ctx, a, "claimUser", idempotencyKey, []string{digest}, func(remember rememberer) (uuid.UUID, error) {
		return inTurn(ctx, s, a, func() (uuid.UUID, error) { return s.claimUser(ctx, a, digest, remember) })
	})
	if err != nil {
		return nil, err
	}
	return s.registered(ctx, a)
}

func (s *Service) claimUser(ctx context.Context, a Actor, digest string, remember rememberer) (uuid.UUID, error) {
	login, now := s.Pepper.Login(a.Issuer, a.Subject), s.now()
	if !s.wrong.may(login, now) {
		return uuid.Nil, NewError(CodeTooManyChanges, "too many codes were wrong today; try again after midnight UTC").With("limit", itoa(claimTries))
	}
	me, err := s.Me(ctx, a)
	if err != nil {
		return uuid.Nil, err
	}
	claim, err := s.Reader.Claim(ctx, digest)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return uuid.Nil, err
	}
	switch {
	case err == nil && me.User != nil && me.User.ID == claim.User:
		return claim.User, nil // theirs already
	case err != nil, me.User != nil, !claim.UsedAt.IsZero(), !now.Before(claim.ExpiresAt):
		s.wrong.add(login, now)
		return uuid.Nil, s.refuse(ctx, a, "Mutation.claimUser", uuid.Nil, NewError(CodeClaimRefused,
			"this code cannot be used with this login; ask the operator for another").At("code"))
	}
	event := s.event(a.as(claim.User), Subject, UserClaimed)
	event.Subject, event.Object = claim.User, claim.object()
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.UseClaim(claim, login, event.At)
		tx.Record(event)
		remember(tx, claim.User)
		return nil
	})
	if errors.Is(err, ErrTaken) && asError(err).Param("what") == "login" {
		err = ErrStale.Because(err) // registered meanwhile: read again
	}
	return claim.User, err
}

func (c Claim) object() string { return "Claim:" + c.ID.String() }

// claimLetters are Crockford's: none is taken for another.
const claimLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// claimCode is the code of a claim: twenty letters in groups of five.
func (s *Service) claimCode(claim uuid.UUID) string {
	raw, err := hex.DecodeString(s.Pepper.digest("claim", claim.String()))
	if err != nil { // a digest is hex
		return ""
	}
	letters := base32.NewEncoding(claimLetters).WithPadding(base32.NoPadding).EncodeToString(raw)[:20]
	return strings.Join(slices.Collect(chunks(letters, 5)), "-")
}

// chunks are the parts of a text of n bytes each.
func chunks(text string, n int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := 0; i < len(text) && yield(text[i:min(i+n, len(text))]); i += n {
		}
	}
}

// claimDigest is what a code is found by, however it was copied from paper.
func (s *Service) claimDigest(code string) string {
	plain := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(code))
	return s.Pepper.digest("claim code", plain)
}

// wrongCodes counts the wrong codes of each login on one day.
type wrongCodes struct {
	mu  sync.Mutex
	day string
	of  map[SubjectKey]int
}

func (w *wrongCodes) may(login SubjectKey, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.day != now.Format(time.DateOnly) || w.of[login] < claimTries
}

func (w *wrongCodes) add(login SubjectKey, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if day := now.Format(time.DateOnly); w.day != day {
		w.day, w.of = day, map[SubjectKey]int{}
	}
	w.of[login]++
}
