package spool

import (
	"math/bits"
	"sync"
)

// A memory lends buffers and counts their bytes. Those that come back it lends
// again, until a garbage collection takes them: a launcher that downloads a
// mail after another needs no fresh memory for each.
type memory struct {
	mu   sync.Mutex
	lent int64
	idle [bits.UintSize + 1]sync.Pool // *[]byte, by the power of two that holds it
}

const smallest = 1 << 10

// take returns an empty buffer for n bytes or more, up to most, so that a body
// that grows is copied seldom; nil if more than budget would be lent then.
func (m *memory) take(n int, most, budget int64) []byte {
	power := bits.Len(uint(max(n, smallest) - 1))
	size := min(int64(1)<<power, most)
	if !m.lend(size, budget) {
		return nil
	}
	if b, ok := m.idle[power].Get().(*[]byte); ok && int64(cap(*b)) == size {
		return (*b)[:0]
	}
	return make([]byte, 0, size)
}

func (m *memory) lend(size, budget int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if size > budget-m.lent {
		return false
	}
	m.lent += size
	return true
}

// give takes a buffer back. Nobody may use it any more.
func (m *memory) give(b []byte) {
	if cap(b) == 0 {
		return
	}
	m.mu.Lock()
	m.lent -= int64(cap(b))
	m.mu.Unlock()
	m.idle[bits.Len(uint(cap(b)-1))].Put(&b)
}
