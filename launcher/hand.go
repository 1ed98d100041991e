package launcher

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// hand gives the parts to the host's Sink, one after the other, in this
// parcel's turn.
func (o *once) hand(ctx context.Context, parts []*part) (knowledge, error) {
	todo, results, err := o.remaining(ctx, parts)
	if err != nil {
		return open, err
	}
	t, joined := ctx.Value(turnKey{}).(*turn)
	if !joined || t.q != &o.queue {
		t = o.queue.join()
	}
	defer t.leave()
	if len(todo) > 0 {
		if err := t.enter(o.ctx); err != nil {
			return o.giveBack(Halt(err))
		}
		if k, err, back := o.admitted(); back {
			return k, err
		}
	}
	var last *Entry // the part stored last, saved together with the parcel
	for i, pt := range todo {
		if last != nil {
			if err := o.record(*last); err != nil {
				return open, err
			}
			last = nil
		}
		e, err := o.handPart(pt)
		results = append(results, err)
		switch c := classOf(err); {
		case c == none && pt.id != o.id:
			o.parts = true
			last = e
		case c == none:
			o.entry.Files = e.Files
		case c == rejected && pt.id != o.id:
			o.parts = true
			if err := o.record(o.partEntry(pt, Rejected, err)); err != nil {
				return open, err
			}
		case c == halted, o.stopping() && c == failed:
			if last != nil {
				if err := o.record(*last); err != nil {
					return open, err
				}
			}
			return o.interrupted(err)
		}
		if i == len(todo)-1 {
			t.leave() // what follows concerns the ledger: let the next one in
		}
	}
	return o.settle(errors.Join(results...), last)
}

// remaining loads what became of parts in earlier attempts. It returns those
// that are still to be handed over, and the errors of those that were rejected.
func (o *once) remaining(ctx context.Context, parts []*part) (todo []*part, results []error, err error) {
	for _, pt := range parts {
		if !o.parts || pt.id == o.id {
			todo = append(todo, pt)
			continue
		}
		e, err := o.ledger().Load(ctx, pt.id)
		if err != nil {
			return nil, nil, o.ledgerFailed("load", err)
		}
		switch e.State {
		case Stored:
		case Rejected:
			results = append(results, Reject(errors.New(e.Err)))
		default:
			todo = append(todo, pt)
		}
	}
	return todo, results, nil
}

// admitted looks at the pass once more when the parcel's turn has come.
func (o *once) admitted() (k knowledge, err error, back bool) {
	o.pass.mu.Lock()
	halted := o.halted
	o.pass.mu.Unlock()
	switch {
	case halted != nil:
		k, err = o.giveBack(halted)
		return k, err, true
	case o.ctx.Err() != nil && o.stopping():
		k, err = o.giveBack(Halt(context.Cause(o.ctx)))
		return k, err, true
	case o.held():
		o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
		k, err = o.giveBack(errHeldBack)
		return k, err, true
	}
	return 0, nil, false
}

// interrupted answers for a parcel whose Store was cut short, or found its
// surroundings at fault.
func (o *once) interrupted(err error) (knowledge, error) {
	if classOf(err) != halted {
		err = Halt(errors.Join(context.Cause(o.ctx), err))
	}
	return o.giveBack(err)
}

// handPart calls the host's Store for one part, and returns the entry to
// record if it was stored.
func (o *once) handPart(pt *part) (*Entry, error) {
	begun := o.l.now()
	h, docs := newHandover(pt.docs)
	err := o.host(pt.parcel(o.parcel, docs))
	files, bytes, unread := h.end()
	if err == nil && unread != nil {
		err = fmt.Errorf("the Sink kept a document that could not be read: %w", unread)
	} else if c := classOf(unread); err != nil && (c == halted || c == later || c == rejected && classOf(err) == failed) {
		err = remark(fmt.Errorf("%w: %w", err, unread), c) // the Sink may have dropped the mark
	}
	o.bytes.Add(bytes)
	if err != nil {
		return nil, err
	}
	e := o.partEntry(pt, Stored, nil)
	e.Files = files
	o.took(pt, files, bytes, e.Time.Sub(begun))
	return &e, nil
}

// remark puts the mark of class c on err.
func remark(err error, c class) error {
	switch c {
	case halted:
		return Halt(err)
	case later:
		return Later(err)
	}
	return Reject(err)
}

// host calls the host's Store, contains its panics and lets it go on for Grace
// when the pass is asked to end.
func (o *once) host(p *Parcel) (err error) {
	ctx, release := gracefully(o.ctx, orDefault(o.l.Grace, 30*time.Second))
	defer release()
	o.dog.hosted.Add(1)
	defer o.dog.hosted.Add(-1)
	defer contain(&err, "sink")
	return o.l.Sink.Store(ctx, p)
}

func (o *once) partEntry(pt *part, s State, err error) Entry {
	e := Entry{ID: pt.id, Launcher: o.l.Name, State: s, Time: o.l.now(), Job: pt.job, Origin: o.entry.Origin, Err: textOf(err)}
	if pt.id != o.id {
		e.Of = o.id
	}
	return e
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
	o.l.observe(o.ctx, Event{Kind: EventStored, Parcel: pt.id, Origin: o.parcel.Origin, Job: pt.job,
		Attempt: o.entry.Attempts, Count: len(files), Bytes: bytes, Elapsed: elapsed})
	var unread []string
	for _, f := range files {
		if f.SHA256 == "" {
			unread = append(unread, f.Name)
		}
	}
	if len(unread) > 0 {
		o.l.observe(o.ctx, Event{Kind: EventUnread, Parcel: pt.id, Origin: o.parcel.Origin, Names: unread})
	}
}

// settle takes down what became of the whole: the weakest outcome of its parts.
func (o *once) settle(err error, last *Entry) (knowledge, error) {
	var entries []Entry
	if last != nil {
		entries = append(entries, *last)
	}
	c := classOf(err)
	if c != none && len(entries) > 0 {
		if failure := o.record(entries...); failure != nil {
			return open, failure
		}
	}
	switch c {
	case none:
		e := o.entry
		e.State, e.Time = Stored, o.l.now()
		if failure := o.record(append(entries, e)...); failure != nil {
			return open, failure
		}
		o.count(func(s *Stats) { s.Stored++ })
		return kept, nil
	case rejected:
		return o.reject(err)
	case later:
		o.left(o.parcel.Time, func(s *Stats) { s.Waiting++ })
		o.l.observe(o.ctx, Event{Kind: EventWaiting, Parcel: o.id, Origin: o.parcel.Origin, Err: err})
		return o.giveBack(err)
	}
	return o.failedInSink(err)
}
