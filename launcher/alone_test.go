package launcher_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A parcel that kills the process is set aside in the end; those that are under
// way beside it are not, wherever in the order it lies. They are under way
// whenever the engine lets them be.
func TestKillerAmongManyIsConvictedAlone(t *testing.T) {
	const many = 6
	for place := range many {
		r := newRig()
		r.source.Workers = many
		var items []*launchertest.Item
		var want []string
		for i := range many {
			items = append(items, r.source.Add(fmt.Sprint(i), launchertest.File(fmt.Sprint(i), "x")))
			if i != place {
				want = append(want, fmt.Sprint(i))
			}
		}
		for range 12 {
			c := launchertest.Crash(1000)
			together, dead := newMeeting(many), make(chan struct{})
			for _, it := range items {
				it.Fetch = func(context.Context) error {
					if together.attend() {
						<-dead
					}
					return nil
				}
			}
			items[place].Fetch = func(context.Context) error {
				together.attend()
				for c.Step() == nil {
				}
				close(dead)
				return launcher.Halt(launchertest.ErrCrashed)
			}
			r.restart()
			r.Ledger, r.Source, r.Sink = c.Ledger(r.ledger), c.Source(r.source), c.Sink(r.sink)
			r.Poll(t.Context())
			if !c.Crashed() {
				break
			}
		}
		for _, it := range items {
			it.Fetch = nil
		}
		r.restart()
		r.poll(t)
		equal(t, fmt.Sprintf("killer at %d: set aside", place), r.source.SetAside(), []string{fmt.Sprint(place)})
		got := r.source.Taken()
		slices.Sort(got)
		equal(t, fmt.Sprintf("killer at %d: taken", place), got, want)
	}
}

// A meeting waits for all of its members, but not for long: they may be kept
// apart.
type meeting struct {
	missing atomic.Int32
	full    chan struct{}
}

func newMeeting(n int32) *meeting {
	m := &meeting{full: make(chan struct{})}
	m.missing.Store(n)
	return m
}

// attend reports whether all came.
func (m *meeting) attend() bool {
	if m.missing.Add(-1) == 0 {
		close(m.full)
	}
	select {
	case <-m.full:
		return true
	case <-time.After(30 * time.Millisecond):
		return false
	}
}
