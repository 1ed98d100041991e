package spool

import (
	"math/bits"
	"sync"
)

// A memory counts the bytes of the buffers that it lends.
type memory struct {
	mu   sync.Mutex
	lent int64
}

const smallest = 1 << 10

// take returns an empty buffer for n bytes or more, up to most, so that a body
// that grows is copied seldom; nil if more than budget would be lent then.
func (m *memory) take(n int, most, budget int64) []byte {
	size := min(max(smallest, int64(1)<<bits.Len(uint(n-1))), most)
	m.mu.Lock()
	defer m.mu.Unlock()
	if size > budget-m.lent {
		return nil
	}
	m.lent += size
	return make([]byte, 0, size)
}

// give takes a buffer back. Nobody may use it any more.
func (m *memory) give(b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lent -= int64(cap(b))
}
