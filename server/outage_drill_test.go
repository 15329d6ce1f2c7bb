//go:build drill

package main

import (
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
)

// outage is a way for Vault not to be well.
type outage struct {
	name   string
	strike func(*rig)
	heal   func(*rig)
	reads  bool // personal values are read all the same
	writes bool // and written
	finds  bool // and looked up
}

// outages are those of the operations manual, in its order.
func outages() []outage {
	return []outage{
		{name: "sealed", strike: func(r *rig) { r.vault.Seal() }, heal: func(r *rig) { r.vault.Unseal() }},
		{name: "stopped", strike: func(r *rig) { r.vault.Stop() }, heal: func(r *rig) { r.vault.Start() }},
		{name: "restarted", strike: func(r *rig) { r.vault.Restart() }, heal: func(r *rig) { r.vault.Unseal() }},
		{name: "standby", strike: (*rig).stepDown, heal: func(r *rig) { r.vault.Unseal() }},
		{name: "429", strike: (*rig).throttle, heal: func(r *rig) { r.root("sys/quotas/rate-limit/drill", nil) }},
		{name: "500", strike: (*rig).breakAudit, heal: (*rig).mendAudit},
		{name: "slow", heal: (*rig).clear, strike: func(r *rig) {
			r.spoil("latency", "downstream", map[string]any{"latency": 10_000})
		}},
		{name: "half-open", strike: func(r *rig) { r.vault.Freeze() }, heal: func(r *rig) { r.vault.Thaw() }},
		{name: "black hole", heal: (*rig).clear, strike: func(r *rig) {
			r.spoil("timeout", "upstream", map[string]any{"timeout": 0})
			r.spoil("timeout", "downstream", map[string]any{"timeout": 0})
		}},
		{name: "cut off", heal: (*rig).clear, strike: func(r *rig) {
			r.spoil("limit_data", "downstream", map[string]any{"bytes": 1})
		}},
		{name: "TLS expired", heal: func(r *rig) { r.vault.Certify(time.Now().Add(time.Hour)) }, strike: func(r *rig) {
			r.vault.Certify(time.Now().Add(-time.Hour))
			r.awaitCertificate("expired")
			r.cut()
		}},
		{name: "permission lost", writes: true, finds: true, heal: func(r *rig) { r.putPolicy(r.policy) }, strike: func(r *rig) {
			r.putPolicy(strings.Replace(r.policy, "transit/decrypt/", "transit/decrypt-no-more/", 1))
		}},
		{name: "key deleted", finds: true, strike: func(r *rig) { r.root("transit/keys/"+pii, nil) }, heal: func(r *rig) {
			r.root("transit/restore/"+pii, map[string]any{"backup": r.backup})
		}},
	}
}

func TestDrillVaultIsNotWell(t *testing.T) {
	r := newRig(t)
	if err := r.served("before"); err != nil {
		t.Fatal(err)
	}
	for _, o := range outages() {
		t.Run(o.name, func(t *testing.T) {
			r := r.within(t)
			told := len(r.log.String())
			o.strike(r)
			r.goesOn()
			r.withholds(o)
			r.crowd()
			r.says(o)
			took := r.loaded(func() time.Duration {
				o.heal(r)
				return r.heals("after " + o.name)
			})
			t.Logf("%-16s slowest answer %5d ms, served again after %5d ms; the log: %s",
				o.name, r.slowest.Milliseconds(), took.Milliseconds(), causes(r.log.String()[told:]))
		})
	}
}

// within is the rig for one subtest.
func (r *rig) within(t *testing.T) *rig {
	w := *r.world
	w.t = t
	other := *r
	other.world, other.slowest = &w, 0
	return &other
}

