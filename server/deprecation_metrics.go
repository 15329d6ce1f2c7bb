package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelisim/kelisim/graph"
)

// newOutdated counts the use of what is to be removed from the schema. Each
// coordinate is there from the start, so that one that nobody uses is seen as 0.
func newOutdated() *prometheus.CounterVec {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "kelisim_deprecated_total", Help: "Operations that used a part of the schema that is to be removed, by its coordinate.",
	}, []string{"coordinate"})
	for _, coordinate := range graph.Deprecated(graph.Schema()) {
		counter.WithLabelValues(coordinate)
	}
	return counter
}

func (m *metrics) usedDeprecated(coordinate string) { m.outdated.WithLabelValues(coordinate).Inc() }
