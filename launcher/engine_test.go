package launcher_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
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

// events collects what a launcher tells.
type events struct {
	mu  sync.Mutex
	all []launcher.Event
}

func (e *events) observe(_ context.Context, ev launcher.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *events) of(kind launcher.EventKind) []launcher.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.all), func(ev launcher.Event) bool { return ev.Kind != kind })
}

// A rig is a launcher with everything around it in memory.
type rig struct {
	*launcher.Launcher
	source *launchertest.Script
	sink   *launchertest.Recorder
	ledger *launcher.MemoryLedger
	events *events
}

func newRig() *rig {
	r := &rig{source: new(launchertest.Script), sink: new(launchertest.Recorder), ledger: new(launcher.MemoryLedger)}
	r.restart()
	return r
}

// restart builds the launcher anew around what outlives a process.
func (r *rig) restart() {
	r.events = new(events)
	r.Launcher = &launcher.Launcher{
		Name: "test", Source: r.source, Sink: r.sink, Ledger: r.ledger, Observe: r.events.observe,
		Backoff: func(int) time.Duration { return 0 },
	}
}

func (r *rig) poll(t *testing.T) launcher.Stats {
	t.Helper()
	stats, err := r.Poll(t.Context())
	if err != nil {
		t.Fatalf("Poll: %v", err)
	}
	return stats
}

// entries returns the ledger's entries of parcels by the end of their Origin.
func (r *rig) entries(t *testing.T) map[string]launcher.Entry {
	t.Helper()
	m := make(map[string]launcher.Entry)
	err := r.List(t.Context(), func(e launcher.Entry) error {
		if e.Of == "" {
			m[strings.TrimPrefix(e.Origin, "script ")] = e
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (r *rig) add(names ...string) {
	for _, n := range names {
		r.source.Add(n, launchertest.File(n, "body of "+n))
	}
}

func equal(t *testing.T, rule string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s, want %s", rule, g, w)
	}
}

func TestStoredOnceAndLetGo(t *testing.T) {
	r := newRig()
	r.add("a.pdf", "b.pdf", "c.xml")
	stats := r.poll(t)
	equal(t, "stored", stats.Stored, 3)
	equal(t, "handed over in order", r.sink.Names(), []string{"a.pdf", "b.pdf", "c.xml"})
	equal(t, "what was stored is let go", r.source.Taken(), []string{"a.pdf", "b.pdf", "c.xml"})
	stats = r.poll(t)
	equal(t, "a second pass", stats, launcher.Stats{})
	equal(t, "calls of the Sink", len(r.sink.Calls()), 3)
}

func TestIDsAreQualifiedStableAndPrintable(t *testing.T) {
	valid := regexp.MustCompile(`^[!-~]{1,128}$`)
	var first []string
	for range 2 {
		r := newRig()
		r.Name = strings.Repeat("n", 48)
		r.Routes = []launcher.Route{{Job: "87", Split: true}}
		r.source.Add("weird \x00 é\n id", launchertest.File("a", "1"), launchertest.File("a", "2"))
		r.poll(t)
		ids := r.sink.Calls()
		if len(ids) != 2 || ids[0] == ids[1] {
			t.Fatalf("two documents of the same name, split: IDs %q, want two different ones", ids)
		}
		for _, id := range ids {
			if !valid.MatchString(id) || !strings.HasPrefix(id, r.Name+"/") {
				t.Errorf("ID %q: want at most 128 printable ASCII characters after the launcher's name", id)
			}
		}
		if first != nil && !slices.Equal(ids, first) {
			t.Errorf("IDs are %q in another process, want %q again", ids, first)
		}
		first = ids
	}
}

func TestKnownParcelsCostNothing(t *testing.T) {
	r := newRig()
	r.source.Keep = true
	it := r.source.Add("a", launchertest.File("a", "x"))
	r.poll(t)
	equal(t, "known in the second pass", r.poll(t).Known, 1)
	r.restart()
	equal(t, "known after a restart", r.poll(t).Known, 1)
	equal(t, "fetched", r.source.Fetched(it), 1)
	equal(t, "stored", len(r.sink.Calls()), 1)
}

func TestAttemptIsWrittenBeforeDocuments(t *testing.T) {
	r := newRig()
	it := r.source.Add("a", launchertest.File("a", "x"))
	var seen launcher.Entry
	it.Fetch = func(ctx context.Context) error {
		return r.ledger.Walk(ctx, "test", func(e launcher.Entry) error { seen = e; return nil })
	}
	r.poll(t)
	if seen.State != launcher.Tried || seen.Attempts != 1 {
		t.Errorf("while the documents are fetched the ledger has %v, attempt %d; want tried, 1", seen.State, seen.Attempts)
	}
	e := r.entries(t)["a"]
	if e.State != launcher.Stored || len(e.Files) != 1 || e.Files[0].Name != "a" || e.Files[0].Size != 1 ||
		e.Files[0].SHA256 != "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" {
		t.Errorf("afterwards the ledger has %+v; want it stored, with the hash of what was read", e)
	}
}

// Each outcome of the Sink: what becomes of the parcel, of its entry, and that
// the others go on.
func TestOutcomesOfTheSink(t *testing.T) {
	plain := errors.New("some reason")
	tests := []struct {
		name     string
		err      error
		waiting  bool
		aside    bool
		state    launcher.State
		attempts int
		after    bool // the parcels behind it are stored
		fails    bool // Poll returns an error
	}{
		{"unmarked", plain, true, false, launcher.Tried, 1, true, false},
		{"reject", launcher.Reject(plain), false, true, launcher.Rejected, 1, true, false},
		{"later", launcher.Later(plain), true, false, launcher.Unknown, 0, true, false},
		{"halt", launcher.Halt(plain), true, false, launcher.Unknown, 0, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig()
			r.add("bad", "good")
			r.sink.Before = func(_ context.Context, p *launcher.Parcel) error {
				if p.Origin == "script bad" {
					return fmt.Errorf("store: %w", tt.err)
				}
				return nil
			}
			_, err := r.Poll(t.Context())
			if (err != nil) != tt.fails || tt.fails && !errors.Is(err, plain) {
				t.Errorf("Poll: %v", err)
			}
			equal(t, "still in place", slices.Contains(r.source.Waiting(), "bad"), tt.waiting)
			equal(t, "set aside", slices.Contains(r.source.SetAside(), "bad"), tt.aside)
			equal(t, "the next parcel is stored", slices.Contains(r.source.Taken(), "good"), tt.after)
			e := r.entries(t)["bad"]
			equal(t, "state in the ledger", e.State, tt.state)
			equal(t, "attempts in the ledger", e.Attempts, tt.attempts)
		})
	}
}

func TestMaxAttemptsSetsAside(t *testing.T) {
	r := newRig()
	r.MaxAttempts = 3
	r.add("bad")
	r.sink.Before = func(context.Context, *launcher.Parcel) error { return errors.New("no") }
	for i := 1; i <= 3; i++ {
		equal(t, "waiting before the last attempt", len(r.source.Waiting()), 1)
		r.poll(t)
	}
	equal(t, "set aside after the last attempt", r.source.SetAside(), []string{"bad"})
	equal(t, "Status.SetAside", r.Status().SetAside, 1)
	if e := r.entries(t)["bad"]; e.State != launcher.Rejected || !strings.Contains(e.Err, "attempt 3 of 3") {
		t.Errorf("entry %+v, want rejected with the number of attempts", e)
	}
}

func TestWhatKillsTheProcessIsSetAside(t *testing.T) {
	r := newRig()
	r.MaxAttempts = 3
	it := r.source.Add("killer", launchertest.File("a", "x"))
	for range 3 {
		// The process dies while the documents are fetched: the ledger takes
		// no more changes, and nothing is settled.
		var c *launchertest.Crasher
		it.Fetch = func(context.Context) error { return c.Step() }
		c = launchertest.Crash(2) // Save: begin, end
		r.restart()
		r.MaxAttempts = 3
		r.Ledger = c.Ledger(r.ledger)
		r.Source = c.Source(r.source)
		r.Poll(t.Context())
		if !c.Crashed() {
			t.Fatal("the crash did not happen")
		}
	}
	it.Fetch = nil
	r.restart()
	r.MaxAttempts = 3
	fetched := r.source.Fetched(it)
	r.poll(t)
	equal(t, "set aside without another attempt", r.source.SetAside(), []string{"killer"})
	equal(t, "fetched once more", r.source.Fetched(it)-fetched, 0)
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.Backoff = nil
		r.add("bad")
		r.sink.Before = func(context.Context, *launcher.Parcel) error { return errors.New("no") }
		r.poll(t)
		due := r.entries(t)["bad"].Due
		wait := time.Until(due)
		if wait < 45*time.Second || wait > time.Minute {
			t.Errorf("after the first failure the parcel rests %v, want 45 s to 1 min", wait)
		}
		time.Sleep(wait - time.Nanosecond)
		equal(t, "left while it rests", r.poll(t).Left, 1)
		equal(t, "tries while it rests", len(r.sink.Calls()), 1)
		time.Sleep(time.Nanosecond)
		r.poll(t)
		equal(t, "tries when it is due", len(r.sink.Calls()), 2)
		if wait := time.Until(r.entries(t)["bad"].Due); wait < 90*time.Second || wait > 2*time.Minute {
			t.Errorf("after the second failure the parcel rests %v, want 90 s to 2 min", wait)
		}
		for range 7 {
			time.Sleep(time.Until(r.entries(t)["bad"].Due))
			r.poll(t)
		}
		if wait := time.Until(r.entries(t)["bad"].Due); wait < 45*time.Minute || wait > time.Hour {
			t.Errorf("after the ninth failure the parcel rests %v, want 45 min to 1 h", wait)
		}
	})
}

