// Package disktest has disks with troubles, for the tests of what is written
// with package disk.
//
//	disktest.Each(t, 20, func(t *testing.T, tr *disktest.Trouble) {
//		s := &Sink{Path: t.TempDir(), open: tr.Open}
//		err := s.Store(t.Context(), p)
//		…
//		t.Errorf("%v: Store = %v, want an error that halts", tr, err)
//	})
package disktest

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// A Kind is what a Trouble does to an operation.
type Kind string

const (
	Refuse Kind = "fails"              // nothing happens
	Report Kind = "happens, but fails" // it does, and is reported as failed
	Short  Kind = "writes half"        // of a write; other operations fail
	Kill   Kind = "is never reached"   // nor is anything after it
)

var errKilled = errors.New("the process was killed")

// A Trouble strikes at one operation on Disks that, to be fast, never sync.
type Trouble struct {
	At   int // counted from 0; -1: never
	Kind Kind

	mu     sync.Mutex
	count  int
	struck bool
	what   string // the operation that it struck
}

// Each calls test with Trouble of each Kind at the first operation, at the
// second, and so on until it does not strike any more. It fails if it struck
// less often than least.
func Each(t *testing.T, least int, test func(t *testing.T, tr *Trouble)) {
	for _, kind := range []Kind{Refuse, Report, Short, Kill} {
		t.Run("an operation "+string(kind), func(t *testing.T) {
			t.Parallel()
			for at := 0; ; at++ {
				tr := &Trouble{At: at, Kind: kind}
				test(t, tr)
				if tr.struck {
					continue
				}
				if at < least {
					t.Errorf("only %d operations were struck, want at least %d", at, least)
				}
				t.Logf("struck %d operations", at)
				return
			}
		})
	}
}

// Calm is disk.Open for a Disk without trouble that, to be fast, never syncs.
func Calm(dir string, create bool) (disk.Disk, error) {
	return (&Trouble{At: -1}).Open(dir, create)
}

// LinkOnly is disk.Open for a Disk on a file system without exclusive rename.
func LinkOnly(dir string, create bool) (disk.Disk, error) {
	d, err := disk.Open(dir, create)
	if err != nil {
		return nil, err
	}
	d.(*disk.Root).LinkOnly = true
	return d, nil
}

// Struck reports whether the operation was reached.
func (t *Trouble) Struck() bool { return t.struck }

// Count returns how many operations there were.
func (t *Trouble) Count() int { return t.count }

func (t *Trouble) String() string { return fmt.Sprintf("operation %d (%s) %s", t.At, t.what, t.Kind) }

// do does an operation, or not.
func (t *Trouble) do(what string, op, half func() error) error {
	t.mu.Lock()
	n := t.count
	t.count++
	strikes := n == t.At
	if strikes {
		t.struck, t.what = true, what
	}
	dead := t.Kind == Kill && n >= t.At && t.At >= 0
	t.mu.Unlock()
	switch {
	case dead:
		return disk.Blame(errKilled)
	case !strikes:
		return op()
	case t.Kind == Report:
		op()
	case t.Kind == Short && half != nil:
		half()
	}
	why := []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS, syscall.EACCES}[n%4]
	return disk.Blame(&fs.PathError{Op: what, Err: why})
}

// get does an operation that returns something. What was got is given back if
// the operation is reported as failed.
func get[T any](t *Trouble, what string, op func() (T, error), giveBack func(T)) (got T, err error) {
	happened := false
	err = t.do(what, func() error {
		got, err = op()
		happened = err == nil
		return err
	}, nil)
	if err != nil && happened {
		giveBack(got)
	}
	return got, err
}

// Open is disk.Open for a Disk that the Trouble strikes.
func (t *Trouble) Open(dir string, create bool) (disk.Disk, error) {
	d, err := get(t, "open", func() (disk.Disk, error) { return disk.Open(dir, create) }, disk.Disk.Close)
	return &troubled{d, t}, err
}

type troubled struct {
	disk.Disk
	t *Trouble
}

func (d *troubled) Sub(dir string) (disk.Disk, error) {
	sub, err := get(d.t, "sub "+dir, func() (disk.Disk, error) { return d.Disk.Sub(dir) }, disk.Disk.Close)
	return &troubled{sub, d.t}, err
}

func (d *troubled) Mkdir(dir string) error {
	return d.t.do("mkdir "+dir, func() error { return d.Disk.Mkdir(dir) }, nil)
}

func (d *troubled) Create(name string) (disk.File, error) {
	f, err := get(d.t, "create "+name, func() (disk.File, error) { return d.Disk.Create(name) }, func(f disk.File) { f.Close() })
	return &troubledFile{f, d.t}, err
}

func (d *troubled) Read(name string) ([]byte, error) {
	return get(d.t, "read "+name, func() ([]byte, error) { return d.Disk.Read(name) }, func([]byte) {})
}

func (d *troubled) Stat(name string) (fs.FileInfo, error) {
	return get(d.t, "stat "+name, func() (fs.FileInfo, error) { return d.Disk.Stat(name) }, func(fs.FileInfo) {})
}

func (d *troubled) List(dir string) ([]fs.DirEntry, error) {
	return get(d.t, "list "+dir, func() ([]fs.DirEntry, error) { return d.Disk.List(dir) }, func([]fs.DirEntry) {})
}

func (d *troubled) Rename(from, to string) error {
	return d.t.do("rename to "+to, func() error { return d.Disk.Rename(from, to) }, nil)
}

func (d *troubled) Publish(from, to string) error {
	return d.t.do("publish "+to, func() error { return d.Disk.Publish(from, to) }, nil)
}

func (d *troubled) Remove(name string) error {
	return d.t.do("remove "+name, func() error { return d.Disk.Remove(name) }, nil)
}

func (d *troubled) RemoveAll(name string) error {
	return d.t.do("remove all "+name, func() error { return d.Disk.RemoveAll(name) }, nil)
}

func (d *troubled) Sync(dir string) error {
	return d.t.do("sync "+dir, func() error { return nil }, nil)
}

func (d *troubled) Volume() (disk.Volume, error) {
	return get(d.t, "open the volume", func() (disk.Volume, error) { return troubledVolume{d.t}, nil }, disk.Volume.Close)
}

type troubledVolume struct{ t *Trouble }

func (v troubledVolume) Sync() error {
	return v.t.do("sync the volume", func() error { return nil }, nil)
}
func (v troubledVolume) Close() {}

func (d *troubled) Lock(name string, how disk.LockKind) (func(), error) {
	return get(d.t, "lock "+name, func() (func(), error) { return d.Disk.Lock(name, how) }, func(unlock func()) { unlock() })
}

type troubledFile struct {
	disk.File
	t *Trouble
}

func (f *troubledFile) Write(b []byte) (n int, err error) {
	write := func(b []byte) func() error {
		return func() error { n, err = f.File.Write(b); return err }
	}
	err = f.t.do("write", write(b), write(b[:len(b)/2]))
	return n, err
}

func (f *troubledFile) SetTime(at time.Time) error {
	return f.t.do("set time", func() error { return f.File.SetTime(at) }, nil)
}

func (f *troubledFile) Start() error { return f.t.do("start", func() error { return nil }, nil) }

func (f *troubledFile) Sync() error { return f.t.do("sync", func() error { return nil }, nil) }

// Close closes the file whatever happens, as the end of a process would.
func (f *troubledFile) Close() error {
	err := f.t.do("close", func() error { return nil }, nil)
	return errors.Join(err, f.File.Close())
}
