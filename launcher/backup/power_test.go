package backup

import (
	"slices"
	"testing"

	"github.com/ezged/coldlauncher/launcher/internal/disk/disktest"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// Wherever the power is cut: a parcel that was handed over has its copy, whole;
// no half copy is in the tree; and another process makes the others, once.
func TestPowerCuts(t *testing.T) {
	disktest.EachCut(t, 25, func(t *testing.T, p *disktest.Power, loss disktest.Loss) {
		b := newBench(t)
		b.script.Keep = true
		b.script.Add("1", launchertest.File("a", "one"), launchertest.File("b", "two"))
		b.script.Add("2", launchertest.File("c", "three"))
		b.src.open = p.Open
		if err := b.src.Poll(t.Context(), &b.rec); err != nil && !p.Off() {
			t.Fatalf("Poll = %v before the cut", err)
		}
		b.src.Path = p.Restore(t, loss)
		b.restart()
		b.src.open = disktest.Calm
		all := []string{"2026/11/23: a=one b=two", "2026/11/23: c=three"}
		got, err := copies(b.src.Path)
		if err != nil {
			t.Errorf("%v: half a copy is in the tree: %v", p, err)
		}
		for _, k := range b.rec.Kept() {
			want := all[0]
			if k.Documents[0].Name == "c" {
				want = all[1]
			}
			if !slices.Contains(got, want) {
				t.Errorf("%v: handed over, and the copies are %q: %q is lost", p, got, want)
			}
		}
		for range 2 {
			b.mustPoll(t)
			b.wantCopies(t, all...)
		}
	})
}
