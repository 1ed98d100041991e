package launcher

import (
	"errors"
	"slices"
)

// keptRecent is how many events Recent returns at most, and parcels Left.
const keptRecent = 64

// Recent returns the last events that Observe was told of, newest first, at
// most 64; beginnings of passes, passes that succeeded, and what was skipped or
// waits are not among them. Of an Err only the text is kept. It does not wait
// for anything.
func (l *Launcher) Recent() []Event {
	s := &l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := s.noted % max(len(s.recent), 1)
	events := slices.Concat(s.recent[oldest:], s.recent[:oldest])
	slices.Reverse(events)
	for i := range events {
		events[i].Names = slices.Clone(events[i].Names)
	}
	return events
}

// noted keeps an event for Recent.
func (l *Launcher) noted(e Event) {
	switch e.Kind {
	case EventStart, EventSkipped, EventWaiting:
		return
	case EventPass:
		if e.Shutdown || onlyMore(e.Err) {
			return
		}
	}
	if e.Err != nil {
		e.Err = errors.New(textOf(e.Err)) // the error itself may hold on to much
	}
	e.Names = slices.Clone(e.Names[:min(len(e.Names), keptRecent)])
	s := &l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.recent) < keptRecent {
		s.recent = append(s.recent, e)
		return
	}
	s.recent[s.noted%keptRecent] = e
	s.noted++
}

// Left returns what the last pass left at its origin, in the order in which it
// was answered, at most 64 parcels: with WouldWait what is not ready yet, with
// WouldRest what failed or rests after a failure, and why. A pass that failed
// before anything was offered changes nothing. Left does not wait for anything.
func (l *Launcher) Left() []Decision {
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	return slices.Clone(l.state.stayed)
}

// stays takes down that a parcel stays at its origin, if err says so.
func (p *pass) stays(o *once, err error) {
	if err == nil || err == errSkipped || OutcomeOf(err) != Left {
		return
	}
	d := Decision{Parcel: o.id, Origin: printable(o.parcel.Origin), Time: o.parcel.Time, Verdict: WouldRest, Size: -1}
	if classOf(err) == later {
		d.Verdict = WouldWait
	}
	d.Reason = textOf(err)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.stayed) < keptRecent {
		p.stayed = append(p.stayed, d)
	}
}
