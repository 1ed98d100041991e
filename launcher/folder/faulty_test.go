package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk/disktest"
)

// TestEveryOperationMayFail strikes at the first operation of a Store, at the
// second, and so on until a Store is not struck any more.
func TestEveryOperationMayFail(t *testing.T) {
	for _, loose := range []bool{false, true} {
		for _, many := range []int{0, 1} {
			t.Run(fmt.Sprintf("loose %v, together %v", loose, many > 0), func(t *testing.T) {
				t.Parallel()
				disktest.Each(t, 20, func(t *testing.T, tr *disktest.Trouble) { storeInTrouble(t, loose, many, tr) })
			})
		}
	}
}

// storeInTrouble checks what is kept after a trouble, and after another Store
// without.
func storeInTrouble(t *testing.T, loose bool, many int, tr *disktest.Trouble) {
	dir := t.TempDir()
	want := []string{"one", "three", "two"}
	p := parcelOf("x/1", "a.pdf", "one", "a.pdf", "two", "c.pdf", "three")
	p.Job = "87"
	docs, _ := p.Documents(t.Context())
	docs[0].Time = time.Unix(1_000_000_000, 0)

	s := &Sink{Path: dir, Loose: loose, ByJob: true, KeepFor: time.Hour, open: tr.Open, many: many}
	err := s.Store(t.Context(), p)
	switch {
	case !tr.Struck() && err != nil:
		t.Fatalf("without trouble: %v, want nil", err)
	case err != nil && launcher.OutcomeOf(err) != launcher.Stop:
		t.Errorf("%v: Store = %v, want an error that halts", tr, err)
	}

	seen := mustSee(t, dir)
	switch {
	case err == nil && !slices.Equal(bodies(seen), want):
		t.Errorf("%v: Store = nil, kept %q, want %q", tr, bodies(seen), want)
	case !loose:
		if err := checkParcels(filepath.Join(dir, "87")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v: half a parcel is visible: %v", tr, err)
		}
	}
	// The COLD consumes what it finds.
	consumed := make(map[string]string)
	if loose {
		for name := range seen {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
		maps.Copy(consumed, seen)
	}

	next := &Sink{Path: dir, Loose: loose, ByJob: true}
	if tr.Kind != disktest.Kill {
		next = s // the same process goes on
	}
	next.open = disktest.Calm
	for range 2 {
		mustStore(t, next, p)
		got := append(bodies(consumed), bodies(mustSee(t, dir))...)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%v: stored again, kept %q in all, want %q: each once", tr, got, want)
		}
	}
	known := unread(t, p.ID)
	known.Job = p.Job
	mustStore(t, &Sink{Path: dir, Loose: loose, ByJob: true, open: disktest.Calm}, known)
	if left := underWay(t, dir); len(left) > 0 {
		t.Errorf("%v: %v was left, want it swept by the next process", tr, left)
	}
}
