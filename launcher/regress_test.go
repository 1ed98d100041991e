package launcher_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// hooks is a Ledger that asks before it does something. Nil is yes.
type hooks struct {
	launcher.Ledger
	load   func(ctx context.Context) error
	save   func(es []launcher.Entry) error
	saved  func(es []launcher.Entry) error // asks afterwards
	forget func(ids []string) error
}

func (h hooks) Load(ctx context.Context, id string) (launcher.Entry, error) {
	if h.load != nil {
		if err := h.load(ctx); err != nil {
			return launcher.Entry{}, err
		}
	}
	return h.Ledger.Load(ctx, id)
}

func (h hooks) Save(ctx context.Context, es ...launcher.Entry) error {
	if h.save != nil {
		if err := h.save(es); err != nil {
			return err
		}
	}
	err := h.Ledger.Save(ctx, es...)
	if err == nil && h.saved != nil {
		return h.saved(es)
	}
	return err
}

func (h hooks) Delete(ctx context.Context, ids ...string) error {
	if h.forget != nil {
		if err := h.forget(ids); err != nil {
			return err
		}
	}
	return h.Ledger.Delete(ctx, ids...)
}

// parcelOf returns a parcel of one document, both of that name.
func parcelOf(name string) *launcher.Parcel {
	return &launcher.Parcel{ID: name, Origin: "script " + name, Documents: func(context.Context) ([]*launcher.Document, error) {
		return []*launcher.Document{launchertest.File(name, "body of "+name)}, nil
	}}
}

// fails returns a Recorder.Before that fails with err, for parcels of these
// names; for all if there are none.
func fails(err error, names ...string) func(context.Context, *launcher.Parcel) error {
	return func(_ context.Context, p *launcher.Parcel) error {
		if len(names) > 0 && !slices.Contains(names, strings.TrimPrefix(p.Origin, "script ")) {
			return nil
		}
		return err
	}
}

// A parcel that kills the process is set aside alone, although the attempts of
// those before it were not given back when the process died.
func TestKillerTakesNoOtherAlong(t *testing.T) {
	r := newRig()
	arriving := r.source.Add("arriving", launchertest.File("arriving", "x"))
	arriving.Fetch = func(context.Context) error { return launcher.Later(errors.New("not complete")) }
	r.add("unwanted")
	killer := r.source.Add("killer", launchertest.File("killer", "x"))
	start := func() {
		r.restart()
		r.Filter = launcher.FilterFunc(func(_ context.Context, d *launcher.Document) (bool, error) { return d.Name != "unwanted", nil })
	}
	for range 10 {
		c := launchertest.Crash(1000)
		killer.Fetch = func(context.Context) error {
			for c.Step() == nil {
			}
			return c.Step()
		}
		start()
		r.Source, r.Ledger = c.Source(r.source), c.Ledger(r.ledger)
		r.Poll(t.Context())
	}
	start()
	r.poll(t)
	equal(t, "set aside", r.source.SetAside(), []string{"killer"})
	equal(t, "still in place", r.source.Waiting(), []string{"arriving", "unwanted"})
	for _, name := range []string{"arriving", "unwanted"} {
		equal(t, "attempts of "+name, r.entries(t)[name].Attempts, 0)
	}
}