func TestDocumentsErrors(t *testing.T) {
	tests := []struct {
		name     string
		err      error
		state    launcher.State
		attempts int
		stats    launcher.Stats
	}{
		{"unmarked", errors.New("x"), launcher.Tried, 1, launcher.Stats{Offered: 1, Left: 1}},
		{"reject", launcher.Reject(errors.New("x")), launcher.Rejected, 1, launcher.Stats{Offered: 1, Rejected: 1}},
		{"later", launcher.Later(errors.New("waits for b.xml")), launcher.Unknown, 0, launcher.Stats{Offered: 1, Waiting: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig()
			it := r.source.Add("a")
			it.Time = time.Unix(5, 0)
			it.Fetch = func(context.Context) error { return tt.err }
			equal(t, "stats", r.poll(t), tt.stats)
			e := r.entries(t)["a"]
			equal(t, "state", e.State, tt.state)
			equal(t, "attempts", e.Attempts, tt.attempts)
			if tt.state != launcher.Rejected {
				equal(t, "oldest waiting", r.Status().Oldest.Unix(), 5)
			}
		})
	}
}

func TestSkippedParcels(t *testing.T) {
	wantPDF := launcher.FilterFunc(func(_ context.Context, d *launcher.Document) (bool, error) {
		return strings.HasSuffix(d.Name, ".pdf"), nil
	})
	for _, revision := range []string{"", "1"} {
		t.Run("revision "+revision, func(t *testing.T) {
			r := newRig()
			it := r.source.Add("a", launchertest.File("a.txt", "x"))
			set := func(rev string) { r.Filter, r.Revision = wantPDF, rev }
			set(revision)
			equal(t, "stats", r.poll(t), launcher.Stats{Offered: 1, Skipped: 1})
			equal(t, "a skipped parcel is not settled", r.source.Waiting(), []string{"a"})
			equal(t, "skipped again", r.poll(t).Skipped, 1)
			equal(t, "fetched in one process", r.source.Fetched(it), 1)
			r.restart()
			set(revision)
			r.poll(t)
			want := 2
			if revision != "" {
				want = 1
			}
			equal(t, "fetched after a restart", r.source.Fetched(it), want)
			r.restart()
			r.Revision = "other"
			r.poll(t)
			equal(t, "stored under another filter", r.source.Taken(), []string{"a"})
		})
	}
}

