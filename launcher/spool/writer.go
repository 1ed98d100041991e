package spool

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"os"

	"github.com/ezged/coldlauncher/launcher"
)

// A Writer takes a body piece by piece. It is for one goroutine.
type Writer struct {
	pool *Pool
	hash hash.Hash
	size int64
	err  error // what every call returns from now on
	store
}

// A store is where a body lies: in memory or, if it has slots, on disk.
type store struct {
	memory []byte
	slots  []int64
}

// Create returns a Writer for a new body. The caller closes it, also after
// Commit.
func (p *Pool) Create() *Writer {
	return &Writer{pool: p, hash: sha256.New()}
}

// Write appends b to the body. After an error, which may be marked with Reject
// or Halt, what was written is dropped, and all calls return that error.
func (w *Writer) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if err := w.append(b); err != nil {
		w.end(err)
		return 0, err
	}
	w.hash.Write(b)
	w.size += int64(len(b))
	return len(b), nil
}

// Commit ends the body and returns it; the caller closes it. The Writer is of
// no further use.
func (w *Writer) Commit() (*Body, error) {
	if w.err != nil {
		return nil, w.err
	}
	b := &Body{pool: w.pool, size: w.size, sum: hex.EncodeToString(w.hash.Sum(nil)), store: w.store}
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
	most := limit(w.pool.MaxBody, DefaultMaxBody, math.MaxInt64)
	if int64(len(b)) > most-w.size {
		return launcher.Reject(fmt.Errorf("body of more than %d bytes", most))
	}
	if len(w.slots) == 0 {
		if w.grow(len(b)) {
			w.memory = append(w.memory, b...)
			return nil
		}
		if err := w.spill(); err != nil {
			return err
		}
	}
	return w.writeDisk(w.size, b)
}

// grow makes room for n more bytes in memory; false if they must go to disk.
func (w *Writer) grow(n int) bool {
	need := len(w.memory) + n
	if need <= cap(w.memory) {
		return true
	}
	most := limit(w.pool.PerBody, DefaultPerBody, 0)
	if int64(need) > most {
		return false
	}
	larger := w.pool.memory.take(need, most, limit(w.pool.Memory, DefaultMemory, 0))
	if larger == nil {
		return false
	}
	larger = append(larger, w.memory...)
	w.pool.memory.give(w.memory)
	w.memory = larger
	return true
}

// spill moves the body from memory to disk.
func (w *Writer) spill() error {
	if err := w.writeDisk(0, w.memory); err != nil {
		return err
	}
	w.pool.memory.give(w.memory)
	w.memory = nil
	return nil
}

// writeDisk writes b behind the first at bytes of the body.
func (w *Writer) writeDisk(at int64, b []byte) error {
	for len(b) > 0 {
		within := at % slotSize
		if within == 0 {
			slot, err := w.pool.disk.take(w.pool, len(w.slots))
			if err != nil {
				return err
			}
			w.slots = append(w.slots, slot)
		}
		n := min(int64(len(b)), slotSize-within)
		if err := w.pool.disk.write(b[:n], w.slots[at/slotSize]*slotSize+within); err != nil {
			return err
		}
		at, b = at+n, b[n:]
	}
	return nil
}

// release gives back what a body took.
func (p *Pool) release(s store) error {
	p.memory.give(s.memory)
	return p.disk.give(s.slots)
}
