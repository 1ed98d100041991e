package launcher_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// background runs c until the test ends.
func (c *clockwork) background(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// unhealthy fails unless Status has Trouble that names each of parts.
func (c *clockwork) unhealthy(t *testing.T, when string, parts ...string) {
	t.Helper()
	st := c.Status()
	for _, part := range parts {
		if !strings.Contains(st.Trouble, part) {
			t.Errorf("%s: Status.Trouble %q, want it to say %q", when, st.Trouble, part)
		}
	}
	if st.Healthy() {
		t.Errorf("%s: healthy", when)
	}
}

func (c *clockwork) healthy(t *testing.T, when string) {
	t.Helper()
	if st := c.Status(); !st.Healthy() {
		t.Errorf("%s: Status.Trouble %q, want none", when, st.Trouble)
	}
}

// A server that answers no more, without any error, makes the launcher
// unhealthy once its threshold is over, and exactly then.
func TestFrozenServerTurnsUnhealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(time.Minute))
		c.Overdue, c.Stall = 10*time.Minute, -1
		thaw := make(chan struct{})
		var frozen atomic.Bool
		c.pass = func() error {
			if frozen.Load() {
				<-thaw // not even the end of the context is noticed
			}
			return nil
		}
		c.background(t)
		time.Sleep(5*time.Minute + time.Second)
		c.healthy(t, "while passes succeed")
		equal(t, "Status.Age", c.Status().Age, time.Second)
		frozen.Store(true)
		time.Sleep(11*time.Minute - time.Second) // the run of minute 6, and the threshold
		c.healthy(t, "before the threshold")
		time.Sleep(time.Second + time.Millisecond)
		c.unhealthy(t, "after the threshold", "no pass has succeeded since one was due", "the one under way last advanced")
		equal(t, "Status.Age", c.Status().Age, 11*time.Minute+time.Second+time.Millisecond)
		frozen.Store(false)
		close(thaw)
		time.Sleep(time.Minute)
		c.healthy(t, "when the server is back")
	})
}

// Failing passes turn a launcher unhealthy after the threshold too. One that
// runs at night is not late by day, and a paused one is never.
func TestOverdueGoesByTheSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("connection refused\nforged line")
		c := newClockwork(every(24 * time.Hour))
		c.pass = func() error { return launcher.Halt(down) }
		c.background(t)
		time.Sleep(24*time.Hour - time.Second)
		c.healthy(t, "before the first run")
		time.Sleep(10 * time.Minute)
		c.healthy(t, "within the threshold")
		time.Sleep(10 * time.Minute)
		c.unhealthy(t, "after it", `connection refused; forged line`)
		c.Pause()
		c.healthy(t, "while paused")
		c.Resume()
		c.healthy(t, "just resumed")
		time.Sleep(24 * time.Hour)
		c.unhealthy(t, "a day later")
	})
}

// A pass that takes hours is healthy as long as it advances, unless the one
// before it failed.
func TestLongPassIsHealthy(t *testing.T) {
	for _, failedBefore := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := newClockwork(every(time.Minute))
			passes := 0
			c.Source = sourceFunc(func(ctx context.Context, _ launcher.Sink) error {
				if passes++; passes == 1 && failedBefore {
					return errors.New("no")
				}
				for range 6 * 60 {
					time.Sleep(time.Minute)
					launcher.Progress(ctx, 8<<10)
				}
				return nil
			})
			c.background(t)
			time.Sleep(5 * time.Hour)
			equal(t, "healthy in hour 5", c.Status().Healthy(), !failedBefore)
		})
	}
}

func TestStatusHasTheOldestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(time.Minute))
		c.Source = c.source
		arrived := time.Now().Add(-time.Hour)
		var incomplete, down atomic.Bool
		incomplete.Store(true)
		it := c.source.Add("waits", launchertest.File("waits", "x"))
		it.Time = arrived
		it.Fetch = func(context.Context) error {
			if incomplete.Load() {
				return launcher.Later(errors.New("incomplete"))
			}
			return nil
		}
		c.source.Before = func(context.Context) error {
			if down.Load() {
				return launcher.Halt(errors.New("down"))
			}
			return nil
		}
		c.background(t)
		time.Sleep(time.Minute + time.Second)
		equal(t, "Status.Waiting", c.Status().Waiting, time.Hour+time.Minute+time.Second)
		down.Store(true)
		time.Sleep(time.Minute)
		equal(t, "Status.Oldest when the server is down", c.Status().Oldest.Equal(arrived), true)
		incomplete.Store(false)
		down.Store(false)
		time.Sleep(time.Minute)
		equal(t, "Status.Waiting when nothing does", c.Status().Waiting, time.Duration(0))
	})
}