// What a Filter does not want yet waits, however the Revision stands, and a
// Route that does not want it yet leaves it to those after it.
func TestFilterThatMayWantLater(t *testing.T) {
	ready := false
	notYet := launcher.FilterFunc(func(context.Context, *launcher.Document) (bool, error) {
		if !ready {
			return false, launcher.Later(errors.New("too young"))
		}
		return true, nil
	})
	for _, tt := range []struct {
		name   string
		filter launcher.Filter
		routes []launcher.Route
		first  launcher.Stats
		job    string
	}{
		{"of the Launcher", notYet, nil, launcher.Stats{Offered: 1, Waiting: 1}, ""},
		{"of the only Route", nil, []launcher.Route{{Job: "1", Filter: notYet}}, launcher.Stats{Offered: 1, Waiting: 1}, "1"},
		{"of a Route before another", nil, []launcher.Route{{Job: "1", Filter: notYet}, {Job: "2"}}, launcher.Stats{Offered: 1, Stored: 1, Documents: 1, Bytes: 1}, "2"},
		{"of a Route, and the other is for others", nil, []launcher.Route{{Job: "1", Filter: notYet}, {Job: "2", Groups: []string{"xml"}}},
			launcher.Stats{Offered: 1, Waiting: 1}, "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ready = false
			r := newRig()
			r.Filter, r.Routes, r.Revision = tt.filter, tt.routes, "1"
			r.source.Add("a", launchertest.File("a.pdf", "x"))
			equal(t, "stats while it is too young", r.poll(t), tt.first)
			equal(t, "attempts", r.entries(t)["a"].Attempts, min(tt.first.Stored, 1))
			ready = true
			r.poll(t)
			kept := r.sink.Kept()
			if len(kept) != 1 || kept[0].Job != tt.job {
				t.Errorf("kept %v, want one parcel under job %q", kept, tt.job)
			}
		})
	}
}

func TestUndecidedFilterIsAnAttempt(t *testing.T) {
	r := newRig()
	r.MaxAttempts = 2
	r.add("a", "b")
	r.Filter = launcher.FilterFunc(func(_ context.Context, d *launcher.Document) (bool, error) {
		if d.Name == "a" {
			return true, errors.New("time is up")
		}
		return true, nil
	})
	r.poll(t)
	equal(t, "others go on", r.source.Taken(), []string{"b"})
	equal(t, "attempts", r.entries(t)["a"].Attempts, 1)
	r.poll(t)
	equal(t, "set aside in the end", r.source.SetAside(), []string{"a"})
	equal(t, "never stored", r.sink.Names(), []string{"b"})
}

func TestRoutes(t *testing.T) {
	only := func(name string) launcher.Filter {
		return launcher.FilterFunc(func(_ context.Context, d *launcher.Document) (bool, error) { return d.Name == name, nil })
	}
	grouped := launchertest.File("e.xml", "x")
	grouped.Group = "chorus_fact"
	tests := []struct {
		name   string
		routes []launcher.Route
		doc    *launcher.Document
		job    string // "": unrouted
	}{
		{"extension", []launcher.Route{{Job: "1", Groups: []string{"pdf"}}}, launchertest.File("a.pdf", ""), "1"},
		{"case and dot", []launcher.Route{{Job: "1", Groups: []string{".PDF"}}}, launchertest.File("a.Pdf", ""), "1"},
		{"no route", []launcher.Route{{Job: "1", Groups: []string{"pdf"}}}, launchertest.File("a.xml", ""), ""},
		{"first wins", []launcher.Route{{Job: "1"}, {Job: "2", Groups: []string{"pdf"}}}, launchertest.File("a.pdf", ""), "1"},
		{"filter of the route", []launcher.Route{{Job: "1", Filter: only("b.pdf")}, {Job: "2"}}, launchertest.File("a.pdf", ""), "2"},
		{"longest extension", []launcher.Route{{Job: "1", Groups: []string{"gz"}}, {Job: "2", Groups: []string{"tar.gz"}}}, launchertest.File("a.b.tar.gz", ""), "2"},
		{"shorter if the longer refuses", []launcher.Route{{Job: "1", Groups: []string{"gz"}}, {Job: "2", Groups: []string{"tar.gz"}, Filter: only("x")}}, launchertest.File("a.tar.gz", ""), "1"},
		{"envelope type", []launcher.Route{{Job: "1", Groups: []string{"xml"}}, {Job: "87", Groups: []string{"chorus_fact"}}}, grouped, "87"},
		{"no extension", []launcher.Route{{Job: "1", Groups: []string{"pdf"}}, {Job: "2", Groups: []string{"-"}}}, launchertest.File("README", ""), "2"},
		{"hidden name has no extension", []launcher.Route{{Job: "1", Groups: []string{"htaccess"}}, {Job: "2", Groups: []string{"-"}}}, launchertest.File(".htaccess", ""), "2"},
		{"star", []launcher.Route{{Job: "1", Groups: []string{"pdf"}}, {Job: "2", Groups: []string{"*"}}}, launchertest.File("a.xml", ""), "2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig()
			r.Routes = tt.routes
			r.source.Add("a", tt.doc)
			stats := r.poll(t)
			if tt.job == "" {
				equal(t, "unrouted", stats.Unrouted, 1)
				equal(t, "a parcel of which nothing was handed over stays", r.source.Waiting(), []string{"a"})
				if ev := r.events.of(launcher.EventUnrouted); len(ev) != 1 || !slices.Equal(ev[0].Names, []string{tt.doc.Name}) {
					t.Errorf("events %+v, want one that names the document", ev)
				}
				return
			}
			if kept := r.sink.Kept(); len(kept) != 1 || kept[0].Job != tt.job {
				t.Errorf("kept %+v, want job %s", kept, tt.job)
			}
		})
	}
}

func TestPartlyRoutedParcelIsSettled(t *testing.T) {
	r := newRig()
	r.Routes = []launcher.Route{{Job: "1", Groups: []string{"pdf"}}}
	r.source.Add("a", launchertest.File("a.pdf", "1"), launchertest.File("b.txt", "2"))
	equal(t, "stats", r.poll(t), launcher.Stats{Offered: 1, Stored: 1, Documents: 1, Unrouted: 1, Bytes: 1})
	equal(t, "taken", r.source.Taken(), []string{"a"})
}

