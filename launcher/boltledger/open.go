package boltledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// ErrInUse is wrapped by the error of Open if another process, or this one,
// has the file open already.
var ErrInUse = errors.New("in use, by another process or opened twice in this one")

var errDamaged = errors.New("not a ledger, or damaged")

// Open opens the ledger in the file path, and makes an empty one, readable and
// writable by its owner alone, if there is none. The folder must exist: one
// that is missing is more often a volume that is not mounted, and an empty
// ledger in its stead would have everything handed over again.
//
// Open does not wait: if the file is open elsewhere, the error wraps ErrInUse.
// A file that is not a ledger, is damaged, or was written by a later version of
// this package, is an error and is left as it is.
//
// The caller closes the Ledger.
func Open(path string) (*Ledger, error) {
	if err := create(path); err != nil {
		return nil, fmt.Errorf("create ledger %q: %w", path, err)
	}
	l, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open ledger %q: %w", path, err)
	}
	return l, nil
}

// create makes an empty ledger if nothing is at path. It appears there
// complete, so that a crash leaves no file that is half a ledger.
func create(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := filepath.Dir(path)
	draft, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	if err := draft.Close(); err != nil {
		return err
	}
	l, err := open(draft.Name())
	if err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	// A link, unlike a rename, leaves alone what another process made there
	// meanwhile. Where links cannot be had, open makes the file in place.
	if err := os.Link(draft.Name(), path); err != nil {
		return nil
	}
	return syncDir(dir)
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there, and NTFS keeps a journal of names
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// open opens the file path as it is; an empty one becomes an empty ledger.
func open(path string) (*Ledger, error) {
	l := &Ledger{path: path, turn: make(chan struct{}, 1)}
	var size int64
	options := &bbolt.Options{
		Timeout:      time.Nanosecond, // try once
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, mode)
			if err != nil {
				return nil, err
			}
			info, err := f.Stat()
			if err != nil {
				f.Close()
				return nil, err
			}
			l.file, size = f, info.Size()
			return f, nil
		},
	}
	err := guard(func() (err error) {
		l.db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	switch {
	case errors.Is(err, errDamaged):
		l.file.Close() // which db still holds
		return nil, err
	case errors.Is(err, berrors.ErrTimeout):
		return nil, ErrInUse
	case err != nil && l.file == nil:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	l.apply = l.db.Update
	if err := l.verify(size); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// verify reads everything once, in a file that had that size when it was
// opened, and makes a ledger of a file that was empty.
func (l *Ledger) verify(size int64) error {
	if size == 0 {
		if err := guard(func() error { return l.db.Update(format) }); err != nil {
			return err
		}
		return syncDir(filepath.Dir(l.path))
	}
	return guard(func() error {
		return l.db.View(func(tx *bbolt.Tx) error {
			// Reading a page behind the end of the file would be a fault.
			if need := tx.Size(); size < need {
				return fmt.Errorf("%w: cut short: %d bytes of %d", errDamaged, size, need)
			}
			return check(tx)
		})
	})
}