// A parcel that is offered again in the same pass is refused, and offered in
// another pass it is stored once.
func TestSecondOfferInOnePassIsRefused(t *testing.T) {
	offerOnce := sourceFunc(func(ctx context.Context, s launcher.Sink) error { return s.Store(ctx, parcelOf("a")) })
	later := func(r *rig, t *testing.T) {
		t.Helper()
		r.Source = offerOnce
		r.poll(t)
		r.restart()
		r.Source = offerOnce
		equal(t, "known after a restart", r.poll(t).Known, 1)
		equal(t, "kept", r.sink.Names(), []string{"a"})
	}
	t.Run("after it was left", func(t *testing.T) {
		r := newRig()
		r.sink.Before = func(context.Context, *launcher.Parcel) error {
			r.sink.Before = nil
			return launcher.Later(errors.New("not yet"))
		}
		var second error
		r.Source = sourceFunc(func(ctx context.Context, s launcher.Sink) error {
			s.Store(ctx, parcelOf("a"))
			second = s.Store(ctx, parcelOf("a"))
			return nil
		})
		equal(t, "parcels offered", r.poll(t).Offered, 1)
		equal(t, "the second offer", launcher.OutcomeOf(second), launcher.Left)
		equal(t, "calls of the Sink", len(r.sink.Calls()), 1)
		later(r, t)
	})
	t.Run("while the Sink has it", func(t *testing.T) {
		r := newRig()
		r.Parallel = 2
		inside, release := make(chan struct{}), make(chan struct{})
		var calls atomic.Int32
		r.sink.Before = func(context.Context, *launcher.Parcel) error {
			if calls.Add(1) == 1 {
				close(inside)
				<-release
			}
			return nil
		}
		var second error
		r.Source = sourceFunc(func(ctx context.Context, s launcher.Sink) error {
			var first sync.WaitGroup
			defer first.Wait()
			first.Go(func() { s.Store(ctx, parcelOf("a")) })
			<-inside
			second = s.Store(ctx, parcelOf("a"))
			close(release)
			return nil
		})
		r.poll(t)
		equal(t, "the second offer", launcher.OutcomeOf(second), launcher.Left)
		equal(t, "calls of the Sink", calls.Load(), 1)
		later(r, t)
	})
}

// A pass that stalled is a failure, whatever the Source returns then.
func TestStalledPassIsAFailure(t *testing.T) {
	answers := map[string]func(ctx context.Context) error{
		"the context's error": func(ctx context.Context) error { return ctx.Err() },
		"its cause":           func(ctx context.Context) error { return context.Cause(ctx) },
		"nothing":             func(context.Context) error { return nil },
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				r := newRig()
				r.Observe = launcher.LogTo(newTextLogger(&log))
				r.source.Before = func(ctx context.Context) error { <-ctx.Done(); return answer(ctx) }
				if _, err := r.Poll(t.Context()); err == nil || !strings.Contains(err.Error(), "stalled") {
					t.Errorf("Poll: %v, want it to say that the pass stalled", err)
				}
				st := r.Status()
				equal(t, "Status.Failures", st.Failures, 1)
				if !strings.Contains(st.LastError, "stalled") || !strings.Contains(log.String(), "level=ERROR") {
					t.Errorf("Status.LastError %q, log\n%s\nwant both to have the failure", st.LastError, log.String())
				}
			})
		})
	}
}

// When a pass stalls, the parcel that has been fetched longest counts as failed
// and the others do not.
func TestStallIsCountedAgainstOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.MaxAttempts = 3
		r.source.Workers = 8
		for i := range 8 {
			it := r.source.Add(fmt.Sprint(i), launchertest.File("a", "x"))
			it.Fetch = func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
		}
		r.Ledger = hooks{Ledger: r.ledger, save: func(es []launcher.Entry) error {
			if es[0].Origin != "script 0" {
				time.Sleep(time.Second) // the others are fetched later
			}
			return nil
		}}
		for n := 1; n < 3; n++ {
			r.Poll(t.Context())
			entries := r.entries(t)
			equal(t, "attempts of the parcel fetched longest", entries["0"].Attempts, n)
			for i := 1; i < 8; i++ {
				equal(t, fmt.Sprintf("attempts of parcel %d beside it", i), entries[fmt.Sprint(i)].Attempts, 0)
			}
		}
		r.Poll(t.Context())
		equal(t, "set aside after three stalls", r.source.SetAside(), []string{"0"})
	})
}

// A shutdown is no failure of the pass, whatever its cause.
func TestShutdownIsNoFailure(t *testing.T) {
	var log bytes.Buffer
	r := newRig()
	r.Observe = launcher.LogTo(newTextLogger(&log))
	r.add("a", "b")
	ctx, cancel := context.WithCancelCause(t.Context())
	terminated := errors.New("terminated by a signal")
	r.sink.Before = func(context.Context, *launcher.Parcel) error { cancel(terminated); return nil }
	if _, err := r.Poll(ctx); !errors.Is(err, terminated) {
		t.Errorf("Poll: %v, want the cause", err)
	}
	st := r.Status()
	equal(t, "Status.Failures", st.Failures, 0)
	equal(t, "Status.LastError", st.LastError, "")
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("a shutdown is logged as an error:\n%s", log.String())
	}
}

