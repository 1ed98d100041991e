package launcher

import (
	"context"
	"slices"
	"sync"
)

// A queue admits parcels to the host's Sink: at most limit at a time, and with
// a limit of one in the order in which they joined.
type queue struct {
	mu     sync.Mutex
	limit  int
	inside int
	line   []*turn // in order of joining, until they leave
}

// A turn is one parcel's place in the queue.
type turn struct {
	q     *queue
	ready chan struct{} // closed when the turn has come; nil: nobody waits for that
	used  bool          // for a call of Store
	wants bool          // to be admitted
	in    bool          // is
	left  bool
}

func (q *queue) join() *turn {
	t := &turn{q: q}
	q.mu.Lock()
	q.line = append(q.line, t)
	q.mu.Unlock()
	return t
}

// jump returns a turn that has come already, for one that is alone.
func (q *queue) jump() *turn {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inside++
	return &turn{q: q, used: true, in: true}
}

// enter waits until the turn has come. Whatever it returns, leave must follow.
func (t *turn) enter(ctx context.Context) error {
	t.q.mu.Lock()
	t.wants = true
	t.q.admit()
	if t.in {
		t.q.mu.Unlock()
		return nil
	}
	ready := make(chan struct{})
	t.ready = ready
	t.q.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// leave gives the place up. It may be called more than once.
func (t *turn) leave() {
	t.q.mu.Lock()
	defer t.q.mu.Unlock()
	if t.left {
		return
	}
	t.left = true
	if t.in {
		t.q.inside--
	}
	// Most turns leave soon after they joined: look from the end.
	for i := len(t.q.line) - 1; i >= 0; i-- {
		if t.q.line[i] == t {
			t.q.line = slices.Delete(t.q.line, i, i+1)
			break
		}
	}
	t.q.admit()
}

// take reports that the turn may be used, which is once.
func (t *turn) take() bool {
	t.q.mu.Lock()
	defer t.q.mu.Unlock()
	if t.used || t.left {
		return false
	}
	t.used = true
	return true
}

func (q *queue) admit() {
	for _, t := range q.line {
		if q.inside >= q.limit {
			return
		}
		if t.wants && !t.in {
			t.in = true
			q.inside++
			if t.ready != nil {
				close(t.ready)
			}
		}
		if q.limit == 1 {
			return // the others wait until this one has left
		}
	}
}
