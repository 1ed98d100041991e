package launcher

import (
	"regexp"
	"time"
)

const (
	repeatEvery = time.Hour // the same is told again after that
	maxRepeats  = 4096      // told apart
	tellAlike   = 10        // parcels of one pass that fail with the same text
)

var figures = regexp.MustCompile(`[0-9.]*[0-9]`)

// A saying is what an event says, by which it is the same as an earlier one:
// but for figures, such as the port of a connection or the time that is left.
type saying struct {
	kind   EventKind
	origin string
	text   string
}

// A repeat is an event that was told and may be met again.
type repeat struct {
	event Event
	told  time.Time
	met   time.Time // last
	count int       // met since it was told
}

// repeats coalesces what a launcher would say again and again: a server that is
// down, a parcel that waits.
func (e Event) repeats() bool {
	switch e.Kind {
	case EventPass:
		return !e.Shutdown && !onlyMore(e.Err)
	case EventWaiting, EventWarning:
		return true
	}
	return false
}

// coalesce returns the events to tell now that e was met.
func (l *Launcher) coalesce(e Event) []Event {
	s := &l.state
	now := l.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !e.repeats() {
		var due []Event
		if e.Kind == EventPass && !e.Shutdown {
			due = l.settleRepeats(now)
		}
		return append(due, e)
	}
	k := saying{e.Kind, e.Origin, figures.ReplaceAllLiteralString(textOf(e.Err), "0")}
	r, known := s.repeats[k]
	if known && now.Sub(r.told).Abs() < repeatEvery {
		r.count, r.met, r.event = r.count+1, now, e
		s.repeats[k] = r
		return nil
	}
	if !known && len(s.repeats) >= maxRepeats {
		s.dropRepeat()
	}
	s.repeats[k] = repeat{event: e, told: now, met: now}
	if r.count > 0 {
		e.Count = r.count + 1
	}
	return []Event{e}
}

// dropRepeat forgets what was not met for longest.
func (s *state) dropRepeat() {
	var oldest saying
	var met time.Time
	for k, r := range s.repeats {
		if met.IsZero() || r.met.Before(met) {
			oldest, met = k, r.met
		}
	}
	delete(s.repeats, oldest)
}

// settleRepeats forgets, now that a pass has succeeded, how passes failed and
// what was not met for long, and returns what of it was met but not told.
func (l *Launcher) settleRepeats(now time.Time) (due []Event) {
	for k, r := range l.state.repeats {
		if k.kind != EventPass && now.Sub(r.met) < repeatEvery {
			continue
		}
		if r.count > 0 {
			r.event.Count = r.count
			due = append(due, r.event)
		}
		delete(l.state.repeats, k)
	}
	return due
}

// failed tells of an attempt that failed, unless many of the pass failed alike.
func (p *pass) failed(e Event) {
	e.Kind = EventFailed
	text := textOf(e.Err)
	p.mu.Lock()
	if p.alike == nil {
		p.alike = make(map[string]*Event)
	}
	a := p.alike[text]
	if a == nil && len(p.alike) < maxRepeats {
		a = &Event{Kind: EventFailed, Err: e.Err}
		p.alike[text] = a
	}
	if a != nil {
		a.Count++
	}
	tell := a == nil || a.Count <= tellAlike
	p.mu.Unlock()
	if tell {
		p.observe(e)
	}
}

// tellAlike tells how many more failed alike.
func (p *pass) tellAlike() {
	p.mu.Lock()
	alike := p.alike
	p.alike = nil
	p.mu.Unlock()
	for _, a := range alike {
		if a.Count -= tellAlike; a.Count > 0 {
			p.observe(*a)
		}
	}
}
