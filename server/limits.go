package main

import (
	"fmt"
	"time"

	"github.com/kelisim/kelisim/graph"
)

// limits are graph.Limits as settings: what stands there for each holds here,
// and so do its defaults.
type limits struct {
	BodyBytes          int64         `env:"BODY_BYTES"`
	Tokens             int           `env:"TOKENS"`
	Depth              int           `env:"DEPTH"`
	IntrospectionDepth int           `env:"INTROSPECTION_DEPTH"`
	Aliases            int           `env:"ALIASES"`
	RootFields         int           `env:"ROOT_FIELDS"`
	Directives         int           `env:"DIRECTIVES"`
	Selections         int           `env:"SELECTIONS"`
	Complexity         int           `env:"COMPLEXITY"`
	Page               int           `env:"PAGE"`
	Errors             int           `env:"ERRORS"`
	Documents          int           `env:"DOCUMENTS"`
	Timeout            time.Duration `env:"TIMEOUT"`
}

// longestTimeout leaves time to write the answer before the connection's own
// deadline.
const longestTimeout = writeWithin - 5*time.Second

func (l limits) check() error {
	if err := graph.Limits(l).Check(); err != nil {
		return fmt.Errorf("KELISIM_LIMIT_…: %w", err)
	}
	if l.Timeout > longestTimeout {
		return fmt.Errorf("KELISIM_LIMIT_TIMEOUT: %s is longer than %s", l.Timeout, longestTimeout)
	}
	return nil
}
