package spool

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// A Body can be opened any number of times until it is closed. It is safe for
// concurrent use.
type Body struct {
	pool *Pool
	size int64

	mu     sync.RWMutex // read while store is used
	closed bool
	store
}

// Size returns the number of bytes.
func (b *Body) Size() int64 { return b.size }

// Open returns a new reader of the whole body, independent of all others; it
// fits launcher.Document.Open. The reader is an [io.ReaderAt] and an [io.Seeker]
// too, and has the methods Lend and Return of the Body. Its Close frees nothing,
// but a read after it, or after that of the Body, is an error that wraps
// [os.ErrClosed].
func (b *Body) Open(ctx context.Context) (io.ReadCloser, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("open body: %w", context.Cause(ctx))
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return nil, fmt.Errorf("open body: %w", os.ErrClosed)
	}
	return &reader{body: b, section: io.NewSectionReader(b, 0, b.size)}, nil
}

// Close gives back what the body takes, once reads under way have ended.
// Closing again does nothing.
func (b *Body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	s := b.store
	b.store = store{}
	return b.pool.release(s)
}

// ReadAt implements [io.ReaderAt].
func (b *Body) ReadAt(p []byte, off int64) (int, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	switch {
	case b.closed:
		return 0, fmt.Errorf("read body: %w", os.ErrClosed)
	case off < 0:
		return 0, fmt.Errorf("read body: offset %d", off)
	case off >= b.size:
		return 0, io.EOF
	}
	var end error
	if rest := b.size - off; int64(len(p)) > rest {
		p, end = p[:rest], io.EOF
	}
	if len(b.slots) == 0 {
		return b.readMemory(p, off), end
	}
	n, err := b.readDisk(p, off)
	if err != nil {
		return n, err
	}
	return n, end
}

// Lend returns up to n of the bytes from off on, as far as they lie together in
// memory; none if they have to be read, or are not there any more. They must not
// be changed. Where it returned some, they stay there until Return is called
// once: Close waits for that, and the goroutine must not read the Body before.
func (b *Body) Lend(off int64, n int) []byte {
	b.mu.RLock()
	if b.closed || len(b.slots) > 0 || off < 0 || off >= b.size || n <= 0 {
		b.mu.RUnlock()
		return nil
	}
	lent := b.blocks[off/largest].bytes[off%largest:]
	n = min(n, len(lent))
	return lent[:n:n]
}

// Return gives back what Lend returned. Whoever looks at that later may see another
// body, or end the process.
func (b *Body) Return() { b.mu.RUnlock() }

func (b *Body) isClosed() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.closed
}

// readMemory fills p from off on, which the body has.
func (b *Body) readMemory(p []byte, off int64) int {
	done := 0
	for done < len(p) {
		done += copy(p[done:], b.blocks[off/largest].bytes[off%largest:])
		off = off/largest*largest + largest
	}
	return done
}

// readDisk fills p from off on, which the body has.
func (b *Body) readDisk(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		within := off % slotSize
		n := int(min(int64(len(p)-done), slotSize-within))
		if err := b.pool.disk.readAt(p[done:done+n], b.slots[off/slotSize]*slotSize+within); err != nil {
			return done, err
		}
		done, off = done+n, off+int64(n)
	}
	return done, nil
}

// A reader is one opening of a Body.
type reader struct {
	body    *Body
	section *io.SectionReader
	closed  atomic.Bool
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.check(); err != nil {
		return 0, err
	}
	return r.section.Read(p)
}

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if err := r.check(); err != nil {
		return 0, err
	}
	return r.section.ReadAt(p, off)
}

func (r *reader) Lend(off int64, n int) []byte {
	if r.closed.Load() {
		return nil
	}
	return r.body.Lend(off, n)
}

func (r *reader) Return() { r.body.Return() }

func (r *reader) Seek(offset int64, whence int) (int64, error) {
	if err := r.check(); err != nil {
		return 0, err
	}
	return r.section.Seek(offset, whence)
}

func (r *reader) Close() error {
	r.closed.Store(true)
	return nil
}

func (r *reader) check() error {
	if r.closed.Load() || r.body.isClosed() {
		return fmt.Errorf("read body: %w", os.ErrClosed)
	}
	return nil
}
