package launcher_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A parcel that kills the process is set aside in the end; those that are under
// way beside it are not, wherever in the order it lies.
func TestKillerAmongManyIsConvictedAlone(t *testing.T) {
	for place := range 6 {
		r := newRig()
		r.source.Workers = 6
		var want []string
		var killer *launchertest.Item
		for i := range 6 {
			it := r.source.Add(fmt.Sprint(i), launchertest.File(fmt.Sprint(i), "x"))
			if i == place {
				killer = it
				continue
			}
			want = append(want, fmt.Sprint(i))
		}
		for range 12 {
			c := launchertest.Crash(1000)
			killer.Fetch = func(context.Context) error {
				for c.Step() == nil {
				}
				return launcher.Halt(launchertest.ErrCrashed)
			}
			r.restart()
			r.Ledger, r.Source, r.Sink = c.Ledger(r.ledger), c.Source(r.source), c.Sink(r.sink)
			r.Poll(t.Context())
			if !c.Crashed() {
				break
			}
		}
		killer.Fetch = nil
		r.restart()
		r.poll(t)
		equal(t, fmt.Sprintf("killer at %d: set aside", place), r.source.SetAside(), []string{fmt.Sprint(place)})
		got := r.source.Taken()
		slices.Sort(got)
		equal(t, fmt.Sprintf("killer at %d: taken", place), got, want)
	}
}
