package dir

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A walk offers lots, one after the other. It begins with one worker, and adds
// one whenever a Sink asks for documents: passing over what is known costs no
// goroutine, and what is new is stored side by side.
type walk struct {
	*pass
	sink launcher.Sink
	ctx  context.Context // of Poll
	now  time.Time

	mu      sync.Mutex
	lots    []lot // not offered yet
	new     int   // parcels whose documents were asked for, but for those left
	limited bool  // more than Source.Limit were
	workers int
	stop    error // ends the walk
	wg      sync.WaitGroup
}

var errLimit = errors.New("the limit of this pass is reached")

// offer offers lots in their order, and settles them.
func (p *pass) offer(ctx context.Context, sink launcher.Sink, lots []lot) error {
	w := &walk{pass: p, sink: sink, ctx: ctx, now: p.src.time(), lots: lots, workers: 1}
	w.work()
	w.wg.Wait()
	return w.end()
}

// end returns why the walk ended early, and sees to it that nobody adds a
// worker from now on.
func (w *walk) end() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	more := w.limited || len(w.lots) > 0
	w.lots = nil
	switch {
	case w.ctx.Err() != nil:
		return errors.Join(context.Cause(w.ctx), w.stop)
	case w.stop != nil:
		return w.stop
	case more:
		return launcher.ErrMore
	}
	return nil
}

func (w *walk) work() {
	for {
		l, ctx := w.pick()
		if l == nil {
			return
		}
		w.one(ctx, w.newOffer(l))
	}
}

// pick returns the next lot, with the context to store it by; nil if there is
// none, or the walk is over.
func (w *walk) pick() (*lot, context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.lots) == 0 || w.stop != nil || w.full() || w.ctx.Err() != nil {
		w.workers--
		return nil, nil
	}
	l := &w.lots[0]
	w.lots = w.lots[1:]
	return l, launcher.Turn(w.ctx)
}

func (w *walk) full() bool { return w.src.Limit > 0 && w.new >= w.src.Limit }

// admit counts a parcel as new, once, and has another worker go on with the
// others meanwhile.
func (w *walk) admit(o *offer) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o.admitted {
		return nil
	}
	if w.full() {
		w.limited = true
		return launcher.Later(errLimit)
	}
	o.admitted = true
	w.new++
	parallel := w.src.Parallel
	if parallel == 0 {
		parallel = defaultParallel
	}
	if w.workers < parallel && len(w.lots) > 0 && !w.full() && w.stop == nil {
		w.workers++
		w.wg.Go(w.work)
	}
	return nil
}

// one offers a parcel and carries out what the Sink decides.
func (w *walk) one(ctx context.Context, o *offer) {
	defer o.end()
	err := w.sink.Store(ctx, &o.Parcel)
	var failed error
	switch launcher.OutcomeOf(err) {
	case launcher.Taken:
		failed = w.taken(o)
	case launcher.SetAside:
		failed = w.setAside(o)
	case launcher.Left:
		w.dismiss(o)
	case launcher.Stop:
		w.halt(err)
	}
	if failed != nil {
		w.report(fmt.Errorf("settle %s: %w", o.Origin, w.alive(failed)))
	}
}

// dismiss no longer counts a parcel that stays: parcels that cannot be taken
// must not use the limit up in every pass, and starve those behind them.
func (w *walk) dismiss(o *offer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o.admitted {
		o.admitted = false
		w.new--
	}
}

func (w *walk) halt(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop == nil {
		w.stop = err
	}
}