// A shutdown while the attempt is being written down costs none.
func TestShutdownWhileTheAttemptIsWritten(t *testing.T) {
	r := newRig()
	r.add("a")
	ctx, cancel := context.WithCancel(t.Context())
	r.Ledger = hooks{Ledger: r.ledger, saved: func(es []launcher.Entry) error {
		if es[0].Attempts == 1 {
			cancel()
			return context.Canceled
		}
		return nil
	}}
	if _, err := r.Poll(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Poll: %v, want context.Canceled", err)
	}
	equal(t, "attempts", r.entries(t)["a"].Attempts, 0)
}

// Once a shutdown was asked for, no further part of a parcel is handed over.
func TestNoPartIsBegunAfterAShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.Routes = []launcher.Route{{Job: "1", Split: true}}
		r.source.Add("mail", launchertest.File("a", "1"), launchertest.File("b", "2"), launchertest.File("c", "3"))
		ctx, cancel := context.WithCancel(t.Context())
		r.sink.Before = func(context.Context, *launcher.Parcel) error {
			cancel()
			time.Sleep(25 * time.Second) // within Grace
			return nil
		}
		begun := time.Now()
		r.Poll(ctx)
		equal(t, "kept in the pass that was ended", r.sink.Names(), []string{"a"})
		equal(t, "time the pass took to end", time.Since(begun), 25*time.Second)
		r.sink.Before = nil
		r.poll(t)
		equal(t, "kept in the end", r.sink.Names(), []string{"a", "b", "c"})
		equal(t, "calls", len(r.sink.Calls()), 3)
	})
}

// A Halt of the Sink ends the pass also for the parcels that wait their turn.
func TestHaltIsForThoseInTheQueueToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.source.Workers = 4
		r.add("a", "b", "c", "d", "e", "f")
		r.sink.Before = func(context.Context, *launcher.Parcel) error {
			time.Sleep(time.Second) // until three others wait
			return launcher.Halt(errors.New("database is down"))
		}
		if _, err := r.Poll(t.Context()); launcher.OutcomeOf(err) != launcher.Stop {
			t.Errorf("Poll: %v, want a halt", err)
		}
		equal(t, "calls of a Sink that said Halt", len(r.sink.Calls()), 1)
		for name, e := range r.entries(t) {
			equal(t, "attempts of "+name, e.Attempts, 0)
		}
	})
}

// A pass that was halted fails, and is not complete, although the Source
// returns nil.
func TestHaltThatTheSourceSwallows(t *testing.T) {
	r := newRig()
	r.Ledger = nil
	r.Source = sourceFunc(func(ctx context.Context, s launcher.Sink) error {
		for _, name := range []string{"new", "old"} {
			if launcher.OutcomeOf(s.Store(ctx, parcelOf(name))) == launcher.Stop {
				break
			}
		}
		return nil
	})
	r.sink.Before = fails(launcher.Later(errors.New("not yet")), "new")
	r.poll(t)
	down := errors.New("database is down")
	r.sink.Before = fails(launcher.Halt(down), "new")
	if _, err := r.Poll(t.Context()); !errors.Is(err, down) {
		t.Errorf("Poll: %v, want the reason of the halt", err)
	}
	r.sink.Before = nil
	equal(t, "known of what the halted pass did not come to", r.poll(t).Known, 1)
	equal(t, "calls of the Sink", len(r.sink.Calls()), 4)
}

// A ledger that cannot take down what became of a parcel costs it no attempt.
func TestLedgerThatFailsBlamesNoParcel(t *testing.T) {
	full := errors.New("no space left on device")
	tests := []struct {
		name  string
		fetch error
		hooks hooks
	}{
		{"that it was stored", nil, hooks{save: func(es []launcher.Entry) error {
			if es[0].State == launcher.Stored {
				return full
			}
			return nil
		}}},
		{"that it waits", launcher.Later(errors.New("not complete")), hooks{forget: func([]string) error { return full }}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig()
			it := r.source.Add("a", launchertest.File("a", "x"))
			it.Fetch = func(context.Context) error { return tt.fetch }
			tt.hooks.Ledger = r.ledger
			r.Ledger = tt.hooks
			for range 11 {
				if _, err := r.Poll(t.Context()); !errors.Is(err, full) || launcher.OutcomeOf(err) != launcher.Stop {
					t.Fatalf("Poll: %v, want a halt that tells why", err)
				}
			}
			equal(t, "set aside after eleven passes", r.source.SetAside(), []string{})
			it.Fetch = nil
			r.restart()
			r.poll(t)
			equal(t, "taken once the ledger works", r.source.Taken(), []string{"a"})
		})
	}
}

