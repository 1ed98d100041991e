package launcher

import (
	"slices"
	"time"
)

// A Status says how a Launcher is doing, for consoles and health checks. Times
// are zero for what has not happened yet.
type Status struct {
	Name        string
	Running     bool      // Run is under way
	Paused      bool      // Pause was called
	Polling     bool      // a pass is under way
	Started     time.Time // when the last pass began
	Ended       time.Time // when the last pass ended
	LastSuccess time.Time // when the last pass that returned nil or ErrMore ended
	LastError   string    // of the last pass; "" if there was none
	Failures    int       // passes that failed since the last success
	NextRun     time.Time // when Run makes its next pass, if nothing wakes it
	Passes      int       // ended in this process
	Missed      int       // runs that fell into a pass or a pause
	Last        Stats     // of the last pass
	Total       Stats     // of all passes in this process
	Pass        Stats     // of the pass under way, so far
	PassBytes   int64     // moved from the origin in the pass under way
	SetAside    int       // parcels that the ledger holds as rejected
	Oldest      time.Time // arrival of the oldest parcel left or waiting, as far as passes have seen and arrivals are known

	At       time.Time     // when this Status was taken
	RunSince time.Time     // when Run was called, if it is under way
	Age      time.Duration // of LastSuccess at At, or of RunSince while no pass has succeeded
	Waiting  time.Duration // age of Oldest at At; 0: nothing waits, or it is not known since when
	Resting  time.Time     // runs before are left out, because passes fail; see Launcher.Cooldown
	Trouble  string        // why the launcher is not healthy, on one line; "" if it is: see Launcher.Overdue
}

// Status returns how the launcher is doing. It does not wait for anything.
func (l *Launcher) Status() Status {
	l.prepare()
	s := &l.state
	s.mu.Lock()
	st, p := s.status, s.current
	st.Running, st.Paused = s.running, s.paused
	h := s.health
	s.mu.Unlock()
	st.Name = l.Name
	l.assess(&st, h, p)
	if p == nil {
		return st
	}
	st.Polling = true
	st.PassBytes = p.dog.bytes.Load()
	p.mu.Lock()
	defer p.mu.Unlock()
	st.Pass = p.stats
	return st
}

// finished takes down how a pass ended and returns its stats.
func (l *Launcher) finished(p *pass, err error, shutdown bool) Stats {
	p.mu.Lock()
	stats, oldest, stayed := p.stats, p.oldest, p.stayed
	p.mu.Unlock()
	now := l.now()
	s := &l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
	if err == nil || stats.Offered > 0 {
		s.stayed = stayed
	}
	st := &s.status
	st.Ended, st.Last = now, stats
	early := shutdown || !onlyMore(err) && (stats.Offered == 0 || OutcomeOf(err) == Stop)
	if !early || st.Oldest.IsZero() || !oldest.IsZero() && oldest.Before(st.Oldest) {
		st.Oldest = oldest // what a pass that ended early has not seen may still be there
	}
	st.Passes++
	st.Total.add(stats)
	st.LastError = ""
	switch {
	case shutdown: // neither
	case onlyMore(err):
		st.LastSuccess, st.Failures = now, 0
	default:
		st.LastError = textOf(err)
		st.Failures++
	}
	return stats
}

// onlyMore reports that err is nil, or nothing but ErrMore.
func onlyMore(err error) bool {
	if err == nil || err == ErrMore {
		return true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return e.Unwrap() != nil && onlyMore(e.Unwrap())
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(err error) bool { return !onlyMore(err) })
	}
	return false
}

// setAside changes the number of rejected parcels.
func (l *Launcher) setAside(by int) {
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	l.state.status.SetAside = max(l.state.status.SetAside+by, 0)
}
