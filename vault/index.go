package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// IndexPlan says under which versions of the index key blind indexes are
// written, and by which one people are found.
//
// The store holds it, and compares: who writes indexes or looks people up says
// under which plan it was computed, and is sent back with another one in force.
// So replicas are never more than one plan apart, whatever their clocks do, and
// neighbours agree: what one writes the other finds, and two who prove the same
// value meet under a version that both write.
type IndexPlan struct {
	Epoch int64 // counts the plans of a database, from 1
	Write []int // one version, or the old one and the new one
	Find  int   // one of them
}

// FirstPlan is that of a database which knows one version.
func FirstPlan(version int) IndexPlan {
	return IndexPlan{Epoch: 1, Write: []int{version}, Find: version}
}

// Filling reports whether what was written before lacks indexes under the newer
// of two versions.
func (p IndexPlan) Filling() bool { return len(p.Write) == 2 && p.Find == p.Write[0] }

// Next is the plan that follows on the way to a version: write both; once
// everybody is indexed under both, find by the new one; write that one alone.
// Arrived is true where no other follows.
func (p IndexPlan) Next(version int) (next IndexPlan, arrived bool) {
	next = IndexPlan{Epoch: p.Epoch + 1, Write: p.Write, Find: p.Find}
	switch {
	case p.Filling():
		next.Find = p.Write[1]
	case len(p.Write) == 2:
		next.Write = []int{p.Find}
	case p.Find < version:
		next.Write = []int{p.Find, version}
	default:
		return p, true
	}
	return next, false
}

// object names the plan in an event.
func (p IndexPlan) object() string {
	versions := make([]string, len(p.Write))
	for i, v := range p.Write {
		versions[i] = strconv.Itoa(v)
	}
	return fmt.Sprintf("IndexPlan:%d;write=%s;find=%d", p.Epoch, strings.Join(versions, ","), p.Find)
}

// IndexCount is how many blind indexes a field has under one version.
type IndexCount struct {
	Field   string
	Version int
	Rows    int64
}

// IndexedField is a blind index and what it was computed from.
type IndexedField struct {
	BlindIndex
	// Ciphertext is the field's. It is zero where there is nothing to compute:
	// the index stands under the other version as well, or no value is stored.
	Ciphertext Ciphertext
}

// Held is the personal field.
func (f IndexedField) Held() Held {
	return Held{Holding: HoldingFields, HeldRow: HeldRow{Owner: f.User, Field: f.Field}, Ciphertext: f.Ciphertext}
}

// Reindexed is a blind index and the one of the same value under another
// version that stands beside it. What is proved stays so.
type Reindexed struct {
	BlindIndex
	To          int // version
	Digest      string
	NormVersion int
}

// ErrReplanned is the ErrStale of whoever follows a plan that is over.
var ErrReplanned = NewError(CodeStale, "blind indexes follow another plan by now", Param{"what", "plan"})

// digest computes indexes under versions of a plan, side by side: an answer for
// each version, with one for each item.
func (s *Service) digest(ctx context.Context, plan *IndexPlan, versions []int, items []IndexItem) ([][]Indexed, error) {
	answers, errs := make([][]Indexed, len(versions)), make([]error, len(versions))
	var asking sync.WaitGroup
	for i, version := range versions {
		asking.Go(func() { answers[i], errs[i] = s.Indexer.Index(ctx, version, items) })
	}
	asking.Wait()
	for i := range versions {
		err := errs[i]
		for _, answer := range answers[i] {
			err = cmp.Or(err, answer.Err)
		}
		if errors.Is(err, ErrUnavailable) {
			return nil, s.outdated(ctx, plan, err)
		}
		if errs[i] != nil {
			return nil, errs[i]
		}
	}
	return answers, nil
}

// outdated is why the engine refused versions of a plan: they may be retired,
// because the plan is over.
func (s *Service) outdated(ctx context.Context, plan *IndexPlan, err error) error {
	if failed := s.replan(ctx); failed == nil && s.plan.Load().Epoch != plan.Epoch {
		return ErrReplanned.Because(err)
	}
	return err
}

// errUnplanned is why nobody is found: it must not read as that there is nobody.
var errUnplanned = errors.New("the database has no index plan")

func (s *Service) replan(ctx context.Context) error {
	plan, err := s.Reader.IndexPlan(ctx)
	switch {
	case errors.Is(err, ErrNotFound):
		// The start made one, and nothing of ours deletes the last one.
		s.Log.ErrorContext(ctx, "the index plan is gone from the database: nobody can be found by an identifier, or tell one; start a server to make another")
		return ErrUnavailable.Because(errUnplanned)
	case err != nil:
		return err
	}
	s.plan.Store(&plan)
	return nil
}

// follow takes over the plan in force where an error says that there is another
// one. It answers the error, which lets the use case begin again.
func (s *Service) follow(ctx context.Context, err error) error {
	if errors.Is(err, ErrStale) && asError(err).Param("what") == "plan" {
		if failed := s.replan(ctx); failed != nil {
			return failed
		}
	}
	return err
}
