package console

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

const (
	shown     = 100              // parcels set aside that a page shows
	walkLimit = 20 * time.Second // for one walk over the ledger
)

// A shelf is what a launcher has set aside, as the ledger told last. The ledger
// may hold very much, and is walked to find it: so not more often than every
// ten times as long as that took.
type shelf struct {
	mu    sync.Mutex
	at    time.Time // when it was walked
	took  time.Duration
	state [2]int // passes and parcels set aside then
	stale bool   // something was requeued or discarded since
	list  []launcher.Entry
	err   error
}

// setAside returns the parcels set aside last, newest first, and when the
// ledger was asked.
func (s *shelf) setAside(ctx context.Context, l *launcher.Launcher) ([]launcher.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := l.Status()
	now := [2]int{st.Passes, st.SetAside}
	fresh := !s.at.IsZero() && !s.stale && (now == s.state || time.Since(s.at) < 10*s.took)
	if !fresh {
		s.walk(ctx, l)
		s.state, s.stale = now, s.err != nil
	}
	return s.list, s.err
}

func (s *shelf) walk(ctx context.Context, l *launcher.Launcher) {
	ctx, cancel := context.WithTimeout(ctx, walkLimit)
	defer cancel()
	begun := time.Now()
	var list []launcher.Entry
	newest := func() {
		slices.SortFunc(list, func(a, b launcher.Entry) int {
			return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.ID, b.ID))
		})
		list = list[:min(len(list), shown)]
	}
	s.err = l.List(ctx, func(e launcher.Entry) error {
		if e.State == launcher.Rejected && e.Of == "" {
			e.Files = nil
			list = append(list, e)
		}
		if len(list) == 2*shown {
			newest()
		}
		return ctx.Err()
	})
	newest()
	s.list, s.at, s.took = slices.Clip(list), time.Now(), time.Since(begun)
}

// changed has the ledger asked anew.
func (s *shelf) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = true
}
