package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelisim/kelisim/vault"
)

// keyMetrics shows what the watch found last. Nothing is shown before it has
// found anything, and the moment stays as it is while it finds nothing: alerts
// look at it.
type keyMetrics struct {
	last   func() (vault.KeyStates, bool)
	server string // whose logins are shown: each server shows its own
	clock  func() time.Time

	asOf, rows, latest, oldest, age, minimum, flag, trouble, login, copies *prometheus.Desc
}

// keys adds the metrics of the keys.
func (m *metrics) keys(last func() (vault.KeyStates, bool), server string, clock func() time.Time) {
	gauge := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	m.registry.MustRegister(&keyMetrics{
		last: last, server: server, clock: clock,
		asOf:    gauge("kelisim_keys_as_of_timestamp_seconds", "When the rows under the keys were counted."),
		rows:    gauge("kelisim_key_rows", "What is stored under a version of a key.", "key", "version"),
		latest:  gauge("kelisim_key_latest_version", "The version that new values are encrypted under.", "key"),
		oldest:  gauge("kelisim_key_oldest_needed_version", "The oldest version that anything is stored under.", "key"),
		age:     gauge("kelisim_key_newest_version_age_seconds", "How long ago the newest version was made, or first seen where that is not told.", "key"),
		minimum: gauge("kelisim_key_min_version", "Below which version a key decrypts, encrypts or has nothing; 0: none is set.", "key", "minimum"),
		flag:    gauge("kelisim_key_flag", "Whether a setting that weakens a key is on.", "key", "flag"),
		trouble: gauge("kelisim_key_trouble", "1 for each thing that is wrong with a key.", "key", "trouble"),
		login:   gauge("kelisim_vault_login_seconds_left", "How long a login to Vault lasts if it is not renewed; none for one that does not end; 0: it cannot be used.", "login"),
		copies:  gauge("kelisim_declared_copies", "Copies of data and of keys that are declared.", "kind"),
	})
}

// Describe implements prometheus.Collector.
func (k *keyMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{k.asOf, k.rows, k.latest, k.oldest, k.age, k.minimum, k.flag, k.trouble, k.login, k.copies} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (k *keyMetrics) Collect(to chan<- prometheus.Metric) {
	states, ok := k.last()
	if !ok {
		return
	}
	show := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	now := k.clock()
	show(k.asOf, float64(states.AsOf.UnixMilli())/1000)
	for _, key := range states.Keys {
		for _, t := range key.Troubles {
			show(k.trouble, 1, key.Name, t.Kind.Word())
		}
		if key.Latest > 0 {
			k.key(show, key, now)
		}
	}
	for _, l := range states.LoginsOf(k.server) {
		switch {
		case l.Lost():
			show(k.login, 0, l.Name)
		case !l.Expires.IsZero():
			show(k.login, l.Expires.Sub(now).Seconds(), l.Name)
		}
	}
	for _, kind := range vault.CopyKinds() {
		of := slices.DeleteFunc(slices.Clone(states.Copies), func(c vault.Copy) bool { return c.Kind != kind })
		show(k.copies, float64(len(of)), kind.Word())
	}
}

func (k *keyMetrics) key(show func(*prometheus.Desc, float64, ...string), key vault.KeyState, now time.Time) {
	show(k.latest, float64(key.Latest), key.Name)
	if oldest := key.OldestNeeded(); oldest > 0 {
		show(k.oldest, float64(oldest), key.Name)
	}
	for _, v := range key.All() {
		show(k.rows, float64(v.Rows), key.Name, strconv.Itoa(v.Version))
		if since := v.Since(); v.Version == key.Latest && !since.IsZero() {
			show(k.age, now.Sub(since).Seconds(), key.Name)
		}
	}
	show(k.minimum, float64(key.MinDecryption), key.Name, "decryption")
	show(k.minimum, float64(key.MinEncryption), key.Name, "encryption")
	show(k.minimum, float64(key.MinAvailable), key.Name, "available")
	for _, f := range flagsOf(key.KeyFacts) {
		value := 0.0
		if f.set {
			value = 1
		}
		show(k.flag, value, key.Name, f.name)
	}
}

// keysSound is the readiness check of what the watch found last: whether
// anything stored cannot be had because of what somebody did to a key.
func keysSound(last func() (vault.KeyStates, bool)) func(context.Context) error {
	return func(context.Context) error {
		states, _ := last()
		var wrong []string
		for _, t := range states.Troubles() {
			if t.Harmful() {
				wrong = append(wrong, t.Key+" "+t.Kind.Word())
			}
		}
		if len(wrong) == 0 {
			return nil
		}
		return stated{errors.New("somebody changed the keys"), strings.Join(wrong, ", ")}
	}
}
