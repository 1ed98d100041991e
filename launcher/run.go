package launcher

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"
)

const (
	maxSleep   = 30 * time.Second // timers stop while a host is suspended
	maxStep    = 3 * time.Hour    // the clock set back by more is a correction
	wakePause  = time.Second      // between passes that Wake asks for
	markEvery  = time.Minute      // between two writes of the last scheduled instant
	maxMissed  = 10_000           // runs counted one by one
	watchPause = time.Minute      // before Watch is called again, at first
)

// Run runs launchers together until ctx is done, and returns when all have
// ended. It returns at once, with every fault, if one is misconfigured or two
// share a Name. Otherwise it returns context.Cause(ctx), or nil if all
// Schedules ended before.
func Run(ctx context.Context, ls ...*Launcher) error {
	var faults []error
	names := make(map[string]bool)
	for i, l := range ls {
		if l == nil {
			faults = append(faults, fmt.Errorf("launcher %d is nil", i))
			continue
		}
		faults = append(faults, l.Validate())
		if names[l.Name] {
			faults = append(faults, fmt.Errorf("launcher %q: two have this Name", l.Name))
		}
		names[l.Name] = true
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	for i, l := range ls {
		if err := l.claim(); err != nil {
			for _, claimed := range ls[:i] {
				claimed.release(nil, true)
			}
			return err
		}
	}
	errs := make([]error, len(ls))
	var wg sync.WaitGroup
	for i, l := range ls {
		wg.Go(func() { errs[i] = l.run(ctx) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(errs...)
}

// Validate returns every fault of the fields that shows without polling: those
// with which Run would return at once. What only a pass can tell, such as
// folders and credentials, Check does.
func (l *Launcher) Validate() error {
	err := l.validate()
	if l.Schedule == nil {
		err = errors.Join(err, fmt.Errorf("launcher %q: Schedule: missing", l.Name))
	}
	return err
}

// Run makes a pass whenever the Schedule says so or Wake asks for one, until
// ctx is done, when it returns context.Cause(ctx), or the Schedule ends, when
// it returns nil. Passes never overlap: runs that fall into a pass or a pause
// are not made up for, but counted. A failed pass is an event, not an end. Run
// returns an error at once if the launcher is misconfigured or runs already;
// nothing of it is left when it returns.
func (l *Launcher) Run(ctx context.Context) error {
	if err := l.Validate(); err != nil {
		return err
	}
	if err := l.claim(); err != nil {
		return err
	}
	return l.run(ctx)
}

// run is Run of a launcher that was claimed.
func (l *Launcher) run(ctx context.Context) (err error) {
	asked := ctx
	defer func() { l.release(err, asked.Err() != nil) }()
	ctx, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop()
	if l.Watch != nil {
		watch.Go(func() { l.watch(ctx) })
	}
	r := &runner{l: l}
	return r.run(ctx)
}

// claim sees to it that a launcher runs once at a time.
func (l *Launcher) claim() error {
	l.prepare()
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	if l.state.running {
		return fmt.Errorf("launcher %q runs already", l.Name)
	}
	l.state.running = true
	l.state.status.RunSince = l.now()
	l.state.health = health{since: l.now()}
	return nil
}

// release ends what claim began. An end that nobody asked for is told: Run of
// many goes on with the others.
func (l *Launcher) release(err error, asked bool) {
	l.state.mu.Lock()
	l.state.running = false
	st := &l.state.status
	st.NextRun, st.RunSince, st.Resting = time.Time{}, time.Time{}, time.Time{}
	if err != nil && !asked {
		l.state.health.broken = textOf(err)
	}
	l.state.mu.Unlock()
	if err != nil && !asked {
		l.observe(context.Background(), Event{Kind: EventEnded, Err: err})
	}
}

// watch calls Watch, again if it fails.
func (l *Launcher) watch(ctx context.Context) {
	for pause := watchPause; ; pause = min(2*pause, time.Hour) {
		begun := time.Now()
		err := l.watchOnce(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if time.Since(begun) > time.Hour {
			pause = watchPause
		}
		l.observe(ctx, Event{Kind: EventWatch, Err: err, Due: l.now().Add(pause)})
		if !sleep(ctx, pause) {
			return
		}
	}
}

func (l *Launcher) watchOnce(ctx context.Context) (err error) {
	defer contain(&err, "watch")
	return l.Watch(ctx, func() { request(l.state.nudge) })
}

// sleep waits for d and reports false if ctx is done first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A runner makes the passes of Run.
type runner struct {
	l      *Launcher
	served time.Time // the last scheduled instant that was run, or passed over
	marked time.Time // when served was last saved
	woken  time.Time // when the last pass that Wake asked for ended
	idle   int       // runs that fell into a pause or a rest and were not told of yet
	futile int       // passes in a row that failed and achieved nothing
	rested time.Time // runs before are left out: futile passes
}

func (r *runner) run(ctx context.Context) error {
	// Status tells what is set aside before the first pass, too. If the ledger
	// cannot be read, that pass says so.
	r.l.recall(ctx)
	r.served = r.l.now()
	if err := r.delayed(); err != nil {
		return err
	}
	if r.missedWhileAway(ctx) {
		if err := r.passes(ctx); err != nil {
			return err
		}
	}
	for {
		r.clockSetBack(ctx)
		at, err := r.next(r.served)
		if err != nil || at.IsZero() {
			return err
		}
		fire := at.Add(r.jitter(at))
		woken, err := r.wait(ctx, fire)
		switch {
		case err != nil:
			return err
		case woken:
			if err := r.passes(ctx); err != nil {
				return err
			}
			r.woken = time.Now()
		case r.l.now().Before(fire): // paused, resumed, or the clock was set back
			continue
		case r.paused(), r.resting() > 0:
			r.serve(ctx, at)
			r.idle++
			r.count(1)
			continue
		default:
			r.serve(ctx, at)
			if err := r.passes(ctx); err != nil {
				return err
			}
		}
		r.passOver(ctx)
	}
}

// passes makes a pass, and others as long as the Source has more.
func (r *runner) passes(ctx context.Context) error {
	for {
		leave, err := r.l.enter(ctx)
		if err != nil {
			return err
		}
		_, advanced, err := r.l.poll(ctx)
		leave()
		r.cool(err, advanced)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !errors.Is(err, ErrMore) || OutcomeOf(err) == Stop || !advanced:
			return nil
		case r.paused():
			r.l.Wake() // the rest follows when it is resumed
			return nil
		}
	}
}

// next asks the Schedule, contains its panics and sees that it advances.
func (r *runner) next(t time.Time) (at time.Time, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("launcher %q: Schedule: %w", r.l.Name, err)
		}
	}()
	defer contain(&err, "schedule")
	at = r.l.Schedule.Next(t)
	if !at.IsZero() && !at.After(t) {
		return time.Time{}, fmt.Errorf("Next(%v) is %v, which is not later", t, at)
	}
	return at, nil
}

// delayed makes up for the start of the process between an instant and the run
// that Jitter delays after it.
func (r *runner) delayed() error {
	now := r.served
	for t := now.Add(-r.l.Jitter); r.l.Jitter > 0; {
		at, err := r.next(t)
		if err != nil || at.IsZero() || at.After(now) {
			return err
		}
		if at.Add(r.jitter(at)).After(now) {
			r.served = at.Add(-time.Nanosecond)
			return nil
		}
		t = at
	}
	return nil
}

func (r *runner) paused() bool {
	r.l.state.mu.Lock()
	defer r.l.state.mu.Unlock()
	return r.l.state.paused
}

// wait returns when fire has come, when a pass was asked for, or when
// something has changed that may make fire another one.
func (r *runner) wait(ctx context.Context, fire time.Time) (woken bool, err error) {
	s := &r.l.state
	for {
		now := r.l.now()
		left := fire.Sub(now)
		s.mu.Lock()
		s.status.NextRun = fire
		paused, changed := s.paused, s.changed
		s.mu.Unlock()
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if left <= 0 {
			return false, nil
		}
		wake, nudge := s.wake, s.nudge
		pause, rest := wakePause-time.Since(r.woken), r.resting()
		if paused || !r.woken.IsZero() && pause > 0 {
			wake, nudge = nil, nil // the wish is kept
		}
		if !paused && wake == nil {
			left = min(left, pause)
		}
		if rest > 0 {
			nudge = nil
			left = min(left, rest)
		}
		t := time.NewTimer(min(left, maxSleep))
		select {
		case <-ctx.Done():
			t.Stop()
			return false, context.Cause(ctx)
		case <-wake:
			t.Stop()
			return true, nil
		case <-nudge:
			t.Stop()
			return true, nil
		case <-changed:
		case <-t.C:
		}
		t.Stop()
		if r.l.now().Before(r.served) {
			return false, nil // the clock was set back
		}
	}
}

// jitter returns how long after at the run is made.
func (r *runner) jitter(at time.Time) time.Duration {
	limit := r.l.Jitter
	if limit <= 0 {
		return 0
	}
	if next, err := r.next(at); err == nil && !next.IsZero() {
		limit = min(limit, next.Sub(at))
	}
	if limit <= 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(r.l.Name))
	return time.Duration(h.Sum64() % uint64(limit))
}

// passOver leaves out the runs that have fallen into the pass that ended.
func (r *runner) passOver(ctx context.Context) {
	now := r.l.now()
	n := 0
	for {
		at, err := r.next(r.served)
		if err != nil || at.IsZero() || !at.Add(r.jitter(at)).Before(now) {
			break
		}
		n++
		if n > maxMissed {
			r.served = now
			break
		}
		r.served = at
	}
	r.count(n)
	if n += r.idle; n > 0 {
		r.l.observe(ctx, Event{Kind: EventMissed, Count: n})
	}
	r.idle = 0
}

func (r *runner) count(missed int) {
	r.l.state.mu.Lock()
	defer r.l.state.mu.Unlock()
	r.l.state.status.Missed += missed
}

// clockSetBack sees to it that a wall clock that was set back neither repeats
// runs nor, where they are frequent, holds them up until it has caught up.
func (r *runner) clockSetBack(ctx context.Context) {
	now := r.l.now()
	back := r.served.Sub(now)
	if back <= 0 {
		return
	}
	interval := maxStep
	if next, err := r.next(r.served); err == nil && !next.IsZero() {
		interval = min(interval, next.Sub(r.served))
	}
	if back <= interval {
		return
	}
	r.served = now
	r.l.observe(ctx, Event{Kind: EventClock, Err: fmt.Errorf("the clock was set back by %v: runs of that time may be repeated", back)})
}

// serve takes down that the run of at is made, or passed over.
func (r *runner) serve(ctx context.Context, at time.Time) {
	r.served = at
	if r.l.CatchUp <= 0 || !r.marked.IsZero() && at.Sub(r.marked).Abs() < markEvery {
		return
	}
	r.marked = at
	ctx, cancel := settling(ctx)
	defer cancel()
	err := r.l.state.ledger.Save(ctx, Entry{ID: r.l.markerID(), Launcher: r.l.Name, State: Marker, Time: at})
	if err != nil {
		r.l.observe(ctx, Event{Kind: EventWarning, Err: fmt.Errorf("ledger: note the last run: %w", err)})
	}
}

// missedWhileAway reports whether a run fell into the time in which the
// launcher did not run, and is young enough to be made up for.
func (r *runner) missedWhileAway(ctx context.Context) bool {
	if r.l.CatchUp <= 0 {
		return false
	}
	e, err := r.l.state.ledger.Load(ctx, r.l.markerID())
	if err != nil {
		r.l.observe(ctx, Event{Kind: EventWarning, Err: fmt.Errorf("ledger: read the last run: %w", err)})
		return false
	}
	now := r.served
	if e.State != Marker {
		r.serve(ctx, now)
		return false
	}
	from := e.Time
	if oldest := now.Add(-r.l.CatchUp); from.Before(oldest) {
		from = oldest
	}
	at, err := r.next(from)
	if err != nil || at.IsZero() || at.After(now) {
		return false
	}
	r.serve(ctx, now)
	return true
}
