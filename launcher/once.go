package launcher

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors that Store returns for parcels that stay where they are.
var (
	errSkipped  = errors.New("nothing in it is wanted")
	errTwice    = errors.New("the Source offers it twice at the same time")
	errHeldBack = errors.New("held back: the Sink failed on another parcel and may be down")
	errDryRun   = errors.New("dry run")
)

// store is the Sink that the Source is given.
func (p *pass) store(ctx context.Context, parcel *Parcel) error {
	if t, ok := ctx.Value(turnKey{}).(*turn); ok && t.q == &p.queue {
		defer t.leave()
	}
	p.dog.parcels.Add(1)
	defer p.dog.parcels.Add(1)
	if parcel == nil || parcel.ID == "" || parcel.Documents == nil {
		return p.halt(errors.New("the Source offers a parcel without ID or Documents"))
	}
	if p.dry {
		return p.preview(ctx, parcel)
	}
	k := keyOf(parcel.ID)
	m, err := p.offered(k)
	if err != nil {
		return err
	}
	switch m.state {
	case kept:
		return nil
	case unwanted:
		return errSkipped
	}
	o := &once{pass: p, key: k, id: p.l.id(k), parcel: parcel}
	next := open
	defer func() { p.answered(k, next) }()
	next, err = o.store(ctx)
	return err
}

// offered takes down that k was offered, and returns what is known of it.
func (p *pass) offered(k key) (note, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return note{}, Halt(errOver)
	}
	if p.halted != nil {
		return note{}, p.halted
	}
	if p.ctx.Err() != nil {
		return note{}, Halt(context.Cause(p.ctx))
	}
	s := &p.l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.known[k]
	if m.busy {
		return m, errTwice
	}
	if m.pass != p.number {
		p.stats.Offered++
	}
	m.pass = p.number
	switch m.state {
	case kept:
		p.stats.Known++
	case unwanted:
		p.stats.Skipped++
	default:
		m.busy = true
	}
	s.known[k] = m
	return m, nil
}

// answered takes down what is known of k now.
func (p *pass) answered(k key, now knowledge) {
	s := &p.l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[k] = note{pass: p.number, state: now}
}

// once hands one parcel over, if the ledger does not know it.
type once struct {
	*pass
	key    key
	id     string
	parcel *Parcel
	former Entry // as the ledger had it
	entry  Entry // of this attempt
	begun  time.Time
	parts  bool // some of its parts are in the ledger
}

// store returns what is known of the parcel afterwards, and the answer for the
// Source.
func (o *once) store(ctx context.Context) (knowledge, error) {
	e, err := o.ledger().Load(ctx, o.id)
	if err != nil {
		return open, o.ledgerFailed("load", err)
	}
	o.former = e
	if done, k, err := o.remembered(ctx); done {
		return k, err
	}
	if o.held() {
		o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
		return open, errHeldBack
	}
	if err := o.begin(ctx); err != nil {
		return open, err
	}
	docs, err := documentsOf(ctx, o.parcel)
	if err != nil {
		return o.notReady(err)
	}
	sorted, err := o.l.sort(ctx, o.id, docs, func(*Document, verdict, int) {})
	if err != nil {
		return o.notReady(err)
	}
	if len(sorted.unrouted) > 0 {
		o.unrouted(sorted.unrouted)
	}
	if len(sorted.parts) == 0 {
		return o.skip()
	}
	return o.hand(ctx, sorted.parts)
}

func (o *once) ledger() Ledger { return o.l.state.ledger }

// remembered answers for a parcel of which the ledger knows enough.
func (o *once) remembered(ctx context.Context) (done bool, k knowledge, err error) {
	e := o.former
	if !e.Gone.IsZero() {
		if e.State == Rejected || e.State == Discarded {
			// A person has put it back.
			if err := o.l.forgetRejectedParts(ctx, o.id); err != nil {
				return true, open, o.ledgerFailed("forget what was rejected", err)
			}
			e.State, e.Attempts, e.Due, e.Err, e.Where = Tried, 0, time.Time{}, "", ""
		}
		e.Gone = time.Time{}
		o.former = e
		if e.State == Stored {
			if err := o.ledger().Save(ctx, e); err != nil {
				return true, open, o.ledgerFailed("save", err)
			}
		}
	}
	switch e.State {
	case Stored:
		o.count(func(s *Stats) { s.Known++ })
		return true, kept, nil
	case Rejected:
		o.count(func(s *Stats) { s.Rejected++ })
		return true, open, Reject(fmt.Errorf("rejected on %s: %s", e.Time.Format(time.DateTime), e.Err))
	case Discarded:
		o.count(func(s *Stats) { s.Rejected++ })
		return true, open, Reject(fmt.Errorf("discarded on %s", e.Time.Format(time.DateTime)))
	case Skipped:
		if o.l.Revision != "" && e.Revision == o.l.Revision {
			o.count(func(s *Stats) { s.Skipped++ })
			return true, unwanted, errSkipped
		}
	case Tried:
		if now := o.l.now(); e.Due.After(now) {
			o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
			return true, open, fmt.Errorf("attempt %d failed; the next is due %s: %s",
				e.Attempts, e.Due.Format(time.DateTime), e.Err)
		}
		if limit := o.l.maxAttempts(); limit >= 0 && e.Attempts >= limit {
			o.entry = e
			k, err := o.reject(fmt.Errorf("%d attempts did not end: each time the process stopped first", e.Attempts))
			return true, k, err
		}
	}
	return false, open, nil
}

