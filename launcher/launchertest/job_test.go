package launchertest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/dir"
)

// A job is the main job on real files: a directory, a durable ledger, a folder
// Sink.
type job struct {
	*launcher.Launcher
	root   string
	in     string
	source *dir.Source
	sink   *folder.Sink
}

func newJob(t testing.TB) *job {
	t.Helper()
	j := &job{root: t.TempDir()}
	j.in = filepath.Join(j.root, "in")
	if err := os.Mkdir(j.in, 0o755); err != nil {
		t.Fatal(err)
	}
	j.source = &dir.Source{Path: j.in, Recursive: true, Done: "../done", Rejected: "../rejected"}
	j.sink = &folder.Sink{Path: filepath.Join(j.root, "out")}
	j.Launcher = &launcher.Launcher{
		Name: "job", Source: j.source, Sink: j.sink, Ledger: openLedger(t, j.root),
		Observe: func(context.Context, launcher.Event) {},
		Backoff: func(int) time.Duration { return 0 },
	}
	return j
}

func openLedger(t testing.TB, root string) *boltledger.Ledger {
	t.Helper()
	l, err := boltledger.Open(filepath.Join(root, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func (j *job) write(t testing.TB, name, body string) {
	t.Helper()
	path := filepath.Join(j.in, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	// At once, for a pass may be under way.
	whole := filepath.Join(j.root, "whole")
	if err := os.WriteFile(whole, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(whole, path); err != nil {
		t.Fatal(err)
	}
}

// hashes returns the SHA-256 of every file below root by its relative path,
// leaving out hidden folders and manifests.
func hashes(t testing.TB, root string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path == root:
			return nil
		case err != nil:
			return err
		case e.IsDir() && strings.HasPrefix(e.Name(), ".coldlauncher"):
			return fs.SkipDir
		case e.IsDir() || e.Name() == "manifest.json":
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		found[filepath.ToSlash(name)] = hex.EncodeToString(h.Sum(nil))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// handed returns how often each hash was handed over, as the manifests of the
// folder Sink say, whose own hashes must be those of the files.
func (j *job) handed(t testing.TB) map[string]int {
	t.Helper()
	count := make(map[string]int)
	manifests, err := filepath.Glob(filepath.Join(j.sink.Path, "*", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range manifests {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			ID    string
			Files []struct{ Name, SHA256 string }
		}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		real := hashes(t, filepath.Dir(name))
		for _, f := range m.Files {
			if real[f.Name] != f.SHA256 {
				t.Errorf("%s says that %s has hash %s, and it has %s", name, f.Name, f.SHA256, real[f.Name])
			}
			count[f.SHA256]++
		}
	}
	return count
}

// Real documents arrive in a tree while the launcher runs: each is handed over
// once, with the bytes that it had, and settled; a second pass takes nothing.
func TestMainJob(t *testing.T) {
	samples := launchertest.Samples(t)
	var files []string
	err := filepath.WalkDir(samples, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && slices.Contains([]string{".pdf", ".xml"}, strings.ToLower(filepath.Ext(path))) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("%d sample documents, want at least 50", len(files))
	}

	j := newJob(t)
	j.Filter = filter.Ext("pdf", "xml")
	j.Routes = []launcher.Route{{Job: "87", Groups: []string{"pdf"}}, {Job: "88"}}
	j.Schedule = ticks(50 * time.Millisecond)
	j.source.Quiet = 300 * time.Millisecond
	var stored atomic.Int32
	done := make(chan struct{})
	j.Observe = func(_ context.Context, e launcher.Event) {
		switch {
		case e.Kind == launcher.EventStored && int(stored.Add(1)) == len(files):
			close(done)
		case e.Kind == launcher.EventRejected || e.Kind == launcher.EventFailed:
			t.Errorf("%s %s: %v", e.Kind, e.Origin, e.Err)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	var run sync.WaitGroup
	run.Go(func() { j.Run(ctx) })

	want := make(map[string]int)
	paths := make(map[string]string)
	for i, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		want[hex.EncodeToString(sum[:])]++
		name := fmt.Sprintf("%d/%03d %s", i%7, i, filepath.Base(path))
		paths[name] = hex.EncodeToString(sum[:])
		j.write(t, name, string(b))
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
	// The last one is settled in its pass, which Run lets end.
	stop()
	run.Wait()

	if got := j.handed(t); !maps.Equal(got, want) {
		t.Errorf("%d different documents handed over, want %d, each as often as it came in", len(got), len(want))
	}
	stats, err := j.Poll(t.Context())
	if err != nil || stats.Stored != 0 {
		t.Errorf("second pass: %+v, %v; want nothing stored", stats, err)
	}
	if got := hashes(t, filepath.Join(j.root, "done")); !maps.Equal(got, paths) {
		t.Errorf("%d files in the output folder, want the %d that came, unchanged and under their paths", len(got), len(paths))
	}
	if left := hashes(t, j.in); len(left) != 0 {
		t.Errorf("still in place: %v", left)
	}
}

type ticks time.Duration

func (d ticks) Next(t time.Time) time.Time { return t.Add(time.Duration(d)) }

// The guarantee table over real files: the process may die at any step of a
// pass, of files alone and in groups.
func TestMainJobCrashesAtEveryStep(t *testing.T) {
	for _, group := range []string{"", "stems", "folders"} {
		t.Run("group "+group, func(t *testing.T) {
			for n, crashed := 0, true; crashed; n++ {
				crashed = crashAt(t, group, n)
			}
		})
	}
}

func crashAt(t *testing.T, group string, n int) (crashed bool) {
	j := newJob(t)
	for i := range 2 {
		j.write(t, fmt.Sprintf("%d/a.pdf", i), fmt.Sprintf("pdf %d", i))
		j.write(t, fmt.Sprintf("%d/a.xml", i), fmt.Sprintf("xml %d", i))
	}
	want := hashes(t, j.in)
	switch group {
	case "stems":
		j.source.Group = dir.Stems("pdf", "xml")
	case "folders":
		j.source.Group = dir.Folders()
	}
	c := launchertest.Crash(n)
	dying := &launcher.Launcher{
		Name: "job", Source: c.Source(j.source), Sink: c.Sink(j.sink), Ledger: c.Ledger(j.Ledger), Observe: j.Observe,
	}
	if _, err := dying.Poll(t.Context()); err != nil && !c.Crashed() {
		t.Fatalf("step %d: %v", n, err)
	}
	j.Source = &dir.Source{Path: j.in, Recursive: true, Done: "../done", Rejected: "../rejected", Group: j.source.Group}
	if _, err := j.Poll(t.Context()); err != nil {
		t.Fatalf("step %d: the pass after the crash: %v", n, err)
	}
	got := j.handed(t)
	for name, hash := range want {
		if got[hash] != 1 {
			t.Errorf("crash at step %d: %s was handed over %d times, want once", n, name, got[hash])
		}
	}
	if done := hashes(t, filepath.Join(j.root, "done")); !maps.Equal(done, want) {
		t.Errorf("crash at step %d: the output folder holds %v, want everything", n, slices.Sorted(maps.Keys(done)))
	}
	return c.Crashed()
}

// However the Sink misbehaves, a pass ends when it is asked to, nothing is
// lost, and nothing stays behind.
func TestMainJobWithABadSink(t *testing.T) {
	tests := []struct {
		name string
		sink func(ctx context.Context, next launcher.Sink, p *launcher.Parcel) error
	}{
		{"frozen", func(ctx context.Context, _ launcher.Sink, _ *launcher.Parcel) error { <-ctx.Done(); return ctx.Err() }},
		{"frozen with an open file", func(ctx context.Context, _ launcher.Sink, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			if _, err := docs[0].Open(ctx); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		}},
		{"panicking", func(context.Context, launcher.Sink, *launcher.Parcel) error { panic("boom") }},
		{"full disk", func(context.Context, launcher.Sink, *launcher.Parcel) error {
			return launcher.Halt(&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
		}},
		{"storing, then failing", func(ctx context.Context, next launcher.Sink, p *launcher.Parcel) error {
			if err := next.Store(ctx, p); err != nil {
				return err
			}
			return errors.New("connection lost after the commit")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := newJob(t)
			for i := range 5 {
				j.write(t, fmt.Sprintf("%d.pdf", i), fmt.Sprint(i))
			}
			want := hashes(t, j.in)
			good := j.Launcher.Sink
			bad := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error { return tt.sink(ctx, good, p) })
			l := &launcher.Launcher{Name: "job", Source: j.source, Sink: bad, Ledger: j.Ledger, Grace: -1,
				Observe: j.Observe, Backoff: j.Backoff}
			goroutines, files := runtime.NumGoroutine(), openFiles(t)
			for range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				l.Poll(ctx)
				cancel()
			}
			// What ends may take a moment to be no longer counted.
			for until := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > goroutines && time.Now().Before(until); {
				time.Sleep(time.Millisecond)
			}
			if n := runtime.NumGoroutine(); n > goroutines {
				t.Errorf("%d goroutines, %d before", n, goroutines)
			}
			if n := openFiles(t); n > files {
				t.Errorf("%d open files, %d before", n, files)
			}
			if got := hashes(t, j.in); !maps.Equal(got, want) {
				t.Errorf("at the origin are %v, want everything untouched", got)
			}
			if _, err := j.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := j.handed(t)
			for name, hash := range want {
				if got[hash] != 1 {
					t.Errorf("%s was handed over %d times in the end, want once", name, got[hash])
				}
			}
		})
	}
}

// openFiles counts the file descriptors of this process, where that is told.
func openFiles(t testing.TB) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(fds)
}
