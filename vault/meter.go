package vault

import (
	"sync"
	"time"
)

// meter bounds how often something is done in a second on one replica.
type meter struct {
	mu     sync.Mutex
	second time.Time
	taken  int
}

// take reports whether it may be done once more in this second.
func (m *meter) take(now time.Time, limit int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if second := now.Truncate(time.Second); !second.Equal(m.second) {
		m.second, m.taken = second, 0
	}
	m.taken++
	return m.taken <= limit
}
