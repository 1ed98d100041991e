package spool

import (
	"math/bits"
	"sync"
)

// A memory lends blocks and counts their bytes. Those that come back it lends
// again, until a garbage collection takes them: a launcher that downloads a
// mail after another needs no fresh memory for each.
type memory struct {
	mu   sync.Mutex
	lent int64
	idle [power + 1]sync.Pool // *block, by the power of two that holds it
}

// A block is what a memory lends.
type block struct{ bytes []byte }

// The sizes of blocks are the powers of two between these. A body has one that
// grows, and behind that one as many of the largest as it takes.
const (
	smallest = 1 << 10
	largest  = 1 << power
	power    = 16
)

// take returns an empty block for n bytes, or for as many as the largest holds,
// but never for more than most; nil if more than budget would be lent then.
func (m *memory) take(n int, most, budget int64) *block {
	place := bits.Len(uint(min(max(n, smallest), largest) - 1))
	size := min(int64(1)<<place, most)
	if size <= 0 || !m.lend(size, budget) {
		return nil
	}
	if b, ok := m.idle[place].Get().(*block); ok && int64(cap(b.bytes)) == size {
		return b
	}
	return &block{make([]byte, 0, size)}
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

// give takes blocks back. Nobody may use them any more.
func (m *memory) give(blocks ...*block) {
	if len(blocks) == 0 {
		return
	}
	var size int64
	for _, b := range blocks {
		size += int64(cap(b.bytes))
		b.bytes = b.bytes[:0]
		m.idle[bits.Len(uint(cap(b.bytes)-1))].Put(b)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lent -= size
}
