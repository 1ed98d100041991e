package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

var errKilled = errors.New("the process was killed")

// A trouble strikes at one operation on a disk that, to be fast, never syncs.
type trouble struct {
	at   int // counted from 0; -1: never
	kind string

	mu     sync.Mutex
	count  int
	struck bool
	what   string // the operation that it struck
}

// Kinds of trouble.
const (
	refuse = "fails"              // nothing happens
	report = "happens, but fails" // it does, and is reported as failed
	short  = "writes half"        // of a write; other operations fail
	kill   = "is never reached"   // nor is anything after it
)

// do does an operation, or not.
func (t *trouble) do(what string, op, half func() error) error {
	t.mu.Lock()
	n := t.count
	t.count++
	strikes := n == t.at
	if strikes {
		t.struck, t.what = true, what
	}
	dead := t.kind == kill && n >= t.at
	t.mu.Unlock()
	switch {
	case dead:
		return &fault{errKilled}
	case !strikes:
		return op()
	}
	switch {
	case t.kind == report:
		op()
	case t.kind == short && half != nil:
		half()
	}
	return &fault{&fs.PathError{Op: what, Err: syscall.ENOSPC}}
}

// open opens a disk that the trouble strikes.
func (t *trouble) open(path string) (disk, error) {
	d, err := openDisk(path)
	return &troubled{d, t}, err
}

type troubled struct {
	disk
	t *trouble
}

func (d *troubled) sub(dir string) (sub disk, err error) {
	err = d.t.do("sub", func() error { sub, err = d.disk.sub(dir); return err }, nil)
	if err != nil {
		if sub != nil {
			sub.close()
		}
		return nil, err
	}
	return &troubled{sub, d.t}, nil
}

func (d *troubled) mkdir(dir string) error {
	return d.t.do("mkdir "+dir, func() error { return d.disk.mkdir(dir) }, nil)
}

func (d *troubled) create(name string) (f file, err error) {
	err = d.t.do("create "+name, func() error { f, err = d.disk.create(name); return err }, nil)
	if err != nil {
		if f != nil {
			f.Close()
		}
		return nil, err
	}
	return &troubledFile{f, d.t}, nil
}

func (d *troubled) read(name string) (b []byte, err error) {
	err = d.t.do("read "+name, func() error { b, err = d.disk.read(name); return err }, nil)
	return b, err
}

func (d *troubled) stat(name string) (info fs.FileInfo, err error) {
	err = d.t.do("stat "+name, func() error { info, err = d.disk.stat(name); return err }, nil)
	return info, err
}

func (d *troubled) list(dir string) (names []string, err error) {
	err = d.t.do("list "+dir, func() error { names, err = d.disk.list(dir); return err }, nil)
	return names, err
}

func (d *troubled) rename(from, to string) error {
	return d.t.do("rename to "+to, func() error { return d.disk.rename(from, to) }, nil)
}

func (d *troubled) publish(from, to string) error {
	return d.t.do("publish "+to, func() error { return d.disk.publish(from, to) }, nil)
}

func (d *troubled) remove(name string) error {
	return d.t.do("remove "+name, func() error { return d.disk.remove(name) }, nil)
}

func (d *troubled) removeAll(name string) error {
	return d.t.do("remove all "+name, func() error { return d.disk.removeAll(name) }, nil)
}

func (d *troubled) sync(dir string) error {
	return d.t.do("sync "+dir, func() error { return nil }, nil)
}

func (d *troubled) lock(name string, how lockKind) (unlock func(), err error) {
	err = d.t.do("lock "+name, func() error { unlock, err = d.disk.lock(name, how); return err }, nil)
	if err != nil && unlock != nil {
		unlock()
	}
	return unlock, err
}

type troubledFile struct {
	file
	t *trouble
}

func (f *troubledFile) Write(b []byte) (n int, err error) {
	err = f.t.do("write", func() error { n, err = f.file.Write(b); return err }, func() error {
		n, err = f.file.Write(b[:len(b)/2])
		return err
	})
	return n, err
}

func (f *troubledFile) SetTime(at time.Time) error {
	return f.t.do("set time", func() error { return f.file.SetTime(at) }, nil)
}

func (f *troubledFile) Sync() error { return f.t.do("sync", func() error { return nil }, nil) }

// Close closes the file whatever happens, as the end of a process would.
func (f *troubledFile) Close() error {
	err := f.t.do("close", func() error { return nil }, nil)
	return errors.Join(err, f.file.Close())
}

// TestEveryOperationMayFail strikes at the first operation of a Store, at the
// second, and so on until a Store is not struck any more.
func TestEveryOperationMayFail(t *testing.T) {
	for _, loose := range []bool{false, true} {
		for _, kind := range []string{refuse, report, short, kill} {
			t.Run(fmt.Sprintf("loose %v, an operation %s", loose, kind), func(t *testing.T) {
				t.Parallel()
				struck := 0
				for storeInTrouble(t, loose, &trouble{at: struck, kind: kind}) {
					struck++
				}
				if struck < 20 {
					t.Errorf("only %d operations were struck, want all of a Store", struck)
				}
			})
		}
	}
}

// storeInTrouble checks what is kept after a trouble, and after another Store
// without. It reports whether the trouble struck.
func storeInTrouble(t *testing.T, loose bool, tr *trouble) bool {
	dir := t.TempDir()
	want := []string{"one", "three", "two"}
	p := parcelOf("x/1", "a.pdf", "one", "a.pdf", "two", "c.pdf", "three")
	p.Job = "87"
	docs, _ := p.Documents(t.Context())
	docs[0].Time = time.Unix(1_000_000_000, 0)

	s := &Sink{Path: dir, Loose: loose, ByJob: true, KeepFor: time.Hour, open: tr.open}
	err := s.Store(t.Context(), p)
	at := fmt.Sprintf("operation %d (%s) %s", tr.at, tr.what, tr.kind)
	switch {
	case !tr.struck && err != nil:
		t.Fatalf("without trouble: %v, want nil", err)
	case err != nil && launcher.OutcomeOf(err) != launcher.Stop:
		t.Errorf("%s: Store = %v, want an error that halts", at, err)
	}

	seen := mustSee(t, dir)
	switch {
	case err == nil && !slices.Equal(bodies(seen), want):
		t.Errorf("%s: Store = nil, kept %q, want %q", at, bodies(seen), want)
	case !loose:
		if err := checkParcels(filepath.Join(dir, "87")); err != nil && !isNotExist(err) {
			t.Errorf("%s: half a parcel is visible: %v", at, err)
		}
	}
	// The COLD consumes what it finds.
	consumed := make(map[string]string)
	if loose {
		for name := range seen {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
		maps.Copy(consumed, seen)
	}

	calm := &trouble{at: -1}
	next := &Sink{Path: dir, Loose: loose, ByJob: true}
	if tr.kind != kill {
		next = s // the same process goes on
	}
	next.open = calm.open
	for range 2 {
		mustStore(t, next, p)
		got := append(bodies(consumed), bodies(mustSee(t, dir))...)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: stored again, kept %q in all, want %q: each once", at, got, want)
		}
	}
	known := unread(t, p.ID)
	known.Job = p.Job
	mustStore(t, &Sink{Path: dir, Loose: loose, ByJob: true, open: calm.open}, known)
	if left := underWay(t, dir); len(left) > 0 {
		t.Errorf("%s: %v was left, want it swept by the next process", at, left)
	}
	return tr.struck
}
