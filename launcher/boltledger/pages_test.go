package boltledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"go.etcd.io/bbolt"
)

// ledgerBytes returns the file of a ledger with n parcels and as many parts.
func ledgerBytes(tb testing.TB, n int) []byte {
	path := filepath.Join(tb.TempDir(), "ledger.db")
	l, err := Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		parcel := launcher.Entry{ID: fmt.Sprint("a/", i), Launcher: "a", State: launcher.Stored}
		part := launcher.Entry{ID: fmt.Sprint("part-", i), Launcher: "b", Of: parcel.ID, State: launcher.Stored}
		if err := l.Save(tb.Context(), parcel, part); err != nil {
			tb.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

func TestCheckPagesTakesSoundFiles(t *testing.T) {
	for _, n := range []int{0, 1, 20, 300} {
		file := ledgerBytes(t, n)
		if err := checkPages(bytes.NewReader(file), int64(len(file))); err != nil {
			t.Errorf("a ledger of %d parcels: %v", n, err)
		}
	}
}

func TestCompactedCopyIsALedger(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, ledgerBytes(t, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := bbolt.Open(from, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dst, err := bbolt.Open(to, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(bbolt.Compact(dst, src, 1<<12), dst.Close()); err != nil {
		t.Fatal(err)
	}
	l, err := Open(to)
	if err != nil {
		t.Fatalf("a copy that bbolt compacted must be a ledger: %v", err)
	}
	defer l.Close()
	if !l.has(t, "a/0") || !l.has(t, "part-99") {
		t.Error("a copy that bbolt compacted must hold every entry")
	}
}

// Whatever a file holds, checking it ends, and ends with an answer.
func FuzzCheckPages(f *testing.F) {
	f.Add([]byte{}, uint32(0), byte(0))
	for _, n := range []int{0, 10} {
		file := ledgerBytes(f, n)
		c, err := readMeta(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file[:len(c.seen)*int(c.pageSize)], uint32(3*c.pageSize+12), byte(255))
	}
	f.Fuzz(func(t *testing.T, file []byte, at uint32, mask byte) {
		if len(file) > 0 {
			file = bytes.Clone(file)
			file[int(at)%len(file)] ^= mask
		}
		if checkPages(bytes.NewReader(file), int64(len(file))) == nil && len(file) < 4<<9 {
			t.Errorf("%d bytes cannot be a database", len(file))
		}
	})
}
