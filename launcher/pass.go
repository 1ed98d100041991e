package launcher

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A note is what the process knows of a parcel without asking the ledger.
type note struct {
	pass   uint32 // the last pass that offered it; 0: none in this process
	state  knowledge
	handed bool // to the Sink, in this process
}

type knowledge uint8

const (
	ask      knowledge = iota // ask the ledger
	kept                      // Stored, and the origin still offers it
	unwanted                  // skipped under the Filter and Routes of this process
)

// A pass is one call of the Source's Poll.
type pass struct {
	l      *Launcher
	dry    bool
	number uint32
	begun  time.Time
	timer  time.Time       // the same, to measure with
	ctx    context.Context // of this pass; ends with it
	cut    context.CancelCauseFunc
	after  context.Context // the same, but does not end
	grace  context.Context // the same, but ends Grace later: of the host's Store
	queue  queue
	dog    watchdog
	decide *decisions // of a dry pass

	mu     sync.Mutex
	over   bool
	stats  Stats
	halted error             // ends the pass; Store returns it from now on
	stored bool              // the Sink took something
	probed bool              // a suspect was tried
	streak []*strike         // failed in the Sink one after the other
	oldest time.Time         // of what was left
	moved  bool              // something was stored or newly refused
	alike  map[string]*Event // parcels that failed, by text
	stayed []Decision        // parcels that stay at their origin, as Left returns them
}

// poll makes a pass, and reports whether it achieved something. The caller
// holds the slot.
func (l *Launcher) poll(ctx context.Context) (stats Stats, advanced bool, err error) {
	p := l.newPass(ctx, false)
	p.observe(Event{Kind: EventStart})
	err = p.run()
	if err == nil {
		err = p.sinkDown()
	}
	if err == nil {
		err = p.departures()
	}
	if ctx.Err() == nil {
		if failure := l.retain(ctx); failure != nil {
			err = join(err, failure)
		}
	}
	p.tellAlike()
	stats = l.finished(p, err, ctx.Err() != nil)
	p.observe(Event{Kind: EventPass, Stats: stats, Elapsed: time.Since(p.timer), Err: err, Shutdown: ctx.Err() != nil})
	return stats, p.moved, err
}

// join is errors.Join, but for a single error returns it as it is.
func join(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return errors.Join(a, b)
}

func (l *Launcher) newPass(ctx context.Context, dry bool) *pass {
	p := &pass{l: l, dry: dry, begun: l.now(), timer: time.Now()}
	p.dog.advance(p.begun)
	p.queue.limit = max(l.Parallel, 1)
	p.ctx, p.cut = context.WithCancelCause(context.WithValue(ctx, passKey{}, p))
	p.after = context.WithoutCancel(p.ctx)
	s := &l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	if !dry {
		s.pass++
		s.current = p
		s.status.Started = p.begun
	}
	p.number = s.pass
	return p
}

// run lets the Source poll and returns what came of it.
func (p *pass) run() error {
	defer p.cut(nil)
	if err := p.l.recall(p.ctx); err != nil {
		return Halt(fmt.Errorf("ledger: %w", err))
	}
	var release func()
	p.grace, release = gracefully(p.ctx, orDefault(p.l.Grace, 30*time.Second))
	defer func() {
		if p.dog.hosted.Load() == 0 { // a Source that panicked may have left some under way
			release()
		}
	}()
	var watch sync.WaitGroup
	if limit := orDefault(p.l.Stall, 5*time.Minute); limit > 0 {
		watch.Go(func() { p.dog.watch(p.ctx, limit, func() { p.cut(errStalled) }) })
	}
	err := p.poll()
	p.mu.Lock()
	p.over = true
	halted := p.halted
	p.mu.Unlock()
	stalled := context.Cause(p.ctx) == errStalled
	p.cut(nil)
	watch.Wait()
	if stalled && !errors.Is(err, errStalled) {
		err = join(err, errStalled)
	}
	if halted != nil && err == nil {
		err = halted // a Source must return it, but not all do
	}
	if p.dry {
		return err
	}
	return join(err, p.l.pay(p.ctx, 0))
}

func (p *pass) poll() (err error) {
	defer contain(&err, "source")
	err = p.l.Source.Poll(p.ctx, SinkFunc(p.store))
	if err == nil && p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	return err
}

// recall reads from the ledger, once, which parcels were still at their origin
// when it was written.
func (l *Launcher) recall(ctx context.Context) error {
	s := &l.state
	s.mu.Lock()
	loaded := s.loaded
	s.mu.Unlock()
	if loaded {
		return nil
	}
	known := make(map[key]note)
	rejected := 0
	err := s.ledger.Walk(ctx, l.Name, func(e Entry) error {
		if e.State == Rejected && e.Of == "" {
			rejected++
		}
		k, ok := l.keyIn(e.ID)
		if !ok || e.Of != "" || !e.Gone.IsZero() {
			return nil
		}
		m := note{}
		if e.State == Stored {
			m.state = kept
		}
		known[k] = m
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known, s.loaded = known, true
	s.status.SetAside = rejected
	return nil
}

// progress counts bytes that a Source or Sink moved.
func (p *pass) progress(n int64) {
	if n > 0 {
		p.dog.bytes.Add(n)
		p.dog.advance(p.l.now())
	}
}

// step takes down that a parcel began or ended.
func (p *pass) step() {
	p.dog.parcels.Add(1)
	p.dog.advance(p.l.now())
}

// putAside notes where a rejected parcel went, for List and Requeue.
func (p *pass) putAside(ctx context.Context, id, where string) {
	if p.dry {
		return
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	e, _, err := p.l.load(ctx, p.l.id(keyOf(id)))
	if err == nil && e.State == Rejected && e.Where != where {
		e.Where = printable(where)
		err = p.l.state.ledger.Save(ctx, e)
	}
	if err != nil {
		p.l.observe(ctx, Event{Kind: EventWarning, Parcel: e.ID, Origin: e.Origin,
			Err: fmt.Errorf("ledger: note where it was put: %w", err)})
	}
}

const maxNote = 256

func (p *pass) remember(ctx context.Context, name, text string) (was string) {
	ctx, cancel := settling(ctx)
	defer cancel()
	id := p.l.noteID(name)
	e, err := p.l.state.ledger.Load(ctx, id)
	if err == nil && !p.dry && e.Where != text {
		err = p.l.state.ledger.Save(ctx, Entry{ID: id, Launcher: p.l.Name, State: Marker, Origin: printable(name), Where: text})
	}
	if err != nil {
		p.l.observe(ctx, Event{Kind: EventWarning, Err: fmt.Errorf("ledger: note %q: %w", name, err)})
	}
	return e.Where
}

// halt ends the pass: every Store call from now on returns err.
func (p *pass) halt(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.halted == nil {
		p.halted = Halt(err)
	}
	return p.halted
}

// count changes the stats.
func (p *pass) count(change func(*Stats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.stats)
}

// left counts a parcel that stays, and remembers the oldest.
func (p *pass) left(t time.Time, change func(*Stats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.stats)
	if !t.IsZero() && (p.oldest.IsZero() || t.Before(p.oldest)) {
		p.oldest = t
	}
}

// advanced notes that the pass has achieved something.
func (p *pass) advanced() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved = true
}