func TestUnitsAreHandedOverApart(t *testing.T) {
	r := newRig()
	one := &launcher.Unit{Key: "1", Meta: map[string]string{"k": "one", "only": "1"}}
	two := &launcher.Unit{Key: "2", Meta: map[string]string{"k": "two"}}
	docs := []*launcher.Document{launchertest.File("a", "1"), launchertest.File("b", "2"), launchertest.File("c", "3")}
	docs[0].Unit, docs[1].Unit, docs[2].Unit = one, two, one
	it := r.source.Add("archive", docs...)
	it.Meta = map[string]string{"k": "whole", "w": "1"}
	equal(t, "one parcel stored", r.poll(t).Stored, 1)
	kept := r.sink.Kept()
	if len(kept) != 2 || kept[0].ID == kept[1].ID {
		t.Fatalf("kept %+v, want two parcels", kept)
	}
	equal(t, "documents of the first unit", len(kept[0].Documents), 2)
	equal(t, "meta of the first unit over that of the parcel", kept[0].Meta, map[string]string{"k": "one", "only": "1", "w": "1"})
	equal(t, "meta of the second", kept[1].Meta, map[string]string{"k": "two", "w": "1"})
}

// What was stored of a parcel is not sent again, and the weakest outcome of
// the parts decides.
func TestPartsAreRemembered(t *testing.T) {
	fail := func(r *rig, what map[string]error) {
		r.sink.Before = func(ctx context.Context, p *launcher.Parcel) error {
			docs, _ := p.Documents(ctx)
			return what[docs[0].Name]
		}
	}
	plain, reject := errors.New("no"), launcher.Reject(errors.New("bad"))
	tests := []struct {
		name    string
		errs    map[string]error
		waiting bool
		calls   int // of the second pass, in which all is well
	}{
		{"one fails", map[string]error{"b.pdf": plain}, true, 1},
		{"one rejected", map[string]error{"b.pdf": reject}, false, 0},
		{"one rejected, one fails", map[string]error{"a.pdf": reject, "c.pdf": plain}, true, 1},
		{"later", map[string]error{"c.pdf": launcher.Later(plain)}, true, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig()
			r.Routes = []launcher.Route{{Job: "1", Split: true}}
			r.source.Add("mail", launchertest.File("a.pdf", "1"), launchertest.File("b.pdf", "2"), launchertest.File("c.pdf", "3"))
			fail(r, tt.errs)
			r.poll(t)
			equal(t, "waiting", len(r.source.Waiting()) == 1, tt.waiting)
			r.sink.Before = nil
			calls := len(r.sink.Calls())
			r.restart()
			r.Routes = []launcher.Route{{Job: "1", Split: true}}
			r.poll(t)
			equal(t, "parts handed over in the second pass", len(r.sink.Calls())-calls, tt.calls)
		})
	}
}

func TestPartIDsSurviveAnotherFilter(t *testing.T) {
	r := newRig()
	r.Routes = []launcher.Route{{Job: "1", Split: true}}
	r.source.Keep = true
	r.source.Add("mail", launchertest.File("a.pdf", "1"), launchertest.File("b.xml", "2"), launchertest.File("b.xml", "3"))
	r.sink.Before = func(_ context.Context, p *launcher.Parcel) error {
		if docs, _ := p.Documents(t.Context()); docs[0].Name == "a.pdf" {
			return errors.New("no")
		}
		return nil
	}
	r.poll(t)
	equal(t, "stored first", r.sink.Names(), []string{"b.xml", "b.xml"})
	r.restart()
	r.Routes = []launcher.Route{{Job: "1", Split: true}}
	r.Filter = launcher.FilterFunc(func(_ context.Context, d *launcher.Document) (bool, error) { return d.Name != "a.pdf", nil })
	calls := len(r.sink.Calls())
	equal(t, "settled under a filter without the failing one", r.poll(t).Stored, 1)
	equal(t, "handed over again", len(r.sink.Calls())-calls, 0)
}

// A halt between parts must not forget the parts that were stored.
func TestHaltBetweenPartsForgetsNothing(t *testing.T) {
	r := newRig()
	r.Routes = []launcher.Route{{Job: "1", Split: true}}
	r.source.Add("mail", launchertest.File("a", "1"), launchertest.File("b", "2"))
	r.sink.Before = func(ctx context.Context, p *launcher.Parcel) error {
		if docs, _ := p.Documents(ctx); docs[0].Name == "b" {
			return launcher.Halt(errors.New("database is down"))
		}
		return nil
	}
	r.Poll(t.Context())
	equal(t, "no attempt is counted", r.entries(t)["mail"].Attempts, 0)
	r.sink.Before = nil
	r.restart()
	r.Routes = []launcher.Route{{Job: "1", Split: true}}
	r.poll(t)
	equal(t, "each document once", r.sink.Names(), []string{"a", "b"})
	equal(t, "calls", len(r.sink.Calls()), 3)
}

func TestThreeInARowHaltAndCostNothing(t *testing.T) {
	r := newRig()
	r.add("a", "b", "c", "d", "e")
	r.sink.Before = func(context.Context, *launcher.Parcel) error { return errors.New("connection refused") }
	for range 4 {
		if _, err := r.Poll(t.Context()); err != nil && launcher.OutcomeOf(err) != launcher.Stop {
			t.Fatalf("Poll: %v", err)
		}
	}
	for name, e := range r.entries(t) {
		equal(t, "attempts of "+name+" while the Sink is down", e.Attempts, 0)
	}
	r.sink.Before = nil
	equal(t, "stored in the first pass once the Sink is back", r.poll(t).Stored, 5)
	equal(t, "order", r.sink.Names(), []string{"a", "b", "c", "d", "e"})
}

func TestBadParcelsAtTheFrontDoNotBlock(t *testing.T) {
	r := newRig()
	r.MaxAttempts = 2
	r.add("bad1", "bad2", "bad3", "bad4", "good1", "good2")
	r.sink.Before = func(_ context.Context, p *launcher.Parcel) error {
		if strings.HasPrefix(p.Origin, "script bad") {
			return errors.New("no")
		}
		return nil
	}
	for range 8 {
		r.Poll(t.Context())
	}
	equal(t, "good parcels behind bad ones", r.source.Taken(), []string{"good1", "good2"})
	for i := range 4 {
		r.add(fmt.Sprintf("later%d", i))
		for range 3 {
			r.Poll(t.Context())
		}
	}
	got := r.source.SetAside()
	slices.Sort(got)
	equal(t, "set aside once the Sink has shown that it works", got, []string{"bad1", "bad2", "bad3", "bad4"})
	equal(t, "taken in the end", len(r.source.Taken()), 6)
}