// A context that a Source ends for one parcel concerns that parcel alone.
func TestItemsContextDoesNotHaltThePass(t *testing.T) {
	r := newRig()
	r.add("a", "b")
	r.Ledger = hooks{Ledger: r.ledger, load: context.Cause}
	r.Source = sourceFunc(func(ctx context.Context, s launcher.Sink) error {
		return r.source.Poll(ctx, launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			if p.ID == "a" {
				cancel()
			}
			return s.Store(ctx, p)
		}))
	})
	r.poll(t)
	equal(t, "the other parcel is taken", slices.Contains(r.source.Taken(), "b"), true)
}

// What the Source set aside is what the ledger has as rejected and Status
// counts, also when parcels fail at the same time and the pass is halted for
// it.
func TestBreakerAgreesWithTheLedger(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		for _, limit := range []int{1, 2} {
			t.Run(fmt.Sprintf("parallel %d, %d attempts", parallel, limit), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig()
					r.Parallel, r.source.Workers, r.MaxAttempts = parallel, 4, limit
					r.add("a", "b", "c", "d")
					r.sink.Before = fails(errors.New("connection refused"))
					r.Ledger = hooks{Ledger: r.ledger, save: func([]launcher.Entry) error {
						time.Sleep(time.Second) // others fail meanwhile
						return nil
					}}
					if _, err := r.Poll(t.Context()); launcher.OutcomeOf(err) != launcher.Stop {
						t.Errorf("Poll: %v, want a halt", err)
					}
					var rejected []string
					for name, e := range r.entries(t) {
						if e.State == launcher.Rejected {
							rejected = append(rejected, name)
							continue
						}
						equal(t, "attempts of "+name+", which were given back", e.Attempts, 0)
					}
					slices.Sort(rejected)
					equal(t, "rejected in the ledger", rejected, r.source.SetAside())
					equal(t, "Status.SetAside", r.Status().SetAside, len(rejected))
				})
			})
		}
	}
}

// As long as the Sink is down every pass fails.
func TestSinkDownFailsEveryPass(t *testing.T) {
	r := newRig()
	r.add("a", "b", "c")
	r.sink.Before = fails(errors.New("connection refused"))
	for n := range 5 {
		if _, err := r.Poll(t.Context()); launcher.OutcomeOf(err) != launcher.Stop {
			t.Errorf("pass %d: %v, want a halt", n, err)
		}
	}
	st := r.Status()
	equal(t, "Status.Failures", st.Failures, 5)
	if st.LastError == "" || !st.LastSuccess.IsZero() {
		t.Errorf("Status.LastError %q, LastSuccess %v; want the error and no success", st.LastError, st.LastSuccess)
	}
}

// While the Sink takes nothing, one of three parcels that fail is tried in each
// pass, and none is set aside; when it takes another, they are.
func TestBadParcelsAloneAreProbed(t *testing.T) {
	r := newRig()
	r.MaxAttempts = 2
	r.add("a", "b", "c")
	r.sink.Before = fails(errors.New("bad"), "a", "b", "c")
	r.Poll(t.Context())
	for range 20 {
		calls := len(r.sink.Calls())
		r.Poll(t.Context())
		equal(t, "parcels tried in a pass", len(r.sink.Calls())-calls, 1)
	}
	equal(t, "set aside while the Sink has taken nothing", r.source.SetAside(), []string{})
	r.add("good")
	for range 3 {
		r.Poll(t.Context())
	}
	equal(t, "taken", r.source.Taken(), []string{"good"})
	equal(t, "set aside once it has taken something", r.source.SetAside(), []string{"a", "b", "c"})
}

// Status.SetAside counts what is set aside now: not what was put back, and
// before the first pass of Run what an earlier process refused.
func TestStatusSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		it := r.source.Add("bad", launchertest.File("bad", "x"))
		r.sink.Before = fails(launcher.Reject(errors.New("virus")))
		r.poll(t)
		equal(t, "after it was refused", r.Status().SetAside, 1)

		r.restart()
		r.Schedule = every(24 * time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { r.Run(ctx) })
		synctest.Wait()
		equal(t, "in another process, before its first pass", r.Status().SetAside, 1)
		cancel()
		run.Wait()

		r.poll(t) // it is gone
		r.source.PutBack(it)
		r.sink.Before = nil
		r.poll(t)
		equal(t, "taken after it was put back", r.source.Taken(), []string{"bad"})
		equal(t, "after it was taken", r.Status().SetAside, 0)
	})
}

