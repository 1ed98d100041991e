package pop3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
)

const (
	// flightBytes is how much is asked for before it has arrived: what counts
	// on a long way is bytes, at least rate times round trip.
	flightBytes = 8 << 20
	// maxSuspects is how many mails in a row may break connections, or be
	// refused as trouble of the server's own, before it is the server that is
	// at fault.
	maxSuspects = 3
	// awake is how long a session is left without a command. Servers close
	// those that say nothing.
	awake = 30 * time.Second
)

// errGone is why a mail was not delivered that is no longer there.
var errGone = errors.New("message is not in the mailbox any more")

// A fetcher fetches mails over one connection, in the order in which the
// server has them. When a connection breaks it goes on with one mail at a
// time, then two, then four.
type fetcher struct {
	pool *spool.Pool
	line *line
	most int64 // size of a mail; 0: no limit

	mu        sync.Mutex
	changed   *sync.Cond
	queue     []*download // not asked for yet
	pace      int         // mails that may be asked for at a time
	suspects  []suspect
	row       int // suspects since a mail arrived
	closed    bool
	sleepy    bool  // the session has been left alone for awake
	err       error // why nothing is fetched any more
	unblocked func() bool
}

// A suspect is a mail that failed in a way which may be the server's fault.
type suspect struct {
	d   *download
	err error
}

func newFetcher(ctx context.Context, l *line, pool *spool.Pool, most int64) *fetcher {
	f := &fetcher{pool: pool, line: l, most: most, pace: maxFlight}
	f.changed = sync.NewCond(&f.mu)
	f.unblocked = context.AfterFunc(ctx, func() { f.halt(context.Cause(ctx)) })
	return f
}

// want asks for a mail. The download ends sooner or later.
func (f *fetcher) want(m mail) *download {
	d := newDownload(m, f.pool.Create(), f.most)
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
	i, _ := slices.BinarySearchFunc(f.queue, d, func(a, b *download) int { return cmp.Compare(a.mail.number, b.mail.number) })
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

// serve fetches until the fetcher is closed or halted.
func (f *fetcher) serve() {
	for f.wait() {
		if f.nod() {
			continue
		}
		s, err := f.line.get()
		if err != nil {
			f.halt(err)
			return
		}
		f.stream(s)
	}
}

// wait waits until something is wanted, or the session has been left alone for
// too long. It returns false at the end.
func (f *fetcher) wait() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	timer := time.AfterFunc(awake, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.sleepy = true
		f.changed.Broadcast()
	})
	defer timer.Stop()
	for {
		switch {
		case f.err != nil:
			return false
		case len(f.queue) > 0 || f.sleepy:
			return true
		}
		f.convict() // nothing is left that could tell more
		if f.closed {
			return false
		}
		f.changed.Wait()
	}
}

// nod tells the server that the session is still in use, if it is time to.
func (f *fetcher) nod() bool {
	f.mu.Lock()
	due := f.sleepy && len(f.queue) == 0
	f.sleepy = false
	f.mu.Unlock()
	if due {
		f.line.nod()
	}
	return due
}

// stream fetches over one session until nothing is wanted or it breaks.
func (f *fetcher) stream(s *session) {
	var flight []*download
	for {
		more := f.next(s, flight)
		s.request(more)
		if flight = append(flight, more...); len(flight) == 0 {
			return
		}
		d := flight[0]
		err := s.receive(d)
		if s.broken() {
			f.broke(flight, err)
			return
		}
		f.answered(d, err)
		flight = flight[1:]
	}
}

// next returns what is to be asked for while flight is under way: several mails
// at a time, when half of what may be has arrived.
func (f *fetcher) next(s *session, flight []*download) (more []*download) {
	f.mu.Lock()
	defer f.mu.Unlock()
	most := min(f.pace, s.window)
	room := most - len(flight)
	var bytes int64
	for _, d := range flight {
		bytes += max(d.mail.size, 0)
	}
	if len(flight) > most/2 || bytes > flightBytes/2 {
		return nil
	}
	for len(f.queue) > 0 && room > 0 {
		d := f.queue[0]
		size := max(d.mail.size, 0)
		if bytes > 0 && bytes+size > flightBytes {
			break
		}
		f.queue = f.queue[1:]
		number, ok := f.line.number(&d.mail)
		switch {
		case d.isAbandoned():
			d.finish(nil, errGone)
		case f.err != nil:
			d.finish(nil, f.err)
		case !ok:
			d.finish(nil, launcher.Later(errGone))
		default:
			d.mail.number = number
			more = append(more, d)
			bytes += size
			room--
		}
	}
	return more
}

// request asks for mails.
func (s *session) request(mails []*download) {
	if len(mails) == 0 {
		return
	}
	var commands []string
	for _, d := range mails {
		d.land = s.w.Begin(budget + d.mail.cost())
		commands = append(commands, fmt.Sprintf("RETR %d", d.mail.number))
	}
	s.c.Send(strings.Join(commands, "\r\n"))
}

// receive reads the answer for a mail that was asked for, and ends its
// download unless the server refused it.
func (s *session) receive(d *download) error {
	defer d.land()
	if _, err := s.c.ReadOne(); err != nil {
		return s.explain(err)
	}
	kept, err := s.w.body(d)
	switch {
	case err != nil:
		return s.explain(err)
	case kept != nil:
		d.finish(nil, kept)
	default:
		d.commit()
	}
	return nil
}

// answered takes down that the server answered for d. What it calls its own
// trouble may be one damaged mail, which must not block those behind it.
func (f *fetcher) answered(d *download, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pace = min(2*f.pace, maxFlight)
	var r *refusal
	switch {
	case err == nil:
		f.row = 0
		f.convict()
	case errors.As(err, &r) && r.isTrouble():
		f.suspect(d, r)
	default:
		d.finish(nil, err)
	}
}

// suspect takes down that d failed. Where too many do it is not their fault.
func (f *fetcher) suspect(d *download, err error) {
	f.suspects = append(f.suspects, suspect{d, err})
	if f.row++; f.row >= maxSuspects || f.err != nil {
		f.haltLocked(fmt.Errorf("every message fails: %w", err))
	}
}

// broke puts mails back that were under way when the connection broke on the
// first of them, and gives that one up if it was alone and not the first time.
func (f *fetcher) broke(flight []*download, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pace = 1
	for _, d := range flight {
		d.land()
	}
	d := flight[0]
	if d.breaks++; d.breaks > 1 && len(flight) == 1 {
		f.suspect(d, fmt.Errorf("the connection breaks on this message: %w", err))
		return
	}
	for _, d := range flight {
		if f.err != nil {
			d.finish(nil, f.err)
			continue
		}
		d.restart(f.pool.Create())
		f.put(d)
	}
}

// convict gives up the suspects: others can be had, or there are no others.
func (f *fetcher) convict() {
	for _, s := range f.suspects {
		s.d.finish(nil, s.err)
	}
	f.suspects = nil
}