// goesOn holds that nothing else is touched: what is not personal is read, the
// gate decides, consents are recorded, withdrawn and checked.
func (r *rig) goesOn() {
	r.t.Helper()
	for what, query := range map[string]string{
		"the policy": `{ policyInForce { document(locale: "kk") { hash } items { code } } }`,
		"oneself":    `{ me { status revision policyStatus { accepted } pendingConsents { item { code } } consents { nodes { state } } missingFields } }`,
	} {
		if got := r.timed(what, func() answer { return r.ask(r.me, query, nil) }); len(got.Errors) > 0 {
			r.t.Errorf("%s: %s", what, got.raw)
		}
	}
	r.timed("a consent", func() answer {
		return r.record(r.me, with(r.seen.decided("marketing", "GIVEN"), input{"knownConsentSeq": r.consentSeq()})).ok().answer
	})
	equal(r.t, "a check", r.reason(r.id, "marketing", ""), "GIVEN")
	r.timed("a withdrawal", func() answer { return r.withdraw(r.me, "contact", "marketing").ok().answer })
	equal(r.t, "a check after the withdrawal", r.reason(r.id, "contact", ""), "WITHDRAWN")
	gate := r.timed("the gate", r.change)
	equal(r.t, "the gate", gate.code(), "POLICY_NOT_ACCEPTED")
	r.record(r.me, with(r.seen.decided("contact", "GIVEN"), input{"knownConsentSeq": r.consentSeq()})).ok()
}

func (r *rig) consentSeq() int {
	return number(r.ask(r.me, `{ me { consentSeq } }`, nil).must(), "me", "consentSeq")
}

// withholds holds that what needs Vault is refused for now, and that nothing
// of it is stored.
func (r *rig) withholds(o outage) {
	r.t.Helper()
	if !o.reads {
		profile := r.timed("a personal field", r.read).must()
		equal(r.t, "a personal field", str(profile, "me", "profile", "phone", "state"), "UNAVAILABLE")
		equal(r.t, "its value", at(profile, "me", "profile", "phone", "value"), nil)
		equal(r.t, "its neighbour", str(profile, "me", "profile", "email", "state"), "EMPTY")
		equal(r.t, "what is not personal beside it", at(profile, "me", "policyStatus", "accepted"), any(true))
	}
	if !o.writes {
		before := r.rows()
		r.refused("a registration", r.timed("a registration", func() answer { return r.write("newcomer") }))
		r.refused("a change", r.timed("a change", r.change))
		r.unchanged(before)
	} else if got := r.change(); len(got.Errors) > 0 {
		r.t.Errorf("a change: %s", got.raw)
	}
	if !o.finds {
		r.refused("a look-up", r.timed("a look-up", r.find))
	} else if got := r.find(); len(got.Errors) > 0 {
		r.t.Errorf("a look-up: %s", got.raw)
	}
}

// crowd holds that many at once are answered as one is.
func (r *rig) crowd() {
	r.t.Helper()
	var all sync.WaitGroup
	took := make([]time.Duration, 100)
	for i := range took {
		all.Go(func() {
			begin := time.Now()
			if _, err := post(r.http.URL, r.me, `{ me { profile { phone { state } familyName { state } } } }`, nil); err != nil {
				r.t.Error(err)
			}
			took[i] = time.Since(begin)
		})
	}
	all.Wait()
	for _, one := range took {
		r.slowest = max(r.slowest, one)
		if one > answeredWithin {
			r.t.Errorf("in a crowd an answer took %v", one)
			return
		}
	}
}

// says holds that the readiness tells of it, and is ready all the same.
func (r *rig) says(o outage) {
	r.t.Helper()
	h := (&readiness{clock: time.Now, checks: r.sys.checks}).health(r.t.Context())
	if !h.ready || h.state["encryption"] != "not available" || h.state["database"] != "ok" {
		r.t.Errorf("%s: the readiness is %+v", o.name, h)
	}
}

