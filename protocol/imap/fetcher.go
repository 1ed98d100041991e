package imap

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	goimap "github.com/emersion/go-imap/v2"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

const (
	batchMails = 50      // at most in one FETCH
	batchBytes = 2 << 20 // about, in one FETCH
	depth      = 3       // FETCHes under way on a connection
	maxDepth   = 12      // if they are small: what counts on a long way is bytes
	airBytes   = 8 << 20 // about, under way on a connection
	firstBytes = 1 << 20 // about, in one FETCH of the first few: they tell how fast the link is
	firstAir   = 4 << 20 // about, under way until that is known

	// progress is how much of a mail must arrive before a connection breaks
	// for that not to count against the mail.
	progress = 256 << 10
	// maxBreaks bounds the connections that may break on one mail.
	maxBreaks = 64
)

// errGone is why a mail was not delivered that is no longer there.
var errGone = errors.New("message is not in the folder any more")

// A fetcher fetches the mails of one folder. The requests that come in while
// it waits for the server go into one FETCH. When a connection breaks it goes
// on with one mail at a time, then two, then four, so that the one to blame is
// found.
type fetcher struct {
	*flow.Queue[*download]
	ctx    context.Context // of the connections
	pool   *spool.Pool
	choice *choice
	fewer  func(error) // there is one connection less
	mails  []mail      // of the folder
	proof  []mail      // the one that last showed that the server returns mails
	done   func() bool // reports whether it returns one that was moved

	flying  int // FETCHes under way
	lines   int
	air     int64 // bytes under way
	inexact bool  // the server's sizes are
}

func newFetcher(p *pass, lines int, mails []mail) *fetcher {
	return &fetcher{
		Queue: flow.NewQueue(p.leash, batchMails, func(a, b *download) int { return cmp.Compare(a.mail.uid, b.mail.uid) }),
		ctx:   p.leash, pool: p.pool, lines: lines, choice: &p.choice, fewer: p.fewer, mails: mails, done: p.returnsDone,
	}
}

// want asks for a mail. The download ends sooner or later.
func (f *fetcher) want(m *mail) *download {
	d := newDownload(m, f.pool)
	f.Want(d)
	return d
}

// serve fetches over one connection until the fetcher is closed or halted.
func (f *fetcher) serve(l *line, b *box) {
	crew := flow.NewCrew()
	defer crew.Wait()
	for {
		batch, doubt := f.take()
		if doubt {
			if !f.resolve(l, b) {
				return
			}
			continue
		}
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
		crew.Go(func() {
			// One goroutine for each command: servers answer the next one
			// before they end the one before, and both have to be read.
			err := s.fetch(batch)
			broken := s.broken()
			if f.answered(batch, err, broken) || f.choice.change(s) {
				l.renew(s)
			}
			l.put(s)
			f.Lock()
			f.landed(batch)
			f.Unlock()
		})
	}
}

// take waits for what is to be fetched next, and returns nil at the end, or where
// there is a doubt to be resolved.
func (f *fetcher) take() (batch []*download, doubt bool) {
	f.Lock()
	defer f.Unlock()
	for {
		f.Sweep(errGone)
		switch {
		case f.Err != nil, f.Closed && len(f.Waiting) == 0 && f.flying == 0:
			return nil, false
		case f.Doubtful() && f.flying == 0:
			f.flying++
			return nil, true
		case f.Doubtful():
		case len(f.Waiting) > 0 && f.room():
			f.flying++
			return f.batch(), false
		case len(f.Waiting) == 0 && f.flying == 0:
			f.Convict() // nothing is left that could tell more
		}
		f.Wait()
	}
}

// room reports whether one more FETCH may be sent. While a culprit is looked
// for only one is under way, and while the Sink is behind. Beyond depth it must be
// worth it.
func (f *fetcher) room() bool {
	switch {
	case f.Pace < batchMails, f.Ahead():
		return f.flying == 0
	case f.flying < depth*f.lines:
		return true
	case f.flying == maxDepth*f.lines || f.air >= f.most()*int64(f.lines):
		return false
	}
	var bytes int64
	for _, d := range f.Waiting {
		bytes += d.load()
	}
	return len(f.Waiting) >= batchMails/2 || bytes >= firstBytes
}

// most is how many bytes are under way on a connection, about.
func (f *fetcher) most() int64 {
	if f.choice.open() {
		return firstAir
	}
	return airBytes
}

// large is how many bytes one FETCH asks for, about.
func (f *fetcher) large() int64 {
	if f.choice.open() {
		return firstBytes
	}
	return batchBytes
}

func (f *fetcher) batch() []*download {
	var bytes int64
	n, most := 0, f.large()
	for _, d := range f.Waiting {
		bytes += d.mail.size
		if n > 0 && (n >= f.Pace || bytes > most || d.alone()) {
			break
		}
		d.loose, d.lonely = f.inexact, f.Pace < batchMails
		f.air += d.load()
		if n++; d.alone() {
			break
		}
	}
	return f.Take(n)
}

