package flow

import (
	"context"
	"sync"
	"time"
)

// settleTime is how long settling may take once a pass is to end and the last
// Store has returned.
const settleTime = 10 * time.Second

// A Leash ends the connections of a pass. Once the context of the pass is
// done that happens at once if no parcel is in hand; otherwise when all of
// them are settled, or settleTime after the last Store returned. It is the context of the
// connections.
type Leash struct {
	context.Context

	cut  context.CancelCauseFunc
	stop func() bool

	mu      sync.Mutex
	cause   error // the pass is to end
	storing int   // parcels in Store
	settle  int   // parcels to be settled
	timer   *time.Timer
}

// NewLeash returns a Leash for a pass with the context ctx. The caller calls
// End.
func NewLeash(ctx context.Context) *Leash {
	l := &Leash{}
	l.Context, l.cut = context.WithCancelCause(context.WithoutCancel(ctx))
	l.stop = context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.cause = context.Cause(ctx)
		l.tighten()
	})
	return l
}

// Move changes how many parcels are in Store, and how many wait to be settled.
func (l *Leash) Move(storing, settle int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.storing += storing
	l.settle += settle
	l.tighten()
}

func (l *Leash) tighten() {
	switch {
	case l.cause == nil || l.storing > 0:
	case l.settle == 0:
		l.cut(l.cause)
	case l.timer == nil:
		l.timer = time.AfterFunc(settleTime, func() { l.cut(l.cause) })
	}
}

// End ends the connections, and leaves nothing running.
func (l *Leash) End() {
	l.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
	l.cut(context.Canceled)
}
