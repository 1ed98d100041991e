package boltledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// A write is one call of Save or Delete on its way to the disk.
type write struct {
	change func(table) error // touches nothing but the table; may be run again
	done   chan struct{}     // closed once err is set
	err    error
}

func (w *write) finish(err error) {
	w.err = err
	close(w.done)
}

// update has change written and synced. Of the callers that wait at a time, one
// gets the turn and writes for all of them.
func (l *Ledger) update(ctx context.Context, change func(table) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w := &write{change: change, done: make(chan struct{})}
	l.mu.Lock()
	l.waiting = append(l.waiting, w)
	l.mu.Unlock()

	select {
	case l.turn <- struct{}{}:
		l.lead(w)
	case <-w.done:
	case <-ctx.Done():
		if l.withdraw(w) {
			return context.Cause(ctx)
		}
		<-w.done
	}
	return w.err
}

// lead writes what waits, unless w was written just before the turn came.
func (l *Ledger) lead(w *write) {
	defer func() { <-l.turn }()
	select {
	case <-w.done:
		return
	default:
	}
	l.commit(l.gather())
}

// maxYields is how often others are let run before a commit.
const maxYields = 8

// gather takes what waits, after it let goroutines that are ready to run do so
// until none of them came to save: each that joins spares a commit.
func (l *Ledger) gather() []*write {
	n := 0
	for try := 1; ; try++ {
		l.yield()
		l.mu.Lock()
		if len(l.waiting) == n || try == maxYields {
			batch := l.waiting
			l.waiting = nil
			l.mu.Unlock()
			return batch
		}
		n = len(l.waiting)
		l.mu.Unlock()
	}
}

// yield lets others run. Where they compute for long it does so for about a tenth of
// the time only: they are not about to save.
func (l *Ledger) yield() {
	begun := time.Now()
	if begun.Before(l.busy) {
		return
	}
	runtime.Gosched()
	if took := time.Since(begun); took > time.Millisecond {
		l.busy = time.Now().Add(9 * took)
	}
}

// withdraw takes w out of the queue; false if it is being written or was.
func (l *Ledger) withdraw(w *write) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.waiting, w)
	if i < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	return true
}

// commit writes the whole batch in one transaction. A write that fails of
// itself is taken out, and the others are tried again without it.
func (l *Ledger) commit(batch []*write) {
	for len(batch) > 0 {
		failed := -1
		err := l.transact(func(tx *bbolt.Tx) error {
			for i, w := range batch {
				if err := w.change(table{tx}); err != nil {
					failed = i
					return err
				}
			}
			return nil
		})
		if failed < 0 {
			for _, w := range batch {
				w.finish(err)
			}
			return
		}
		batch[failed].finish(err)
		batch = slices.Delete(batch, failed, failed+1)
	}
}

// transact runs fn in a transaction and syncs it to the disk.
func (l *Ledger) transact(fn func(*bbolt.Tx) error) error {
	l.mu.Lock()
	broken := l.broken
	l.mu.Unlock()
	if broken != nil {
		return broken
	}
	err := guard(func() error { return l.apply(fn) })
	stuck := errors.Is(err, errPanic)
	if stuck || errors.Is(err, syscall.EIO) {
		// After a write that the disk refused, the system may report the next
		// sync as done although the first pages never arrived. Nothing that is
		// written from here on could be promised.
		l.mu.Lock()
		l.broken = fmt.Errorf("nothing more is written until it is opened again: %w", err)
		l.stuck = stuck
		l.mu.Unlock()
	}
	return asClosed(err)
}

// view runs fn on what is in the file now.
func (l *Ledger) view(ctx context.Context, fn func(table) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return asClosed(guard(func() error {
		return l.db.View(func(tx *bbolt.Tx) error { return fn(table{tx}) })
	}))
}

var errPanic = errors.New("cannot be read")

// guard calls fn, which reads the mapped file. bbolt trusts the pages that it
// reads: it panics over some that are damaged and follows others to memory that
// is not there. Both become an error.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %w: %v", errDamaged, errPanic, r)
		}
	}()
	return fn()
}

func asClosed(err error) error {
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return fs.ErrClosed
	}
	return err
}
