package boltledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"go.etcd.io/bbolt"
)

// A Ledger is a launcher.Ledger in one file. [Open] makes one; the zero value
// is of no use. It is safe for concurrent use.
//
// An ID may be any text of up to 32 768 bytes, and so may the name of a
// launcher. Instants come back to the nanosecond, in UTC. After Close, every
// call returns an error that wraps [fs.ErrClosed].
type Ledger struct {
	path  string
	db    *bbolt.DB
	file  *os.File                          // that db works on
	apply func(func(*bbolt.Tx) error) error // db.Update; tests make it fail

	turn    chan struct{} // holds one token while a batch is being written
	busy    time.Time     // until then nobody yields; for whoever has the turn
	mu      sync.Mutex
	waiting []*write // for the next batch
	broken  error    // why nothing is written any more
	stuck   bool     // a panic left db with its locks held
}

var _ launcher.Ledger = (*Ledger)(nil)

// Load implements [launcher.Ledger].
func (l *Ledger) Load(ctx context.Context, id string) (launcher.Entry, error) {
	var e launcher.Entry
	err := l.view(ctx, func(t table) (err error) {
		e, err = t.load(id)
		return err
	})
	if err != nil {
		return launcher.Entry{}, fmt.Errorf("ledger %q: load: %w", l.path, err)
	}
	return e, nil
}

// Save implements [launcher.Ledger]. If ctx is done before the entries are
// being written, nothing is saved and the error wraps its cause; from then on
// Save waits for the disk. After an error of the disk itself the entries may
// be in the ledger or not, but never some of them.
func (l *Ledger) Save(ctx context.Context, entries ...launcher.Entry) error {
	records := make([]record, len(entries))
	for i, e := range entries {
		r, err := newRecord(e)
		if err != nil {
			return fmt.Errorf("ledger %q: save: %w", l.path, err)
		}
		records[i] = r
	}
	if len(records) == 0 {
		return nil
	}
	err := l.update(ctx, func(t table) error {
		for _, r := range records {
			if err := t.put(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger %q: save: %w", l.path, err)
	}
	return nil
}

// Delete implements [launcher.Ledger], with regard to ctx and errors as Save
// does.
func (l *Ledger) Delete(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	err := l.update(ctx, func(t table) error {
		for _, id := range ids {
			if err := t.delete(id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger %q: delete: %w", l.path, err)
	}
	return nil
}

// Close waits for calls under way and closes the file. Closing again does
// nothing.
func (l *Ledger) Close() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	l.mu.Lock()
	stuck := l.stuck
	l.mu.Unlock()
	closeFile := l.db.Close
	if stuck {
		closeFile = func() error { return abandon(l.file) }
	}
	if err := closeFile(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close ledger %q: %w", l.path, err)
	}
	return nil
}

// abandon closes the file of a database that can no longer be closed, since a
// panic may have left it locked. What it mapped stays mapped.
func abandon(f *os.File) error {
	return errors.Join(unlock(f), f.Close())
}
