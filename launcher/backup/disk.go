package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// A disk is what a Source asks of the file system: a tree that no name and no
// symbolic link leads out of. Names are slash-separated and relative to its
// root. Tests put one in its place that fails.
type disk interface {
	mkdir(dir string) error
	create(name string) (file, error) // fs.ErrExist if it is there
	read(name string) ([]byte, error)
	stat(name string) (fs.FileInfo, error)       // not following a link
	list(dir string) ([]fs.DirEntry, error)      // by name
	rename(from, to string) error                // replacing a file, not a directory
	remove(name string) error                    // a file or an empty directory
	removeAll(name string) error                 // nil if it is not there
	sync(dir string) error                       // makes the entries of dir durable
	lock(name string) (unlock func(), err error) // errBusy if another has it
	close()
}

type file interface {
	io.Writer
	Sync() error
	Close() error
}

var errBusy = errors.New("locked by another")

// A fault is an error of the file system, which no parcel is to blame for.
type fault struct{ error }

func (f *fault) Unwrap() error { return f.error }

// blame returns err as a fault unless it is about the name or size of one
// file, which another parcel would not run into.
func blame(err error) error {
	for _, own := range []error{syscall.ENAMETOOLONG, syscall.EFBIG} {
		if errors.Is(err, own) {
			return err
		}
	}
	if err == nil {
		return nil
	}
	return &fault{err}
}

func isFault(err error) bool {
	var f *fault
	return errors.As(err, &f)
}

func isExist(err error) bool    { return errors.Is(err, fs.ErrExist) }
func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

const (
	dirMode  = 0o750
	fileMode = 0o640
)

// A rootDisk is the disk of the operating system.
type rootDisk struct{ root *os.Root }

func openDisk(dir string, create bool) (disk, error) {
	root, err := os.OpenRoot(dir)
	if isNotExist(err) && create {
		root, err = makeRoot(dir)
	}
	if err != nil {
		return nil, &fault{err}
	}
	return &rootDisk{root}, nil
}

func makeRoot(dir string) (*os.Root, error) {
	dir = filepath.Clean(dir)
	if err := os.Mkdir(dir, dirMode); err != nil && !isExist(err) {
		return nil, err
	}
	parent, err := os.Open(filepath.Dir(dir))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(syncDir(parent), parent.Close()); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// syncDir makes the entries of a directory durable where the system can: not
// on Windows, and not on every network file system.
func syncDir(dir *os.File) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	err := dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func (d *rootDisk) close() { d.root.Close() }

func (d *rootDisk) mkdir(dir string) error { return blame(d.root.Mkdir(dir, dirMode)) }

func (d *rootDisk) create(name string) (file, error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, blame(err)
	}
	return rootFile{f}, nil
}

func (d *rootDisk) read(name string) ([]byte, error) {
	b, err := d.root.ReadFile(name)
	return b, blame(err)
}

func (d *rootDisk) stat(name string) (fs.FileInfo, error) {
	info, err := d.root.Lstat(name)
	return info, blame(err)
}

func (d *rootDisk) list(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(d.root.FS(), dir)
	return entries, blame(err)
}

func (d *rootDisk) rename(from, to string) error { return blame(d.root.Rename(from, to)) }
func (d *rootDisk) remove(name string) error     { return blame(d.root.Remove(name)) }
func (d *rootDisk) removeAll(name string) error  { return blame(d.root.RemoveAll(name)) }

func (d *rootDisk) sync(dir string) error {
	f, err := d.root.Open(dir)
	if err != nil {
		return blame(err)
	}
	return blame(errors.Join(syncDir(f), f.Close()))
}

func (d *rootDisk) lock(name string) (func(), error) {
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, blame(err)
	}
	if err := lockFile(f); err != nil {
		f.Close()
		if errors.Is(err, errBusy) || errors.Is(err, errors.ErrUnsupported) {
			return nil, err
		}
		return nil, &fault{fmt.Errorf("lock %q: %w", name, err)}
	}
	return func() { f.Close() }, nil // closing it unlocks it
}

type rootFile struct{ *os.File }

func (f rootFile) Write(b []byte) (int, error) {
	n, err := f.File.Write(b)
	return n, blame(err)
}

func (f rootFile) Sync() error  { return blame(f.File.Sync()) }
func (f rootFile) Close() error { return blame(f.File.Close()) }
