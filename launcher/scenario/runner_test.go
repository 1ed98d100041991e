package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/scenario"
)

// A bench runs scenarios whose sources are Scripts, in a synctest bubble.
type bench struct {
	t       *testing.T
	sources map[string]launcher.Source
	sink    launchertest.Recorder
	runner  *scenario.Runner
	stop    context.CancelFunc
	ended   chan error
}

func newBench(t *testing.T, labels ...string) *bench {
	b := &bench{t: t, sources: make(map[string]launcher.Source), ended: make(chan error, 1)}
	for _, l := range labels {
		b.sources[l] = new(launchertest.Script)
	}
	e := env()
	e.Ledger = new(launcher.MemoryLedger)
	e.Protocols = map[string]scenario.Protocol{"drawer": func() scenario.Form { return &drawer{sources: b.sources} }}
	e.Sinks = map[string]launcher.Sink{"cold": &b.sink}
	b.runner = &scenario.Runner{Env: e}
	return b
}

func (b *bench) script(label string) *launchertest.Script {
	return b.sources[label].(*launchertest.Script)
}

// reload goes over to launchers that are described "name label job".
func (b *bench) reload(launchers ...string) {
	b.t.Helper()
	if err := b.runner.Reload(b.file(launchers...)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) file(launchers ...string) scenario.File {
	b.t.Helper()
	var all []string
	for _, l := range launchers {
		f := strings.Fields(l)
		all = append(all, fmt.Sprintf(`{"name": %q, "source": {"protocol": "drawer", "label": %q}, "routes": [{"job": %q}], "schedule": "* * * * * * *"}`, f[0], f[1], f[2]))
	}
	file, err := scenario.Parse([]byte(`{"zone": "UTC", "launchers": [` + strings.Join(all, ",") + `]}`))
	if err != nil {
		b.t.Fatal(err)
	}
	return file
}

func (b *bench) run() {
	ctx, stop := context.WithCancel(b.t.Context())
	b.stop = stop
	go func() { b.ended <- b.runner.Run(ctx) }()
}

func (b *bench) close() {
	b.t.Helper()
	b.stop()
	if err := <-b.ended; !errors.Is(err, context.Canceled) {
		b.t.Errorf("Run returned %v, want the cause of the end of its context", err)
	}
}

// jobs returns "name of document: job", in the order of their arrival.
func (b *bench) jobs() (out []string) {
	for _, p := range b.sink.Kept() {
		out = append(out, p.Documents[0].Name+": "+p.Job)
	}
	return out
}

// A launcher that is described differently finishes the item in hand; the rest
// goes the new way. The other launchers notice nothing.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "one", "two")
		for i := range 3 {
			b.script("one").Add(fmt.Sprint(i), launchertest.File(fmt.Sprintf("%d.pdf", i), "x"))
		}
		b.sink.Before = func(_ context.Context, p *launcher.Parcel) error {
			time.Sleep(10 * time.Second) // of the bubble: the item is in hand that long
			return nil
		}
		b.reload("a one old", "b two same")
		before := b.runner.Launchers()
		b.run()
		defer b.close()
		time.Sleep(5 * time.Second)
		passes := before[1].Status().Passes

		begun := time.Now()
		b.reload("b two same", "a one new")
		if took := time.Since(begun); took < 5*time.Second || took > 8*time.Second {
			t.Errorf("Reload took %v, want the rest of the item in hand", took)
		}
		if got, want := b.jobs(), []string{"0.pdf: old"}; !slices.Equal(got, want) {
			t.Errorf("after Reload %v, want %v: the item in hand and no other", got, want)
		}
		after := b.runner.Launchers()
		if after[0] != before[1] || after[1] == before[0] {
			t.Error("the launchers after Reload are not the untouched one and a new one, in the order of the scenario")
		}
		if n := before[1].Status().Passes; n < passes+4 {
			t.Errorf("the other launcher made %d passes meanwhile, want one each second", n-passes)
		}
		synctest.Wait()
		if before[0].Status().Running || !after[0].Status().Running || !after[1].Status().Running {
			t.Error("the old one runs still, or one of the new does not")
		}
		time.Sleep(30 * time.Second)
		if got, want := b.jobs(), []string{"0.pdf: old", "1.pdf: new", "2.pdf: new"}; !slices.Equal(got, want) {
			t.Errorf("in the end %v, want %v", got, want)
		}
		if got := b.script("one").Taken(); len(got) != 3 {
			t.Errorf("%v were let go, want all 3", got)
		}
	})
}

// A scenario with faults changes nothing; one without a launcher ends it; one
// with more begins them.
func TestReloadOtherLaunchers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "one", "two")
		b.reload("a one 1")
		b.run()
		defer b.close()
		time.Sleep(2 * time.Second)
		a := b.runner.Launchers()[0]

		if err := b.runner.Reload(b.file("a one 2", "b bad 1")); err == nil {
			t.Error("a scenario with a fault was taken")
		}
		if ls := b.runner.Launchers(); len(ls) != 1 || ls[0] != a || !a.Status().Running {
			t.Error("a scenario with a fault changed something")
		}
		b.reload("a one 1", "b two 1")
		synctest.Wait()
		ls := b.runner.Launchers()
		if len(ls) != 2 || ls[0] != a || !ls[1].Status().Running {
			t.Errorf("%d launchers; want the first as it was and a second that runs", len(ls))
		}
		b.reload("b two 1")
		if a.Status().Running {
			t.Error("a launcher that is gone from the scenario runs still")
		}
		b.reload()
		if len(b.runner.Launchers()) != 0 || ls[1].Status().Running {
			t.Error("an empty scenario did not end what ran")
		}
	})
}

