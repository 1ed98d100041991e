package boltledger_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
)

// Wherever the power is cut during a Save or Delete, and whatever the cut takes,
// the ledger opens and holds what it held before or what it holds after it.
//
// A write is in two steps, with a sync after each: first all pages that no one
// refers to yet, then one of the two meta pages, which refers to them. So a cut
// during the first leaves any of the changed sectors as they were, and both meta
// pages; a cut during the second leaves any of the bytes of that meta page.
func TestPowerCuts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := boltledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { l.Close() }()
	saves := 24
	if testing.Short() {
		saves = 8
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	holds := make(map[string]launcher.Entry)
	cuts, concluded := 0, 0
	for n := range saves {
		before := readFile(t, path)
		held := maps.Clone(holds)
		if n%5 == 4 {
			for id := range holds {
				delete(holds, id)
				if err := l.Delete(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				break
			}
		} else {
			first := rnd.IntN(500) // some are there already
			var entries []launcher.Entry
			for i := range 1 + rnd.IntN(60) {
				e := launcher.Entry{
					ID: fmt.Sprintf("a/%d", first+i), Launcher: "a", State: launcher.Stored, Attempts: n,
					Time: time.Unix(int64(n), int64(i)).UTC(), Origin: fmt.Sprintf("INBOX uid %d", i),
				}
				holds[e.ID] = e
				entries = append(entries, e)
			}
			if err := l.Save(t.Context(), entries...); err != nil {
				t.Fatal(err)
			}
		}
		after := readFile(t, path)
		for range 10 {
			cuts++
			if holdsWhat(t, torn(rnd, before, after), held, holds, fmt.Sprintf("write %d, pages torn", n)) {
				t.Errorf("write %d: what was not concluded is there", n)
			}
		}
		for range 10 {
			cuts++
			if holdsWhat(t, tornMeta(rnd, before, after), held, holds, fmt.Sprintf("write %d, meta page torn", n)) {
				concluded++
			}
		}
	}
	t.Logf("%d cuts in %d writes; after %d the write was there", cuts, saves, concluded)
	if concluded == 0 || concluded == cuts/2 {
		t.Errorf("of %d cuts in the page that concludes a write %d left the write, want some", cuts/2, concluded)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const sector = 512

// metaPages is how many bytes the two meta pages take.
func metaPages() int { return 2 * os.Getpagesize() }

// torn returns a file of which some changed sectors were written, none of them
// in a meta page. A file that grew may have.
func torn(rnd *rand.Rand, before, after []byte) []byte {
	file := bytes.Clone(before)
	if rnd.IntN(2) == 0 && len(after) > len(before) {
		file = append(file, make([]byte, len(after)-len(before))...)
	}
	for at := metaPages(); at+sector <= len(file); at += sector {
		if rnd.IntN(2) == 0 {
			copy(file[at:at+sector], after[at:])
		}
	}
	return file
}

// tornMeta returns a file of which all pages were written, and the meta page up
// to some byte, or in some bytes.
func tornMeta(rnd *rand.Rand, before, after []byte) []byte {
	file := bytes.Clone(after)
	var changed []int
	for i := range metaPages() {
		if before[i] != after[i] {
			changed = append(changed, i)
		}
	}
	upTo := rnd.IntN(len(changed) + 1)
	scattered := rnd.IntN(2) == 0
	for i, at := range changed {
		if scattered && rnd.IntN(8) == 0 || !scattered && i >= upTo {
			file[at] = before[at]
		}
	}
	return file
}

// holdsWhat opens a ledger that a cut left, and reports whether it holds what it
// held after the write, and not what it did before. It must be one of them.
func holdsWhat(t *testing.T, file []byte, before, after map[string]launcher.Entry, what string) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := boltledger.Open(path)
	if err != nil {
		t.Errorf("%s: %v, want the ledger to open", what, err)
		return false
	}
	defer l.Close()
	found := make(map[string]launcher.Entry)
	if err := l.Walk(t.Context(), "a", func(e launcher.Entry) error { found[e.ID] = e; return nil }); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if !reflect.DeepEqual(found, before) && !reflect.DeepEqual(found, after) {
		t.Errorf("%s: %d entries, neither the %d before nor the %d after", what, len(found), len(before), len(after))
	}
	more := launcher.Entry{ID: "a/next", Launcher: "a", State: launcher.Stored, Time: time.Unix(1, 0).UTC()}
	if err := l.Save(t.Context(), more); err != nil {
		t.Errorf("%s: the next Save: %v", what, err)
	}
	return reflect.DeepEqual(found, after)
}
