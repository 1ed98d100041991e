package launcher_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A trial is what may go wrong besides Source and Sink, which fail, ask to wait
// and halt in each.
type trial struct {
	name      string
	seeds     uint64
	crashes   bool // the process dies, or is asked to end
	flaky     bool // the ledger fails, before or after it has done what was asked
	rejects   bool // parcels are refused or run out of attempts, and a person requeues them
	forgetful bool // the Sink does not record IDs
}

// Whatever goes wrong in whatever order, in the end each document was handed
// over once, everything is settled and the ledger has every parcel as stored.
func TestStress(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	trials := []trial{
		{name: "crashes and shutdowns", seeds: 100, crashes: true},
		{name: "crashes, a flaky ledger, parcels refused", seeds: 100, crashes: true, flaky: true, rejects: true},
		{name: "no crash, and a Sink that knows no IDs", seeds: 50, forgetful: true},
	}
	for _, tr := range trials {
		t.Run(tr.name, func(t *testing.T) {
			for seed := range tr.seeds {
				s := newStress(tr, seed)
				for range 14 {
					s.step(t)
				}
				s.end(t)
				if t.Failed() {
					t.Fatalf("seed %d: split %v, keep %v, %d workers, parallel %d, %d attempts",
						seed, s.split, s.source.Keep, s.source.Workers, s.parallel, s.limit)
				}
			}
		})
	}
}

// stress is one run of a trial.
type stress struct {
	*rig
	trial
	split    bool
	parallel int
	limit    int
	items    []*launchertest.Item
	want     []string
	shutdown context.CancelFunc // of the pass under way
	calm     bool               // nothing goes wrong any more

	mu     sync.Mutex
	rnd    *rand.Rand
	handed []string // names of documents, at every Store that returned nil
}

func newStress(tr trial, seed uint64) *stress {
	s := &stress{rig: newRig(), trial: tr, rnd: rand.New(rand.NewPCG(seed, 1)), limit: -1}
	s.source.Workers, s.parallel, s.split = 1+s.roll(4), 1+s.roll(3), s.oneIn(2)
	s.source.Keep = !tr.rejects && s.oneIn(4)
	if tr.rejects && s.oneIn(2) {
		s.limit = 3
	}
	for i := range 6 {
		var docs []*launcher.Document
		for j := range 1 + s.roll(3) {
			name := fmt.Sprintf("%d-%d", i, j)
			s.want = append(s.want, name)
			docs = append(docs, launchertest.File(name, "x"))
		}
		it := s.source.Add(fmt.Sprint(i), docs...)
		it.Fetch = func(context.Context) error { return s.fault() }
		it.Settle = func(launcher.Outcome) error {
			if s.oneIn(5) {
				return errors.New("cannot settle")
			}
			return nil
		}
		s.items = append(s.items, it)
	}
	s.start()
	return s
}

// roll returns a number below n.
func (s *stress) roll(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rnd.IntN(n)
}

func (s *stress) oneIn(n int) bool { return !s.calm && s.roll(n) == 0 }

func (s *stress) fault() error {
	if s.calm {
		return nil
	}
	switch s.roll(10) {
	case 0:
		return errors.New("no")
	case 1:
		return launcher.Later(errors.New("not yet"))
	case 2:
		return launcher.Halt(errors.New("down"))
	case 3:
		if s.rejects {
			return launcher.Reject(errors.New("bad"))
		}
	}
	return nil
}

// start begins another process.
func (s *stress) start() {
	s.restart()
	s.MaxAttempts, s.Parallel = s.limit, s.parallel
	s.Sink = launcher.SinkFunc(s.keep)
	if s.flaky {
		s.Ledger = flakyLedger{s.ledger, s}
	}
	if s.split || s.forgetful {
		s.Routes = []launcher.Route{{Job: "1", Split: true}}
	}
}

// keep is the Sink.
func (s *stress) keep(ctx context.Context, p *launcher.Parcel) error {
	if s.crashes && s.oneIn(12) {
		s.shutdown()
	}
	if err := s.fault(); err != nil {
		return err
	}
	if err := s.sink.Store(ctx, p); err != nil {
		return err
	}
	docs, err := p.Documents(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range docs {
		s.handed = append(s.handed, d.Name)
	}
	return err
}

// step makes a pass, perhaps in a new process, or one that dies meanwhile.
func (s *stress) step(t *testing.T) {
	if s.oneIn(4) {
		s.start()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.shutdown = cancel
	dies := s.crashes && s.oneIn(3)
	if dies {
		s.start()
		c := launchertest.Crash(s.roll(25))
		s.Source, s.Sink, s.Ledger = c.Source(s.Source), c.Sink(s.Sink), c.Ledger(s.Ledger)
	}
	s.Poll(ctx)
	if dies {
		s.start()
	}
	if s.rejects && s.oneIn(3) {
		s.requeue(t)
	}
}

// requeue requeues what was rejected, as far as the ledger lets it.
func (s *stress) requeue(t *testing.T) {
	var ids []string
	s.List(t.Context(), func(e launcher.Entry) error {
		if e.Of == "" && e.State == launcher.Rejected {
			ids = append(ids, e.ID)
		}
		return nil
	})
	for _, id := range ids {
		s.Requeue(t.Context(), id)
	}
}

// end lets passes go well, puts back what was set aside and looks at the result.
func (s *stress) end(t *testing.T) {
	t.Helper()
	s.calm, s.limit = true, -1
	s.start()
	for range 3 {
		s.poll(t)
	}
	aside := s.source.SetAside()
	for _, it := range s.items {
		if slices.Contains(aside, it.ID) {
			s.source.PutBack(it)
		}
	}
	for range 2 {
		s.poll(t)
	}
	got := s.sink.Names()
	if s.forgetful {
		got = s.handed
	}
	slices.Sort(got)
	equal(t, "each document is handed over once", got, s.want)
	if !s.source.Keep {
		equal(t, "still in place", s.source.Waiting(), []string{})
	}
	entries := s.entries(t)
	equal(t, "parcels in the ledger", len(entries), len(s.items))
	for name, e := range entries {
		equal(t, "state of "+name, e.State, launcher.Stored)
	}
	equal(t, "Status.SetAside", s.Status().SetAside, 0)
}

// A flakyLedger fails now and then.
type flakyLedger struct {
	launcher.Ledger
	s *stress
}

var errFlaky = errors.New("the ledger's disk is full")

func (f flakyLedger) change(do func() error) error {
	if f.s.oneIn(12) {
		return errFlaky
	}
	if err := do(); err != nil {
		return err
	}
	if f.s.oneIn(12) {
		return errFlaky
	}
	return nil
}

func (f flakyLedger) Load(ctx context.Context, id string) (launcher.Entry, error) {
	if f.s.oneIn(20) {
		return launcher.Entry{}, errFlaky
	}
	return f.Ledger.Load(ctx, id)
}

func (f flakyLedger) Save(ctx context.Context, es ...launcher.Entry) error {
	return f.change(func() error { return f.Ledger.Save(ctx, es...) })
}

func (f flakyLedger) Delete(ctx context.Context, ids ...string) error {
	return f.change(func() error { return f.Ledger.Delete(ctx, ids...) })
}