// A pass that met everything knows what waits, also if one parcel cannot be let
// go.
func TestOldestWaitingIsForgottenThoughAPassFails(t *testing.T) {
	r := newRig()
	arrived := time.Now().Add(-time.Hour)
	it := r.source.Add("waits", launchertest.File("waits", "x"))
	it.Time = arrived
	it.Fetch = func(context.Context) error { return launcher.Later(errors.New("incomplete")) }
	r.poll(t)
	equal(t, "Status.Oldest while it waits", r.Status().Oldest.Equal(arrived), true)
	it.Fetch = nil
	r.source.Add("stuck", launchertest.File("stuck", "y")).Settle = func(launcher.Outcome) error {
		return errors.New("cannot be moved")
	}
	if _, err := r.Poll(t.Context()); err == nil {
		t.Fatal("a parcel that cannot be moved: Poll = nil, want an error")
	}
	equal(t, "Status.Oldest once all is stored", r.Status().Oldest.IsZero(), true)
}

// A launcher among others whose Schedule panics ends, and says so.
func TestRunThatEndedIsTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(scheduleFunc(func(time.Time) time.Time { panic("no calendar") }))
		if err := c.Run(t.Context()); err == nil {
			t.Error("Run returned nil")
		}
		c.unhealthy(t, "Run has ended", "Run has ended", "no calendar")
		equal(t, "events of the end", len(c.events.of(launcher.EventEnded)), 1)
	})
}

// A server that is down is asked ever less often, and again at the pace of the
// Schedule when it is back.
func TestCooldown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(15 * time.Second))
		var down atomic.Bool
		down.Store(true)
		c.pass = func() error {
			if down.Load() {
				return launcher.Halt(errors.New("connection refused"))
			}
			return nil
		}
		c.background(t)
		time.Sleep(24*time.Hour + time.Second)
		if n := len(c.passes()); n < 96 || n > 96+10 {
			t.Errorf("%d passes on a dead server in a day, want one in a quarter of an hour", n)
		}
		st := c.Status()
		equal(t, "no run is forgotten", st.Passes+st.Missed, 24*60*4)
		if st.Resting.IsZero() {
			t.Error("Status.Resting is zero during a rest")
		}
		before := len(c.passes())
		c.Wake()
		time.Sleep(time.Second)
		equal(t, "passes that Wake makes during a rest", len(c.passes())-before, 1)
		down.Store(false)
		time.Sleep(15*time.Minute + time.Second)
		before = len(c.passes())
		time.Sleep(time.Hour)
		equal(t, "passes in an hour once it is back", len(c.passes())-before, 240)
		equal(t, "Status.Resting", c.Status().Resting.IsZero(), true)
	})
}

// One parcel that cannot be let go fails every pass, and slows nothing down.
func TestNoCooldownForOneParcel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(15 * time.Second))
		c.Source = c.source
		c.source.Keep = false
		c.source.Add("a", launchertest.File("a", "x")).Settle = func(launcher.Outcome) error { return errors.New("cannot move") }
		c.background(t)
		time.Sleep(time.Hour + time.Second)
		equal(t, "passes in an hour", c.Status().Passes, 240)
	})
}

// What Watch asks for during a rest is made when the rest is over.
func TestWatchDoesNotBreakTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(24 * time.Hour))
		c.pass = func() error { return launcher.Halt(errors.New("connection refused")) }
		c.Watch = func(ctx context.Context, wake func()) error {
			for ctx.Err() == nil {
				wake()
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
			return nil
		}
		c.background(t)
		time.Sleep(23 * time.Hour)
		if n := len(c.passes()); n < 23*4-4 || n > 23*4+10 {
			t.Errorf("%d passes on a dead server in 23 hours, want one in a quarter of an hour", n)
		}
	})
}

