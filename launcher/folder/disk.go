package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A disk is what a Sink asks of the file system: a tree that no name and no
// symbolic link leads out of. Names are slash-separated and relative to its
// root. Tests put one in its place that fails.
type disk interface {
	name() string
	sub(dir string) (disk, error) // the tree below dir, to be closed apart
	mkdir(dir string) error
	create(name string) (file, error) // fs.ErrExist if it is there
	read(name string) ([]byte, error)
	stat(name string) (fs.FileInfo, error) // not following a link
	list(dir string) ([]string, error)
	rename(from, to string) error
	publish(from, to string) error // a file; fs.ErrExist if to is there
	remove(name string) error
	removeAll(name string) error
	sync(dir string) error // makes the entries of dir durable
	lock(name string, how lockKind) (unlock func(), err error)
	close()
}

type file interface {
	io.Writer
	SetTime(t time.Time) error // of the last change
	Sync() error
	Close() error
}

type lockKind int

const (
	shared    lockKind = iota // waits while another has it exclusively
	exclusive                 // waits while another has it
	alone                     // exclusive, or errBusy at once
)

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
type rootDisk struct {
	root     *os.Root
	linkOnly bool // do as on a file system without exclusive rename
}

func openDisk(dir string) (disk, error) {
	if dir == "" {
		return nil, &fault{errors.New("no path was given")}
	}
	root, err := os.OpenRoot(dir)
	if isNotExist(err) {
		root, err = makeRoot(dir)
	}
	if err != nil {
		return nil, &fault{err}
	}
	return &rootDisk{root: root}, nil
}

func makeRoot(dir string) (*os.Root, error) {
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

func (d *rootDisk) name() string { return d.root.Name() }
func (d *rootDisk) close()       { d.root.Close() }

func (d *rootDisk) sub(dir string) (disk, error) {
	root, err := d.root.OpenRoot(dir)
	if err != nil {
		return nil, &fault{err}
	}
	return &rootDisk{root: root, linkOnly: d.linkOnly}, nil
}

func (d *rootDisk) mkdir(dir string) error { return blame(d.root.Mkdir(dir, dirMode)) }

func (d *rootDisk) create(name string) (file, error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, blame(err)
	}
	return &rootFile{f, d.root, name}, nil
}

func (d *rootDisk) read(name string) ([]byte, error) {
	b, err := d.root.ReadFile(name)
	return b, blame(err)
}

func (d *rootDisk) stat(name string) (fs.FileInfo, error) {
	info, err := d.root.Lstat(name)
	return info, blame(err)
}

func (d *rootDisk) list(dir string) ([]string, error) {
	f, err := d.root.Open(dir)
	if err != nil {
		return nil, blame(err)
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	return names, blame(err)
}

func (d *rootDisk) rename(from, to string) error { return blame(d.root.Rename(from, to)) }
func (d *rootDisk) remove(name string) error     { return blame(d.root.Remove(name)) }
func (d *rootDisk) removeAll(name string) error  { return blame(d.root.RemoveAll(name)) }

// publish renames from to to unless that is there. A file system without such
// a rename gets a second name and then loses the first: should the process die
// between the two, both names lead to the same file, by which it is known.
func (d *rootDisk) publish(from, to string) error {
	if !d.linkOnly {
		err := renameExclusive(d.root, from, to)
		if !errors.Is(err, errors.ErrUnsupported) {
			return blame(err)
		}
	}
	err := d.root.Link(from, to)
	if isExist(err) && !d.same(from, to) || err != nil && !isExist(err) {
		return blame(err)
	}
	return blame(d.root.Remove(from))
}

func (d *rootDisk) same(a, b string) bool {
	infoA, errA := d.root.Lstat(a)
	infoB, errB := d.root.Lstat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

func (d *rootDisk) sync(dir string) error {
	f, err := d.root.Open(dir)
	if err != nil {
		return blame(err)
	}
	return blame(errors.Join(syncDir(f), f.Close()))
}

func (d *rootDisk) lock(name string, how lockKind) (func(), error) {
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, blame(err)
	}
	if err := lockFile(f, how); err != nil {
		f.Close()
		if errors.Is(err, errBusy) {
			return nil, err
		}
		return nil, &fault{fmt.Errorf("lock %q: %w", name, err)}
	}
	return func() { f.Close() }, nil // closing it unlocks it
}

type rootFile struct {
	*os.File
	root *os.Root
	path string
}

func (f *rootFile) Write(b []byte) (int, error) {
	n, err := f.File.Write(b)
	return n, blame(err)
}

func (f *rootFile) SetTime(t time.Time) error { return blame(f.root.Chtimes(f.path, time.Time{}, t)) }
func (f *rootFile) Sync() error               { return blame(f.File.Sync()) }
func (f *rootFile) Close() error              { return blame(f.File.Close()) }
