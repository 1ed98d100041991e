package launcher

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// An Event is something that a Launcher did or met. Fields that do not apply
// are zero. Text from outside in it is printable.
//
// What would be said again and again is told once an hour: a pass that fails,
// a parcel that waits or a warning, with the same text and Origin as before. When it is told again, or a pass succeeds, Count is how
// often it was met since. Of parcels that fail with the same text in one pass,
// ten are told; one event without Parcel counts the others. List has them all.
type Event struct {
	Kind     EventKind
	Time     time.Time     // when it was met
	Launcher string        // Launcher.Name
	Parcel   string        // its ID, as Sinks see it
	Origin   string        // where to look
	Job      string        // of one part that was stored
	Attempt  int           // the first is 1
	Names    []string      // documents that no Route wants, or that nobody read
	Count    int           // documents handed over, runs missed, times that the same was met since it was told
	Bytes    int64         // read by the Sink
	Elapsed  time.Duration // of the parcel or the pass
	Due      time.Time     // when the parcel is attempted next
	Stats    Stats         // of a pass that ended
	Shutdown bool          // of a pass that ended: its context was done
	Err      error         // why; see OutcomeOf for its mark
}

// An EventKind says what happened.
type EventKind string

const (
	EventStart    EventKind = "start"    // a pass begins
	EventPass     EventKind = "pass"     // a pass ended; Stats, Err
	EventStored   EventKind = "stored"   // the Sink has a parcel
	EventFailed   EventKind = "failed"   // an attempt failed; it will be made again
	EventRejected EventKind = "rejected" // a parcel is set aside
	EventSkipped  EventKind = "skipped"  // nothing in a parcel is wanted
	EventWaiting  EventKind = "waiting"  // a parcel is not ready yet
	EventUnrouted EventKind = "unrouted" // documents that no Route wants; Names
	EventUnread   EventKind = "unread"   // documents that the Sink did not read to the end, unless it may have held the ID before; Names
	EventMissed   EventKind = "missed"   // runs that fell into a pass, a pause or a rest; Count
	EventEnded    EventKind = "ended"    // Run has ended though nobody asked it to: the Schedule failed
	EventClock    EventKind = "clock"    // the wall clock was set back
	EventWatch    EventKind = "watch"    // Watch failed
	EventWarning  EventKind = "warning"  // a Source or Sink has something to say; see Warn
)

// LogTo returns a function for Launcher.Observe that logs to logger, under the
// keys launcher, parcel, origin, job, attempt, names, documents, count, bytes,
// elapsed, due, stats, error and, of a panic, stack. Nil is slog.Default at the time of the event. Failed passes,
// rejected parcels and panics are errors; failed attempts, unrouted documents
// and warnings are warnings; waiting and skipped parcels are for debugging.
func LogTo(logger *slog.Logger) func(ctx context.Context, e Event) {
	return func(ctx context.Context, e Event) {
		to := logger
		if to == nil {
			to = slog.Default()
		}
		if level := e.level(); to.Enabled(ctx, level) {
			to.LogAttrs(ctx, level, "coldlauncher "+string(e.Kind), e.attrs()...)
		}
	}
}

