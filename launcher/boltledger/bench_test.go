package boltledger_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
)

func openBench(b *testing.B, entries int) (*boltledger.Ledger, string) {
	path := filepath.Join(b.TempDir(), "ledger.db")
	l, err := boltledger.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	var all []launcher.Entry
	for i := range entries {
		all = append(all, benchEntry(i))
	}
	for batch := range slices.Chunk(all, 5000) {
		if err := l.Save(context.Background(), batch...); err != nil {
			b.Fatal(err)
		}
	}
	return l, path
}

// benchEntry returns an entry as the engine makes them of a mail with one
// attachment.
func benchEntry(i int) launcher.Entry {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16)}))
	return launcher.Entry{
		ID: "factures/" + sum[:40], Launcher: "factures", State: launcher.Stored, Attempts: 1,
		Time: time.Unix(1790000000+int64(i), 123456789), Job: "87", Origin: fmt.Sprintf("INBOX uid %d", i),
		Files: []launcher.File{{Name: fmt.Sprintf("facture-%d.pdf", i), Size: 123456, SHA256: sum}},
	}
}

func BenchmarkSave(b *testing.B) {
	l, _ := openBench(b, 0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := l.Save(b.Context(), benchEntry(i)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSaveParallel(b *testing.B) {
	l, _ := openBench(b, 0)
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if err := l.Save(b.Context(), benchEntry(i)); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	l, _ := openBench(b, 100_000)
	id := benchEntry(4711).ID
	b.ReportAllocs()
	for b.Loop() {
		if e, err := l.Load(b.Context(), id); err != nil || e.State != launcher.Stored {
			b.Fatal(e, err)
		}
	}
}

func BenchmarkWalk100000(b *testing.B) {
	l, _ := openBench(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		err := l.Walk(b.Context(), "factures", func(launcher.Entry) error { n++; return nil })
		if err != nil || n != 100_000 {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkOpen100000(b *testing.B) {
	l, path := openBench(b, 100_000)
	l.Close()
	b.ReportAllocs()
	for b.Loop() {
		l, err := boltledger.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
}
