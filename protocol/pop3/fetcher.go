package pop3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

const (
	// flightBytes is how much is asked for before it has arrived: what counts
	// on a long way is bytes, at least rate times round trip. More is asked for
	// when two thirds of it are left, which 200 MB/s take 40 ms for.
	flightBytes = 12 << 20
	// awake is how long a session is left without a command. Servers close
	// those that say nothing.
	awake = 30 * time.Second
	// maxScout is the size of a mail that is asked for first to see whether the
	// server returns any.
	maxScout = 1 << 20
)

// errGone is why a mail was not delivered that is no longer there.
var errGone = errors.New("message is not in the mailbox any more")

// A fetcher fetches mails over one connection, in the order in which the
// server has them. When a connection breaks it goes on with one mail at a
// time, then two, then four.
type fetcher struct {
	*flow.Queue[*download]
	pool   *spool.Pool
	line   *line
	mails  []mail // of the mailbox
	proof  []mail // the one that last showed that the server returns mails
	most   int64  // size of a mail; 0: no limit
	sleepy bool   // the session has been left alone for awake
}

func newFetcher(ctx context.Context, l *line, pool *spool.Pool, mails []mail, most int64) *fetcher {
	return &fetcher{
		Queue: flow.NewQueue(ctx, maxFlight, func(a, b *download) int { return cmp.Compare(a.mail.number, b.mail.number) }),
		pool:  pool, line: l, mails: mails, most: most,
	}
}

// want asks for a mail. The download ends sooner or later.
func (f *fetcher) want(m mail) *download {
	d := newDownload(m, f.pool, f.most)
	switch size := m.kept(); {
	case size < 0:
		f.Want(d)
	case f.most > 0 && size > f.most:
		d.Finish(nil, tooLarge(size, f.most))
	default:
		d.Finish(m.body, nil)
	}
	return d
}

// serve fetches until the fetcher is closed or halted.
func (f *fetcher) serve() {
	for f.wait() {
		if f.nod() {
			continue
		}
		s := f.session()
		if s == nil {
			return
		}
		if f.doubtful() {
			f.resolve()
		} else {
			f.stream(s)
		}
	}
}

// session returns the session, or nil once none can be had, which ends everything.
func (f *fetcher) session() *session {
	s, err := f.line.get()
	if err != nil {
		f.Lock()
		defer f.Unlock()
		f.Halt(err)
		return nil
	}
	return s
}

func (f *fetcher) doubtful() bool {
	f.Lock()
	defer f.Unlock()
	return f.Doubtful()
}

// resolve finds out whether the server returns any mail, by asking for some that
// are thrown away.
func (f *fetcher) resolve() {
	f.Lock()
	fit := func(m mail) bool {
		return (f.most == 0 || m.size <= f.most) && !f.Suspected(func(d *download) bool { return d.mail.key() == m.key() })
	}
	scouts := flow.Scouts(f.mails, func(m mail) bool { return m.size >= 0 && m.size <= maxScout && fit(m) })
	scouts = append(scouts, flow.Scouts(f.mails, func(m mail) bool { return (m.size < 0 || m.size > maxScout) && fit(m) })...)
	f.Unlock()
	returns := false
	for _, m := range append(f.proof, scouts...) {
		s := f.session()
		if s == nil {
			return
		}
		number, there := f.line.number(&m)
		if !there {
			continue
		}
		m.number = number
		d := newDownload(m, f.pool, f.most)
		s.request([]*download{d})
		d.Finish(nil, s.receive(d))
		_, fault := d.Ended()
		d.Abandon()
		if returns = fault == nil; returns {
			f.proof = []mail{m}
			break
		}
	}
	f.Lock()
	defer f.Unlock()
	f.Resolve(returns)
}

// wait waits until something is wanted, or the session has been left alone for
// too long. It returns false at the end.
func (f *fetcher) wait() bool {
	f.Lock()
	defer f.Unlock()
	timer := time.AfterFunc(awake, func() {
		f.Lock()
		defer f.Unlock()
		f.sleepy = true
		f.Changed.Broadcast()
	})
	defer timer.Stop()
	for {
		switch {
		case f.Err != nil:
			return false
		case f.Doubtful(), len(f.Waiting) > 0, f.sleepy:
			return true
		}
		f.Convict() // nothing is left that could tell more
		if f.Closed {
			return false
		}
		f.Wait()
	}
}

// nod tells the server that the session is still in use, if it is time to.
func (f *fetcher) nod() bool {
	f.Lock()
	due := f.sleepy && len(f.Waiting) == 0
	f.sleepy = false
	f.Unlock()
	if due {
		f.line.nod()
	}
	return due
}

// stream fetches over one session until nothing is wanted or it breaks.
func (f *fetcher) stream(s *session) {
	var flight []*download
	for len(flight) > 0 || !s.broken() {
		more := f.next(s, flight)
		s.request(more)
		if flight = append(flight, more...); len(flight) == 0 {
			return
		}
		d := flight[0]
		err := s.receive(d)
		if err != nil && s.broken() { // without an error it had arrived before
			f.broke(flight, err)
			return
		}
		f.answered(d, err)
		flight = flight[1:]
	}
}

// next returns what is to be asked for while flight is under way: several mails
// at a time, when half of what may be has arrived; one where the Sink is behind.
func (f *fetcher) next(s *session, flight []*download) (more []*download) {
	f.Lock()
	defer f.Unlock()
	if f.Doubtful() {
		return nil
	}
	f.Sweep(errGone)
	most := min(f.Pace, s.window)
	room := most - len(flight)
	var bytes int64
	for _, d := range flight {
		bytes += max(d.mail.size, 0)
	}
	switch {
	case len(flight) > most/2 || bytes > flightBytes/3*2, f.Ahead() && len(flight) > 0:
		return nil
	case f.Ahead():
		room = 1
	}
	for len(f.Waiting) > 0 && room > 0 {
		size := max(f.Waiting[0].mail.size, 0)
		if bytes > 0 && bytes+size > flightBytes {
			break
		}
		d := f.Take(1)[0]
		number, ok := f.line.number(&d.mail)
		if !ok {
			d.Finish(nil, launcher.Later(errGone))
			continue
		}
		d.mail.number = number
		more = append(more, d)
		bytes += size
		room--
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
		d.Finish(nil, kept)
	default:
		d.end()
	}
	return nil
}

// answered takes down that the server answered for d. What the server calls its
// own trouble may be damaged mails, which must not block those behind them.
func (f *fetcher) answered(d *download, err error) {
	f.Lock()
	defer f.Unlock()
	f.Hold(true)
	var r *refusal
	switch {
	case err == nil:
		f.Arrived(d)
	case errors.As(err, &r) && r.isTrouble():
		f.Suspect(d, r)
	default:
		d.Finish(nil, err)
	}
}

// broke puts mails back that were under way when the connection broke on the
// first of them, and gives that one up if it was alone and not the first time.
func (f *fetcher) broke(flight []*download, err error) {
	f.Lock()
	defer f.Unlock()
	f.Hold(false)
	for _, d := range flight {
		d.land()
	}
	d := flight[0]
	if d.breaks++; d.breaks > 1 && len(flight) == 1 {
		f.Suspect(d, fmt.Errorf("the connection breaks on this message: %w", err))
		return
	}
	for _, d := range flight {
		d.restart()
		f.Put(d)
	}
}
