package launcher_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// every fires at whole multiples of a duration.
type every time.Duration

func (e every) Next(t time.Time) time.Time {
	return t.Truncate(time.Duration(e)).Add(time.Duration(e))
}

// until fires like its Schedule up to an instant.
type until struct {
	launcher.Schedule
	end time.Time
}

func (u until) Next(t time.Time) time.Time {
	if n := u.Schedule.Next(t); !n.After(u.end) {
		return n
	}
	return time.Time{}
}

// clockwork is a launcher that notes when its passes begin.
type clockwork struct {
	*rig
	mu   sync.Mutex
	at   []time.Duration // since begun
	from time.Time
	pass func() error // what a pass does
}

func newClockwork(s launcher.Schedule) *clockwork {
	c := &clockwork{rig: newRig(), from: time.Now(), pass: func() error { return nil }}
	c.Schedule = s
	c.Source = sourceFunc(func(ctx context.Context, sink launcher.Sink) error {
		c.mu.Lock()
		c.at = append(c.at, time.Since(c.from))
		c.mu.Unlock()
		return c.pass()
	})
	return c
}

func (c *clockwork) passes() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.at)
}

func (c *clockwork) runFor(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := c.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run: %v, want the cause of the end", err)
	}
}

func TestRunFollowsTheSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(15 * time.Second))
		c.runFor(t, time.Hour+time.Second)
		at := c.passes()
		equal(t, "passes in an hour", len(at), 240)
		for i, d := range at {
			if d != time.Duration(i+1)*15*time.Second {
				t.Fatalf("pass %d at %v, want it on the instant", i, d)
			}
		}
	})
}

func TestRunEndsWithTheSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(until{every(time.Minute), time.Now().Add(150 * time.Second)})
		if err := c.Run(t.Context()); err != nil {
			t.Errorf("Run: %v, want nil when the schedule ends", err)
		}
		equal(t, "passes", c.passes(), []time.Duration{time.Minute, 2 * time.Minute})
	})
}

func TestTicksDuringAPassCollapse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(15 * time.Second))
		long := true
		c.pass = func() error {
			if long {
				time.Sleep(65 * time.Second) // from 15 s to 80 s
			}
			long = false
			return nil
		}
		c.runFor(t, 2*time.Minute)
		equal(t, "passes", c.passes(), []time.Duration{15 * time.Second, 90 * time.Second, 105 * time.Second, 120 * time.Second}[:len(c.passes())])
		equal(t, "missed runs are counted", c.Status().Missed, 4)
		ev := c.events.of(launcher.EventMissed)
		if len(ev) != 1 || ev[0].Count != 4 {
			t.Errorf("events %+v, want one that counts 4", ev)
		}
	})
}

func TestFailedPassIsNotTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(time.Minute))
		c.pass = func() error { return launcher.Halt(errors.New("server is down")) }
		c.Cooldown = -1
		c.runFor(t, 5*time.Minute+time.Second)
		equal(t, "passes", len(c.passes()), 5)
		st := c.Status()
		equal(t, "Status.Failures", st.Failures, 5)
		equal(t, "Status.LastError", st.LastError, "server is down")
		equal(t, "Status.LastSuccess", st.LastSuccess.IsZero(), true)
	})
}

func TestMoreFollowsAtOnce(t *testing.T) {
	for _, advancing := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			c := newClockwork(every(time.Minute))
			n := 0
			c.Source = sourceFunc(func(ctx context.Context, sink launcher.Sink) error {
				c.at = append(c.at, time.Since(c.from))
				n++
				err := sink.Store(ctx, &launcher.Parcel{ID: fmt.Sprint(n), Documents: func(context.Context) ([]*launcher.Document, error) {
					if !advancing {
						return nil, launcher.Later(errors.New("not yet"))
					}
					return []*launcher.Document{launchertest.File("a", "x")}, nil
				}})
				if launcher.OutcomeOf(err) == launcher.Stop || n%3 == 0 {
					return err
				}
				return launcher.ErrMore
			})
			c.runFor(t, 61*time.Second)
			want := []time.Duration{time.Minute, time.Minute, time.Minute}
			if !advancing {
				want = want[:1] // a limit of what cannot be taken must not spin
			}
			equal(t, fmt.Sprintf("passes, advancing %v", advancing), c.passes(), want)
		})
	}
}

func TestWakePauseResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(time.Hour))
		go func() {
			time.Sleep(10 * time.Minute)
			c.Wake()
			time.Sleep(10 * time.Minute)
			c.Pause()
			for range 5 {
				c.Wake() // several wishes before the pass are one
			}
			time.Sleep(70 * time.Minute) // the run of 1 h falls into the pause
			c.Resume()
		}()
		c.runFor(t, 2*time.Hour+time.Minute)
		equal(t, "passes", c.passes(), []time.Duration{10 * time.Minute, 90 * time.Minute, 120 * time.Minute})
		equal(t, "missed", c.Status().Missed, 1)
	})
}

func TestWakingStormIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(time.Hour))
		c.Watch = func(ctx context.Context, wake func()) error {
			for {
				select {
				case <-ctx.Done():
					return nil
				case <-time.After(time.Millisecond):
					wake()
				}
			}
		}
		c.runFor(t, 10*time.Second+time.Millisecond/2)
		if n := len(c.passes()); n < 9 || n > 11 {
			t.Errorf("%d passes in 10 s of constant waking, want about one a second", n)
		}
	})
}

func TestWatchIsCalledAgainWhenItFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(24 * time.Hour))
		var at []time.Duration
		c.Watch = func(context.Context, func()) error {
			at = append(at, time.Since(c.from))
			if len(at) == 2 {
				panic("boom")
			}
			return errors.New("no inotify")
		}
		c.runFor(t, 10*time.Minute)
		equal(t, "calls of Watch", at, []time.Duration{0, time.Minute, 3 * time.Minute, 7 * time.Minute})
		equal(t, "events", len(c.events.of(launcher.EventWatch)), 4)
	})
}

func TestJitterIsStableAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spread := make(map[time.Duration]bool)
		for i := range 20 {
			var first time.Duration
			for range 2 {
				c := newClockwork(every(15 * time.Second))
				c.Name = fmt.Sprintf("launcher-%d", i)
				c.Jitter = time.Minute // more than the interval
				c.runFor(t, 76*time.Second)
				at := c.passes()
				// The bubble's clock is a multiple of 15 s plus what was run before.
				offset := (at[0] + time.Duration(c.from.UnixNano())) % (15 * time.Second)
				for _, d := range at {
					if (d+time.Duration(c.from.UnixNano()))%(15*time.Second) != offset {
						t.Fatalf("%s: offsets differ: %v", c.Name, at)
					}
				}
				if first != 0 && offset != first {
					t.Errorf("%s: offset %v, then %v; want the same for one name", c.Name, first, offset)
				}
				first = offset
				if n := len(at); n < 5 || n > 6 {
					t.Errorf("%s: %d passes in 76 s, want 5 or 6: a run delayed is not a run lost", c.Name, n)
				}
			}
			spread[first] = true
		}
		if len(spread) < 15 {
			t.Errorf("20 names share %d offsets", len(spread))
		}
	})
}

func TestCatchUp(t *testing.T) {
	tests := []struct {
		name    string
		catchUp time.Duration
		away    time.Duration // from 30 min after the last run
		want    []time.Duration
	}{
		{"never", 0, 2 * time.Hour, []time.Duration{30 * time.Minute}},
		{"nothing missed", time.Hour, 20 * time.Minute, []time.Duration{10 * time.Minute}},
		{"one missed", time.Hour, 40 * time.Minute, []time.Duration{0, 50 * time.Minute}},
		{"many missed, one run", time.Hour, 50 * time.Hour, []time.Duration{0, 30 * time.Minute}},
		{"too old", 10 * time.Minute, 50 * time.Hour, []time.Duration{30 * time.Minute}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClockwork(every(time.Hour))
				c.CatchUp = tt.catchUp
				c.runFor(t, 90*time.Minute)
				equal(t, "passes before", c.passes(), []time.Duration{time.Hour})
				time.Sleep(tt.away)
				d := newClockwork(every(time.Hour))
				d.Ledger, d.CatchUp = c.ledger, tt.catchUp
				d.runFor(t, 59*time.Minute)
				equal(t, "passes after the restart", d.passes(), tt.want)
			})
		})
	}
}

func TestCatchUpBeforeTheFirstRunEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(24 * time.Hour))
		c.CatchUp = 12 * time.Hour
		time.Sleep(time.Hour)
		c.runFor(t, time.Hour)
		time.Sleep(25 * time.Hour)
		d := newClockwork(every(24 * time.Hour))
		d.Ledger, d.CatchUp = c.ledger, 12*time.Hour
		d.runFor(t, time.Minute)
		equal(t, "passes", d.passes(), []time.Duration{0})
	})
}

func TestRunStopsAtOnceAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		r := newRig()
		r.Schedule = every(time.Second)
		r.Stall = time.Hour
		it := r.source.Add("a", launchertest.File("a", "x"))
		it.Fetch = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		r.Watch = func(ctx context.Context, wake func()) error { <-ctx.Done(); return nil }
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("Run: %v, want context.Canceled", err)
			}
		})
		time.Sleep(10 * time.Second)
		if err := r.Run(ctx); err == nil || !strings.Contains(err.Error(), "runs already") {
			t.Errorf("a second Run: %v", err)
		}
		asked := time.Now()
		cancel()
		wg.Wait()
		equal(t, "time to stop", time.Since(asked), time.Duration(0))
		equal(t, "attempts after a shutdown", r.entries(t)["a"].Attempts, 0)
		synctest.Wait()
		if n := runtime.NumGoroutine(); n > before {
			t.Errorf("%d goroutines, %d before", n, before)
		}
	})
}

func TestRunOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good, bad := newClockwork(every(time.Minute)), newClockwork(every(time.Minute))
		good.Name, bad.Name = "good", "bad"
		bad.pass = func() error { time.Sleep(24 * time.Hour); return errors.New("dead") }
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute+time.Second)
		defer cancel()
		go func() { <-ctx.Done() }()
		done := make(chan error)
		go func() { done <- launcher.Run(ctx, good.Launcher, bad.Launcher) }()
		<-ctx.Done()
		equal(t, "passes of one beside another that hangs", len(good.passes()), 10)
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestRunReportsEveryFaultAtOnce(t *testing.T) {
	a, b, c := newRig(), newRig(), newRig()
	a.Name, b.Name, c.Name = "same", "same", "bad name"
	a.Schedule, b.Schedule = every(time.Second), every(time.Second)
	err := launcher.Run(t.Context(), a.Launcher, b.Launcher, c.Launcher, nil)
	for _, part := range []string{`"same": two have this Name`, `"bad name"`, "Schedule: missing", "launcher 3 is nil"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("Run: %v\nwant it to say %s", err, part)
		}
	}
	equal(t, "passes", a.source.Polls(), 0)
}

// Passes with random faults leave nothing behind.
func TestTenThousandPassesLeakNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	r := newRig()
	r.MaxAttempts = -1
	r.source.Workers = 4
	r.Parallel = 2
	r.Ledger = nil
	r.Observe = func(context.Context, launcher.Event) {}
	n := 0
	var mu sync.Mutex
	roll := func() int { mu.Lock(); defer mu.Unlock(); n++; return n * 7919 % 11 }
	faults := []error{errors.New("no"), launcher.Reject(errors.New("bad")), launcher.Later(errors.New("wait")), launcher.Halt(errors.New("down"))}
	r.sink.Before = nil
	sink := launcher.SinkFunc(func(context.Context, *launcher.Parcel) error {
		switch i := roll(); {
		case i < len(faults):
			return faults[i]
		case i == 5:
			panic("boom")
		}
		return nil
	})
	r.Sink = sink
	var before runtime.MemStats
	goroutines := runtime.NumGoroutine()
	for i := range 10_000 {
		if i == 1000 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
		if i%3 == 0 {
			it := r.source.Add(fmt.Sprint(i), launchertest.File("a", "x"))
			it.Fetch = func(context.Context) error {
				if i := roll(); i < len(faults) {
					return faults[i]
				}
				return nil
			}
		}
		r.Poll(t.Context())
		r.source.Forget()
	}
	runtime.GC()
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	// What ends may take a moment to be no longer counted.
	for until := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > goroutines && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
	if now := runtime.NumGoroutine(); now > goroutines {
		t.Errorf("%d goroutines, %d before", now, goroutines)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the heap has grown by %d bytes over 9 000 passes", grown)
	}
}
