package imap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
)

const (
	batchMails = 50      // at most in one FETCH
	batchBytes = 8 << 20 // about, in one FETCH
	depth      = 3       // FETCHes under way on a connection
	firstBytes = 1 << 20 // about, in one FETCH of the first few: they tell how fast the link is
	tellBytes  = 4 << 20 // in all of these

	// progress is how much of a mail must arrive before a connection breaks
	// for that not to count against the mail.
	progress = 256 << 10
	// maxBreaks bounds the connections that may break on one mail.
	maxBreaks = 64
	// maxSuspects is how many mails may break connections with none arriving
	// in between before it is the server that is at fault.
	maxSuspects = 3
)

// A suspect is a mail that connections broke on, and how.
type suspect struct {
	d   *download
	err error
}

// errGone is why a mail was not delivered that is no longer there.
var errGone = errors.New("message is not in the folder any more")

// A fetcher fetches the mails of one folder. The requests that come in while
// it waits for the server go into one FETCH. When a connection breaks it goes
// on with one mail at a time, then two, then four, so that the one to blame is
// found.
type fetcher struct {
	ctx    context.Context // of the connections
	pool   *spool.Pool
	choice *choice
	fewer  func(error) // there is one connection less

	mu        sync.Mutex
	changed   *sync.Cond
	queue     []*download // not under way
	flying    int         // FETCHes under way
	lines     int
	asked     int64     // bytes, so far
	pace      int       // mails that one FETCH may ask for
	inexact   bool      // the server's sizes are
	suspects  []suspect // mails that connections broke on, since the last one arrived
	closed    bool
	err       error // why nothing is fetched any more
	unblocked func() bool
}

func newFetcher(p *pass, lines int) *fetcher {
	f := &fetcher{ctx: p.leash, pool: p.pool, lines: lines, pace: batchMails, choice: &p.choice, fewer: p.fewer}
	f.changed = sync.NewCond(&f.mu)
	f.unblocked = context.AfterFunc(f.ctx, func() { f.halt(context.Cause(f.ctx)) })
	return f
}

// want asks for a mail. The download ends sooner or later.
func (f *fetcher) want(m mail) *download {
	d := newDownload(m, f.pool.Create())
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		d.finish(nil, f.err)
		return d
	}
	f.put(d)
	return d
}

// put puts a download into the queue, oldest first.
func (f *fetcher) put(d *download) {
	i, _ := slices.BinarySearchFunc(f.queue, d, func(a, b *download) int { return cmp.Compare(a.mail.uid, b.mail.uid) })
	f.queue = slices.Insert(f.queue, i, d)
	f.changed.Broadcast()
}

// halt ends all downloads with err, as the fault of the surroundings.
func (f *fetcher) halt(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.haltLocked(err)
}

func (f *fetcher) haltLocked(err error) {
	if f.err == nil {
		f.err = launcher.Halt(err)
	}
	for _, d := range f.queue {
		d.finish(nil, f.err)
	}
	for _, s := range f.suspects {
		s.d.finish(nil, f.err)
	}
	f.queue, f.suspects = nil, nil
	f.changed.Broadcast()
}

// failure returns why nothing is fetched any more, nil if something is.
func (f *fetcher) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// close lets serve return. Nothing is wanted any more.
func (f *fetcher) close() {
	f.unblocked()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.changed.Broadcast()
}

// serve fetches over one connection until the fetcher is closed or halted.
func (f *fetcher) serve(l *line, b *box) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		batch := f.take()
		if batch == nil {
			return
		}
		s, err := l.get(b)
		if err != nil {
			if f.retire(batch, err) {
				f.fewer(err)
			}
			return
		}
		wg.Go(func() {
			// One goroutine for each command: servers answer the next one
			// before they end the one before, and both have to be read.
			err := s.fetch(batch)
			broken := s.broken()
			if f.answered(batch, err, broken) || f.choice.change(s) {
				l.renew(s)
			}
			l.put(s)
			f.landed()
		})
	}
}

// take waits for what is to be fetched next, and returns nil at the end.
func (f *fetcher) take() []*download {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		f.queue = slices.DeleteFunc(f.queue, func(d *download) bool {
			gone := d.isAbandoned()
			if gone {
				d.finish(nil, errGone)
			}
			return gone
		})
		switch {
		case f.err != nil, f.closed && len(f.queue) == 0 && f.flying == 0:
			return nil
		case len(f.queue) > 0 && f.room():
			f.flying++
			return f.batch()
		case len(f.queue) == 0 && f.flying == 0:
			f.convict() // nothing is left that could tell more
		}
		f.changed.Wait()
	}
}

