package disk_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
	"github.com/ezged/coldlauncher/launcher/internal/disk/disktest"
)

func TestFlushReportsEveryOperation(t *testing.T) {
	disktest.Each(t, 7, func(t *testing.T, tr *disktest.Trouble) { // open, two files and their closing, a folder
		d, err := tr.Open(t.TempDir(), true)
		if err != nil {
			return
		}
		defer d.Close()
		var flush disk.Flush
		for _, name := range []string{"a", "b"} {
			f, err := d.Create(name)
			if err != nil {
				return
			}
			flush.File(f)
		}
		flush.Dir(d, ".")
		err = flush.Wait()
		if (err != nil) != tr.Struck() || err != nil && !disk.IsFault(err) {
			t.Errorf("%v: Wait = %v, want a fault if it struck", tr, err)
		}
	})
}

func TestFlushAllReportsEveryOperation(t *testing.T) {
	disktest.Each(t, 5, func(t *testing.T, tr *disktest.Trouble) { // open, open the volume, a file's start and closing, sync
		d, err := tr.Open(t.TempDir(), true)
		if err != nil {
			return
		}
		defer d.Close()
		v, err := d.Volume()
		if err != nil {
			return
		}
		f, err := d.Create("a")
		if err != nil {
			return
		}
		flush := disk.Flush{All: v.Sync}
		flush.File(f)
		if err := flush.Wait(); (err != nil) != tr.Struck() || err != nil && !disk.IsFault(err) {
			t.Errorf("%v: Wait = %v, want a fault if it struck", tr, err)
		}
	})
}

// With All, files are started and closed, and All is called once they are.
func TestFlushAll(t *testing.T) {
	broken := errors.New("broken")
	for _, fails := range []error{nil, broken} {
		var did []string
		flush := disk.Flush{All: func() error {
			did = append(did, "all")
			return fails
		}}
		for _, name := range []string{"a", "b"} {
			flush.File(&logged{name: name, did: &did})
		}
		flush.Dir(nil, ".")
		if err := errors.Join(flush.Wait(), flush.Wait()); !errors.Is(err, fails) {
			t.Errorf("Wait = %v, want %v", err, fails)
		}
		if want := []string{"start a", "close a", "start b", "close b", "all"}; !slices.Equal(did, want) {
			t.Errorf("did %q, want %q", did, want)
		}
	}
}

// A logged file takes down what is done to it.
type logged struct {
	disk.File
	name string
	did  *[]string
}

func (l *logged) Start() error { *l.did = append(*l.did, "start "+l.name); return nil }
func (l *logged) Sync() error  { *l.did = append(*l.did, "sync "+l.name); return nil }
func (l *logged) Close() error { *l.did = append(*l.did, "close "+l.name); return nil }

// A hundred who ask during one call are answered by the next, which begins
// after they asked.
func TestJointAnswersNobodyTooEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j disk.Joint
		var begun, written atomic.Int64
		broken := errors.New("broken")
		do := func() error {
			n := begun.Add(1)
			seen := written.Load()
			time.Sleep(time.Second)
			if n == 2 {
				return broken
			}
			if n == 1 && seen != 0 {
				t.Errorf("the first call saw %d writes, want none: they came later", seen)
			}
			return nil
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := j.Do(do); err != nil {
				t.Errorf("the first: %v, want nil", err)
			}
		})
		synctest.Wait()
		for range 100 {
			wg.Go(func() {
				written.Add(1)
				if err := j.Do(do); err != broken {
					t.Errorf("one who asked during the first call: %v, want what the second returned", err)
				}
			})
		}
		wg.Wait()
		if n := begun.Load(); n != 2 {
			t.Errorf("%d calls for 101 who asked, want 2", n)
		}
	})
}
