package dir

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// many makes n empty files in folders of a thousand each.
func many(b testing.TB, n int) string {
	root := b.TempDir()
	for i := range n {
		dir := filepath.Join(root, fmt.Sprintf("%04d", i/1000))
		if i%1000 == 0 {
			if err := os.Mkdir(dir, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("facture-%06d.pdf", i)))
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
	return root
}

// bare lists a tree and looks at every file, and does nothing else.
func bare(path string) (n int, err error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := os.Lstat(path + "/" + e.Name())
		if err != nil {
			return n, err
		}
		if info.IsDir() {
			below, err := bare(path + "/" + e.Name())
			if err != nil {
				return n, err
			}
			n += below
			continue
		}
		n++
	}
	return n, nil
}

// BenchmarkIdle makes passes over files that are all known, and reports how
// much longer they take than listing them.
func BenchmarkIdle(b *testing.B) {
	const n = 100_000
	root := many(b, n)
	for _, quiet := range []time.Duration{0, time.Second} {
		b.Run(fmt.Sprintf("quiet=%v", quiet), func(b *testing.B) {
			src := &Source{Path: root, Recursive: true, Quiet: quiet, now: func() time.Time { return time.Now().Add(time.Hour) }}
			known := map[string]bool{}
			learn := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
				known[p.ID] = true
				return nil
			})
			if err := src.Poll(b.Context(), learn); err != nil || len(known) != n {
				b.Fatal(len(known), err)
			}
			sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
				if !known[p.ID] {
					b.Error("unknown", p.ID)
				}
				return nil
			})
			measure(b, root, n, func() error { return src.Poll(b.Context(), sink) })
		})
	}
}

// BenchmarkIdleLauncher does so with a Launcher, which remembers for itself.
func BenchmarkIdleLauncher(b *testing.B) {
	const n = 100_000
	root := many(b, n)
	l := &launcher.Launcher{
		Name:    "bench",
		Source:  &Source{Path: root, Recursive: true},
		Sink:    launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error { return nil }),
		Observe: func(context.Context, launcher.Event) {},
	}
	poll := func() error { _, err := l.Poll(b.Context()); return err }
	if err := poll(); err != nil {
		b.Fatal(err)
	}
	measure(b, root, n, poll)
}

func measure(b *testing.B, root string, n int, poll func() error) {
	runtime.GC()
	before := heap()
	var pass, list time.Duration
	var most uint64
	b.ResetTimer()
	for b.Loop() {
		begun := time.Now()
		if got, err := bare(root); err != nil || got != n {
			b.Fatal(got, err)
		}
		list += time.Since(begun)
		begun = time.Now()
		if err := poll(); err != nil {
			b.Fatal(err)
		}
		pass += time.Since(begun)
		most = max(most, heap())
	}
	b.ReportMetric(float64(pass)/float64(list), "x-bare")
	b.ReportMetric(pass.Seconds()/float64(b.N), "s/pass")
	b.ReportMetric(float64(most-min(before, most))/(1<<20), "MiB-grown")
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
