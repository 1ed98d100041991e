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
	errTwice    = errors.New("the Source offers it twice in one pass")
	errHeldBack = errors.New("held back: the Sink failed on others and may be down")
	errDryRun   = errors.New("dry run")
)

// store is the Sink that the Source is given.
func (p *pass) store(ctx context.Context, parcel *Parcel) error {
	switch t, _ := ctx.Value(turnKey{}).(*turn); {
	case t == nil:
	case t.q == &p.queue && t.take():
		defer t.leave()
	default:
		ctx = context.WithValue(ctx, turnKey{}, (*turn)(nil))
	}
	p.step()
	defer p.step()
	if parcel == nil || parcel.ID == "" || parcel.Documents == nil {
		return p.halt(errors.New("the Source offers a parcel without ID or Documents"))
	}
	if p.dry {
		return p.preview(ctx, parcel)
	}
	k := keyOf(parcel.ID)
	known, err := p.offered(k)
	if err != nil {
		return err
	}
	switch known {
	case kept:
		return nil
	case unwanted:
		return errSkipped
	}
	o := &once{pass: p, key: k, id: p.l.id(k), parcel: parcel}
	now := ask
	defer func() { p.answered(k, now) }()
	now, err = o.store(ctx)
	p.stays(o, err)
	return err
}

// offered takes down that k was offered, and returns what is known of it.
func (p *pass) offered(k key) (knowledge, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.over:
		return ask, Halt(errOver)
	case p.halted != nil:
		return ask, p.halted
	case p.ctx.Err() != nil:
		return ask, Halt(context.Cause(p.ctx))
	}
	s := &p.l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.known[k]
	again := n.pass == p.number
	if again && n.state == ask {
		return ask, errTwice
	}
	if !again {
		p.stats.Offered++
		switch n.state {
		case kept:
			p.stats.Known++
		case unwanted:
			p.stats.Skipped++
		}
	}
	n.pass = p.number
	s.known[k] = n
	return n.state, nil
}

// answered takes down what is known of k now.
func (p *pass) answered(k key, now knowledge) {
	s := &p.l.state
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.known[k]
	n.pass, n.state = p.number, now
	s.known[k] = n
}

// once hands one parcel over, unless the ledger knows enough of it.
type once struct {
	*pass
	key     key
	id      string
	parcel  *Parcel
	former  Entry    // before this attempt
	parts   bool     // some of its parts are in the ledger
	entries [2]Entry // of the part handed over last, and of this attempt
	again   bool     // the Sink may have it from an earlier one
	alone   bool     // no other is under way
	place   *turn    // instead of the one that it waited with for that; nil: it did not
	begun   time.Time
}

// entry is that of this attempt.
func (o *once) entry() *Entry { return &o.entries[1] }