// load is how many bytes of d are asked for at a time.
func (d *download) load() int64 { return min(max(d.mail.size, 0), chunk) }

// alone reports whether d is to be fetched on its own.
func (d *download) alone() bool {
	return d.step != batched || d.breaks > 0 || d.mail.size < 0 || d.mail.size > chunk
}

// resolve finds out whether the server returns any mail, by asking for some
// whose bodies are thrown away: of the folder, or else of Done. It reports false
// if there is no connection for that.
func (f *fetcher) resolve(l *line, b *box) bool {
	f.Lock()
	scouts := flow.Scouts(f.mails, func(m mail) bool {
		return !f.Suspected(func(d *download) bool { return d.mail.uid == m.uid })
	})
	f.Unlock()
	returns := false
	for _, m := range append(f.proof, scouts...) {
		s, err := l.get(b)
		if err != nil {
			if f.retire(nil, err) {
				f.fewer(err)
			}
			return false
		}
		returns = s.returns(goimap.UIDSetNum(goimap.UID(m.uid)), m.size)
		l.put(s)
		if returns {
			f.proof = []mail{m}
			break
		}
	}
	returns = returns || f.done()
	f.Lock()
	defer f.Unlock()
	f.Resolve(returns)
	f.landed(nil)
	return true
}

// returnsDone reports whether the server returns the newest mail in Done. It has
// a connection of its own, for the others are used in the folder that is read.
func (p *pass) returnsDone() (returns bool) {
	if p.plan.to.done == "" {
		return false
	}
	s, err := p.connect(true)
	if err != nil {
		return false
	}
	defer s.logout()
	n, _, err := s.choose(p.plan.to.done, true, nil)
	return err == nil && n > 0 && s.returns(goimap.SeqSetNum(n), -1)
}

// returns reports whether the server returns a mail, or as much of it as tells;
// size is what it says that the mail has, -1 if that is not known. Whether it is
// right does not matter here.
func (s *session) returns(one goimap.NumSet, size int64) (returns bool) {
	var piece *goimap.SectionPartial
	if size < 0 || size > firstBytes {
		piece = &goimap.SectionPartial{Size: firstBytes}
	}
	came := false
	err := s.bodies(one, everything(piece), budget+2*firstBytes+max(size, 0), func(_ uint32, b body) error {
		came = came || b.lit.Size() > 0
		return nil
	}, func(uint32) { returns = came })
	return err == nil && returns
}

// retire puts back a batch for which there is no connection, and has the others
// go on without this one. It reports false if there are none, and everything
// ends.
func (f *fetcher) retire(batch []*download, err error) (others bool) {
	f.Lock()
	defer f.Unlock()
	f.landed(batch)
	f.lines--
	for _, d := range batch {
		f.Put(d)
	}
	if f.lines == 0 || launcher.OutcomeOf(err) != launcher.Stop {
		f.Halt(err)
		return false
	}
	return f.Err == nil
}

// landed takes down that a batch is not under way any more. The lock is held.
func (f *fetcher) landed(batch []*download) {
	f.flying--
	for _, d := range batch {
		f.air -= d.load()
	}
	f.Changed.Broadcast()
}

// answered decides what becomes of a batch for which the server answered err.
// It reports whether a new session is to be opened, to have a doubt settled.
func (f *fetcher) answered(batch []*download, err error, broken bool) (doubt bool) {
	f.Lock()
	defer f.Unlock()
	f.Hold(!broken)
	for _, d := range batch {
		ended, fault := d.Ended()
		switch {
		case ended:
			if fault == nil {
				f.Arrived(d)
				f.inexact = f.inexact || d.other >= 0 && d.Got() != d.mail.size
			}
		case f.Err != nil:
			d.Finish(nil, f.Err)
		case f.ctx.Err() != nil:
			d.Finish(nil, launcher.Halt(context.Cause(f.ctx)))
		case broken:
			f.blame(d, d.lonely && len(batch) == 1, err)
		case launcher.OutcomeOf(err) == launcher.Stop:
			f.Halt(err)
			d.Finish(nil, f.Err)
		case d.other >= 0 && d.other == d.Got():
			doubt = true
			d.Restart()
			d.step = max(d.step, single)
			f.Put(d)
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
	if d.Got()-d.before >= progress && d.total < maxBreaks {
		d.breaks = 0
	} else if alone {
		d.breaks++
	}
	if d.breaks < 2 {
		if d.mail.size >= 0 && d.mail.size <= chunk {
			d.Restart()
		}
		d.before = d.Got()
		f.Put(d)
		return
	}
	f.Suspect(d, fmt.Errorf("the connection breaks on this message: %w", err))
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
	case d.step > bySeqNum && isUnavailable(err):
		f.Suspect(d, err)
		return
	case d.step > bySeqNum:
		if err == nil {
			err = errNotReturned
		}
		d.Finish(nil, err)
		return
	}
	d.Restart()
	f.Put(d)
}
