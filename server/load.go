package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelisim/kelisim/vault/transit"
)

// transitLoad shows how the operations stand with HashiCorp Vault, asked when
// the metrics are.
type transitLoad struct {
	loads                     func() []transit.Load
	waiting, resting, refused *prometheus.Desc
}

func newTransitLoad(loads func() []transit.Load) transitLoad {
	return transitLoad{
		loads:   loads,
		waiting: prometheus.NewDesc("kelisim_transit_waiting", "Values that wait for a call to the transit engine, by operation.", []string{"operation"}, nil),
		resting: prometheus.NewDesc("kelisim_transit_resting",
			"1 while calls of the operation are refused because HashiCorp Vault did not serve them; otherwise 0.", []string{"operation"}, nil),
		refused: prometheus.NewDesc("kelisim_transit_refused_total",
			"What was refused without asking HashiCorp Vault: calls while it rests, callers while the queue is full.", []string{"operation", "reason"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (l transitLoad) Describe(to chan<- *prometheus.Desc) {
	to <- l.waiting
	to <- l.resting
	to <- l.refused
}

// Collect implements prometheus.Collector.
func (l transitLoad) Collect(to chan<- prometheus.Metric) {
	for _, o := range l.loads() {
		resting := 0.0
		if o.Resting {
			resting = 1
		}
		to <- prometheus.MustNewConstMetric(l.waiting, prometheus.GaugeValue, float64(o.Waiting), o.Operation)
		to <- prometheus.MustNewConstMetric(l.resting, prometheus.GaugeValue, resting, o.Operation)
		to <- prometheus.MustNewConstMetric(l.refused, prometheus.CounterValue, float64(o.Rested), o.Operation, "resting")
		to <- prometheus.MustNewConstMetric(l.refused, prometheus.CounterValue, float64(o.Full), o.Operation, "full")
	}
}
