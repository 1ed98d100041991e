package dir

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestWatch(t *testing.T) {
	in := t.TempDir()
	put(t, in, "sub/", "done/")
	before := runtime.NumGoroutine()
	over := errors.New("over")
	ctx, cancel := context.WithCancelCause(t.Context())
	woken, ended := make(chan struct{}, 1), make(chan error, 1)
	src := &Source{Path: in, Recursive: true, Done: "done"}
	go func() {
		ended <- src.Watch(ctx, func() {
			select {
			case woken <- struct{}{}:
			default:
			}
		})
	}()
	// The watch begins at some moment after Watch was called: write until it
	// tells of it.
	wakes := func(name string) bool {
		for until := time.Now().Add(time.Minute); time.Now().Before(until); {
			put(t, in, name)
			select {
			case <-woken:
				return true
			case err := <-ended:
				t.Skip("this system cannot watch:", err)
			case <-time.After(50 * time.Millisecond):
			}
		}
		return false
	}
	calm := func() {
		for {
			select {
			case <-woken:
			case <-time.After(100 * time.Millisecond):
				return
			}
		}
	}
	for _, name := range []string{"a.pdf", "sub/b.pdf", "new/c.pdf", "new/newer/d.pdf"} {
		if !wakes(name) {
			t.Errorf("Watch does not tell of %s", name)
		}
		calm()
	}
	cancel(over)
	if err := <-ended; !errors.Is(err, over) {
		t.Errorf("Watch returned %v, want the cause of its end", err)
	}
	for until := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(until) {
			t.Fatal("Watch left a goroutine behind")
		}
	}
	moved := t.TempDir()
	go func() { ended <- (&Source{Path: moved}).Watch(t.Context(), func() { woken <- struct{}{} }) }()
	for watching := false; !watching; {
		put(t, moved, "a.pdf")
		select {
		case <-woken:
			watching = true
		case <-time.After(50 * time.Millisecond):
		}
	}
	calm()
	rename(t, moved, moved+"-away")
	for open := true; open; {
		select {
		case <-woken:
		case err := <-ended:
			open = false
			if err == nil {
				t.Error("Watch returned nil when its folder went away")
			}
		case <-time.After(time.Minute):
			t.Fatal("Watch goes on although its folder is gone")
		}
	}
	none := &Source{Path: filepath.Join(in, "none")}
	if err := none.Watch(t.Context(), func() {}); err == nil {
		t.Error("Watch of a folder that is not there must be an error")
	}
}
