package boltledger_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
)

// damagedOwners are the launchers of the ledger that is damaged.
var damagedOwners = []string{"a", "b", "stray"}

// makeDamaged returns the bytes of a ledger and its entries, the last of which
// were saved by a Save of their own.
func makeDamaged(t *testing.T) (file []byte, entries []launcher.Entry, last int) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := boltledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 150 {
		parcel := launcher.Entry{
			ID: fmt.Sprintf("%s/%d", damagedOwners[i%3], i), Launcher: damagedOwners[i%3], State: launcher.Stored,
			Time: time.Unix(int64(i), 0).UTC(), Origin: fmt.Sprintf("INBOX uid %d", i),
		}
		part := parcel
		part.ID, part.Of = parcel.ID+".f00d", parcel.ID
		if i%3 == 2 {
			parcel.ID = fmt.Sprint("elsewhere-", i)
			part.ID, part.Of = fmt.Sprint("part-elsewhere-", i), parcel.ID
		}
		entries = append(entries, parcel, part)
	}
	last = len(entries) - 2
	for i := 0; i < last; i += 20 {
		if err := l.Save(t.Context(), entries[i:min(i+20, last)]...); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Save(t.Context(), entries[last:]...); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	file, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file, entries, last
}

// openDamaged opens a ledger that was damaged, if it can be, and returns its
// entries. That the process is still there is the point.
func openDamaged(t *testing.T, path string, file []byte) (map[string]launcher.Entry, error) {
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := boltledger.Open(path)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	found := make(map[string]launcher.Entry)
	for _, owner := range damagedOwners {
		err := l.Walk(t.Context(), owner, func(e launcher.Entry) error {
			found[e.ID] = e
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// A byte that is changed is noticed, or does not matter. What may go unnoticed
// is the loss of the last Save: a changed byte in the page that concludes it
// looks like a Save that a crash interrupted.
func TestChangedBytes(t *testing.T) {
	file, entries, last := makeDamaged(t)
	dir := t.TempDir()
	flips := 200
	if testing.Short() {
		flips = 50
	}
	opened := 0
	for n := range flips {
		at, mask := rand.IntN(len(file)), byte(1+rand.IntN(255))
		if n%4 == 0 {
			at = rand.IntN(1 << 15) // where meta pages and branches are dense
		}
		damaged := append([]byte(nil), file...)
		damaged[at] ^= mask
		found, err := openDamaged(t, filepath.Join(dir, fmt.Sprint(n)), damaged)
		os.Remove(filepath.Join(dir, fmt.Sprint(n)))
		if err != nil {
			continue
		}
		opened++
		for i, want := range entries {
			got := found[want.ID]
			if i >= last && len(found) == last {
				continue
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("with byte %d changed by %#x the ledger opened, but entry %q is %+v, want %+v", at, mask, want.ID, got, want)
			}
		}
	}
	t.Logf("%d bytes of %d changed: %d times it was reported, %d times it did not matter", flips, len(file), flips-opened, opened)
}

func TestCutShort(t *testing.T) {
	file, entries, _ := makeDamaged(t)
	path := filepath.Join(t.TempDir(), "ledger.db")
	page := os.Getpagesize()
	var sizes []int
	for size := 0; size < len(file); size += page {
		sizes = append(sizes, size, size+1, size+page-1)
	}
	refused := 0
	for _, size := range sizes {
		found, err := openDamaged(t, path, file[:size])
		if err != nil {
			refused++
			continue
		}
		if len(found) != len(entries) {
			t.Fatalf("cut to %d of %d bytes the ledger opened with %d entries, want all %d or an error", size, len(file), len(found), len(entries))
		}
	}
	if refused < len(sizes)/2 {
		t.Errorf("of %d ledgers cut short %d were refused, want all whose pages were in use", len(sizes), refused)
	}
}
