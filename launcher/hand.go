package launcher

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// hand gives the parts to the host's Sink, one after the other, in this
// parcel's turn.
func (o *once) hand(ctx context.Context, parts []part) (knowledge, error) {
	todo, results, err := o.remaining(parts)
	if err != nil {
		o.owe()
		return ask, err
	}
	t := o.turn(ctx)
	defer t.leave()
	if len(todo) > 0 {
		if err := t.enter(o.ctx); err != nil {
			return o.giveBack(Halt(err))
		}
	}
	for i := range todo {
		if err := o.admitted(); err != nil {
			return o.giveBack(err)
		}
		if i == 0 {
			o.again = o.mayBeHeld()
		}
		e, err := o.handPart(&todo[i])
		if classOf(err) == halted {
			err = o.halt(err) // before the next one's turn
		}
		if i == len(todo)-1 {
			t.leave() // what follows concerns the ledger: let the next one in
			return o.settle(results, e, err)
		}
		switch c := classOf(err); {
		case c == halted, c == failed && o.stopping():
			return o.interrupted(err)
		case c == none || c == rejected:
			if failure := o.record(e); failure != nil {
				return ask, failure
			}
			o.parts = true
		}
		if err != nil {
			results = append(results, err)
		}
	}
	return o.settle(results, Entry{}, nil)
}

// turn returns the place in the queue that the Source took for this parcel, or
// a new one.
func (o *once) turn(ctx context.Context) *turn {
	if t, _ := ctx.Value(turnKey{}).(*turn); t != nil {
		return t
	}
	return o.queue.join()
}

// remaining loads what became of parts in earlier attempts. It returns those
// that are still to be handed over, and the errors of those that were rejected.
func (o *once) remaining(parts []part) (todo []part, results []error, err error) {
	if !o.parts {
		return parts, nil, nil
	}
	for len(parts) > 0 {
		pt := &parts[0]
		parts = parts[1:]
		var e Entry
		if pt.id != o.id {
			if e, err = o.l.state.ledger.Load(o.ctx, pt.id); err != nil {
				return nil, nil, o.ledgerFailed("load", err)
			}
		}
		switch e.State {
		case Stored:
			parts = append(pt.beyond(e.Files), parts...)
		case Rejected:
			results = append(results, Reject(errors.New(e.Err)))
		default:
			todo = append(todo, *pt)
		}
	}
	return todo, results, nil
}

// admitted returns why the parcel must not be handed over although its turn
// has come.
func (o *once) admitted() error {
	o.pass.mu.Lock()
	halted := o.halted
	o.pass.mu.Unlock()
	switch {
	case halted != nil:
		return halted
	case o.ctx.Err() != nil:
		return Halt(context.Cause(o.ctx))
	case o.held():
		o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
		return errHeldBack
	}
	return nil
}

// interrupted answers for a parcel whose Store was cut short, or found its
// surroundings at fault.
func (o *once) interrupted(err error) (knowledge, error) {
	if classOf(err) == halted {
		return o.giveBack(o.halt(err))
	}
	return o.giveBack(Halt(errors.Join(context.Cause(o.ctx), err)))
}

// handPart calls the host's Store for one part, and returns the entry that
// says what became of it.
func (o *once) handPart(pt *part) (Entry, error) {
	begun := time.Now()
	h := newHandover(o.parcel, pt)
	err := o.host(&h.parcel)
	files, bytes, unread := h.end()
	err = judged(err, unread)
	e := Entry{ID: pt.id, Launcher: o.l.Name, State: Stored, Time: o.l.now(),
		Attempts: o.entry().Attempts, Job: pt.job, Origin: o.entry().Origin}
	if pt.id != o.id {
		e.Of = o.id
	}
	if err != nil {
		e.State, e.Err = Rejected, textOf(err)
		return e, err
	}
	e.Files = files
	o.took(pt, files, bytes, time.Since(begun))
	if h.asked.Load() || !o.again {
		o.unread(pt, files)
	}
	return e, nil
}

// mayBeHeld reports whether the Sink may have the parcel from an earlier attempt
// of which nobody knows how it ended: then it returns nil for the ID, and need
// not ask for the documents. From now on this attempt is such a one.
func (o *once) mayBeHeld() bool {
	s := &o.l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.known[o.key]
	before := n.handed
	n.handed = true
	s.known[o.key] = n
	forgotten := o.l.Ledger == nil // by an earlier process
	return before || forgotten || o.former.State == Tried
}

// judged weighs what Store returned against what reading came to: a Sink may
// have dropped an error, or its mark.
func judged(err, unread error) error {
	if unread == nil {
		return err
	}
	if err == nil {
		return fmt.Errorf("the Sink kept a document that could not be read: %w", unread)
	}
	both := fmt.Errorf("%w: %w", err, unread)
	switch own, read := classOf(err), classOf(unread); {
	case own == halted || read == halted:
		return Halt(both)
	case own == later || read == later:
		return Later(both)
	case read == rejected:
		return Reject(both)
	case own == rejected:
		return errors.New(textOf(both)) // refused for not having been read: try again
	}
	return err
}

// host calls the host's Store and contains its panics.
func (o *once) host(p *Parcel) (err error) {
	ctx, cancel := context.WithCancel(o.grace)
	defer cancel()
	o.dog.hosted.Add(1)
	defer o.dog.hosted.Add(-1)
	defer contain(&err, "sink")
	return o.l.Sink.Store(ctx, p)
}

// took counts what the Sink took, and tells of it.
func (o *once) took(pt *part, files []File, bytes int64, elapsed time.Duration) {
	o.pass.mu.Lock()
	o.pass.stored = true
	o.streak = nil
	o.stats.Documents += len(files)
	o.stats.Bytes += bytes
	o.pass.mu.Unlock()
	o.l.took(o.key)
	o.observe(Event{Kind: EventStored, Parcel: pt.id, Origin: o.parcel.Origin, Job: pt.job,
		Attempt: o.entry().Attempts, Count: len(files), Bytes: bytes, Elapsed: elapsed})
}

// unread tells of documents that were not read to the end.
func (o *once) unread(pt *part, files []File) {
	var names []string
	for _, f := range files {
		if f.SHA256 == "" {
			names = append(names, f.Name)
		}
	}
	if len(names) > 0 {
		o.observe(Event{Kind: EventUnread, Parcel: pt.id, Origin: o.parcel.Origin, Names: names})
	}
}

// settle takes down what became of the whole: the weakest outcome of its parts
// decides. last is the entry of the part handed over last, saved together with
// that of the parcel, and fault what the Sink said of it.
func (o *once) settle(results []error, last Entry, fault error) (knowledge, error) {
	first := 1 // of the entries to save
	if c := classOf(fault); last.Of != "" && (c == none || c == rejected) {
		o.entries[0], first = last, 0
	}
	if fault != nil {
		results = append(results, fault)
	}
	err := errors.Join(results...)
	if err == nil {
		e := o.entry()
		e.State, e.Time = Stored, o.l.now()
		if last.Of == "" {
			e.Files = last.Files
		}
		if failure := o.record(o.entries[first:]...); failure != nil {
			return ask, failure
		}
		o.count(func(s *Stats) { s.Stored++ })
		o.advanced()
		return kept, nil
	}
	if first == 0 {
		if failure := o.record(o.entries[:1]...); failure != nil {
			return ask, failure
		}
		o.parts = true
	}
	switch c := classOf(err); {
	case c == halted, c == failed && o.stopping():
		return o.interrupted(err)
	case c == rejected:
		return o.reject(err)
	case c == later:
		return o.wait(err)
	}
	return o.failedInSink(err)
}
