package flow

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
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
// fail in a row, its owner is to find out whether the server returns any mail at
// all; if it does not it is at fault, and everything ends.
//
// Its lock also guards what else its owner keeps, and is held where a method
// says so.
type Queue[D Item] struct {
	sync.Mutex
	Changed *sync.Cond // is signalled when something here changes
	Pace    int        // mails that may be asked for at a time
	Waiting []D        // in the order of the mailbox
	Err     error      // why nothing is fetched any more
	Closed  bool       // nothing is wanted any more

	most      int
	compare   func(a, b D) int
	suspects  []suspect[D]
	row       int // suspects since a mail arrived
	ahead     int64
	unblocked func() bool
}

type suspect[D Item] struct {
	d   D
	err error
}

// MaxSuspects is how many mails in a row may fail before it is doubted that they
// are at fault.
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
	i, _ := slices.BinarySearchFunc(q.Waiting, d, q.compare)
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

// Wait waits until something changes. Those who are about to want something as
// well do so first: what is asked for together, and in order, takes the server
// less. The lock is held.
func (q *Queue[D]) Wait() {
	q.Changed.Wait()
	q.Unlock()
	runtime.Gosched()
	q.Lock()
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
	q.row = 0
	q.Convict()
}

// Suspect takes down that a mail failed with err. The lock is held.
func (q *Queue[D]) Suspect(d D, err error) {
	q.suspects = append(q.suspects, suspect[D]{d, err})
	q.row++
	switch {
	case q.Err != nil:
		q.Halt(err)
	case q.Closed:
		q.Convict()
	}
	q.Changed.Broadcast()
}

// Doubtful reports whether so many mails in a row have failed that it may be the
// server's fault. Nothing more is to be fetched then, and if what is under way
// ends without a mail that arrives, Resolve is to be called. The lock is held.
func (q *Queue[D]) Doubtful() bool { return q.row >= MaxSuspects && len(q.suspects) > 0 }

// Resolve ends a doubt: the suspects are given up if the server returns other
// mails, and everything ends if it does not. The lock is held.
func (q *Queue[D]) Resolve(returns bool) {
	switch {
	case !q.Doubtful():
	case returns:
		q.row = 0
		q.Convict()
	default:
		q.Halt(fmt.Errorf("every message fails: %w", q.suspects[len(q.suspects)-1].err))
	}
	q.Changed.Broadcast()
}

// maxScouts is how many mails are asked for to end a doubt.
const maxScouts = 5

// Scouts returns mails to ask for to end a doubt, likeliest first: of those that
// are fit, the last, for what was damaged together came together, and some at
// random, so that no order of mails hides those that can be had for ever.
func Scouts[M any](mails []M, fit func(M) bool) (scouts []M) {
	last := len(mails) - 1
	for last >= 0 && !fit(mails[last]) {
		last--
	}
	if last < 0 {
		return nil
	}
	scouts = append(scouts, mails[last])
	asked := map[int]bool{last: true}
	for try := 0; try < 4*maxScouts && len(scouts) < maxScouts; try++ {
		if i := rand.IntN(last + 1); !asked[i] && fit(mails[i]) {
			asked[i] = true
			scouts = append(scouts, mails[i])
		}
	}
	return scouts
}

// Suspected reports whether one of the suspects is as f says. The lock is held.
func (q *Queue[D]) Suspected(f func(D) bool) bool {
	return slices.ContainsFunc(q.suspects, func(s suspect[D]) bool { return f(s.d) })
}

// Convict gives up the suspects. The lock is held.
func (q *Queue[D]) Convict() {
	for _, s := range q.suspects {
		s.d.Finish(nil, s.err)
	}
	q.suspects = nil
}
