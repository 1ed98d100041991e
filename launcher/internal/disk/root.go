package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	dirMode  = 0o750
	fileMode = 0o640
)

// A Root is the Disk of the operating system.
type Root struct {
	// LinkOnly has Publish do as on a file system without exclusive rename.
	// It is for tests.
	LinkOnly bool

	root *os.Root

	mu   sync.Mutex
	self *os.File // the directory itself; nil until it is synced
}

// openFlags tell package os what it else asks the system about each file: that
// regular files and directories do not block.
const openFlags = syscall.O_NONBLOCK

// Open opens the Disk below the directory dir. If it is missing it is created,
// durably, or else is an fs.ErrNotExist; its parent is not created. What is
// wrong with it is no parcel's fault.
func Open(dir string, create bool) (Disk, error) {
	if dir == "" {
		return nil, &fault{errors.New("no path was given")}
	}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) && create {
		root, err = makeRoot(filepath.Clean(dir))
	}
	if err != nil {
		return nil, &fault{err}
	}
	return &Root{root: root}, nil
}

func makeRoot(dir string) (*os.Root, error) {
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
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

func (d *Root) Name() string { return d.root.Name() }

func (d *Root) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.self != nil {
		d.self.Close()
	}
	d.root.Close()
}

func (d *Root) Sub(dir string) (Disk, error) {
	root, err := d.root.OpenRoot(dir)
	if err != nil {
		return nil, &fault{err}
	}
	return &Root{root: root, LinkOnly: d.LinkOnly}, nil
}

func (d *Root) Mkdir(dir string) error { return Blame(d.root.Mkdir(dir, dirMode)) }

func (d *Root) Create(name string) (File, error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|openFlags, fileMode)
	if err != nil {
		return nil, Blame(err)
	}
	return &file{f, d.root, name}, nil
}

func (d *Root) Read(name string) ([]byte, error) {
	b, err := d.root.ReadFile(name)
	return b, Blame(err)
}

func (d *Root) Stat(name string) (fs.FileInfo, error) {
	info, err := d.root.Lstat(name)
	return info, Blame(err)
}

func (d *Root) List(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(d.root.FS(), dir)
	return entries, Blame(err)
}

func (d *Root) Rename(from, to string) error { return Blame(d.root.Rename(from, to)) }
func (d *Root) Remove(name string) error     { return Blame(d.root.Remove(name)) }
func (d *Root) RemoveAll(name string) error  { return Blame(d.root.RemoveAll(name)) }

// Publish renames from to to unless that is there. A file system without such
// a rename gets a second name and then loses the first: should the process die
// between the two, both names lead to the same file, by which it is known.
func (d *Root) Publish(from, to string) error {
	if !d.LinkOnly {
		err := renameExclusive(d.root, from, to)
		if !errors.Is(err, errors.ErrUnsupported) {
			return Blame(err)
		}
	}
	err := d.root.Link(from, to)
	if exists := errors.Is(err, fs.ErrExist); exists && !d.same(from, to) || err != nil && !exists {
		return Blame(err)
	}
	return Blame(d.root.Remove(from))
}

func (d *Root) same(a, b string) bool {
	infoA, errA := d.root.Lstat(a)
	infoB, errB := d.root.Lstat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

func (d *Root) Sync(dir string) error {
	if dir == "." {
		f, err := d.itself()
		if err != nil {
			return Blame(err)
		}
		return Blame(syncDir(f))
	}
	f, err := d.root.Open(dir)
	if err != nil {
		return Blame(err)
	}
	return Blame(errors.Join(syncDir(f), f.Close()))
}

// itself returns the directory as a file, which stays open until Close.
func (d *Root) itself() (*os.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.self == nil {
		f, err := d.root.OpenFile(".", os.O_RDONLY|openFlags, 0)
		if err != nil {
			return nil, err
		}
		d.self = f
	}
	return d.self, nil
}

func (d *Root) Lock(name string, how LockKind) (unlock func(), err error) {
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, Blame(err)
	}
	if err := lockFile(f, how); err != nil {
		f.Close()
		if errors.Is(err, ErrBusy) {
			return nil, err
		}
		return nil, &fault{fmt.Errorf("lock %q: %w", name, err)}
	}
	return func() { f.Close() }, nil // closing it unlocks it
}

type file struct {
	*os.File
	root *os.Root
	path string
}

func (f *file) Write(b []byte) (int, error) {
	n, err := f.File.Write(b)
	return n, Blame(err)
}

func (f *file) SetTime(t time.Time) error { return Blame(f.root.Chtimes(f.path, time.Time{}, t)) }
func (f *file) Sync() error               { return Blame(f.File.Sync()) }
func (f *file) Start() error              { return Blame(startWriting(f.File)) }
func (f *file) Close() error              { return Blame(f.File.Close()) }
