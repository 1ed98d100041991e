package boltledger

import (
	"context"
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
// A file that is not a ledger, such as an empty one, is damaged, or was written
// by a later version of this package, is an error and is left as it is.
//
// The caller closes the Ledger.
func Open(path string) (*Ledger, error) {
	fresh, err := create(path)
	if err != nil {
		return nil, fmt.Errorf("create ledger %q: %w", path, err)
	}
	l, err := open(path, fresh)
	if err != nil {
		return nil, fmt.Errorf("open ledger %q: %w", path, err)
	}
	return l, nil
}

// create makes an empty ledger if nothing is at path. It appears there
// complete, so that a crash leaves no file that is half a ledger. Where that
// cannot be had, it is true, and the file is to be made in place.
func create(path string) (bool, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	dir := filepath.Dir(path)
	draft, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return false, err
	}
	defer os.Remove(draft.Name())
	if err := draft.Close(); err != nil {
		return false, err
	}
	l, err := open(draft.Name(), true)
	if err != nil {
		return false, err
	}
	if err := l.Close(); err != nil {
		return false, err
	}
	// A link, unlike a rename, leaves alone what another process made there
	// meanwhile. Some file systems have none.
	if err := os.Link(draft.Name(), path); err != nil {
		return !errors.Is(err, fs.ErrExist), nil
	}
	return false, syncDir(dir)
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

// open opens the file path. A fresh one is empty, or missing.
func open(path string, fresh bool) (*Ledger, error) {
	if fresh {
		l, err := openDB(path, false)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(l.transact(format), syncDir(filepath.Dir(path))); err != nil {
			l.Close()
			return nil, err
		}
		return l, nil
	}
	if err := inspect(path); err != nil {
		return nil, err
	}
	l, err := openDB(path, false)
	if err != nil {
		return nil, err
	}
	err = l.view(context.Background(), func(t table) error { return check(t.tx) })
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// inspect looks whether the file path is a sound database, before bbolt builds
// on that. It writes nothing, and shares the file with nobody who does.
func inspect(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: no regular file", errDamaged)
	case info.Size() == 0:
		return fmt.Errorf("%w: empty", errDamaged)
	}
	l, err := openDB(path, true)
	if err != nil {
		return err
	}
	defer l.Close()
	if info, err = l.file.Stat(); err != nil { // nobody writes to it any more
		return err
	}
	if err := checkPages(l.file, info.Size()); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// openDB opens the database in the file path, and makes one if it may write and
// there is none.
func openDB(path string, readOnly bool) (*Ledger, error) {
	l := &Ledger{path: path, turn: make(chan struct{}, 1)}
	options := &bbolt.Options{
		ReadOnly:     readOnly,
		Timeout:      time.Nanosecond, // try once
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
			f, err = os.OpenFile(name, flag, mode)
			l.file = f
			return f, err
		},
	}
	err := guard(func() (err error) {
		l.db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	switch {
	case errors.Is(err, errPanic):
		return nil, errors.Join(err, abandon(l.file))
	case errors.Is(err, berrors.ErrTimeout):
		return nil, ErrInUse
	case err != nil && l.file == nil:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	l.apply = l.db.Update
	return l, nil
}