// Run does not return before all have ended, and may be called again.
func TestRunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "one")
		b.reload("a one 1")
		for range 2 {
			b.run()
			time.Sleep(2 * time.Second)
			l := b.runner.Launchers()[0]
			if !l.Status().Running {
				t.Error("it does not run")
			}
			if err := b.runner.Run(t.Context()); err == nil {
				t.Error("a second Run at the same time went well")
			}
			b.close()
			if l.Status().Running {
				t.Error("Run has returned and a launcher runs")
			}
		}
	})
}

// Run while Reload compares what it read with what there is: of a launcher that
// is described differently only the new one runs.
func TestRunDuringReload(t *testing.T) {
	for i := range 10 {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			var forms atomic.Int32
			const many = 8
			b.runner.Env.Protocols["drawer"] = func() scenario.Form {
				forms.Add(1)
				return &drawer{sources: b.sources}
			}
			describe := func(job string) scenario.File {
				long := strings.Repeat("x", 10_000) // takes a while to compare
				var all []string
				for i := range many - 1 {
					all = append(all, fmt.Sprintf("l%d %s %s", i, long, job))
				}
				return b.file(append(all, "last short "+job)...)
			}
			if err := b.runner.Reload(describe("old")); err != nil {
				t.Fatal(err)
			}
			before := b.runner.Launchers()
			next := describe("new")

			ctx, stop := context.WithCancel(t.Context())
			b.stop = stop
			go func() {
				for forms.Load() < 2*many { // until the last one of the second Reload
					runtime.Gosched()
				}
				for range 200 * i { // not always at the same point
					runtime.Gosched()
				}
				b.ended <- b.runner.Run(ctx)
			}()
			if err := b.runner.Reload(next); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			for i, l := range b.runner.Launchers() {
				if o, n := before[i].Status().Running, l.Status().Running; o || !n {
					t.Errorf("launcher %q: the old one runs: %v, the new one: %v", l.Name, o, n)
				}
			}
			b.close()
		})
	}
}

// Without a Ledger, too, a launcher that is described differently knows what
// the one before it has handed over.
func TestReloadWithoutLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "one")
		b.runner.Env.Ledger = nil
		b.script("one").Add("1", launchertest.File("1.pdf", "x"))
		b.script("one").Keep = true
		b.reload("a one old")
		b.run()
		defer b.close()
		time.Sleep(3 * time.Second)
		b.reload("a one new")
		time.Sleep(3 * time.Second)
		if got, want := b.jobs(), []string{"1.pdf: old"}; !slices.Equal(got, want) {
			t.Errorf("handed over %v, want %v", got, want)
		}

		b.reload() // nothing runs
		b.script("one").Keep = false
		b.script("one").Add("2", launchertest.File("2.pdf", "x"))
		b.reload("a one gone")
		time.Sleep(3 * time.Second)
		var known []string
		err := b.runner.Launchers()[0].List(t.Context(), func(e launcher.Entry) error {
			known = append(known, fmt.Sprint(e.Origin, e.State))
			return nil
		})
		if err != nil || len(known) > 0 {
			t.Errorf("%v, remembered after all have left their origin: %v, want nothing", err, known)
		}
	})
}

// A launcher whose Run has ended begins again with the next Reload, even if its
// description is the same.
func TestReloadRevives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "one")
		b.reload("a one 1")
		l := b.runner.Launchers()[0]
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.Run(ctx) }() // the host runs it, so that the Runner cannot
		synctest.Wait()
		b.run()
		synctest.Wait()
		stop()
		<-ended
		if l.Status().Running {
			t.Fatal("it runs; this test wants one that has ended")
		}
		b.reload("a one 1")
		synctest.Wait()
		if b.runner.Launchers()[0] != l || !l.Status().Running {
			t.Error("after Reload it does not run, or is another one")
		}
		b.stop()
		if err := <-b.ended; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), `"a" runs already`) {
			t.Errorf("Run returned %v, want that it could not be run at first, too", err)
		}
	})
}

// What could not be run is the error of Reload; it does not just not run.
func TestReloadOfWhatCannotRun(t *testing.T) {
	b := newBench(t, "one")
	b.runner.Env.Sinks["cold"] = nil // names are enough for Load
	if err := b.runner.Reload(b.file("a one 1")); err == nil || !strings.Contains(err.Error(), `launcher "a": Sink: missing`) {
		t.Errorf("Reload returned %v, want that the Sink is missing", err)
	}
	if n := len(b.runner.Launchers()); n != 0 {
		t.Errorf("%d launchers were taken", n)
	}
}
