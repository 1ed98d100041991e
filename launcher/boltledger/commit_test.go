package boltledger

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"go.etcd.io/bbolt"
)

func openTest(t *testing.T) *Ledger {
	l, err := Open(filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

func entry(id string) launcher.Entry {
	return launcher.Entry{ID: id, Launcher: "a", State: launcher.Stored}
}

// counted counts the transactions of l.
func counted(l *Ledger) *atomic.Int64 {
	n, apply := new(atomic.Int64), l.apply
	l.apply = func(fn func(*bbolt.Tx) error) error {
		n.Add(1)
		return apply(fn)
	}
	return n
}

func (l *Ledger) has(t *testing.T, id string) bool {
	e, err := l.Load(context.Background(), id)
	if err != nil {
		t.Fatalf("load %q: %v", id, err)
	}
	return e.State != launcher.Unknown
}

func TestSavesShareCommits(t *testing.T) {
	const savers, saves = 64, 20
	l := openTest(t)
	commits := counted(l)
	var wg sync.WaitGroup
	for i := range savers {
		wg.Go(func() {
			for n := range saves {
				id := fmt.Sprintf("a/%d-%d", i, n)
				if err := l.Save(t.Context(), entry(id)); err != nil {
					t.Errorf("save %q: %v", id, err)
				}
				if !l.has(t, id) {
					t.Errorf("Save of %q returned nil, but the entry is not there", id)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d saves in %d commits", savers*saves, commits.Load())
	if got := commits.Load(); got > savers*saves/4 {
		t.Errorf("%d saves took %d commits, want those that wait to share one", savers*saves, got)
	}
}

// On one processor, goroutines that were started wait until the first Save lets
// them run.
func TestSaveTakesThoseAlongThatAreReady(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	l := openTest(t)
	var first []string // what the first commit saved
	apply := l.apply
	l.apply = func(fn func(*bbolt.Tx) error) error {
		err := apply(fn)
		if first != nil {
			return err
		}
		first = []string{}
		for i := range 9 {
			if id := fmt.Sprint("a/", i); l.has(t, id) {
				first = append(first, id)
			}
		}
		return err
	}
	var wg sync.WaitGroup
	save := func(i int) {
		if err := l.Save(t.Context(), entry(fmt.Sprint("a/", i))); err != nil {
			t.Error(err)
		}
	}
	for i := range 8 {
		wg.Go(func() { save(i) })
	}
	save(8)
	wg.Wait()
	if len(first) != 9 {
		t.Errorf("the first commit saved %q, want also what goroutines ready to run came to save", first)
	}
}

// TestThoseThatComputeAreNotWaitedFor: goroutines that are ready to run, but not to
// save, hold a commit up for about a tenth of the time at most.
func TestThoseThatComputeAreNotWaitedFor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	l := openTest(t)
	compute := func(done *atomic.Bool) {
		for begun := time.Now(); time.Since(begun) < 5*time.Millisecond; {
		}
		done.Store(true)
	}
	var first, second atomic.Bool
	go compute(&first)
	for !first.Load() { // the scheduler does not always let it run at once
		l.gather()
	}
	if l.busy.IsZero() {
		t.Fatal("a goroutine that computes was let run, and would be again at once")
	}
	l.busy = time.Now().Add(time.Hour) // however slow this machine is
	go compute(&second)
	l.gather()
	if second.Load() {
		t.Error("a goroutine that computes was let run again at once")
	}
}

func TestLoneSaveCommitsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openTest(t)
		commits := counted(l)
		for i := range 3 {
			// In the bubble nothing could wait: the clock stands still.
			if err := l.Save(t.Context(), entry(fmt.Sprint("a/", i))); err != nil {
				t.Fatal(err)
			}
		}
		if got := commits.Load(); got != 3 {
			t.Errorf("3 saves one after the other took %d commits, want 3", got)
		}
	})
}

func TestFailingWriteHarmsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openTest(t)
		bad := errors.New("bad")
		results := make([]error, 5)
		l.turn <- struct{}{} // a batch is being written
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() {
				if i%2 == 1 {
					results[i] = l.update(t.Context(), func(table) error { return bad })
					return
				}
				results[i] = l.Save(t.Context(), entry(fmt.Sprint("a/", i)))
			})
		}
		synctest.Wait()
		if len(l.waiting) != len(results) {
			t.Fatalf("%d writes wait, want %d", len(l.waiting), len(results))
		}
		commits := counted(l)
		<-l.turn
		wg.Wait()
		for i, err := range results {
			switch {
			case i%2 == 1 && err != bad:
				t.Errorf("write %d, which fails, returned %v", i, err)
			case i%2 == 0 && (err != nil || !l.has(t, fmt.Sprint("a/", i))):
				t.Errorf("write %d shared a batch with one that fails: it returned %v, want it saved", i, err)
			}
		}
		if got := commits.Load(); got != 3 {
			t.Errorf("the batch was tried %d times, want once more for each write that failed", got)
		}
	})
}

func TestCancelledBeforeItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openTest(t)
		l.turn <- struct{}{} // a batch is being written
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("shutting down")
		var cancelled, other error
		var wg sync.WaitGroup
		wg.Go(func() { other = l.Save(t.Context(), entry("a/other")) })
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			cancelled = l.Save(ctx, entry("a/cancelled"))
		}()
		synctest.Wait()
		cancel(why)
		<-gone // although the turn does not come
		if !errors.Is(cancelled, why) {
			t.Errorf("Save returned %v, want the cause of its context", cancelled)
		}
		<-l.turn
		wg.Wait()
		if other != nil || !l.has(t, "a/other") {
			t.Errorf("a Save that waited beside one that was cancelled returned %v, want it saved", other)
		}
		if l.has(t, "a/cancelled") {
			t.Error("Save returned the error of its context, but the entry was saved later")
		}
	})
}

func TestCancelledWhileWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openTest(t)
		release := make(chan struct{})
		apply := l.apply
		l.apply = func(fn func(*bbolt.Tx) error) error {
			<-release
			return apply(fn)
		}
		ctx, cancel := context.WithCancel(t.Context())
		results := make([]error, 2)
		l.turn <- struct{}{} // a batch is being written, these are the next
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() { results[i] = l.Save(ctx, entry(fmt.Sprint("a/", i))) })
		}
		synctest.Wait()
		<-l.turn
		synctest.Wait() // until one of them writes for both
		cancel()
		synctest.Wait()
		close(release)
		wg.Wait()
		for i, err := range results {
			if err != nil || !l.has(t, fmt.Sprint("a/", i)) {
				t.Errorf("a Save that is being written when its context ends returned %v, want it waited for", err)
			}
		}
	})
}

func TestFullDiskPasses(t *testing.T) {
	l := openTest(t)
	apply := l.apply
	l.apply = func(func(*bbolt.Tx) error) error { return fmt.Errorf("write: %w", syscall.ENOSPC) }
	if err := l.Save(t.Context(), entry("a/1")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Save on a full disk returned %v, want that error", err)
	}
	l.apply = apply
	if err := l.Save(t.Context(), entry("a/1")); err != nil || !l.has(t, "a/1") {
		t.Errorf("once there is space again, Save returned %v, want it saved", err)
	}
}

func TestNothingIsWrittenAfterADiskError(t *testing.T) {
	faults := map[string]func(func(*bbolt.Tx) error) error{
		"disk error": func(func(*bbolt.Tx) error) error { return fmt.Errorf("sync: %w", syscall.EIO) },
		"panic":      func(func(*bbolt.Tx) error) error { panic("page 7 already freed") },
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			l := openTest(t)
			if err := l.Save(t.Context(), entry("a/1")); err != nil {
				t.Fatal(err)
			}
			apply := l.apply
			l.apply = fault
			if err := l.Save(t.Context(), entry("a/2")); err == nil {
				t.Error("Save returned nil, want the fault")
			}
			l.apply = apply
			if err := l.Save(t.Context(), entry("a/3")); err == nil {
				t.Error("a Save after the fault returned nil, want it refused: what is written now may never arrive")
			}
			if !l.has(t, "a/1") {
				t.Error("what was saved before the fault must be readable")
			}
			if err := l.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			again, err := Open(l.path)
			if err != nil {
				t.Fatalf("after Close the file must be free: %v", err)
			}
			defer again.Close()
			if err := again.Save(t.Context(), entry("a/3")); err != nil || !again.has(t, "a/1") {
				t.Errorf("opened again, Save returned %v, want it saved, and the rest there", err)
			}
		})
	}
}

func TestDeleteAllOrNone(t *testing.T) {
	l := openTest(t)
	part := entry("a/1.f00d")
	part.Of = "a/1"
	if err := l.Save(t.Context(), entry("a/1"), part, entry("a/2")); err != nil {
		t.Fatal(err)
	}
	apply, full := l.apply, errors.New("full")
	l.apply = func(fn func(*bbolt.Tx) error) error {
		return apply(func(tx *bbolt.Tx) error { return errors.Join(fn(tx), full) })
	}
	if err := l.Delete(t.Context(), "a/1", "a/2"); !errors.Is(err, full) {
		t.Errorf("Delete returned %v, want the error of the disk", err)
	}
	for _, id := range []string{"a/1", "a/1.f00d", "a/2"} {
		if !l.has(t, id) {
			t.Errorf("Delete failed, but %q is gone", id)
		}
	}
}