func TestLedgerUnavailableStoresNothing(t *testing.T) {
	r := newRig()
	r.add("a", "b")
	broken := errors.New("disk on fire")
	r.Ledger = brokenLedger{r.ledger, broken}
	_, err := r.Poll(t.Context())
	if !errors.Is(err, broken) || launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("Poll: %v, want a halt that tells why", err)
	}
	equal(t, "stored", len(r.sink.Calls()), 0)
	equal(t, "waiting", len(r.source.Waiting()), 2)
}

type brokenLedger struct {
	launcher.Ledger
	err error
}

func (b brokenLedger) Save(context.Context, ...launcher.Entry) error { return b.err }

func TestPanicsAreContained(t *testing.T) {
	boom := func() { panic("boom\nforged line") }
	tests := []struct {
		name string
		arm  func(r *rig)
		left bool
	}{
		{"sink", func(r *rig) {
			r.sink.Before = func(_ context.Context, p *launcher.Parcel) error {
				if p.Origin == "script a" {
					boom()
				}
				return nil
			}
		}, true},
		{"filter", func(r *rig) {
			r.Filter = launcher.FilterFunc(func(_ context.Context, d *launcher.Document) (bool, error) {
				if d.Name == "a" {
					boom()
				}
				return true, nil
			})
		}, true},
		{"documents", func(r *rig) {
			r.source.Add("c", launchertest.File("c", "x")).Fetch = func(context.Context) error { boom(); return nil }
		}, true},
		{"observe", func(r *rig) { r.Observe = func(context.Context, launcher.Event) { boom() } }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig()
			r.add("a", "b")
			tt.arm(r)
			stats := r.poll(t)
			equal(t, "left", stats.Left == 1, tt.left)
			if tt.left {
				ev := r.events.of(launcher.EventFailed)
				var p *launcher.PanicError
				if len(ev) != 1 || !errors.As(ev[0].Err, &p) || len(p.Stack) == 0 || strings.Contains(ev[0].Err.Error(), "\n") {
					t.Errorf("events %v, want one failure on one line, with a stack", ev)
				}
			}
			if !slices.Contains(r.source.Taken(), "b") {
				t.Error("the other parcel was not taken")
			}
		})
	}
	t.Run("source", func(t *testing.T) {
		r := newRig()
		r.source.Before = func(context.Context) error { boom(); return nil }
		_, err := r.Poll(t.Context())
		var p *launcher.PanicError
		if !errors.As(err, &p) || p.In != "source" {
			t.Errorf("Poll: %v, want the panic", err)
		}
		r.source.Before = nil
		r.poll(t)
	})
}

func TestGrace(t *testing.T) {
	tests := []struct {
		name    string
		grace   time.Duration
		needs   time.Duration // that Store takes, unless its context is done
		stored  bool
		elapsed time.Duration
	}{
		{"default, quick enough", 0, 20 * time.Second, true, 20 * time.Second},
		{"default, too slow", 0, time.Hour, false, 30 * time.Second},
		{"5 s", 5 * time.Second, time.Hour, false, 5 * time.Second},
		{"none", -1, time.Hour, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig()
				r.Grace = tt.grace
				r.add("a", "b")
				ctx, cancel := context.WithCancel(t.Context())
				var asked time.Time
				r.sink.Before = func(ctx context.Context, p *launcher.Parcel) error {
					cancel()
					asked = time.Now()
					select {
					case <-time.After(tt.needs):
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				_, err := r.Poll(ctx)
				if !errors.Is(err, context.Canceled) {
					t.Errorf("Poll: %v, want context.Canceled", err)
				}
				equal(t, "time after the cancellation", time.Since(asked), tt.elapsed)
				e := r.entries(t)["a"]
				if tt.stored {
					equal(t, "state", e.State, launcher.Stored)
					equal(t, "the parcel in hand is settled", r.source.Taken(), []string{"a"})
				} else {
					equal(t, "attempts after a shutdown", e.Attempts, 0)
				}
				equal(t, "calls", len(r.sink.Calls()), 1)
			})
		})
	}
}

// A dripping source is cut, one that moves 4 KiB in time is not, and the time
// of the host's Store does not count.
func TestStall(t *testing.T) {
	fetch := func(every time.Duration, bytes int64, times int) func(context.Context) error {
		return func(ctx context.Context) error {
			for range times {
				select {
				case <-time.After(every):
					launcher.Progress(ctx, bytes)
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			return nil
		}
	}
	tests := []struct {
		name  string
		stall time.Duration
		fetch func(context.Context) error
		store time.Duration
		cut   bool
	}{
		{"frozen", 0, fetch(24*time.Hour, 0, 1), 0, true},
		{"one byte a second", 0, fetch(time.Second, 1, 3600), 0, true},
		{"4 KiB every 4 min", 0, fetch(4*time.Minute, 4096, 20), 0, false},
		{"slow Sink", 0, fetch(time.Second, 1, 1), 24 * time.Hour, false},
		{"no limit", -1, fetch(24*time.Hour, 0, 1), 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig()
				r.Stall = tt.stall
				it := r.source.Add("a", launchertest.File("a", "x"))
				it.Fetch = tt.fetch
				r.sink.Before = func(context.Context, *launcher.Parcel) error { time.Sleep(tt.store); return nil }
				begun := time.Now()
				_, err := r.Poll(t.Context())
				if tt.cut {
					if err == nil || !strings.Contains(err.Error(), "stalled") {
						t.Errorf("Poll: %v, want it to say that it stalled", err)
					}
					if d := time.Since(begun); d < 5*time.Minute || d > 6*time.Minute {
						t.Errorf("cut after %v, want about 5 min", d)
					}
					equal(t, "the item it stalled on is counted, so that others get their turn", r.entries(t)["a"].Attempts, 1)
					return
				}
				if err != nil {
					t.Errorf("Poll: %v", err)
				}
			})
		})
	}
}

func TestGoneAndRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.Retain = 48 * time.Hour
		r.add("a")
		bad := r.source.Add("bad", launchertest.File("bad", "x"))
		r.sink.Before = func(_ context.Context, p *launcher.Parcel) error {
			if p.Origin == "script bad" {
				return launcher.Reject(errors.New("virus"))
			}
			return nil
		}
		r.poll(t)
		if e := r.entries(t)["a"]; !e.Gone.IsZero() {
			t.Errorf("gone since %v after the pass that offered it", e.Gone)
		}
		time.Sleep(time.Hour)
		r.poll(t)
		for _, name := range []string{"a", "bad"} {
			if e := r.entries(t)[name]; !e.Gone.Equal(time.Now()) {
				t.Errorf("%s: gone since %v, want the first complete pass that did not offer it", name, e.Gone)
			}
		}
		r.source.PutBack(bad)
		r.sink.Before = nil
		r.poll(t)
		equal(t, "a rejected parcel that was gone and is offered again", r.entries(t)["bad"].State, launcher.Stored)
		time.Sleep(49 * time.Hour)
		r.poll(t)
		if _, ok := r.entries(t)["a"]; ok {
			t.Error("a parcel gone for longer than Retain is still in the ledger")
		}
	})
}

func TestIncompletePassMakesNothingGone(t *testing.T) {
	r := newRig()
	r.source.Keep = true
	r.add("a")
	r.poll(t)
	r.source.Before = func(context.Context) error { return launcher.Halt(errors.New("server is down")) }
	r.Poll(t.Context())
	if e := r.entries(t)["a"]; !e.Gone.IsZero() {
		t.Errorf("gone since %v after a pass that failed", e.Gone)
	}
}

func TestWithoutLedgerMemoryIsBounded(t *testing.T) {
	r := newRig()
	r.Ledger = nil
	for i := range 50 {
		r.add(fmt.Sprint(i))
		r.poll(t)
	}
	r.poll(t)
	n := 0
	r.List(t.Context(), func(launcher.Entry) error { n++; return nil })
	equal(t, "entries kept of parcels that were stored and are gone", n, 0)
}

func TestRequeueAndDiscard(t *testing.T) {
	r := newRig()
	r.MaxAttempts = 1
	r.Routes = []launcher.Route{{Job: "1", Split: true}}
	it := r.source.Add("mail", launchertest.File("a", "1"), launchertest.File("b", "2"))
	stuck := errors.New("cannot move")
	it.Settle = func(launcher.Outcome) error { return stuck } // as with Rejected: ""
	r.sink.Before = func(ctx context.Context, p *launcher.Parcel) error {
		if docs, _ := p.Documents(ctx); docs[0].Name == "b" {
			return launcher.Reject(errors.New("bad"))
		}
		return nil
	}
	if _, err := r.Poll(t.Context()); !errors.Is(err, stuck) {
		t.Fatalf("Poll: %v, want the failure to settle", err)
	}
	id := r.entries(t)["mail"].ID
	equal(t, "refused while it is rejected", r.entries(t)["mail"].State, launcher.Rejected)
	if err := r.Requeue(t.Context(), "test/none"); !errors.Is(err, launcher.ErrUnknown) {
		t.Errorf("Requeue of an unknown ID: %v", err)
	}
	r.sink.Before, it.Settle = nil, nil
	if err := r.Requeue(t.Context(), id); err != nil {
		t.Fatalf("Requeue: %v", err)
	}
	r.poll(t)
	equal(t, "each document once", r.sink.Names(), []string{"a", "b"})
	equal(t, "taken", r.source.Taken(), []string{"mail"})
	if err := r.Requeue(t.Context(), id); !errors.Is(err, launcher.ErrUnknown) {
		t.Errorf("Requeue of a stored parcel: %v, want ErrUnknown", err)
	}

	t.Run("put aside", func(t *testing.T) {
		r := newRig()
		it := r.source.Add("x", launchertest.File("x", "1"))
		r.sink.Before = func(context.Context, *launcher.Parcel) error { return launcher.Reject(errors.New("bad")) }
		r.Source = asides{r.source}
		r.poll(t)
		e := r.entries(t)["x"]
		equal(t, "where", e.Where, "Rejected/x")
		err := r.Requeue(t.Context(), e.ID)
		var away *launcher.AwayError
		if !errors.As(err, &away) || away.Where != "Rejected/x" || away.Origin != "script x" {
			t.Errorf("Requeue: %v, want to be told where to put it back", err)
		}
		r.sink.Before = nil
		r.source.PutBack(it)
		r.poll(t)
		equal(t, "stored after it was put back", r.sink.Names(), []string{"x"})
	})

	t.Run("discard", func(t *testing.T) {
		r := newRig()
		it := r.source.Add("x", launchertest.File("x", "1"))
		it.Settle = func(launcher.Outcome) error { return stuck }
		r.sink.Before = func(context.Context, *launcher.Parcel) error { return launcher.Reject(errors.New("bad")) }
		r.Poll(t.Context())
		if err := r.Discard(t.Context(), r.entries(t)["x"].ID); err != nil {
			t.Fatal(err)
		}
		equal(t, "Status.SetAside", r.Status().SetAside, 0)
		calls := len(r.sink.Calls())
		r.Poll(t.Context())
		equal(t, "a discarded parcel is not handed over", len(r.sink.Calls())-calls, 0)
		equal(t, "state", r.entries(t)["x"].State, launcher.Discarded)
	})
}

// asides tells the engine where rejected items go.
type asides struct{ *launchertest.Script }

func (a asides) Poll(ctx context.Context, sink launcher.Sink) error {
	return a.Script.Poll(ctx, launcher.SinkFunc(func(c context.Context, p *launcher.Parcel) error {
		err := sink.Store(c, p)
		if launcher.OutcomeOf(err) == launcher.SetAside {
			launcher.PutAside(c, p.ID, "Rejected/"+p.ID)
		}
		return err
	}))
}

