package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelisim/kelisim/vault"
)

// requestMetrics shows how many people wait for an answer. Each scrape counts
// anew; while the database does not answer there is no figure.
type requestMetrics struct {
	count         func(context.Context) (vault.RequestCount, error)
	open, overdue *prometheus.Desc
	unrefusable   *prometheus.Desc
}

// countWithin bounds the count of one scrape.
const countWithin = 2 * time.Second

func (m *metrics) askedFor(count func(context.Context) (vault.RequestCount, error)) {
	m.registry.MustRegister(&requestMetrics{
		count:   count,
		open:    prometheus.NewDesc("kelisim_requests_open", "Requests of people about their data that wait for an answer.", nil, nil),
		overdue: prometheus.NewDesc("kelisim_requests_overdue", "Of these, those whose term is over.", nil, nil),
		unrefusable: prometheus.NewDesc("kelisim_requests_refusal_overdue",
			"Of the open ones, those that could be refused only late.", nil, nil),
	})
}

// Describe implements prometheus.Collector.
func (r *requestMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- r.open
	to <- r.overdue
	to <- r.unrefusable
}

// Collect implements prometheus.Collector.
func (r *requestMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countWithin)
	defer cancel()
	n, err := r.count(ctx)
	if err != nil {
		return
	}
	to <- prometheus.MustNewConstMetric(r.open, prometheus.GaugeValue, float64(n.Open))
	to <- prometheus.MustNewConstMetric(r.overdue, prometheus.GaugeValue, float64(n.Overdue))
	to <- prometheus.MustNewConstMetric(r.unrefusable, prometheus.GaugeValue, float64(n.Unrefusable))
}
