package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ezged/coldlauncher/launcher/internal/disk/disktest"
)

// Wherever the power is cut, and whatever the cut takes of what was not synced:
// what Store returned nil for is there, whole; no half parcel is visible; and
// another process ends the work, each document once.
func TestPowerCuts(t *testing.T) {
	for _, loose := range []bool{false, true} {
		for _, many := range []int{0, 1} {
			t.Run(fmt.Sprintf("loose %v, together %v", loose, many > 0), func(t *testing.T) {
				disktest.EachCut(t, 30, func(t *testing.T, p *disktest.Power, loss disktest.Loss) {
					storeUntilCut(t, p, loss, loose, many)
				})
			})
		}
	}
}

func storeUntilCut(t *testing.T, p *disktest.Power, loss disktest.Loss, loose bool, many int) {
	s := &Sink{Path: t.TempDir(), Loose: loose, open: p.Open, many: many}
	var durable, all []string
	for i := range 3 {
		parcel := parcelOf(fmt.Sprint("x/", i), "a.pdf", fmt.Sprint("one ", i), "b.pdf", fmt.Sprint("two ", i))
		all = append(all, fmt.Sprint("one ", i), fmt.Sprint("two ", i))
		if err := s.Store(t.Context(), parcel); err == nil {
			durable = slices.Clone(all)
		} else if !p.Off() {
			t.Fatalf("Store = %v before the cut", err)
		}
		if p.Off() {
			break
		}
	}
	dir := p.Restore(t, loss)
	got := bodies(mustSee(t, dir))
	for _, body := range durable {
		if !slices.Contains(got, body) {
			t.Errorf("%v: %q is lost although Store returned nil; there are %q", p, body, got)
		}
	}
	if !loose {
		if err := checkParcels(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v: half a parcel is visible: %v", p, err)
		}
	}
	next := &Sink{Path: dir, Loose: loose, open: disktest.Calm}
	for i := range len(all) / 2 {
		mustStore(t, next, parcelOf(fmt.Sprint("x/", i), "a.pdf", fmt.Sprint("one ", i), "b.pdf", fmt.Sprint("two ", i)))
	}
	got = bodies(mustSee(t, dir))
	slices.Sort(got)
	slices.Sort(all)
	if !slices.Equal(got, all) {
		t.Errorf("%v: another process ended the work, and there are %q, want %q", p, got, all)
	}
	if left := underWay(t, dir); len(left) > 0 {
		t.Errorf("%v: %v was left in %s", p, left, filepath.Base(dir))
	}
}