// store returns what is known of the parcel afterwards, and the answer for the
// Source.
func (o *once) store(ctx context.Context) (knowledge, error) {
	var err error
	if o.former, o.parts, err = o.l.load(o.ctx, o.id); err != nil {
		return ask, o.ledgerFailed("load", err)
	}
	if done, k, err := o.remembered(); done {
		return k, err
	}
	if o.held() {
		o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
		return ask, errHeldBack
	}
	ctx = o.isolate(ctx)
	defer o.mingle()
	if err := o.begin(); err != nil {
		return ask, err
	}
	docs, err := o.documents(ctx)
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

// remembered answers for a parcel of which the ledger knows enough.
func (o *once) remembered() (done bool, k knowledge, err error) {
	if !o.former.Gone.IsZero() {
		if err := o.returned(); err != nil {
			return true, ask, o.ledgerFailed("take down what is back", err)
		}
	}
	e := o.former
	switch e.State {
	case Stored:
		o.count(func(s *Stats) { s.Known++ })
		return true, kept, nil
	case Rejected:
		o.count(func(s *Stats) { s.Rejected++ })
		return true, ask, Reject(fmt.Errorf("rejected on %s: %s", e.Time.Format(time.DateTime), e.Err))
	case Discarded:
		o.count(func(s *Stats) { s.Rejected++ })
		return true, ask, Reject(fmt.Errorf("discarded on %s", e.Time.Format(time.DateTime)))
	case Skipped:
		if o.l.Revision != "" && e.Revision == o.l.Revision {
			o.count(func(s *Stats) { s.Skipped++ })
			return true, unwanted, errSkipped
		}
	case Tried:
		if o.l.resting(e) {
			o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
			return true, ask, fmt.Errorf("attempt %d failed; the next is due %s: %s",
				e.Attempts, e.Due.Format(time.DateTime), e.Err)
		}
		if o.l.exhausted(e.Attempts) {
			*o.entry() = e
			k, err := o.reject(lastOf(e))
			return true, k, err
		}
	}
	return false, ask, nil
}

// resting reports that a parcel is not due yet. A due time from a clock that
// was ahead does not count.
func (l *Launcher) resting(e Entry) bool {
	now := l.now()
	return e.Due.After(now) && !e.Time.After(now)
}

// exhausted reports that there are no attempts left after so many.
func (l *Launcher) exhausted(attempts int) bool {
	limit := l.MaxAttempts
	if limit == 0 {
		limit = 10
	}
	return limit >= 0 && attempts >= limit
}

// lastOf tells why a parcel has no attempts left.
func lastOf(e Entry) error {
	if e.Err == "" {
		return fmt.Errorf("%d attempts were begun and did not end: the process stopped in each", e.Attempts)
	}
	return fmt.Errorf("after %d attempts: %s", e.Attempts, e.Err)
}

// returned takes down that a parcel that was gone is offered again. If it was
// refused, a person has put it back: it is attempted anew.
func (o *once) returned() error {
	e := o.former
	e.Gone = time.Time{}
	refused := e.State == Rejected || e.State == Discarded
	if refused {
		if err := o.l.forgetRejectedParts(o.ctx, o.id); err != nil {
			return err
		}
		e.State, e.Attempts, e.Due, e.Err, e.Where = Tried, 0, time.Time{}, "", ""
		o.parts = true
	}
	if err := o.l.state.ledger.Save(o.ctx, e); err != nil {
		return err
	}
	if refused && o.former.State == Rejected {
		o.l.setAside(-1)
	}
	o.former = e
	return nil
}

// isolate keeps a parcel that may have stopped the process apart: with an
// attempt that was begun and did not end, it is attempted with no other under
// way, so that if it does stop the process it takes no other's attempt along.
// mingle ends that.
func (o *once) isolate(ctx context.Context) context.Context {
	alone := &o.l.state.alone
	e := &o.former
	o.alone = e.State == Tried && e.Attempts > 0 && e.Err == ""
	if !o.alone && alone.TryRLock() {
		return ctx
	}
	// Whoever waits here gives its place up: those that it waits for may have
	// places behind it.
	if t, _ := ctx.Value(turnKey{}).(*turn); t != nil {
		t.leave()
	}
	if o.alone {
		alone.Lock()
		o.place = o.queue.jump()
	} else {
		alone.RLock()
		o.place = o.queue.join()
	}
	return context.WithValue(ctx, turnKey{}, o.place)
}

func (o *once) mingle() {
	if o.place != nil {
		o.place.leave()
	}
	if o.alone {
		o.l.state.alone.Unlock()
	} else {
		o.l.state.alone.RUnlock()
	}
}

// begin writes the attempt down, before anything is downloaded.
func (o *once) begin() error {
	o.begun = o.l.now()
	*o.entry() = Entry{
		ID: o.id, Launcher: o.l.Name, State: Tried, Time: o.begun,
		Attempts: o.former.Attempts + 1, Origin: printable(o.parcel.Origin),
	}
	o.l.quit(o.id)
	if err := o.l.save(o.ctx, o.entries[1:]...); err != nil {
		o.owe()
		return o.ledgerFailed("save", err)
	}
	return nil
}

// owe takes this attempt back.
func (o *once) owe() {
	if o.former.State == Unknown {
		o.former.Origin = printable(o.parcel.Origin)
	}
	o.l.owe(o.id, owed{entry: o.former, parts: o.parts})
}

// ledgerFailed ends the pass: nothing is stored that could not be recorded.
func (o *once) ledgerFailed(doing string, err error) error {
	if o.ctx.Err() != nil && errors.Is(err, o.ctx.Err()) {
		return Halt(context.Cause(o.ctx))
	}
	return o.halt(fmt.Errorf("ledger: %s %s: %w", doing, o.id, err))
}

// documents asks for the documents, and lets the watchdog know who has waited
// for them longest.
func (o *once) documents(ctx context.Context) ([]*Document, error) {
	o.dog.fetching(o.key)
	defer o.dog.fetched(o.key)
	return documentsOf(ctx, o.parcel)
}

// notReady answers for a parcel whose documents could not be had or judged.
func (o *once) notReady(err error) (knowledge, error) {
	switch c := classOf(err); {
	case c == halted:
		return o.giveBack(o.halt(err))
	case c == failed && o.stopping():
		return o.giveBack(Halt(errors.Join(context.Cause(o.ctx), err)))
	case c == later:
		return o.wait(err)
	case c == rejected:
		return o.reject(err)
	}
	return o.fail(err)
}

// stopping reports that the pass was asked to end. If that was because it
// stalled, the one that it stalled on is counted, or it would stop every pass.
func (o *once) stopping() bool {
	return o.ctx.Err() != nil && (context.Cause(o.ctx) != errStalled || !o.dog.blames(o.key))
}

// giveBack takes the attempt back and answers with err.
func (o *once) giveBack(err error) (knowledge, error) {
	o.owe()
	if failure := o.l.pay(o.ctx, 1024); failure != nil {
		return ask, o.halt(failure)
	}
	return ask, err
}

// wait answers for a parcel that is not ready yet.
func (o *once) wait(err error) (knowledge, error) {
	o.left(o.parcel.Time, func(s *Stats) { s.Waiting++ })
	o.observe(Event{Kind: EventWaiting, Parcel: o.id, Origin: o.parcel.Origin, Err: err})
	return o.giveBack(err)
}

// skip answers for a parcel of which nothing is wanted.
func (o *once) skip() (knowledge, error) {
	o.count(func(s *Stats) { s.Skipped++ })
	o.observe(Event{Kind: EventSkipped, Parcel: o.id, Origin: o.parcel.Origin})
	if o.l.Revision != "" && !o.parts {
		o.former = *o.entry()
		o.former.State, o.former.Attempts, o.former.Revision = Skipped, 0, o.l.Revision
	}
	if _, err := o.giveBack(errSkipped); err != errSkipped {
		return ask, err
	}
	return unwanted, errSkipped
}

func (o *once) unrouted(names []string) {
	o.count(func(s *Stats) { s.Unrouted += len(names) })
	o.observe(Event{Kind: EventUnrouted, Parcel: o.id, Origin: o.parcel.Origin, Names: names})
}

// fail takes down an attempt that failed, or rejects the parcel if it was the
// last.
func (o *once) fail(err error) (knowledge, error) {
	if o.l.exhausted(o.entry().Attempts) {
		return o.reject(fmt.Errorf("attempt %d of %d: %w", o.entry().Attempts, o.entry().Attempts, err))
	}
	e := *o.entry()
	e.Time = o.l.now()
	e.Due = e.Time.Add(o.l.rest(o.key, e.Attempts))
	e.Err = textOf(err)
	if failure := o.record(e); failure != nil {
		return ask, failure
	}
	o.left(o.parcel.Time, func(s *Stats) { s.Left++ })
	o.failed(Event{Parcel: o.id, Origin: o.parcel.Origin,
		Attempt: e.Attempts, Due: e.Due, Elapsed: o.elapsed(), Err: err})
	return ask, err
}

// elapsed returns how long the attempt has taken; 0 if the clock was set back.
func (o *once) elapsed() time.Duration { return max(o.l.now().Sub(o.begun), 0) }

// reject takes down that the parcel is refused for good.
func (o *once) reject(err error) (knowledge, error) {
	e := *o.entry()
	e.State, e.Time, e.Err = Rejected, o.l.now(), textOf(err)
	e.Due = time.Time{}
	if failure := o.record(e); failure != nil {
		return ask, failure
	}
	o.count(func(s *Stats) { s.Rejected++ })
	o.advanced()
	o.l.setAside(1)
	o.l.acquit(o.key)
	o.observe(Event{Kind: EventRejected, Parcel: o.id, Origin: o.parcel.Origin,
		Attempt: e.Attempts, Elapsed: o.elapsed(), Err: err})
	return ask, Reject(err)
}

// record saves what became of the parcel, although the pass may be over. If
// that fails the attempt is given back: it is the ledger's fault.
func (o *once) record(entries ...Entry) error {
	ctx := o.after
	if o.l.Ledger != nil { // that in memory waits for nothing
		timed, cancel := context.WithTimeout(ctx, settleTime)
		defer cancel()
		ctx = timed
	}
	if err := o.l.state.ledger.Save(ctx, entries...); err != nil {
		o.owe()
		return o.ledgerFailed("save", err)
	}
	return nil
}
