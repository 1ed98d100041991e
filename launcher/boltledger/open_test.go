package boltledger_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"go.etcd.io/bbolt"
)

func TestOpenMakesALedger(t *testing.T) {
	dir := t.TempDir()
	l, err := boltledger.Open(filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name() != "ledger.db" {
		t.Errorf("Open made %v, want ledger.db alone", files)
	}
	info, err := files[0].Info()
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("mode %v, want a file that only its owner reads", mode)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	place := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	database := func(name string, fill func(tx *bbolt.Tx) error) string {
		path := filepath.Join(dir, name)
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Update(fill); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct{ name, path, want string }{
		{"missing folder", filepath.Join(dir, "none", "ledger.db"), "no such file"},
		{"folder", dir, "no regular file"},
		{"no path", "", "no such file"},
		{"empty file", place("empty", nil), "not a ledger"},
		{"short file", place("short", []byte("x")), "not a ledger"},
		{"zeros", place("zeros", make([]byte, 1<<16)), "not a ledger"},
		{"text", place("text", bytes.Repeat([]byte("not a ledger at all\n"), 5000)), "not a ledger"},
		{"empty database", database("blank", func(*bbolt.Tx) error { return nil }), "something else"},
		{"other database", database("other", func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("settings"))
			return err
		}), "something else"},
		{"newer format", database("newer", func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte("coldlauncher ledger"))
			if err != nil {
				return err
			}
			return b.Put([]byte("version"), []byte("2"))
		}), `format "2"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, _ := os.ReadFile(tt.path)
			l, err := boltledger.Open(tt.path)
			if err == nil {
				l.Close()
				t.Fatal("Open returned nil, want an error")
			}
			unix := runtime.GOOS != "windows" // whose words for some errors are others
			if got := err.Error(); !strings.Contains(got, strconv.Quote(tt.path)) || unix && !strings.Contains(got, tt.want) {
				t.Errorf("Open returned %q, want the path and %q in it", got, tt.want)
			}
			if after, _ := os.ReadFile(tt.path); !bytes.Equal(before, after) {
				t.Error("Open changed a file that is not its own")
			}
		})
	}
}

func TestOpenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := boltledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = boltledger.Open(path)
	if !errors.Is(err, boltledger.ErrInUse) || !strings.Contains(err.Error(), strconv.Quote(path)) {
		t.Errorf("a second Open returned %v, want ErrInUse and the path", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := boltledger.Open(path)
	if err != nil {
		t.Fatalf("after Close the file must be free: %v", err)
	}
	again.Close()
}

func TestUseAfterClose(t *testing.T) {
	l, err := boltledger.Open(filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("Close, also when called again: %v", err)
		}
	}
	ctx, e := t.Context(), benchEntry(1)
	_, load := l.Load(ctx, e.ID)
	calls := map[string]error{
		"Load": load, "Save": l.Save(ctx, e), "Delete": l.Delete(ctx, e.ID),
		"Walk": l.Walk(ctx, e.Launcher, func(launcher.Entry) error { return nil }),
	}
	for name, err := range calls {
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s after Close returned %v, want an error that wraps fs.ErrClosed", name, err)
		}
	}
}