// room reports whether one more FETCH may be sent. While a culprit is looked
// for only one is under way.
func (f *fetcher) room() bool {
	if f.pace < batchMails {
		return f.flying == 0
	}
	return f.flying < depth*f.lines
}

func (f *fetcher) batch() []*download {
	var bytes int64
	n, most := 0, int64(batchBytes)
	if f.asked < tellBytes {
		most = firstBytes
	}
	for _, d := range f.queue {
		bytes += d.mail.size
		if n > 0 && (n >= f.pace || bytes > most || d.alone()) {
			break
		}
		d.loose = f.inexact
		f.asked += max(d.mail.size, 0)
		if n++; d.alone() {
			break
		}
	}
	batch := slices.Clone(f.queue[:n])
	f.queue = slices.Delete(f.queue, 0, n)
	return batch
}

// alone reports whether d is to be fetched on its own.
func (d *download) alone() bool {
	return d.step != batched || d.breaks > 0 || d.mail.size < 0 || d.mail.size > chunk
}

// retire puts back a batch for which there is no connection, and has the others
// go on without this one. It reports false if there are none, and everything
// ends.
func (f *fetcher) retire(batch []*download, err error) (others bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flying--
	f.lines--
	for _, d := range batch {
		f.put(d)
	}
	if f.lines == 0 || launcher.OutcomeOf(err) != launcher.Stop {
		f.haltLocked(err)
		return false
	}
	return f.err == nil
}

func (f *fetcher) landed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flying--
	f.changed.Broadcast()
}

// answered decides what becomes of a batch for which the server answered err.
// It reports whether a new session is to be opened, to have a doubt settled.
func (f *fetcher) answered(batch []*download, err error, broken bool) (doubt bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if broken {
		f.pace = 1
	} else {
		f.pace = min(2*f.pace, batchMails)
	}
	for _, d := range batch {
		switch {
		case d.isFinished():
			if d.ended() == nil {
				f.convict()
				f.inexact = f.inexact || d.other >= 0 && d.got != d.mail.size
			}
		case f.err != nil:
			d.finish(nil, f.err)
		case f.ctx.Err() != nil:
			d.finish(nil, launcher.Halt(context.Cause(f.ctx)))
		case broken:
			f.blame(d, len(batch) == 1, err)
		case launcher.OutcomeOf(err) == launcher.Stop:
			f.haltLocked(err)
			d.finish(nil, f.err)
		case d.other >= 0 && d.other == d.got:
			doubt = true
			d.restart(f.pool.Create())
			d.step = max(d.step, single)
			f.put(d)
		default:
			f.missing(d, len(batch) == 1, err)
		}
	}
	return doubt
}

// blame puts a mail back on which a connection broke, and gives it up if that
// happened again while it was fetched alone.
func (f *fetcher) blame(d *download, alone bool, err error) {
	d.total++
	if d.got-d.before >= progress && d.total < maxBreaks {
		d.breaks = 0
	} else if alone {
		d.breaks++
	}
	if d.breaks < 2 {
		if d.mail.size >= 0 && d.mail.size <= chunk {
			d.restart(f.pool.Create())
		}
		d.before = d.got
		f.put(d)
		return
	}
	f.suspects = append(f.suspects, suspect{d, err})
	if len(f.suspects) >= maxSuspects {
		f.haltLocked(fmt.Errorf("the connection breaks on every message: %w", err))
	}
}

// convict gives up the mails that connections broke on: others can be had.
func (f *fetcher) convict() {
	for _, s := range f.suspects {
		s.d.finish(nil, fmt.Errorf("the connection breaks on this message: %w", s.err))
	}
	f.suspects = nil
}

// missing takes the next step towards a mail that was not returned although
// the server did not refuse it, or gives it up.
func (f *fetcher) missing(d *download, alone bool, err error) {
	if alone {
		d.step++
	}
	switch {
	case d.step < single:
		d.step = single
	case d.step > bySeqNum:
		if err == nil {
			err = errNotReturned
		}
		d.finish(nil, err)
		return
	}
	d.restart(f.pool.Create())
	f.put(d)
}

// ended returns the error of a download that has ended.
func (d *download) ended() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}