// Preview foresees that a parcel without attempts left is rejected, and does
// not fetch it: it may be what killed the process.
func TestPreviewDoesNotFetchWhatIsExhausted(t *testing.T) {
	r := newRig()
	it := r.source.Add("killer", launchertest.File("killer", "x"))
	list, err := r.Preview(t.Context(), 0)
	if err != nil || len(list) != 1 || list[0].Verdict != launcher.WouldStore {
		t.Fatalf("Preview of a new parcel: %+v, %v", list, err)
	}
	tried := launcher.Entry{ID: list[0].Parcel, Launcher: r.Name, State: launcher.Tried, Attempts: 10}
	if err := r.ledger.Save(t.Context(), tried); err != nil {
		t.Fatal(err)
	}
	fetched := r.source.Fetched(it)
	list, err = r.Preview(t.Context(), 0)
	if err != nil || len(list) != 1 || list[0].Verdict != launcher.WouldReject {
		t.Errorf("Preview: %+v, %v; want it to foresee that it is rejected", list, err)
	}
	equal(t, "fetched by Preview", r.source.Fetched(it)-fetched, 0)
}

// A Sink that rejects a document because it could not be read to the end does
// not have it set aside: it is tried again.
func TestRejectOfWhatCouldNotBeRead(t *testing.T) {
	r := newRig()
	d := launchertest.File("a", "abc")
	open := d.Open
	d.Open = func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("ab"), &failing{errors.New("connection reset")})), nil
	}
	r.source.Add("a", d)
	r.Sink = launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		if err := r.sink.Store(ctx, p); err != nil {
			return launcher.Reject(fmt.Errorf("not a PDF: %w", err))
		}
		return nil
	})
	equal(t, "a parcel whose connection broke", r.poll(t), launcher.Stats{Offered: 1, Left: 1})
	equal(t, "attempts", r.entries(t)["a"].Attempts, 1)
	d.Open = open
	r.poll(t)
	equal(t, "taken when it can be read", r.source.Taken(), []string{"a"})
}

// A Sink that reads just as many bytes as announced has read the document.
func TestReadToItsSize(t *testing.T) {
	r := newRig()
	r.add("a")
	r.Sink = launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		rc, err := docs[0].Open(ctx)
		if err != nil {
			return err
		}
		defer rc.Close()
		_, err = io.ReadFull(rc, make([]byte, docs[0].Size))
		return err
	})
	equal(t, "bytes", r.poll(t).Bytes, len("body of a"))
	equal(t, "documents reported as unread", len(r.events.of(launcher.EventUnread)), 0)
	if f := r.entries(t)["a"].Files; len(f) != 1 || f[0].Size != 9 || f[0].SHA256 == "" {
		t.Errorf("files %+v, want one of 9 bytes with its hash", f)
	}
}

// A failure that comes with ErrMore is a failure.
func TestErrMoreHidesNoFailure(t *testing.T) {
	var log bytes.Buffer
	r := newRig()
	r.Observe = launcher.LogTo(newTextLogger(&log))
	r.source.Before = func(context.Context) error {
		return errors.Join(errors.New("settle a: permission denied"), launcher.ErrMore)
	}
	r.Poll(t.Context())
	st := r.Status()
	equal(t, "Status.Failures", st.Failures, 1)
	if !strings.Contains(st.LastError, "permission denied") || !st.LastSuccess.IsZero() || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("Status.LastError %q, LastSuccess %v, log\n%s\nwant the error and no success", st.LastError, st.LastSuccess, log.String())
	}
}

