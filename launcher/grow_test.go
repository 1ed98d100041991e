package launcher_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func growing(t *testing.T, docs []*launcher.Document, filters ...launcher.Filter) *rig {
	r := newRig()
	r.source.Add("mail", docs...)
	for i, f := range filters {
		r.restart()
		r.Routes = []launcher.Route{{Job: "1", Groups: []string{"pdf"}}, {Job: "2", Groups: []string{"csv"}}}
		r.Filter = f
		r.sink.Before = func(_ context.Context, p *launcher.Parcel) error {
			if p.Job == "2" && i < len(filters)-1 {
				return errors.New("no")
			}
			return nil
		}
		r.poll(t)
	}
	return r
}

func not(bodies ...*launcher.Document) launcher.Filter {
	return launcher.FilterFunc(func(_ context.Context, d *launcher.Document) (bool, error) {
		for _, b := range bodies {
			if d.Dir+"/"+d.Name == b.Dir+"/"+b.Name {
				return false, nil
			}
		}
		return true, nil
	})
}

// Documents that wider Filters let through one after the other reach the Sink
// once each.
func TestGrowingPartSendsEachDocumentOnce(t *testing.T) {
	a, b, d, c := launchertest.File("a.pdf", "1"), launchertest.File("b.pdf", "22"), launchertest.File("d.pdf", "333"), launchertest.File("c.csv", "4")
	r := growing(t, []*launcher.Document{a, b, d, c}, not(b, d), not(d), not())
	equal(t, "each once", r.sink.Names(), []string{"a.pdf", "b.pdf", "d.pdf", "c.csv"})
}

// A document is not taken for stored because another one of its name was.
func TestGrowingPartLosesNoNamesake(t *testing.T) {
	a1, a2, c := launchertest.File("a.pdf", "1"), launchertest.File("a.pdf", "22"), launchertest.File("c.csv", "4")
	a1.Dir, a2.Dir = "x", "y"
	r := growing(t, []*launcher.Document{a1, a2, c}, not(a1), not())
	var got []string
	for _, k := range r.sink.Kept() {
		for _, d := range k.Documents {
			got = append(got, d.Dir+"/"+d.Name)
		}
	}
	equal(t, "each once", got, []string{"y/a.pdf", "x/a.pdf", "/c.csv"})
}

// A Source that uses one Turn for several parcels gains nothing by it.
func TestSharedTurnDoesNotExceedParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		var inside, most atomic.Int32
		r.sink.Before = func(context.Context, *launcher.Parcel) error {
			most.Store(max(most.Load(), inside.Add(1)))
			defer inside.Add(-1)
			time.Sleep(time.Second)
			return nil
		}
		r.Source = sourceFunc(func(ctx context.Context, s launcher.Sink) error { return s.Store(ctx, parcelOf("known")) })
		r.poll(t)
		r.Source = sourceFunc(func(ctx context.Context, s launcher.Sink) error {
			ctx = launcher.Turn(ctx)
			var wg sync.WaitGroup
			wg.Go(func() { s.Store(ctx, parcelOf("a")) })
			synctest.Wait()
			s.Store(ctx, parcelOf("known"))
			for i := range 4 {
				wg.Go(func() { s.Store(ctx, parcelOf(fmt.Sprint(i))) })
			}
			wg.Wait()
			return nil
		})
		equal(t, "stored", r.poll(t).Stored, 5)
		equal(t, "Stores at a time with Parallel 1", most.Load(), 1)
	})
}

// The third failure in a row ends the pass before anybody else has a turn.
func TestBreakerLetsNoFourthIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.source.Workers = 4
		r.add("a", "b", "c", "d")
		r.sink.Before = fails(errors.New("connection refused"))
		r.Ledger = hooks{Ledger: r.ledger, save: func([]launcher.Entry) error { time.Sleep(time.Second); return nil }}
		r.Poll(t.Context())
		for name, e := range r.entries(t) {
			equal(t, "attempts of "+name, e.Attempts, 0)
		}
	})
}
