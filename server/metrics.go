package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kelisim/kelisim/vault/sqlstore"
)

// metrics are the figures that /metrics shows. Labels are routes, operations
// and outcomes: never anything of a person or of a request's body.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.HistogramVec
	transit   *prometheus.HistogramVec
	items     *prometheus.CounterVec
	denied    *prometheus.CounterVec
	outdated  *prometheus.CounterVec
	untrusted *prometheus.CounterVec
	erased    prometheus.Gauge
	unburied  prometheus.Gauge
	due       prometheus.Gauge
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kelisim_http_request_seconds", Help: "Time to answer a request, by route and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "status"}),
		transit: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kelisim_transit_call_seconds", Help: "Time of a call to HashiCorp Vault's transit engine, by operation and outcome.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 3},
		}, []string{"operation", "outcome"}),
		items: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kelisim_transit_items_total", Help: "Values sent to the transit engine, by operation.",
		}, []string{"operation"}),
		denied: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kelisim_anonymous_denied_total", Help: "Calls refused for want of a token, by root field.",
		}, []string{"operation"}),
		untrusted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kelisim_untrusted_documents_total", Help: "GraphQL documents that are in no manifest, by audience and outcome.",
		}, []string{"audience", "outcome"}),
		erased: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kelisim_erased_people", Help: "People who were erased.",
		}),
		unburied: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kelisim_erasure_ledger_behind", Help: "Erasures whose tombstone is not known to be in the ledger; at most 500.",
		}),
	}
	m.due = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "kelisim_retention_due", Help: "People of whom something was due at this server's last run of the job and was not erased by it.",
	})
	m.outdated = newOutdated()
	m.registry.MustRegister(m.requests, m.transit, m.items, m.denied, m.outdated, m.untrusted, m.erased, m.unburied, m.due,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) transitCall(operation string, items int, took time.Duration, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "error"
	}
	m.transit.WithLabelValues(operation, outcome).Observe(took.Seconds())
	m.items.WithLabelValues(operation).Add(float64(items))
}

func (m *metrics) deniedAnonymous(operation string) { m.denied.WithLabelValues(operation).Inc() }

func (m *metrics) untrustedDocument(audience string, refused bool) {
	outcome := "answered"
	if refused {
		outcome = "refused"
	}
	m.untrusted.WithLabelValues(audience, outcome).Inc()
}

// erasures shows how many people are erased, and how many of them the ledger
// does not know.
func (m *metrics) erasures(erased int64, unburied int) {
	m.erased.Set(float64(erased))
	m.unburied.Set(float64(unburied))
}

// retained shows what a run of the job on retention left.
func (m *metrics) retained(left int) { m.due.Set(float64(left)) }

// database shows how the connections to the database are used.
func (m *metrics) database(pool func() sqlstore.Pool) {
	const help = "Connections to the database, by state."
	show := func(o prometheus.GaugeOpts, of func(sqlstore.Pool) int) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(o, func() float64 { return float64(of(pool())) }))
	}
	show(prometheus.GaugeOpts{Name: "kelisim_database_connections", Help: help, ConstLabels: prometheus.Labels{"state": "acquired"}},
		func(p sqlstore.Pool) int { return p.Acquired })
	show(prometheus.GaugeOpts{Name: "kelisim_database_connections", Help: help, ConstLabels: prometheus.Labels{"state": "idle"}},
		func(p sqlstore.Pool) int { return p.Idle })
	show(prometheus.GaugeOpts{Name: "kelisim_database_connections_max", Help: "How many connections to the database there may be."},
		func(p sqlstore.Pool) int { return p.Max })
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