// Run of several fails at once if one of them runs already, and keeps none of
// the others from running.
func TestRunOfManyWhenOneRunsAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newClockwork(every(time.Minute)), newClockwork(every(time.Minute))
		b.Name = "b"
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		var first sync.WaitGroup
		defer first.Wait()
		defer cancel()
		first.Go(func() { a.Run(ctx) })
		synctest.Wait()
		begun := time.Now()
		err := launcher.Run(ctx, b.Launcher, a.Launcher)
		if err == nil || !strings.Contains(err.Error(), "runs already") {
			t.Errorf("Run: %v, want it to say which runs already", err)
		}
		equal(t, "time until Run returned", time.Since(begun), time.Duration(0))
		b.runFor(t, 90*time.Second)
		equal(t, "passes of the other", len(b.passes()), 1)
	})
}

// A panic is logged as an error, and what was stored with its number of
// documents.
func TestLogOfAPanic(t *testing.T) {
	var log bytes.Buffer
	r := newRig()
	r.Observe = launcher.LogTo(newTextLogger(&log))
	r.add("a", "b")
	r.sink.Before = func(_ context.Context, p *launcher.Parcel) error {
		if p.Origin == "script a" {
			panic("boom")
		}
		return nil
	}
	r.poll(t)
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "coldlauncher failed") && (!strings.Contains(line, "level=ERROR") || !strings.Contains(line, "stack=")) {
			t.Errorf("%swant a panic to be an error with its stack", line)
		}
		if strings.Contains(line, "coldlauncher stored") && !strings.Contains(line, "documents=1") {
			t.Errorf("%swant the number of documents", line)
		}
	}
	for _, kind := range []string{"failed", "stored"} {
		equal(t, "lines about "+kind, strings.Count(log.String(), "coldlauncher "+kind), 1)
	}
}

// A run that Jitter delays is made once, although the process is restarted
// between its instant and the run, and again soon after it.
func TestJitterSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		daily := func() *clockwork {
			c := newClockwork(every(24 * time.Hour))
			c.Jitter = 12 * time.Hour
			return c
		}
		c := daily()
		c.runFor(t, 48*time.Hour-time.Minute) // from midnight
		delay := c.passes()[0] % (24 * time.Hour)
		if delay < 2*time.Minute || delay >= 12*time.Hour {
			t.Fatalf("runs are delayed by %v, want more than none and less than Jitter", delay)
		}
		runs := 0
		for _, d := range []time.Duration{time.Minute + delay/2, delay/2 + time.Minute, time.Minute} {
			c := daily()
			c.runFor(t, d)
			runs += len(c.passes())
		}
		equal(t, "runs of the third day", runs, 1)
	})
}

// Passes that follow at once on ErrMore wait while the launcher is paused.
func TestPauseHoldsBackWhatFollowsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(24 * time.Hour))
		c.Source = sourceFunc(func(ctx context.Context, s launcher.Sink) error {
			n := len(c.at)
			c.at = append(c.at, time.Since(c.from))
			if n == 0 {
				c.Pause()
			}
			if err := s.Store(ctx, parcelOf(fmt.Sprint(n))); err != nil || n == 2 {
				return err
			}
			return launcher.ErrMore
		})
		c.Wake()
		time.AfterFunc(time.Minute, c.Resume)
		c.runFor(t, 10*time.Minute)
		equal(t, "passes", c.passes(), []time.Duration{0, time.Minute, time.Minute})
	})
}

// Every instant of the Schedule is run, or counted as missed.
func TestInstantsAreRunOrCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClockwork(every(time.Second))
		c.pass = func() error { time.Sleep(1200 * time.Millisecond); return nil }
		c.runFor(t, 59*time.Second+time.Millisecond)
		equal(t, "passes", len(c.passes()), 30)
		equal(t, "Status.Missed", c.Status().Missed, 29)
		told := 0
		for _, e := range c.events.of(launcher.EventMissed) {
			told += e.Count
		}
		equal(t, "missed runs in events", told, 29)
	})
}

// A Schedule that does not advance, or panics, ends Run with an error.
func TestRunEndsWithABrokenSchedule(t *testing.T) {
	tests := map[string]func(time.Time) time.Time{
		"stuck":     func(t time.Time) time.Time { return t },
		"backwards": func(t time.Time) time.Time { return t.Add(-time.Hour) },
		"panics":    func(time.Time) time.Time { panic("boom") },
	}
	for name, next := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClockwork(scheduleFunc(next))
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				c.pass = func() error { cancel(); return nil }
				if err := c.Run(ctx); err == nil || !strings.Contains(err.Error(), "Schedule") {
					t.Errorf("Run: %v, want it to name the Schedule", err)
				}
				equal(t, "passes", len(c.passes()), 0)
			})
		})
	}
}