func TestPreviewTouchesNothing(t *testing.T) {
	r := newRig()
	r.Filter = launcher.FilterFunc(func(_ context.Context, d *launcher.Document) (bool, error) { return d.Name != "c.tmp", nil })
	r.Routes = []launcher.Route{{Job: "87", Groups: []string{"pdf"}}}
	r.Explain = func(_ context.Context, _ launcher.Filter, d *launcher.Document) string { return "not " + d.Name }
	r.source.Add("1", launchertest.File("../a.pdf", "1"), launchertest.File("b.txt", "2"), launchertest.File("c.tmp", "3"))
	r.source.Add("2").Fetch = func(context.Context) error { return launcher.Later(errors.New("waits for b.xml")) }
	r.source.Add("3").Fetch = func(context.Context) error { return launcher.Reject(errors.New("bomb")) }
	list, err := r.Preview(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, fmt.Sprintf("%s %s job=%q name=%q was=%q (%s)", d.Origin, d.Verdict, d.Job, d.Name, d.Original, d.Reason))
	}
	want := []string{
		`script 1 store job="87" name="a.pdf" was="../a.pdf" ()`,
		`script 1 unrouted job="" name="b.txt" was="" (no route takes group "txt")`,
		`script 1 filtered job="" name="c.tmp" was="" (not c.tmp)`,
		`script 2 waiting job="" name="" was="" (waits for b.xml)`,
		`script 3 rejected job="" name="" was="" (bomb)`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("preview:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	equal(t, "entries in the ledger", len(r.entries(t)), 0)
	equal(t, "waiting", len(r.source.Waiting()), 3)
	equal(t, "calls of the Sink", len(r.sink.Calls()), 0)
	if list, err := r.Preview(t.Context(), 1); err != nil || len(list) != 3 {
		t.Errorf("Preview of one parcel: %d decisions, %v; want its three documents", len(list), err)
	}
	r.poll(t)
	list, _ = r.Preview(t.Context(), 1)
	if len(list) != 1 || list[0].Verdict != launcher.WouldWait {
		t.Errorf("after a pass: %+v", list)
	}
}

func TestDryRunIsVisible(t *testing.T) {
	r := newRig()
	var dry []bool
	r.source.Before = func(ctx context.Context) error { dry = append(dry, launcher.DryRun(ctx)); return nil }
	r.Preview(t.Context(), 0)
	r.Check(t.Context())
	r.poll(t)
	equal(t, "DryRun in Preview, Check, Poll", dry, []bool{true, true, false})
	equal(t, "DryRun outside a pass", launcher.DryRun(t.Context()), false)
}

func TestCheckReturnsEveryFault(t *testing.T) {
	l := &launcher.Launcher{Name: "a b", Parallel: -1, Grace: -2, Routes: []launcher.Route{{Groups: []string{""}}}}
	err := l.Check(t.Context())
	for _, part := range []string{"Name", "Source", "Sink", "Parallel", "Grace", "Routes[0]"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("Check: %v, want a fault of %s", err, part)
		}
	}
	r := newRig()
	r.add("a", "b")
	if err := r.Check(t.Context()); err != nil {
		t.Errorf("Check of a good launcher: %v", err)
	}
	equal(t, "touched by Check", len(r.source.Waiting()), 2)
	faulty := errors.New("Done is missing")
	r.source.Before = func(context.Context) error { return faulty }
	if err := r.Check(t.Context()); !errors.Is(err, faulty) {
		t.Errorf("Check: %v, want the Source's fault", err)
	}
}

// Nothing half reaches the ledger as stored, and what a Sink leaves open is
// closed.
func TestBodiesAreGuarded(t *testing.T) {
	body := func(size int64, text string, fail error) *launcher.Document {
		d := launchertest.File("a", text)
		d.Size = size
		d.Open = func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader(text), &failing{fail})), nil
		}
		return d
	}
	tests := []struct {
		name   string
		doc    *launcher.Document
		stored bool
	}{
		{"right size", body(3, "abc", nil), true},
		{"unknown size", body(-1, "abc", nil), true},
		{"too short", body(4, "abc", nil), false},
		{"too long", body(2, "abc", nil), false},
		{"breaks", body(3, "ab", errors.New("cut")), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig()
			r.source.Add("a", tt.doc)
			// A careless Sink: it drops the error of a read.
			r.Sink = launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
				docs, _ := p.Documents(ctx)
				rc, err := docs[0].Open(ctx)
				if err != nil {
					return nil
				}
				io.Copy(io.Discard, rc)
				return nil
			})
			equal(t, "stored", r.poll(t).Stored == 1, tt.stored)
		})
	}
	t.Run("marks reach the engine although the Sink drops them", func(t *testing.T) {
		r := newRig()
		r.source.Add("a", body(3, "ab", launcher.Reject(errors.New("corrupt"))))
		r.Sink = launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, _ := p.Documents(ctx)
			rc, _ := docs[0].Open(ctx)
			if _, err := io.Copy(io.Discard, rc); err != nil {
				return errors.New("cannot store")
			}
			return nil
		})
		equal(t, "rejected", r.poll(t).Rejected, 1)
	})
	t.Run("left open, and opened after the end", func(t *testing.T) {
		r := newRig()
		var closed atomic.Int32
		d := launchertest.File("a", "abc")
		d.Open = func(context.Context) (io.ReadCloser, error) {
			return struct {
				io.Reader
				io.ReaderAt
				io.Closer
			}{strings.NewReader("abc"), strings.NewReader("abc"), closeFunc(func() { closed.Add(1) })}, nil
		}
		r.source.Add("a", d)
		var kept *launcher.Document
		r.Sink = launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, _ := p.Documents(ctx)
			kept = docs[0]
			rc, _ := kept.Open(ctx)
			if _, ok := rc.(io.ReaderAt); !ok {
				t.Error("a body that can be read anywhere is not an io.ReaderAt for the Sink")
			}
			return nil
		})
		r.poll(t)
		equal(t, "readers closed that the Sink left open", closed.Load(), 1)
		if _, err := kept.Open(t.Context()); err == nil {
			t.Error("a document can be opened after Store has returned")
		}
		equal(t, "an unread document is reported", len(r.events.of(launcher.EventUnread)), 1)
		if f := r.entries(t)["a"].Files; len(f) != 1 || f[0].Size != -1 || f[0].SHA256 != "" {
			t.Errorf("files %+v, want it shown as unread", f)
		}
	})
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

type closeFunc func()

func (f closeFunc) Close() error { f(); return nil }

