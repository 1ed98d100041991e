package spool

import (
	"fmt"
	"io"
	"math"
	"os"

	"github.com/ezged/coldlauncher/launcher"
)

// A Writer takes a body piece by piece. It is for one goroutine.
type Writer struct {
	pool *Pool
	size int64
	due  int64 // bytes that are expected besides
	err  error // what every call returns from now on
	store
}

// A store is where a body lies: in memory or, if it has slots, on disk. Of the
// blocks in memory only the last may hold less than largest.
type store struct {
	blocks []*block
	slots  []int64
}

// Create returns a Writer for a new body. The caller closes it, also after
// Commit.
func (p *Pool) Create() *Writer { return &Writer{pool: p} }

// Write appends b to the body. After an error, which may be marked with Reject
// or Halt, what was written is dropped, and all calls return that error.
func (w *Writer) Write(b []byte) (int, error) {
	if err := w.check(len(b)); err != nil {
		return 0, err
	}
	if err := w.append(b); err != nil {
		w.end(err)
		return 0, err
	}
	return len(b), nil
}

// Expect says that n bytes or so follow, -1 that nobody knows. ReadFrom has them
// read into their place at once.
func (w *Writer) Expect(n int64) { w.due = n }

// ReadFrom implements [io.ReaderFrom]. What came before an error of r is kept.
// All other errors are those of Write, and then of Err.
func (w *Writer) ReadFrom(r io.Reader) (n int64, err error) {
	buf := w.pool.borrow()
	defer w.pool.copies.Put(buf)
	for idle := 0; w.err == nil; {
		k, end := w.readOnce(r, buf[:])
		n += int64(k)
		switch {
		case w.err != nil:
		case end == io.EOF:
			return n, nil
		case end != nil:
			return n, end
		case k > 0:
			idle = 0
		default:
			if idle++; idle == 100 {
				return n, io.ErrNoProgress
			}
		}
	}
	return n, w.err
}

// readOnce appends what one Read yields, by way of buf where nothing is expected
// or it has no place in memory.
func (w *Writer) readOnce(r io.Reader, buf []byte) (n int, err error) {
	var last *block
	if most := w.pool.perBody(); w.due > 0 && w.due <= most-w.size && len(w.slots) == 0 {
		last = w.room(int(min(w.due, largest)), most)
	}
	if last == nil {
		n, err = r.Read(buf)
		w.Write(buf[:n])
		return n, err
	}
	have := len(last.bytes)
	n, err = r.Read(last.bytes[have:cap(last.bytes)])
	if w.check(n) == nil {
		last.bytes = last.bytes[:have+n]
		w.size += int64(n)
		w.due -= int64(n)
	}
	return n, err
}

// check ends the body if it is too large with n bytes more.
func (w *Writer) check(n int) error {
	if most := limit(w.pool.MaxBody, DefaultMaxBody, math.MaxInt64); int64(n) > most-w.size {
		w.end(launcher.Reject(fmt.Errorf("body of more than %d bytes", most)))
	}
	return w.err
}

// Err returns the error that Write returned; nil if it would go on.
func (w *Writer) Err() error { return w.err }

// Commit ends the body and returns it; the caller closes it. The Writer is of
// no further use.
func (w *Writer) Commit() (*Body, error) {
	if w.err != nil {
		return nil, w.err
	}
	b := &Body{pool: w.pool, size: w.size, store: w.store}
	w.store = store{}
	w.end(os.ErrClosed)
	return b, nil
}

// Close drops the body unless Commit returned it. Closing again does nothing.
func (w *Writer) Close() error {
	return w.end(os.ErrClosed)
}

// end gives back what the body takes and leaves err to later calls.
func (w *Writer) end(err error) error {
	if w.err == nil {
		w.err = err
	}
	released := w.pool.release(w.store)
	w.store = store{}
	return released
}

func (w *Writer) append(b []byte) error {
	if len(w.slots) == 0 {
		b = b[w.fill(b):]
		if len(b) == 0 {
			return nil
		}
		if err := w.spill(); err != nil {
			return err
		}
	}
	return w.writeDisk(b)
}

// fill appends as much of b as may lie in memory, and returns how much that is.
// If that is not all of it, the whole body goes to disk.
func (w *Writer) fill(b []byte) int {
	most := w.pool.perBody()
	if w.size+int64(len(b)) > most {
		return 0
	}
	done := 0
	for done < len(b) {
		last := w.room(len(b)-done, most)
		if last == nil {
			break
		}
		n := min(len(b)-done, cap(last.bytes)-len(last.bytes))
		last.bytes = append(last.bytes, b[done:done+n]...)
		done += n
		w.size += int64(n)
	}
	return done
}

// room returns the last block once there is room for some of n bytes in it; nil
// if the budget is spent.
func (w *Writer) room(n int, most int64) *block {
	budget := limit(w.pool.Memory, DefaultMemory, 0)
	count := len(w.blocks)
	if count == 0 || len(w.blocks[count-1].bytes) == largest {
		b := w.pool.memory.take(n, most-int64(count)*largest, budget)
		if b != nil {
			w.blocks = append(w.blocks, b)
		}
		return b
	}
	last := w.blocks[count-1]
	have := len(last.bytes)
	if have < cap(last.bytes) && (have+n <= cap(last.bytes) || cap(last.bytes) == largest) {
		return last
	}
	larger := w.pool.memory.take(have+n, most-int64(count-1)*largest, budget)
	if larger == nil {
		return nil
	}
	larger.bytes = append(larger.bytes, last.bytes...)
	w.pool.memory.give(last)
	w.blocks[count-1] = larger
	return larger
}

// spill moves the body from memory to disk.
func (w *Writer) spill() error {
	blocks := w.blocks
	w.blocks, w.size = nil, 0
	defer w.pool.memory.give(blocks...)
	for _, b := range blocks {
		if err := w.writeDisk(b.bytes); err != nil {
			return err
		}
	}
	return nil
}

// writeDisk appends b to the body on disk.
func (w *Writer) writeDisk(b []byte) error {
	for len(b) > 0 {
		within := w.size % slotSize
		if within == 0 {
			slot, err := w.pool.disk.take(w.pool, len(w.slots))
			if err != nil {
				return err
			}
			w.slots = append(w.slots, slot)
		}
		n := min(int64(len(b)), slotSize-within)
		if err := w.pool.disk.write(b[:n], w.slots[w.size/slotSize]*slotSize+within); err != nil {
			return err
		}
		w.size, b = w.size+n, b[n:]
	}
	return nil
}

// release gives back what a body took.
func (p *Pool) release(s store) error {
	p.memory.give(s.blocks...)
	return p.disk.give(s.slots)
}