type scheduleFunc func(t time.Time) time.Time

func (f scheduleFunc) Next(t time.Time) time.Time { return f(t) }

// A place in the queue that several calls of Store share admits one of them:
// Parallel holds.
func TestTurnAdmitsOneParcel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		var inside, most atomic.Int32
		r.sink.Before = func(context.Context, *launcher.Parcel) error {
			most.Store(max(most.Load(), inside.Add(1)))
			defer inside.Add(-1)
			time.Sleep(time.Second)
			return nil
		}
		r.Source = sourceFunc(func(ctx context.Context, s launcher.Sink) error {
			ctx = launcher.Turn(ctx)
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() { s.Store(ctx, parcelOf(fmt.Sprint(i))) })
			}
			wg.Wait()
			return nil
		})
		equal(t, "stored", r.poll(t).Stored, 4)
		equal(t, "Stores at a time with Parallel 1", most.Load(), 1)
	})
}

// A parcel that has no attempts left because the limit was lowered keeps the
// reason of its last failure.
func TestReasonWhenTheLimitWasLowered(t *testing.T) {
	r := newRig()
	r.add("a")
	r.sink.Before = fails(errors.New("the invoice has no number"))
	for range 5 {
		r.poll(t)
	}
	r.restart()
	r.MaxAttempts = 3
	r.poll(t)
	if e := r.entries(t)["a"]; e.State != launcher.Rejected || !strings.Contains(e.Err, "the invoice has no number") {
		t.Errorf("the ledger has it as %v, because of %q; want it rejected for the reason it failed", e.State, e.Err)
	}
}

// What another Filter lets through of a parcel that is partly stored is handed
// over, and the rest not again.
func TestPartThatGrows(t *testing.T) {
	r := newRig()
	start := func() {
		r.restart()
		r.Routes = []launcher.Route{{Job: "1", Groups: []string{"pdf", "xml"}}, {Job: "2", Groups: []string{"csv"}}}
	}
	start()
	r.Filter = launcher.FilterFunc(func(_ context.Context, d *launcher.Document) (bool, error) { return d.Name != "b.xml", nil })
	r.source.Add("mail", launchertest.File("a.pdf", "1"), launchertest.File("b.xml", "2"), launchertest.File("c.csv", "3"))
	r.sink.Before = func(_ context.Context, p *launcher.Parcel) error {
		if p.Job == "2" {
			return errors.New("no")
		}
		return nil
	}
	r.poll(t)
	equal(t, "kept under the first filter", r.sink.Names(), []string{"a.pdf"})
	start()
	r.sink.Before = nil
	r.poll(t)
	equal(t, "kept in the end", r.sink.Names(), []string{"a.pdf", "b.xml", "c.csv"})
	equal(t, "calls", len(r.sink.Calls()), 4)
	equal(t, "taken", r.source.Taken(), []string{"mail"})
}

// Methods that wait for a pass fail when that pass calls them, instead of
// waiting for ever.
func TestCallsFromWithinThePassFail(t *testing.T) {
	calls := map[string]func(r *rig, ctx context.Context, id string) error{
		"Poll":    func(r *rig, ctx context.Context, id string) error { _, err := r.Poll(ctx); return err },
		"Preview": func(r *rig, ctx context.Context, id string) error { _, err := r.Preview(ctx, 0); return err },
		"Requeue": func(r *rig, ctx context.Context, id string) error { return r.Requeue(ctx, id) },
		"Discard": func(r *rig, ctx context.Context, id string) error { return r.Discard(ctx, id) },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig()
				r.add("a")
				var errs []error
				r.Observe = func(ctx context.Context, e launcher.Event) {
					if e.Kind == launcher.EventRejected {
						ctx, cancel := context.WithTimeout(ctx, time.Hour)
						defer cancel()
						errs = append(errs, call(r, ctx, e.Parcel))
					}
				}
				r.sink.Before = func(ctx context.Context, p *launcher.Parcel) error {
					ctx, cancel := context.WithTimeout(ctx, time.Hour)
					defer cancel()
					errs = append(errs, call(r, ctx, p.ID))
					return launcher.Reject(errors.New("bad"))
				}
				r.poll(t)
				for _, err := range errs {
					if err == nil || errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s from within the pass: %v, want an error at once", name, err)
					}
				}
				equal(t, "calls from Store and from Observe", len(errs), 2)
			})
		})
	}
}