func TestParallelIsBoundedAndOrderKept(t *testing.T) {
	for _, parallel := range []int{0, 1, 3} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig()
				r.Parallel = parallel
				r.source.Workers = 8
				var want []string
				for i := range 40 {
					name := fmt.Sprintf("%02d", i)
					want = append(want, "script "+name)
					it := r.source.Add(name, launchertest.File(name, "x"))
					it.Fetch = func(context.Context) error { time.Sleep(time.Duration((i*7)%11) * time.Second); return nil }
				}
				var inside, most atomic.Int32
				var order []string
				var mu sync.Mutex
				r.sink.Before = func(_ context.Context, p *launcher.Parcel) error {
					if n := inside.Add(1); n > most.Load() {
						most.Store(n)
					}
					defer inside.Add(-1)
					mu.Lock()
					order = append(order, p.Origin)
					mu.Unlock()
					time.Sleep(time.Second)
					return nil
				}
				r.poll(t)
				limit := max(parallel, 1)
				if int(most.Load()) != limit {
					t.Errorf("%d Stores at a time, want %d", most.Load(), limit)
				}
				if limit == 1 && !slices.Equal(order, want) {
					t.Errorf("the Sink saw %v, want the order in which they were offered", order)
				}
			})
		})
	}
}

func TestPassesDoNotOverlap(t *testing.T) {
	r := newRig()
	r.add("a")
	inside := make(chan struct{})
	release := make(chan struct{})
	r.sink.Before = func(context.Context, *launcher.Parcel) error { close(inside); <-release; return nil }
	var wg sync.WaitGroup
	wg.Go(func() { r.Poll(t.Context()) })
	<-inside
	if st := r.Status(); !st.Polling || st.Pass.Offered != 1 {
		t.Errorf("Status during a pass: %+v", st)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Poll(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a second Poll: %v, want it to wait until its context is done", err)
	}
	close(release)
	wg.Wait()
	equal(t, "polls of the Source", r.source.Polls(), 1)
}

func TestSourceThatOffersAgainAfterItsPass(t *testing.T) {
	var leaked launcher.Sink
	r := newRig()
	r.Source = sourceFunc(func(ctx context.Context, s launcher.Sink) error { leaked = s; return nil })
	r.poll(t)
	err := leaked.Store(t.Context(), &launcher.Parcel{ID: "x", Documents: func(context.Context) ([]*launcher.Document, error) { return nil, nil }})
	equal(t, "a parcel offered after the pass", launcher.OutcomeOf(err), launcher.Stop)
	r.Source = sourceFunc(func(ctx context.Context, s launcher.Sink) error { return s.Store(ctx, &launcher.Parcel{ID: "x"}) })
	if _, err := r.Poll(t.Context()); err == nil {
		t.Error("a parcel without Documents is accepted")
	}
}

type sourceFunc func(ctx context.Context, s launcher.Sink) error

func (f sourceFunc) Poll(ctx context.Context, s launcher.Sink) error { return f(ctx, s) }

func TestErrMore(t *testing.T) {
	r := newRig()
	r.source.Before = func(context.Context) error { return fmt.Errorf("limit of 5: %w", launcher.ErrMore) }
	if _, err := r.Poll(t.Context()); !errors.Is(err, launcher.ErrMore) {
		t.Errorf("Poll: %v, want ErrMore", err)
	}
	if st := r.Status(); st.Failures != 0 || st.LastSuccess.IsZero() {
		t.Errorf("Status %+v: a pass that stopped at a limit is no failure", st)
	}
}

// The process may die at any step: afterwards nothing is lost, and a Sink that
// records IDs holds everything once.
func TestCrashAtEveryStep(t *testing.T) {
	for _, split := range []bool{false, true} {
		for n := 0; ; n++ {
			r := newRig()
			for i := range 3 {
				r.source.Add(fmt.Sprint(i), launchertest.File(fmt.Sprintf("%d-a", i), "1"), launchertest.File(fmt.Sprintf("%d-b", i), "2"))
			}
			routes := []launcher.Route{{Job: "1", Split: split}}
			c := launchertest.Crash(n)
			r.Routes = routes
			r.Sink, r.Ledger, r.Source = c.Sink(r.sink), c.Ledger(r.ledger), c.Source(r.source)
			_, err := r.Poll(t.Context())
			if !c.Crashed() && err != nil {
				t.Fatalf("split %v, step %d: Poll: %v", split, n, err)
			}
			r.restart()
			r.Routes = routes
			r.poll(t)
			names := r.sink.Names()
			slices.Sort(names)
			want := []string{"0-a", "0-b", "1-a", "1-b", "2-a", "2-b"}
			if !slices.Equal(names, want) {
				t.Errorf("split %v, crash at step %d: the Sink holds %v, want each document once", split, n, names)
			}
			if left := r.source.Waiting(); len(left) != 0 {
				t.Errorf("split %v, crash at step %d: still in place %v", split, n, left)
			}
			if !c.Crashed() {
				if n < 10 {
					t.Errorf("only %d steps", n)
				}
				break
			}
		}
	}
}

func TestLogIsSafeAndStable(t *testing.T) {
	var out bytes.Buffer
	r := newRig()
	r.Observe = launcher.LogTo(newTextLogger(&out))
	it := r.source.Add("id\x1b[31m\nforged=1", launchertest.File("a", "x"))
	it.Fetch = func(context.Context) error { return errors.New("bad \x1b[31m\u202e\nforged=2") }
	r.poll(t)
	for _, key := range []string{"launcher=test", "parcel=test/", "origin=", "attempt=1", "error="} {
		if !strings.Contains(out.String(), key) {
			t.Errorf("log without %s:\n%s", key, out.String())
		}
	}
	if i := strings.IndexFunc(out.String(), func(r rune) bool { return r == 0x1b || r == 0x202e }); i >= 0 {
		t.Errorf("raw control characters in the log:\n%q", out.String())
	}
	if e := r.entries(t); len(e) != 1 {
		t.Fatalf("entries %v", e)
	}
	r.List(t.Context(), func(e launcher.Entry) error {
		if strings.ContainsAny(e.Err+e.Origin, "\x1b\n\u202e") {
			t.Errorf("raw control characters in the entry %q %q", e.Err, e.Origin)
		}
		return nil
	})
}
