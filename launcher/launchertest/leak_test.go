package launchertest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/protocol/dir"
)

// usage is what a process may leak.
type usage struct {
	goroutines, files int
	heap              uint64
}

func use(t *testing.T) usage {
	t.Helper()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("open files cannot be counted here")
	}
	return usage{runtime.NumGoroutine(), len(files), m.HeapAlloc}
}

// Passes over a directory, with a durable ledger and a folder, that fail at
// random in every way leak neither goroutines nor files nor memory.
func TestPassesLeakNothing(t *testing.T) {
	passes := 1000
	if os.Getenv("COLD_REQUIRE_SERVERS") == "1" && !raceEnabled {
		passes = 10_000
	}
	root := t.TempDir()
	in := filepath.Join(root, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	ledger, err := boltledger.Open(filepath.Join(root, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	rnd := rand.New(rand.NewPCG(1, 2))
	kept := &folder.Sink{Path: filepath.Join(root, "out")}
	l := &launcher.Launcher{
		Name: "leak", Source: &dir.Source{Path: in, Done: filepath.Join(root, "done"), Rejected: filepath.Join(root, "bad")},
		Ledger: ledger, Observe: quiet, Backoff: func(int) time.Duration { return 0 }, MaxAttempts: 4,
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			if _, err := docs[0].Open(ctx); err != nil { // and not closed
				return err
			}
			switch rnd.IntN(8) {
			case 0:
				return errors.New("no")
			case 1:
				return launcher.Reject(errors.New("bad"))
			case 2:
				return launcher.Halt(errors.New("down"))
			case 3:
				panic("boom")
			}
			return kept.Store(ctx, p)
		}),
	}
	var early, middle, late usage
	for i := range passes {
		switch i {
		case passes / 10:
			early = use(t)
		case passes / 2:
			middle = use(t)
		}
		if i%50 == 0 {
			if err := os.WriteFile(filepath.Join(in, fmt.Sprint(i)), []byte("x"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		if rnd.IntN(100) == 0 {
			cancel()
		}
		l.Poll(ctx)
		cancel()
	}
	late = use(t)
	// What ends may take a moment to be no longer counted.
	for until := time.Now().Add(30 * time.Second); late.goroutines > early.goroutines && time.Now().Before(until); late = use(t) {
		time.Sleep(time.Millisecond)
	}
	t.Logf("%d passes, from the tenth part on: goroutines %d, %d, %d; open files %d, %d, %d; heap %d, %d, %d KiB", passes,
		early.goroutines, middle.goroutines, late.goroutines, early.files, middle.files, late.files,
		early.heap>>10, middle.heap>>10, late.heap>>10)
	if late.goroutines > early.goroutines || late.files > early.files {
		t.Errorf("goroutines %d to %d, open files %d to %d; want no more in the end", early.goroutines, late.goroutines, early.files, late.files)
	}
	// What is remembered of 180 files is some KiB.
	if late.heap > early.heap+512<<10 {
		t.Errorf("heap %d to %d bytes, want less than half a MiB more", early.heap, late.heap)
	}
	if stored, err := filepath.Glob(filepath.Join(root, "done", "*")); err != nil || len(stored) < passes/100 {
		t.Errorf("%d files were handed over, %v; want most of %d", len(stored), err, passes/50)
	}
}
