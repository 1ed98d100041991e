package launcher_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A shakyLedger fails its n-th call, once.
type shakyLedger struct {
	launcher.Ledger
	mu    sync.Mutex
	left  int
	after bool // the call is carried out, and only then fails
}

var errShaky = errors.New("the ledger's disk is full")

func (s *shakyLedger) call(do func() error) error {
	s.mu.Lock()
	s.left--
	fails := s.left == -1
	s.mu.Unlock()
	if fails && !s.after {
		return errShaky
	}
	if err := do(); err != nil {
		return err
	}
	if fails {
		return errShaky
	}
	return nil
}

func (s *shakyLedger) Load(ctx context.Context, id string) (e launcher.Entry, err error) {
	err = s.call(func() error { e, err = s.Ledger.Load(ctx, id); return err })
	return e, err
}

func (s *shakyLedger) Save(ctx context.Context, es ...launcher.Entry) error {
	return s.call(func() error { return s.Ledger.Save(ctx, es...) })
}

func (s *shakyLedger) Delete(ctx context.Context, ids ...string) error {
	return s.call(func() error { return s.Ledger.Delete(ctx, ids...) })
}

func (s *shakyLedger) Walk(ctx context.Context, name string, fn func(launcher.Entry) error) error {
	return s.call(func() error { return s.Ledger.Walk(ctx, name, fn) })
}

// The ledger may fail at any call, before or after it has done what was asked:
// the pass halts and says so, and the next one, in the same process or in
// another, loses and doubles nothing and blames no parcel.
func TestLedgerFailsAtEveryCall(t *testing.T) {
	for _, restart := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			n := 0
			for failed := true; failed; n++ {
				failed = ledgerFailsAt(t, n, after, restart)
			}
			if n < 15 {
				t.Errorf("only %d calls of the ledger", n)
			}
		}
	}
}

func ledgerFailsAt(t *testing.T, n int, after, restart bool) (failed bool) {
	r := newRig()
	routes := []launcher.Route{{Job: "1", Split: true, Groups: []string{"a", "b"}}}
	for i := range 2 {
		r.source.Add(fmt.Sprint(i), launchertest.File(fmt.Sprintf("%d.a", i), "1"), launchertest.File(fmt.Sprintf("%d.b", i), "2"))
	}
	r.source.Add("unwanted", launchertest.File("x", "3"))
	waiting := true
	it := r.source.Add("waiting", launchertest.File("w.a", "4"))
	it.Fetch = func(context.Context) error {
		if waiting {
			return launcher.Later(errors.New("not yet"))
		}
		return nil
	}
	shaky := &shakyLedger{Ledger: r.ledger, left: n, after: after}
	r.Routes, r.Ledger = routes, shaky
	where := fmt.Sprintf("call %d, after %v, restart %v", n, after, restart)
	for range 2 {
		_, err := r.Poll(t.Context())
		if err != nil && (!errors.Is(err, errShaky) || launcher.OutcomeOf(err) != launcher.Stop) {
			t.Errorf("%s: Poll: %v, want a halt that says why", where, err)
		}
		if restart {
			r.restart()
			r.Routes, r.Ledger = routes, shaky
		}
	}
	failed = shaky.left < 0
	shaky.left = -1 // it does not fail any more
	waiting = false
	for range 2 {
		r.poll(t)
	}
	names := r.sink.Names()
	slices.Sort(names)
	equal(t, where+": kept", names, []string{"0.a", "0.b", "1.a", "1.b", "w.a"})
	equal(t, where+": in place", r.source.Waiting(), []string{"unwanted"})
	for _, e := range r.entries(t) {
		if e.State == launcher.Rejected || e.Attempts > 2 {
			t.Errorf("%s: the ledger has %+v: a parcel is blamed", where, e)
		}
	}
	return failed
}

func TestEntryValidate(t *testing.T) {
	good := launcher.Entry{ID: "a", Launcher: "l", State: launcher.Tried}
	if err := good.Validate(); err != nil {
		t.Errorf("%+v: %v", good, err)
	}
	for _, e := range []launcher.Entry{
		{Launcher: "l", State: launcher.Tried}, {ID: "a", State: launcher.Tried}, {ID: "a", Launcher: "l"},
		{ID: "a", Launcher: "l", State: 99},
	} {
		if e.Validate() == nil {
			t.Errorf("%+v is accepted", e)
		}
	}
}

func TestWarnIsAnEvent(t *testing.T) {
	r := newRig()
	changed := errors.New("UIDVALIDITY has changed")
	r.source.Before = func(ctx context.Context) error { launcher.Warn(ctx, "INBOX", changed); return nil }
	r.poll(t)
	ev := r.events.of(launcher.EventWarning)
	if len(ev) != 1 || ev[0].Origin != "INBOX" || !errors.Is(ev[0].Err, changed) {
		t.Errorf("events %+v, want the warning", ev)
	}
	launcher.Warn(t.Context(), "", changed) // outside a pass: nothing
}