// begin writes the attempt down, before anything is downloaded.
func (o *once) begin(ctx context.Context) error {
	o.begun = o.l.now()
	o.parts = o.former.State == Tried
	o.entry = Entry{
		ID: o.id, Launcher: o.l.Name, State: Tried, Time: o.begun,
		Attempts: o.former.Attempts + 1, Origin: printable(o.parcel.Origin),
	}
	if o.former.State == Skipped {
		o.entry.Attempts = 1
	}
	if err := o.ledger().Save(ctx, o.entry); err != nil {
		if o.ctx.Err() != nil {
			return Halt(context.Cause(o.ctx))
		}
		return o.ledgerFailed("save", err)
	}
	return nil
}

// ledgerFailed ends the pass: nothing is stored that could not be open.
func (o *once) ledgerFailed(doing string, err error) error {
	return o.halt(fmt.Errorf("ledger: %s %s: %w", doing, o.id, err))
}

// notReady answers for a parcel whose documents could not be had or judged.
func (o *once) notReady(err error) (knowledge, error) {
	c := classOf(err)
	if c == failed && o.stopping() {
		return o.giveBack(Halt(errors.Join(context.Cause(o.ctx), err)))
	}
	switch c {
	case halted:
		return o.giveBack(err)
	case later:
		o.left(o.parcel.Time, func(s *Stats) { s.Waiting++ })
		o.l.observe(o.ctx, Event{Kind: EventWaiting, Parcel: o.id, Origin: o.parcel.Origin, Err: err})
		return o.giveBack(err)
	case rejected:
		return o.reject(err)
	}
	return o.fail(err)
}

// stopping reports that the pass was asked to end, other than by stalling: an
// item on which it stalls is counted, or it would stop every pass.
func (o *once) stopping() bool {
	return o.ctx.Err() != nil && context.Cause(o.ctx) != errStalled
}

// giveBack takes the attempt back and answers with err.
func (o *once) giveBack(err error) (knowledge, error) {
	if o.former.State == Unknown {
		o.former.Origin = o.entry.Origin
	}
	if failure := o.restore(o.id, former{o.former, o.parts}); failure != nil {
		return open, o.halt(failure)
	}
	return open, err
}

// skip answers for a parcel of which nothing is wanted.
func (o *once) skip() (knowledge, error) {
	o.count(func(s *Stats) { s.Skipped++ })
	o.l.observe(o.ctx, Event{Kind: EventSkipped, Parcel: o.id, Origin: o.parcel.Origin})
	if o.l.Revision == "" || o.parts {
		_, err := o.giveBack(errSkipped)
		return unwanted, err
	}
	e := o.entry
	e.State, e.Attempts, e.Revision = Skipped, 0, o.l.Revision
	if err := o.restore(o.id, former{entry: e}); err != nil {
		return open, o.halt(err)
	}
	return unwanted, errSkipped
}

func (o *once) unrouted(names []string) {
	o.count(func(s *Stats) { s.Unrouted += len(names) })
	o.l.observe(o.ctx, Event{Kind: EventUnrouted, Parcel: o.id, Origin: o.parcel.Origin, Names: names})
}

// fail takes down an attempt that failed, or rejects the parcel if it was the
// last.
func (o *once) fail(err error) (knowledge, error) {
	if limit := o.l.maxAttempts(); limit >= 0 && o.entry.Attempts >= limit {
		return o.reject(fmt.Errorf("attempt %d of %d: %w", o.entry.Attempts, limit, err))
	}
	e := o.entry
	e.Time = o.l.now()
	e.Due = e.Time.Add(o.l.rest(o.key, e.Attempts))
	e.Err = textOf(err)
	if failure := o.record(e); failure != nil {
		return open, failure
	}
	o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
	o.l.observe(o.ctx, Event{Kind: EventFailed, Parcel: o.id, Origin: o.parcel.Origin,
		Attempt: e.Attempts, Due: e.Due, Elapsed: e.Time.Sub(o.begun), Err: err})
	return open, err
}

// reject takes down that the parcel is refused for good.
func (o *once) reject(err error) (knowledge, error) {
	e := o.entry
	e.State, e.Time, e.Err = Rejected, o.l.now(), textOf(err)
	e.Due = time.Time{}
	if failure := o.record(e); failure != nil {
		return open, failure
	}
	o.count(func(s *Stats) { s.Rejected++ })
	o.l.setAside(1)
	o.l.acquit(o.key)
	o.l.observe(o.ctx, Event{Kind: EventRejected, Parcel: o.id, Origin: o.parcel.Origin,
		Attempt: e.Attempts, Err: err})
	return open, Reject(err)
}

// record saves entries although the pass may be over.
func (o *once) record(entries ...Entry) error {
	ctx, cancel := settling(o.ctx)
	defer cancel()
	if err := o.ledger().Save(ctx, entries...); err != nil {
		return o.ledgerFailed("save", err)
	}
	return nil
}