// One dead launcher of fifty delays no other, even where they share Sink and
// Ledger, whether its server refuses, hangs or panics.
func TestOneDeadOfFifty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger, sink := new(launcher.MemoryLedger), new(launchertest.Recorder)
		deaths := []func(context.Context) error{
			func(context.Context) error { return launcher.Halt(errors.New("refused")) },
			func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) },
			func(context.Context) error { panic("dead") },
		}
		var ls []*launcher.Launcher
		var at [50][]time.Duration
		begun := time.Now()
		for i := range 50 {
			src := sourceFunc(func(ctx context.Context, s launcher.Sink) error {
				at[i] = append(at[i], time.Since(begun))
				if i < len(deaths) {
					return deaths[i](ctx)
				}
				return s.Store(ctx, parcelOf(fmt.Sprintf("%d-%d", i, len(at[i]))))
			})
			ls = append(ls, &launcher.Launcher{Name: fmt.Sprint("l", i), Source: src, Sink: sink, Ledger: ledger,
				Schedule: every(15 * time.Second), Observe: new(events).observe})
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour+time.Second)
		defer cancel()
		time.AfterFunc(time.Hour, func() {
			for i := range ls {
				equal(t, fmt.Sprintf("launcher %d is healthy after an hour", i), ls[i].Status().Healthy(), i >= len(deaths))
			}
		})
		launcher.Run(ctx, ls...)
		var want []time.Duration
		for d := 15 * time.Second; d <= time.Hour; d += 15 * time.Second {
			want = append(want, d)
		}
		// The clock of the bubble begins at midnight: the first run is exact.
		for i := len(deaths); i < 50; i++ {
			if !slices.Equal(at[i], want) {
				t.Errorf("launcher %d made %d passes, want all %d at their instants", i, len(at[i]), len(want))
			}
		}
		equal(t, "handed over", len(sink.Calls()), (50-len(deaths))*240)
	})
}

// The same failure is told once an hour, with how often it was met.
func TestRepeatedFailuresAreCoalesced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(15 * time.Second))
		c.Cooldown = -1
		var down atomic.Bool
		down.Store(true)
		port := 40_000
		c.pass = func() error {
			if down.Load() {
				port++ // of our side, and another one each time
				return launcher.Halt(fmt.Errorf("read tcp 10.0.0.5:%d->10.0.0.9:993: connection reset by peer", port))
			}
			return nil
		}
		c.background(t)
		time.Sleep(3*time.Hour + time.Second)
		var counts []int
		for _, e := range c.events.of(launcher.EventPass) {
			counts = append(counts, e.Count)
		}
		equal(t, "counts of the events of 720 failed passes", counts, []int{0, 240, 240})
		down.Store(false)
		time.Sleep(15 * time.Second)
		ev := c.events.of(launcher.EventPass)
		if len(ev) != 5 || ev[3].Count != 239 || ev[3].Err == nil || ev[4].Err != nil {
			t.Errorf("events %v, want the last 239 failures, then the success", ev)
		}
	})
}

// Of a thousand parcels that fail alike ten are told, and the others counted.
func TestParcelsThatFailAlikeAreCoalesced(t *testing.T) {
	r := newRig()
	for i := range 1000 {
		r.source.Add(fmt.Sprint(i), launchertest.File("x", "x")).Fetch = func(context.Context) error {
			return errors.New("server: internal error")
		}
	}
	stats := r.poll(t)
	equal(t, "left", stats.Left, 1000)
	ev := r.events.of(launcher.EventFailed)
	equal(t, "events", len(ev), 11)
	equal(t, "counted by the last", ev[len(ev)-1].Count, 990)
	equal(t, "entries with the reason", len(r.entries(t)), 1000)
}

// Bodies that panic while the Sink reads them in a goroutine of its own do not
// end the process: they are failures of that parcel.
func TestBodyThatPanicsElsewhere(t *testing.T) {
	for _, in := range []string{"open", "read"} {
		t.Run(in, func(t *testing.T) {
			r := newRig()
			d := launchertest.File("a", "x")
			d.Open = func(context.Context) (io.ReadCloser, error) {
				if in == "open" {
					panic("boom")
				}
				return panicking{}, nil
			}
			r.source.Add("a", d)
			r.Sink = launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
				read := make(chan error)
				go func() {
					docs, _ := p.Documents(ctx)
					rc, err := docs[0].Open(ctx)
					if err == nil {
						_, err = io.ReadAll(rc)
					}
					read <- err
				}()
				return <-read
			})
			stats := r.poll(t)
			equal(t, "left", stats.Left, 1)
			ev := r.events.of(launcher.EventFailed)
			var p *launcher.PanicError
			if len(ev) != 1 || !errors.As(ev[0].Err, &p) || p.In != in {
				t.Errorf("events %v, want the panic in %s", ev, in)
			}
		})
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("boom") }
func (panicking) Close() error             { panic("boom") }
