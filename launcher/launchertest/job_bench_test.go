package launchertest_test

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dir"
)

const smallFile = 20 << 10

func fillTree(b *testing.B, root string, n, size int) {
	b.Helper()
	body := make([]byte, size)
	for i := range n {
		folder := filepath.Join(root, fmt.Sprintf("%03d", i%100))
		if i < 100 {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		copy(body, fmt.Sprintf("file %d", i))
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("f%06d.pdf", i)), body, 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

// copyTree is the yardstick: what cp -a does, and an fsync for each file.
func copyTree(b *testing.B, from, to string) {
	b.Helper()
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		if e.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		return copyFile(path, target)
	})
	if err != nil {
		b.Fatal(err)
	}
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(to)
	if err != nil {
		return err
	}
	defer w.Close()
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	if err := w.Sync(); err != nil {
		return err
	}
	info, err := r.Stat()
	if err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// BenchmarkHandOver moves 10 000 files of 20 kB from a directory to a folder
// Sink with a durable ledger, and copies as many with an fsync each. The metric
// x-copy is the ratio of the two.
func BenchmarkHandOver(b *testing.B) {
	const n = 10_000
	for _, parallel := range []int{1, 8} {
		b.Run(fmt.Sprintf("parallel=%d", parallel), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(n * smallFile)
			var ours, yardstick time.Duration
			for b.Loop() {
				b.StopTimer()
				j := newJob(b)
				j.Parallel = parallel
				fillTree(b, j.in, n, smallFile)
				begun := time.Now()
				copyTree(b, j.in, filepath.Join(j.root, "copy"))
				yardstick += time.Since(begun)
				b.StartTimer()
				begun = time.Now()
				stats, err := j.Poll(b.Context())
				ours += time.Since(begun)
				if err != nil || stats.Stored != n {
					b.Fatalf("%+v, %v", stats, err)
				}
			}
			b.ReportMetric(float64(ours)/float64(yardstick), "x-copy")
			b.ReportMetric(float64(n*b.N)/ours.Seconds(), "files/s")
		})
	}
}

// BenchmarkIdlePass makes passes over files that are all known and stay in
// place, and reads the same tree with ReadDir and Lstat. The metric x-lstat is
// the ratio of the two, heap-MiB what the pass needs at most.
func BenchmarkIdlePass(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			root := b.TempDir()
			fillTree(b, root, n, 1)
			var before runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			j := newJob(b)
			l := &launcher.Launcher{
				Name: "idle", Source: &dir.Source{Path: root, Recursive: true}, Ledger: j.Ledger, Observe: j.Observe,
				Sink: launcher.SinkFunc(mailtest.Drain), Parallel: 8,
			}
			if stats, err := l.Poll(b.Context()); err != nil || stats.Stored != n {
				b.Fatalf("%+v, %v", stats, err)
			}
			runtime.GC()
			b.ReportAllocs()
			var ours, yardstick time.Duration
			var peak uint64
			for b.Loop() {
				b.StopTimer()
				begun := time.Now()
				if got := lstatTree(b, root); got != n {
					b.Fatalf("%d files", got)
				}
				yardstick += time.Since(begun)
				b.StartTimer()
				begun = time.Now()
				stats, err := l.Poll(b.Context())
				ours += time.Since(begun)
				if err != nil || stats.Known != n {
					b.Fatalf("%+v, %v", stats, err)
				}
				b.StopTimer()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc-min(m.HeapAlloc, before.HeapAlloc))
				b.StartTimer()
			}
			b.ReportMetric(float64(ours)/float64(yardstick), "x-lstat")
			b.ReportMetric(float64(peak)/(1<<20), "heap-MiB")
		})
	}
}

func lstatTree(b *testing.B, root string) (files int) {
	entries, err := os.ReadDir(root)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		path := root + "/" + e.Name()
		if e.IsDir() {
			files += lstatTree(b, path)
			continue
		}
		if _, err := os.Lstat(path); err != nil {
			b.Fatal(err)
		}
		files++
	}
	return files
}
