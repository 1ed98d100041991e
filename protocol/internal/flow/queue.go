package flow

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
)

// An Item is what a Queue holds: a *Download and what a protocol knows of it.
type Item interface {
	Finish(*spool.Body, error)
	Got() int64
	Abandon()
	Abandoned() bool
	part() *int64
}

// A Queue holds the downloads of a pass that are not under way, and the
// suspects: those that failed in a way which may be the server's fault. They
// are given up when another mail arrives, or there is no other. Where several
// fail in a row, some from the other end of the queue are tried first, for what
// came together may be damaged together; if they fail too it is the server, and
// everything ends.
//
// Its lock also guards what else its owner keeps, and is held where a method
// says so.
type Queue[D Item] struct {
	sync.Mutex
	Changed *sync.Cond // is signalled when something here changes
	Pace    int        // mails that may be asked for at a time
	Waiting []D        // in the order of the mailbox, or from its other end
	Err     error      // why nothing is fetched any more
	Closed  bool       // nothing is wanted any more

	most      int
	compare   func(a, b D) int
	suspects  []suspect[D]
	row       int // suspects since a mail arrived
	probes    int // mails that were tried from the other end since then
	ahead     int64
	back      bool
	unblocked func() bool
}

type suspect[D Item] struct {
	d   D
	err error
}

// MaxSuspects is how many mails in a row may fail before it is doubted that they
// are at fault, and how many more are tried then.
const MaxSuspects = 3

// NewQueue returns a Queue in the order of compare, that has most mails asked
// for at a time. It is halted when ctx, that of the connections, is done. The
// caller calls Close.
func NewQueue[D Item](ctx context.Context, most int, compare func(a, b D) int) *Queue[D] {
	q := &Queue[D]{Pace: most, most: most, compare: compare}
	q.Changed = sync.NewCond(q)
	q.unblocked = context.AfterFunc(ctx, func() {
		q.Lock()
		defer q.Unlock()
		q.Halt(context.Cause(ctx))
	})
	return q
}

// Want has a download made, or ends it if nothing is fetched any more.
func (q *Queue[D]) Want(d D) {
	q.Lock()
	defer q.Unlock()
	q.Put(d)
}

// Put puts a download into the queue, in its place, or ends it if nothing is
// fetched any more. The lock is held.
func (q *Queue[D]) Put(d D) {
	if q.Err != nil {
		d.Finish(nil, q.Err)
		return
	}
	i, _ := slices.BinarySearchFunc(q.Waiting, d, func(a, b D) int {
		if q.back {
			a, b = b, a
		}
		return q.compare(a, b)
	})
	q.Waiting = slices.Insert(q.Waiting, i, d)
	q.Changed.Broadcast()
}

// Sweep takes out the downloads that nobody wants any more, and ends them with
// gone. The lock is held.
func (q *Queue[D]) Sweep(gone error) {
	q.Waiting = slices.DeleteFunc(q.Waiting, func(d D) bool {
		if d.Abandoned() {
			d.Finish(nil, gone)
			return true
		}
		return false
	})
}

// Take takes out the first n downloads. The lock is held.
func (q *Queue[D]) Take(n int) []D {
	taken := slices.Clone(q.Waiting[:n])
	q.Waiting = slices.Delete(q.Waiting, 0, n)
	return taken
}

// Halt ends all downloads with err, as the fault of the surroundings. The lock
// is held.
func (q *Queue[D]) Halt(err error) {
	if q.Err == nil {
		q.Err = launcher.Halt(err)
	}
	for _, d := range q.Waiting {
		d.Finish(nil, q.Err)
	}
	for _, s := range q.suspects {
		s.d.Finish(nil, q.Err)
	}
	q.Waiting, q.suspects = nil, nil
	q.Changed.Broadcast()
}

// Failure returns why nothing is fetched any more, nil if something is.
func (q *Queue[D]) Failure() error {
	q.Lock()
	defer q.Unlock()
	return q.Err
}

// Close says that nothing is wanted any more, and gives up the suspects.
func (q *Queue[D]) Close() {
	q.unblocked()
	q.Lock()
	defer q.Unlock()
	q.Closed = true
	q.Convict()
	q.Changed.Broadcast()
}

// Hold takes down whether the connection held. When it broke the pace is one
// mail at a time, then two, then four, so that the one to blame is found. The
// lock is held.
func (q *Queue[D]) Hold(held bool) {
	q.Pace = min(2*q.Pace, q.most)
	if !held {
		q.Pace = 1
	}
}

// maxAhead is how many bytes may have arrived before the Sink takes them: a
// quarter of what the spool keeps in memory.
const maxAhead = spool.DefaultMemory / 4

// Ahead reports whether so much has arrived and not been released that no more is
// to be asked for while anything is under way: where the server is faster than
// the Sink, what came too early would have to be kept on disk. The lock is held.
func (q *Queue[D]) Ahead() bool { return q.ahead >= maxAhead }

// Release abandons a download.
func (q *Queue[D]) Release(d D) {
	d.Abandon()
	q.Lock()
	defer q.Unlock()
	q.ahead -= *d.part()
	*d.part() = 0
	q.Changed.Broadcast()
}

// Arrived takes down that a mail has, as Finish was told: whatever failed before
// is at fault itself. The lock is held.
func (q *Queue[D]) Arrived(d D) {
	if !d.Abandoned() {
		*d.part() = d.Got()
		q.ahead += d.Got()
	}
	q.row, q.probes = 0, 0
	q.turn(false)
	q.Convict()
}

// Suspect takes down that a mail failed with err, and whether it was the last
// one under way. The lock is held.
func (q *Queue[D]) Suspect(d D, err error, last bool) {
	q.suspects = append(q.suspects, suspect[D]{d, err})
	q.row++
	switch {
	case q.Err != nil, last && q.row >= MaxSuspects && (len(q.Waiting) == 0 || q.probes == MaxSuspects):
		q.Halt(fmt.Errorf("every message fails: %w", err))
	case last && q.row >= MaxSuspects:
		q.probes++
		q.turn(true)
		q.Hold(false)
	}
	if q.Closed {
		q.Convict()
	}
}

// turn has the queue begin with its other end, or no more.
func (q *Queue[D]) turn(back bool) {
	if q.back != back {
		q.back = back
		slices.Reverse(q.Waiting)
	}
}

// Convict gives up the suspects. The lock is held.
func (q *Queue[D]) Convict() {
	for _, s := range q.suspects {
		s.d.Finish(nil, s.err)
	}
	q.suspects = nil
}
