package vault

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// KeyWatch keeps an eye on the keys while the service serves. What it found last
// is answered to whoever asks; trouble goes to the log, once.
//
// Reading what the engine tells takes a few calls, and is done every time.
// Counting rows takes the longer the more there are, so that it is done as often
// as it may take a fiftieth of a database connection's time.
type KeyWatch struct {
	Keys
	Log *slog.Logger

	turn chan struct{} // holds one token: whoever has it looks

	mu       sync.Mutex
	rows     counted
	took     time.Duration // to count them
	last     KeyStates
	troubles map[KeyTrouble]bool
	lost     map[string]bool // logins by their names
}

const (
	// WatchKeysEvery is how often the keys are looked at.
	WatchKeysEvery = 30 * time.Second
	// recountAfter is how old the count of rows may be on a small database.
	recountAfter = 10 * time.Second
	// countShare is how many times as long as it takes to count it is not
	// counted again.
	countShare = 50
	// quickCount is what somebody who asks may be kept waiting for.
	quickCount = time.Second
)

// NewKeyWatch makes a watch that has seen nothing yet.
func NewKeyWatch(k Keys, log *slog.Logger) *KeyWatch {
	w := &KeyWatch{Keys: k, Log: log, turn: make(chan struct{}, 1), troubles: map[KeyTrouble]bool{}, lost: map[string]bool{}}
	w.turn <- struct{}{}
	return w
}

// Run looks again and again until the context ends.
func (w *KeyWatch) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if _, err := w.look(ctx, true); err != nil && ctx.Err() == nil {
			w.Log.LogAttrs(ctx, slog.LevelWarn, "the keys could not be looked at; they are again, soon", slog.Any("error", err))
		}
		pause := time.NewTimer(WatchKeysEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
		case <-pause.C:
		}
	}
}

// Last is what was found last, and whether anything was yet.
func (w *KeyWatch) Last() (KeyStates, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last, !w.last.AsOf.IsZero()
}

// Look answers how the keys stand. Rows are counted anew where that is quick,
// and are as of an earlier moment where it is not.
func (w *KeyWatch) Look(ctx context.Context) (KeyStates, error) { return w.look(ctx, false) }

func (w *KeyWatch) look(ctx context.Context, patient bool) (KeyStates, error) {
	select {
	case <-w.turn:
		defer func() { w.turn <- struct{}{} }()
	case <-ctx.Done():
		return KeyStates{}, ctx.Err()
	}
	rows, err := w.counted(ctx, patient)
	if err != nil {
		return KeyStates{}, err
	}
	states, err := w.state(ctx, rows)
	own := states.LoginsOf(w.Server)
	if len(own) > 0 {
		w.spread(ctx, own)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(own) > 0 { // they are asked first: the login that reads about keys may be the one that is lost
		w.last.Logins = states.Logins
		w.tellLost(ctx, own)
	}
	if err != nil {
		return KeyStates{}, err
	}
	w.last = states
	w.tell(ctx, states.Troubles())
	return states, nil
}

// counted is the rows, counted now or before. Whoever has the turn calls it.
func (w *KeyWatch) counted(ctx context.Context, patient bool) (counted, error) {
	age := w.Clock().Sub(w.rows.at)
	fresh := age < max(recountAfter, countShare*w.took)
	if !w.rows.at.IsZero() && (fresh || !patient && w.took > quickCount) {
		return w.rows, nil
	}
	start := w.Clock()
	rows, err := w.count(ctx)
	if err != nil {
		return rows, err
	}
	w.rows, w.took = rows, w.Clock().Sub(start)
	return rows, nil
}

// tell logs troubles that are new, and those that are over. Figures may change
// while a trouble is the same.
func (w *KeyWatch) tell(ctx context.Context, troubles []KeyTrouble) {
	still := map[KeyTrouble]bool{}
	for _, t := range troubles {
		same := KeyTrouble{Key: t.Key, Kind: t.Kind}
		if still[same] = true; !w.troubles[same] {
			w.warn(ctx, t)
		}
	}
	for t := range w.troubles {
		if !still[t] {
			w.Log.LogAttrs(ctx, slog.LevelInfo, "a key is as it should be again", slog.String("key", t.Key), slog.String("trouble", t.Kind.Word()))
		}
	}
	w.troubles = still
}

func (w *KeyWatch) warn(ctx context.Context, t KeyTrouble) {
	about := []slog.Attr{
		slog.String("key", t.Key), slog.String("trouble", t.Kind.Word()), slog.String("what", t.What), slog.String("undo", t.Undo),
	}
	if t.Harmful() {
		w.Log.LogAttrs(ctx, slog.LevelError, "somebody changed a key so that it does harm", about...)
		return
	}
	w.Log.LogAttrs(ctx, slog.LevelWarn, "HashiCorp Vault is set up for an earlier version of Kelisim", about...)
}

// EncryptionKeys answers how the keys stand. That somebody looked leaves an
// event, as other reading by colleagues does.
func (s *Service) EncryptionKeys(ctx context.Context, a Actor) (KeyStates, error) {
	role, ok := a.Allowed(Security, System)
	if !ok {
		return KeyStates{}, NewError(CodeForbidden, "the token's role may not see the keys")
	}
	states, err := s.Keys.Look(ctx)
	if err != nil {
		return states, err
	}
	return states, s.record(ctx, s.event(a, role, KeysRead))
}
