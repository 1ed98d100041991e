package launcher

import (
	"fmt"
	"time"
)

// Healthy reports that there is no Trouble.
func (s Status) Healthy() bool { return s.Trouble == "" }

// health is what Status says about freshness, without waiting for anything: a
// server or a Sink that hangs shows although nothing has failed.
type health struct {
	since  time.Time // Run has made passes, unpaused, since then; zero: it does not
	broken string    // why Run ended, though nobody asked it to
}

// assess completes st as of now.
func (l *Launcher) assess(st *Status, h health, p *pass) {
	now := l.now()
	st.At = now
	if fresh := latest(st.LastSuccess, st.RunSince); !fresh.IsZero() {
		st.Age = max(now.Sub(fresh), 0)
	}
	if !st.Oldest.IsZero() {
		st.Waiting = max(now.Sub(st.Oldest), 0)
	}
	switch {
	case h.broken != "":
		st.Trouble = "Run has ended: " + h.broken
	case !st.Running || st.Paused:
	default:
		st.Trouble = l.overdue(st, h.since, p, now)
	}
}

// overdue says that a pass should have succeeded by now, or "".
func (l *Launcher) overdue(st *Status, since time.Time, p *pass, now time.Time) string {
	patience := l.Overdue
	switch {
	case patience < 0:
		return ""
	case patience == 0:
		patience = 15 * time.Minute
	}
	due := l.due(latest(st.LastSuccess, since))
	if due.IsZero() || now.Sub(due) <= patience {
		return ""
	}
	text := fmt.Sprintf("no pass has succeeded since one was due at %s", due.Format(time.DateTime))
	if p != nil {
		moved := p.dog.lastMove()
		if st.Failures == 0 && now.Sub(moved) <= patience {
			return "" // a long pass
		}
		text += fmt.Sprintf("; the one under way last advanced at %s", moved.Format(time.DateTime))
	}
	if st.LastError != "" {
		text += ": " + st.LastError
	}
	return text
}

// due returns when the first run after t is made at the latest.
func (l *Launcher) due(t time.Time) time.Time {
	r := &runner{l: l}
	at, err := r.next(t)
	if err != nil || at.IsZero() {
		return time.Time{}
	}
	return at.Add(r.jitter(at))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
