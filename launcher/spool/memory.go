package spool

import (
	"math/bits"
	"sync"
	"weak"
)

// A memory lends blocks and counts their bytes. Those that come back it lends
// again, until a garbage collection takes them, those of the largest size only
// while none of them is lent: a launcher that downloads a mail after another needs
// no fresh memory for each.
type memory struct {
	mu   sync.Mutex
	lent int64
	out  int                  // blocks of the largest size that are lent
	free *hoard               // nil: none is
	kept weak.Pointer[hoard]  // instead of free while none is
	idle [power + 1]sync.Pool // *block that is smaller, by the power of two that holds it
}

// A hoard is blocks of the largest size that are not lent.
type hoard struct {
	blocks []*block
	chunks int64 // that some of them, or of those that are lent, are part of
}

// A block is what a memory lends.
type block struct {
	bytes []byte
	chunk *chunk // which they are part of and keep; nil: none
}

// The sizes of blocks are the powers of two between these. A body has one that
// grows, and behind that one as many of the largest as it takes.
const (
	smallest = 1 << 10
	largest  = 1 << power
	power    = 16
)

// A chunk is memory for many blocks of the largest size, which the system maps as
// one page if it can: it takes time for each page that is touched first, and for
// each that the processor has to look up again.
type chunk struct{ bytes []byte }

const (
	chunkSize = 2 << 20
	// chunksFrom is how much is lent before there are chunks: who needs less is
	// not to hold a whole one.
	chunksFrom = chunkSize / 4
)

// take returns an empty block for n bytes, or for as many as the largest holds,
// but never for more than most; nil if more than budget would be lent then.
func (m *memory) take(n int, most, budget int64) *block {
	place := bits.Len(uint(min(max(n, smallest), largest) - 1))
	size := min(int64(1)<<place, most)
	if size <= 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if size > budget-m.lent {
		return nil
	}
	m.lent += size
	if size == largest {
		return m.large(budget)
	}
	if b, ok := m.idle[place].Get().(*block); ok && int64(cap(b.bytes)) == size {
		return b
	}
	return &block{bytes: make([]byte, 0, size)}
}

// large returns a block of the largest size. The lock is held.
func (m *memory) large(budget int64) *block {
	h := m.hoard()
	m.out++
	if len(h.blocks) == 0 {
		if m.lent <= chunksFrom || (h.chunks+1)*chunkSize > budget {
			return &block{bytes: make([]byte, 0, largest)}
		}
		h.split(newChunk())
	}
	last := len(h.blocks) - 1
	b := h.blocks[last]
	h.blocks = h.blocks[:last]
	return b
}

// hoard returns what is not lent of the largest size. The lock is held.
func (m *memory) hoard() *hoard {
	if m.free == nil {
		m.free = m.kept.Value()
	}
	if m.free == nil {
		m.free = new(hoard)
	}
	return m.free
}

// split adds the blocks that are in c.
func (h *hoard) split(c *chunk) {
	h.chunks++
	for end := len(c.bytes); end > 0; end -= largest {
		h.blocks = append(h.blocks, &block{c.bytes[end-largest : end-largest : end], c})
	}
}

// add adds a block. Those of no chunk are let go once there are chunks, which are
// quicker.
func (h *hoard) add(b *block) {
	if b.chunk != nil || h.chunks == 0 {
		h.blocks = append(h.blocks, b)
	}
}

// give takes blocks back. Nobody may use them any more.
func (m *memory) give(blocks ...*block) {
	if len(blocks) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range blocks {
		size := cap(b.bytes)
		m.lent -= int64(size)
		b.bytes = b.bytes[:0]
		if size == largest {
			m.out--
			m.free.add(b)
		} else {
			m.idle[bits.Len(uint(size-1))].Put(b)
		}
	}
	if m.out == 0 && m.free != nil {
		m.free, m.kept = nil, weak.Make(m.free)
	}
}