func (e Event) level() slog.Level {
	var p *PanicError
	if errors.As(e.Err, &p) {
		return slog.LevelError
	}
	switch e.Kind {
	case EventStart, EventSkipped, EventWaiting:
		return slog.LevelDebug
	case EventPass:
		if !onlyMore(e.Err) && !e.Shutdown {
			return slog.LevelError
		}
		if e.Stats.idle() {
			return slog.LevelDebug
		}
		return slog.LevelInfo
	case EventRejected, EventEnded:
		return slog.LevelError
	case EventStored, EventMissed:
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

func (e Event) attrs() []slog.Attr {
	as := []slog.Attr{slog.String("launcher", e.Launcher)}
	add := func(ok bool, a slog.Attr) {
		if ok {
			as = append(as, a)
		}
	}
	add(e.Parcel != "", slog.String("parcel", e.Parcel))
	add(e.Origin != "", slog.String("origin", e.Origin))
	add(e.Job != "", slog.String("job", e.Job))
	add(e.Attempt != 0, slog.Int("attempt", e.Attempt))
	add(len(e.Names) > 0, slog.Any("names", e.Names))
	add(e.Count != 0 && e.Kind == EventStored, slog.Int("documents", e.Count))
	add(e.Count != 0 && e.Kind != EventStored, slog.Int("count", e.Count))
	add(e.Bytes != 0, slog.Int64("bytes", e.Bytes))
	add(e.Elapsed != 0, slog.Duration("elapsed", e.Elapsed))
	add(!e.Due.IsZero(), slog.Time("due", e.Due))
	if e.Kind == EventPass {
		as = append(as, slog.Any("stats", e.Stats))
	}
	if e.Err != nil {
		as = append(as, slog.String("error", textOf(e.Err)))
		var p *PanicError
		if errors.As(e.Err, &p) {
			as = append(as, slog.String("stack", string(p.Stack)))
		}
	}
	return as
}

// Stats count what became of the parcels of one pass, or of several.
type Stats struct {
	Offered   int // by the Source
	Stored    int // handed over in this pass
	Known     int // handed over before: settled again, or left in their place
	Left      int // failed or resting after a failure; offered again
	Waiting   int // not ready yet
	Rejected  int // refused, now or before
	Skipped   int // nothing in them is wanted
	Documents int // handed over in this pass
	Unrouted  int // documents that no Route wants
	Bytes     int64
}

func (s *Stats) add(t Stats) {
	s.Offered += t.Offered
	s.Stored += t.Stored
	s.Known += t.Known
	s.Left += t.Left
	s.Waiting += t.Waiting
	s.Rejected += t.Rejected
	s.Skipped += t.Skipped
	s.Documents += t.Documents
	s.Unrouted += t.Unrouted
	s.Bytes += t.Bytes
}

// idle reports a pass in which nothing was done.
func (s Stats) idle() bool {
	return s.Stored == 0 && s.Left == 0 && s.Documents == 0 && s.Unrouted == 0
}

// LogValue logs those counts that are not zero.
func (s Stats) LogValue() slog.Value {
	var as []slog.Attr
	for _, c := range []struct {
		key string
		n   int64
	}{
		{"offered", int64(s.Offered)}, {"stored", int64(s.Stored)}, {"known", int64(s.Known)},
		{"left", int64(s.Left)}, {"waiting", int64(s.Waiting)}, {"rejected", int64(s.Rejected)},
		{"skipped", int64(s.Skipped)}, {"documents", int64(s.Documents)},
		{"unrouted", int64(s.Unrouted)}, {"bytes", s.Bytes},
	} {
		if c.n != 0 {
			as = append(as, slog.Int64(c.key, c.n))
		}
	}
	return slog.GroupValue(as...)
}

// observe tells the host of an event, unless it has been told the same lately.
func (l *Launcher) observe(ctx context.Context, e Event) {
	l.met(context.WithoutCancel(ctx), e)
}

// observe is that of the launcher, in a pass.
func (p *pass) observe(e Event) { p.l.met(p.after, e) }

func (l *Launcher) met(ctx context.Context, e Event) {
	e.Launcher, e.Time = l.Name, l.now()
	e.Origin = printable(e.Origin)
	e.Err = show(e.Err)
	if !e.repeats() && e.Kind != EventPass {
		l.tell(ctx, e)
		return
	}
	for _, e := range l.coalesce(e) {
		l.tell(ctx, e)
	}
}

// tell calls Observe. A panic of it ends there.
func (l *Launcher) tell(ctx context.Context, e Event) {
	l.noted(e)
	observe := l.Observe
	if observe == nil {
		observe = LogTo(nil)
	}
	var err error
	defer func() {
		if err == nil {
			return
		}
		for _, e := range l.coalesce(Event{Kind: EventWarning, Launcher: l.Name, Err: err}) {
			LogTo(nil)(ctx, e)
		}
	}()
	defer contain(&err, "observe")
	observe(ctx, e)
}