// A Backoff that panics is as none.
func TestBackoffThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.Backoff = func(int) time.Duration { panic("boom") }
		r.add("a", "b")
		r.sink.Before = fails(errors.New("no"), "a")
		r.poll(t)
		equal(t, "the other is taken", r.source.Taken(), []string{"b"})
		if rest := time.Until(r.entries(t)["a"].Due); rest < 45*time.Second || rest > time.Minute {
			t.Errorf("the parcel that failed rests %v, want 45 s to 1 min", rest)
		}
	})
}

// To give back the attempts of parcels that wait costs one more call of the
// ledger in a pass, not one for each.
func TestWaitingParcelsCostOneWriteEach(t *testing.T) {
	const n = 200
	r := newRig()
	for i := range n {
		it := r.source.Add(fmt.Sprint(i), launchertest.File("a", "x"))
		it.Fetch = func(context.Context) error { return launcher.Later(errors.New("not complete")) }
	}
	writes := 0
	count := func() error { writes++; return nil }
	r.Ledger = hooks{
		Ledger: r.ledger,
		save:   func([]launcher.Entry) error { return count() },
		forget: func([]string) error { return count() },
	}
	for range 2 {
		writes = 0
		equal(t, "waiting", r.poll(t).Waiting, n)
		equal(t, "writes to the ledger in a pass", writes, n+1)
	}
}

// A launcher's Name is not a name for a folder above: IDs may become paths.
func TestNameOfDotsIsRefused(t *testing.T) {
	for _, name := range []string{".", ".."} {
		r := newRig()
		r.Name = name
		if _, err := r.Poll(t.Context()); err == nil || !strings.Contains(err.Error(), "Name") {
			t.Errorf("Poll of a launcher named %q: %v, want the Name to be refused", name, err)
		}
	}
}

// A Sink that holds an ID returns nil without asking for the documents. That is
// no fault where an earlier attempt may have come as far as the Sink; where none
// was made the Sink has forgotten to read, as it has where it asks.
func TestUnreadIsNoFaultOfASinkThatHoldsTheID(t *testing.T) {
	forgets := launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return nil })
	asks := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		_, err := p.Documents(ctx)
		return err
	})
	for _, tt := range []struct {
		name   string
		tried  bool
		nobody bool // keeps what became of parcels
		sink   launcher.Sink
		want   int
	}{
		{"first attempt, not asked", false, false, forgets, 1},
		{"first attempt, asked", false, false, asks, 1},
		{"second attempt, not asked", true, false, forgets, 0},
		{"second attempt, asked", true, false, asks, 1},
		{"no ledger, not asked", false, true, forgets, 0},
		{"no ledger, asked", false, true, asks, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig()
			r.add("a")
			if tt.tried { // who knows whether the Sink has it
				r.Sink = launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return errors.New("no answer") })
				r.poll(t)
				r.restart()
			}
			if tt.nobody {
				r.Ledger = nil
			}
			r.Sink = tt.sink
			equal(t, "stored", r.poll(t).Stored, 1)
			equal(t, "reported as unread", len(r.events.of(launcher.EventUnread)), tt.want)
		})
	}
}

// The same holds where the ledger failed after the Sink had the parcel.
func TestUnreadIsNoFaultAfterTheLedgerFailed(t *testing.T) {
	r := newRig()
	r.add("a")
	l := &forgetful{MemoryLedger: new(launcher.MemoryLedger), fail: true}
	r.Ledger = l
	if _, err := r.Poll(t.Context()); err == nil {
		t.Fatal("the ledger failed, and the pass did not")
	}
	l.fail = false
	r.Sink = launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return nil })
	equal(t, "stored", r.poll(t).Stored, 1)
	equal(t, "reported as unread", len(r.events.of(launcher.EventUnread)), 0)
}

// A forgetful ledger does not save what was stored.
type forgetful struct {
	*launcher.MemoryLedger
	fail bool
}

func (l *forgetful) Save(ctx context.Context, entries ...launcher.Entry) error {
	for _, e := range entries {
		if l.fail && e.State == launcher.Stored {
			return errors.New("disk full")
		}
	}
	return l.MemoryLedger.Save(ctx, entries...)
}
