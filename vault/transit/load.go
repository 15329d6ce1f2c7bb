package transit

import (
	"cmp"
	"slices"
)

// Load is how one operation stands with Vault now.
type Load struct {
	Operation string // encrypt, decrypt or hmac
	Waiting   int    // values that wait for a call
	Resting   bool   // calls are refused, because Vault did not serve them
	Rested    uint64 // calls refused for that, since the start
	Full      uint64 // callers refused because too many values waited
}

// Loads tells of each operation once, by name.
func (e *Engine) Loads() []Load {
	operations := append(e.encrypter.operations(), e.decrypter.decrypts.operations()...)
	var loads []Load
	for _, o := range operations {
		i := slices.IndexFunc(loads, func(l Load) bool { return l.Operation == o.name })
		if i < 0 {
			i = len(loads)
			loads = append(loads, Load{Operation: o.name})
		}
		l := &loads[i]
		l.Waiting += o.gatherer.Waiting()
		l.Resting = l.Resting || o.breaker.open()
		l.Rested += o.breaker.refused.Load()
		l.Full += o.full.Load()
	}
	slices.SortFunc(loads, func(a, b Load) int { return cmp.Compare(a.Operation, b.Operation) })
	return loads
}

// errRests is what Healthy answers while callers are refused.
func (e *Engine) errRests() error {
	if slices.ContainsFunc(e.Loads(), func(l Load) bool { return l.Resting }) {
		return errResting
	}
	return nil
}

// operations are those of the login that encrypts.
func (e *Encrypter) operations() []*operation {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.encrypts.operations()
	for _, hmacs := range e.hmacs {
		all = append(all, hmacs)
	}
	return all
}
