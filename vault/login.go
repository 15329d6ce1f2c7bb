package vault

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// LoginState is how one of the logins to HashiCorp's Vault stands, as Vault
// tells it. A token is never part of it.
type LoginState struct {
	Server   string   // the process that has it
	Name     string   // what the login does: "encrypt", "decrypt", or both
	Method   string   // how it is made: "token", "token file", "AppRole" or "Kubernetes"
	Accessor string   // names the token in Vault without being it; empty for a batch token
	Policies []string // sorted
	// Expires is when the token ends unless it is renewed; zero: never.
	Expires   time.Time
	Renewable bool
	SeenAt    time.Time // when Vault told it
	// Trouble is why Vault told nothing; what stands between Method and SeenAt is
	// zero then.
	Trouble string
}

// Lost reports whether nothing can be done with the login.
func (l LoginState) Lost() bool { return l.Trouble != "" }

// LoginReader reads which logins servers have told of.
type LoginReader interface {
	// Logins answers those told of since a moment, by server and name.
	Logins(ctx context.Context, since time.Time) ([]LoginState, error)
}

// LoginTx queues what a server tells of its logins.
type LoginTx interface {
	// PutLogin tells of one, in the place of what the same server told before.
	PutLogin(l LoginState)
	// ForgetLogins removes those that were told of before a moment.
	ForgetLogins(before time.Time)
}

// toldOf is for how long a login is a server's that has told of it: a server that
// lives tells twice a minute.
const toldOf = 5 * time.Minute

// ownLogins are those of this process, told at a moment.
func (k Keys) ownLogins(ctx context.Context, at time.Time) []LoginState {
	if k.Logins == nil {
		return nil
	}
	own := k.Logins(ctx)
	for i := range own {
		own[i].Server, own[i].SeenAt = k.Server, at
	}
	return own
}

// allLogins are its own, and then those of the servers.
func (k Keys) allLogins(ctx context.Context, own []LoginState) ([]LoginState, error) {
	told, err := k.Told.Logins(ctx, k.Clock().Add(-toldOf))
	told = slices.DeleteFunc(told, func(l LoginState) bool { return l.Server == k.Server })
	return slices.Concat(own, told), err
}

// LoginsOf are the logins of one process.
func (s KeyStates) LoginsOf(server string) []LoginState {
	return slices.DeleteFunc(slices.Clone(s.Logins), func(l LoginState) bool { return l.Server != server })
}

// spread tells the other servers, and commands, how the logins of this one stand.
// Nothing depends on it.
func (w *KeyWatch) spread(ctx context.Context, own []LoginState) {
	err := w.Writer.Maintain(ctx, func(tx KeepingTx) error {
		for _, l := range own {
			tx.PutLogin(l)
		}
		tx.ForgetLogins(w.Clock().Add(-2 * toldOf))
		return nil
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		w.Log.LogAttrs(ctx, slog.LevelWarn, "`kelisim keys` cannot be told how this server's logins to Vault stand", slog.Any("error", err))
	}
}

// tellLost logs logins that Vault tells nothing of any more, and those that are
// back.
func (w *KeyWatch) tellLost(ctx context.Context, own []LoginState) {
	for _, l := range own {
		switch {
		case l.Lost() && !w.lost[l.Name]:
			w.Log.LogAttrs(ctx, slog.LevelError, "a login to Vault is lost: nothing can be done with it", slog.String("login", l.Name), slog.String("error", l.Trouble))
		case !l.Lost() && w.lost[l.Name]:
			w.Log.LogAttrs(ctx, slog.LevelInfo, "a login to Vault works again", slog.String("login", l.Name))
		}
		w.lost[l.Name] = l.Lost()
	}
}
