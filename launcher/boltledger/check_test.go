package boltledger

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

// What is sound for bbolt may still lack something.
func TestOpenMissesEntries(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(tb table) error
	}{
		{"nothing", func(table) error { return nil }},
		{"entry", func(tb table) error { return tb.entries("a").Delete([]byte("a/1")) }},
		{"entries of a launcher", func(tb table) error { return tb.bucket(bucketEntries).DeleteBucket([]byte("a")) }},
		{"entry under another ID", func(tb table) error {
			own := tb.entries("a")
			return errors.Join(own.Put([]byte("a/2"), own.Get([]byte("a/1"))), own.Delete([]byte("a/1")))
		}},
		{"launcher of a stray", func(tb table) error { return tb.bucket(bucketStrays).Delete([]byte("stray")) }},
		{"list of strays", func(tb table) error { return tb.tx.DeleteBucket([]byte(bucketStrays)) }},
		{"part", func(tb table) error { return tb.bucket(bucketParts).Bucket([]byte("a/1")).Delete([]byte("stray")) }},
		{"parts", func(tb table) error { return tb.bucket(bucketParts).DeleteBucket([]byte("a/1")) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			l, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			stray := launcher.Entry{ID: "stray", Launcher: "b", Of: "a/1", State: launcher.Stored}
			if err := l.Save(t.Context(), entry("a/1"), stray); err != nil {
				t.Fatal(err)
			}
			if err := l.update(t.Context(), tt.spoil); err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l, err = Open(path)
			if err == nil {
				l.Close()
			}
			if sound := tt.name == "nothing"; sound != (err == nil) || err != nil && !errors.Is(err, errDamaged) {
				t.Errorf("without %s Open returned %v, want what is missing noticed", tt.name, err)
			}
		})
	}
}

// An ID is one entry, whichever launcher and parcel it is of.
func TestEntryThatMoves(t *testing.T) {
	l := openTest(t)
	forms := []launcher.Entry{
		{ID: "a/1.f00d", Launcher: "a", Of: "a/1", State: launcher.Stored},
		{ID: "a/1.f00d", Launcher: "b", Of: "a/1", State: launcher.Stored},
		{ID: "a/1.f00d", Launcher: "b", Of: "other", State: launcher.Stored},
		{ID: "a/1.f00d", Launcher: "a", State: launcher.Stored},
		{ID: "a/1.f00d", Launcher: "a", Of: "other", State: launcher.Stored},
	}
	for _, from := range forms {
		for _, to := range forms {
			if err := errors.Join(l.Save(t.Context(), from), l.Save(t.Context(), to)); err != nil {
				t.Fatal(err)
			}
			found := 0
			for _, owner := range []string{"a", "b"} {
				err := l.Walk(t.Context(), owner, func(e launcher.Entry) error { found++; return nil })
				if err != nil {
					t.Fatal(err)
				}
			}
			if e, err := l.Load(t.Context(), to.ID); err != nil || found != 1 || e.Launcher != to.Launcher || e.Of != to.Of {
				t.Errorf("%+v saved over %+v: %d entries, %+v, %v; want the new one alone", to, from, found, e, err)
			}
			if from.Of != "" && from.Of != to.Of {
				if err := l.Delete(t.Context(), from.Of); err != nil || !l.has(t, to.ID) {
					t.Errorf("%+v saved over %+v: deleting the former parcel returned %v, want the entry kept", to, from, err)
				}
			}
			parcel := to.Of
			if parcel == "" {
				parcel = to.ID
			}
			if err := l.Delete(t.Context(), parcel); err != nil || l.has(t, to.ID) {
				t.Errorf("%+v saved over %+v: deleting %q returned %v, want the entry gone", to, from, parcel, err)
			}
		}
	}
	if err := l.view(t.Context(), func(tb table) error { return check(tb.tx) }); err != nil {
		t.Errorf("after all that: %v", err)
	}
	if err := checkPages(l.file, fileSize(t, l)); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func fileSize(t *testing.T, l *Ledger) int64 {
	info, err := l.file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
