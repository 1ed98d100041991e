package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

var errKilled = errors.New("the process was killed")

// A trouble strikes at one operation on a disk that, to be fast, never syncs.
type trouble struct {
	at   int // counted from 0; -1: never
	kind string
	err  error

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
	dead := t.kind == kill && n >= t.at && t.at >= 0
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
	return &fault{&fs.PathError{Op: what, Err: t.err}}
}

// open opens a disk that the trouble strikes.
func (t *trouble) open(path string, create bool) (d disk, err error) {
	err = t.do("open", func() error { d, err = openDisk(path, create); return err }, nil)
	if err != nil {
		if d != nil {
			d.close()
		}
		return nil, err
	}
	return &troubled{d, t}, nil
}

type troubled struct {
	disk
	t *trouble
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

func (d *troubled) list(dir string) (entries []fs.DirEntry, err error) {
	err = d.t.do("list "+dir, func() error { entries, err = d.disk.list(dir); return err }, nil)
	return entries, err
}

func (d *troubled) rename(from, to string) error {
	return d.t.do("rename to "+to, func() error { return d.disk.rename(from, to) }, nil)
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

func (d *troubled) lock(name string) (unlock func(), err error) {
	err = d.t.do("lock "+name, func() error { unlock, err = d.disk.lock(name); return err }, nil)
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

func (f *troubledFile) Sync() error { return f.t.do("sync", func() error { return nil }, nil) }

// Close closes the file whatever happens, as the end of a process would.
func (f *troubledFile) Close() error {
	err := f.t.do("close", func() error { return nil }, nil)
	return errors.Join(err, f.file.Close())
}

// everyTrouble calls pass with a trouble at the first operation, at the
// second, and so on until it is not struck any more.
func everyTrouble(t *testing.T, least int, pass func(t *testing.T, tr *trouble)) {
	for _, kind := range []string{refuse, report, short, kill} {
		t.Run("an operation "+kind, func(t *testing.T) {
			t.Parallel()
			for at := 0; ; at++ {
				tr := &trouble{at: at, kind: kind, err: []error{syscall.ENOSPC, syscall.EIO}[at%2]}
				pass(t, tr)
				if tr.struck {
					continue
				}
				if at < least {
					t.Errorf("only %d operations were struck, want all of a pass", at)
				}
				t.Logf("struck %d operations", at)
				return
			}
		})
	}
}

// calm lets the bench go on without trouble: in a new process if the former
// was killed.
func (b *bench) calm(tr *trouble) {
	if tr.kind == kill {
		b.restart()
	}
	b.src.open = unsynced
}

func TestEveryOperationOfCopyingMayFail(t *testing.T) {
	everyTrouble(t, 25, func(t *testing.T, tr *trouble) {
		b := newBench(t)
		b.script.Add("1", launchertest.File("a.pdf", "one"), launchertest.File("A.pdf", "two"))
		const want = "2026/11/23: a.pdf=one A (2).pdf=two"

		b.src.open = tr.open
		err := b.src.Poll(t.Context(), &b.rec)
		at := fmt.Sprintf("operation %d (%s) %s", tr.at, tr.what, tr.kind)
		if err != nil && launcher.OutcomeOf(err) != launcher.Stop {
			t.Errorf("%s: Poll = %v, want an error that halts", at, err)
		}
		got, broken := copies(b.src.Path)
		switch handed := len(b.rec.Kept()); {
		case broken != nil:
			t.Fatalf("%s: half a copy is in the tree: %v", at, broken)
		case (err == nil) != (handed == 1):
			t.Errorf("%s: Poll = %v, and %d parcels were handed over", at, err, handed)
		case handed == 1 && !slices.Equal(got, []string{want}):
			t.Errorf("%s: handed over while the copies are %q", at, got)
		}

		b.calm(tr)
		if len(got) == 0 { // then the copy is of the day on which it is made
			b.mustPoll(t)
		}
		b.script.Keep = true
		for range 2 {
			b.pass(24 * hour)
			b.mustPoll(t)
			got, err := copies(b.src.Path)
			if err != nil || !slices.Equal(got, []string{want}) {
				t.Errorf("%s: passes later there are %q, %v, want one copy", at, got, err)
			}
		}
		b.script.Add("2", launchertest.File("b", "three"))
		b.mustPoll(t)
		if staged, dangling := left(t, b.src.Path); len(staged)+len(dangling) > 0 {
			t.Errorf("%s: left behind: %v, %v", at, staged, dangling)
		}
	})
}

func TestEveryOperationOfRetentionMayFail(t *testing.T) {
	everyTrouble(t, 25, func(t *testing.T, tr *trouble) {
		b := newBench(t)
		b.src.KeepFor = 48 * hour
		b.script.Add("1", launchertest.File("a", "one"), launchertest.File("b", "two"))
		b.script.Add("2", launchertest.File("c", "three"))
		b.mustPoll(t)
		b.pass(24 * hour)
		b.script.Add("3", launchertest.File("d", "four"))
		b.mustPoll(t)
		b.pass(48 * hour) // the first day is old, the second is not
		const younger = "2026/11/24: d=four"

		b.src.open = tr.open
		err := b.src.Poll(t.Context(), &b.rec)
		at := fmt.Sprintf("operation %d (%s) %s", tr.at, tr.what, tr.kind)
		if err != nil {
			t.Errorf("%s: Poll = %v, want nil: retention does not fail a pass", at, err)
		}
		got, err := copies(b.src.Path)
		if err != nil {
			t.Fatalf("%s: half a copy is in the tree: %v", at, err)
		}
		if !slices.Contains(got, younger) {
			t.Errorf("%s: removed a copy that is not old: %q", at, got)
		}
		b.calm(tr)
		b.pass(hour)
		b.mustPoll(t)
		b.wantCopies(t, younger)
		if staged, dangling := left(t, b.src.Path); len(staged)+len(dangling) > 0 {
			t.Errorf("%s: left behind: %v, %v", at, staged, dangling)
		}
	})
}

// What the file system has against one document is not held against others.
func TestDocumentThatDoesNotFit(t *testing.T) {
	b := newBench(t)
	b.src.open = func(path string, create bool) (disk, error) {
		d, err := openDisk(path, create)
		return &unfit{d}, err
	}
	b.script.Add("1", launchertest.File("big", "one"))
	b.script.Add("2", launchertest.File("small", "two"))
	b.rec.Before = func(ctx context.Context, p *launcher.Parcel) error {
		_, err := p.Documents(ctx)
		if o := launcher.OutcomeOf(err); p.ID == "1" && o != launcher.Left {
			t.Errorf("outcome %v, want the parcel left and the pass going on", o)
		}
		return err
	}
	b.mustPoll(t)
	b.wantCopies(t, "2026/11/23: small=two")
}

type unfit struct{ disk }

func (d *unfit) create(name string) (file, error) {
	f, err := d.disk.create(name)
	if err == nil && len(name) > 4 && name[len(name)-4:] == "/big" {
		return tooBig{f}, nil
	}
	return f, err
}

type tooBig struct{ file }

func (tooBig) Write([]byte) (int, error) { return 0, blame(syscall.EFBIG) }
