package launcher

import "time"

const firstRest = 30 * time.Second

// cool takes down whether a pass was futile, and has runs left out if so. One
// that failed for one parcel's sake, such as one that cannot be moved, is not
// futile: the others must not wait for it.
func (r *runner) cool(err error, advanced bool) {
	longest := orDefault(r.l.Cooldown, 15*time.Minute)
	offered := r.l.Status().Last.Offered
	switch {
	case onlyMore(err), advanced, offered > 0 && OutcomeOf(err) != Stop:
		r.futile, r.rested = 0, time.Time{}
	default:
		// The monotonic clock: a wall clock that is set back does not lengthen it.
		if r.futile++; r.futile > 1 {
			r.rested = time.Now().Add(min(firstRest<<min(r.futile-2, 20), longest))
		}
	}
	s := &r.l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Resting = time.Time{}
	if rest := r.resting(); rest > 0 {
		s.status.Resting = r.l.now().Add(rest)
	}
}

// resting returns how long runs are still left out.
func (r *runner) resting() time.Duration {
	if r.rested.IsZero() {
		return 0
	}
	return max(time.Until(r.rested), 0)
}