// loaded does something while people go on asking, so that operations are
// tried, and found wanting, at every moment.
func (r *rig) loaded(do func() time.Duration) time.Duration {
	r.t.Helper()
	stop := make(chan struct{})
	var all sync.WaitGroup
	for _, query := range []string{
		`{ me { profile { phone { state } } } }`,
		`mutation { updateMyProfile(input: {profile: {givenName: "Айша"}}) { userErrors { code } } }`,
	} {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := post(r.http.URL, r.me, query, nil); err != nil {
					r.t.Error(err)
					return
				}
			}
		})
	}
	took := do()
	close(stop)
	all.Wait()
	return took
}

// causes are what the log tells of Vault, each once.
func causes(log string) string {
	seen := map[string]bool{}
	for _, found := range regexp.MustCompile(`try again: (transit: [^\n]*?)"?( path=| field=|\n)`).FindAllStringSubmatch(log, -1) {
		seen[found[1]] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(seen)), "\n\t\t| ")
}

// stepDown makes the one node a standby; ten seconds later it is active again.
func (r *rig) stepDown() {
	r.t.Helper()
	if err := r.vault.Client(r.vault.Token).Sys().StepDownWithContext(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// throttle sets a quota of one call in a minute, and uses it up.
func (r *rig) throttle() {
	r.t.Helper()
	r.root("sys/quotas/config", map[string]any{"enable_rate_limit_response_headers": true})
	r.root("sys/quotas/rate-limit/drill", map[string]any{"path": "transit/", "rate": 1, "interval": "1m"})
	for client := r.vault.Client(r.vault.Token); ; {
		if _, err := client.Logical().ReadWithContext(r.t.Context(), "transit/keys/"+pii); err != nil {
			return
		}
	}
}

// breakAudit leaves Vault with one audit device, which does not work: it then
// answers 500 to everything.
func (r *rig) breakAudit() {
	r.t.Helper()
	r.listenAudit("127.0.0.1:0")
	sys := r.vault.Client(r.vault.Token).Sys()
	err := sys.EnableAuditWithOptionsWithContext(r.t.Context(), "socket", &api.EnableAuditOptions{
		Type: "socket", Options: map[string]string{"address": r.audit.Addr().String(), "socket_type": "tcp", "write_timeout": "1s"},
	})
	if err == nil {
		err = sys.DisableAuditWithContext(r.t.Context(), "file")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	_ = r.audit.Close()
}

func (r *rig) mendAudit() {
	r.t.Helper()
	r.listenAudit(r.audit.Addr().String())
	r.t.Cleanup(func() { _ = r.audit.Close() })
	sys := r.vault.Client(r.vault.Token).Sys()
	err := sys.EnableAuditWithOptionsWithContext(r.t.Context(), "file", &api.EnableAuditOptions{
		Type: "file", Options: map[string]string{"file_path": r.vault.AuditLog},
	})
	if err == nil {
		err = sys.DisableAuditWithContext(r.t.Context(), "socket")
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// listenAudit accepts audit records until the listener is closed, and with it
// every connection.
func (r *rig) listenAudit(address string) {
	r.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.audit = listener
	go func() {
		var open []net.Conn
		for {
			c, err := listener.Accept()
			if err != nil {
				break
			}
			open = append(open, c)
			go func() {
				for buffer := make([]byte, 64<<10); err == nil; _, err = c.Read(buffer) {
				}
			}()
		}
		for _, c := range open {
			_ = c.Close()
		}
	}()
}

func (r *rig) putPolicy(text string) {
	r.t.Helper()
	if err := r.vault.Client(r.vault.Token).Sys().PutPolicyWithContext(r.t.Context(), decrypts, text); err != nil {
		r.t.Fatal(err)
	}
}

// awaitCertificate returns when a new connection is shown one that is refused
// for this reason.
func (r *rig) awaitCertificate(reason string) {
	r.t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for range 250 {
		if _, err := r.vault.Client("").Sys().HealthWithContext(r.t.Context()); err != nil && strings.Contains(fmt.Sprint(err), reason) {
			return
		}
		<-poll.C
	}
	r.t.Fatal("the certificate is not replaced")
}
