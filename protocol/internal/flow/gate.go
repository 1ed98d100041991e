package flow

import "sync"

// A Window bounds what a pass offers at a time.
type Window struct {
	Mails int64
	Bytes int64 // one mail may be larger
	First int64 // mails, before the Sink has taken any: one that is down is to turn few away
}

// A Gate admits mails to the Sink: some at a time, and no more new ones than
// the limits of a pass allow. Only when Store has returned is it known whether a
// mail counts: those that were known already, or are left, do not.
type Gate struct {
	window             Window
	maxMails, maxBytes int64 // of new mails in a pass; 0: no limit

	mu      sync.Mutex
	changed *sync.Cond
	inside  tally // admitted, Store has not returned
	fresh   tally // new in this pass, and not left
	proven  bool  // Store has returned, and did not stop the pass
	full    bool  // a limit was reached
	shut    error // why no more mails are admitted
}

type tally struct{ mails, bytes int64 }

func (t *tally) add(n, bytes int64) { t.mails += n; t.bytes += bytes }

// NewGate returns a Gate for a pass that takes at most so many new mails, and
// bytes of them; 0 is no limit.
func NewGate(w Window, maxMails, maxBytes int64) *Gate {
	g := &Gate{window: w, maxMails: maxMails, maxBytes: maxBytes}
	g.changed = sync.NewCond(&g.mu)
	return g
}

// Enter waits until a mail of that size may be offered, and reports false if it
// must not be.
func (g *Gate) Enter(size int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		switch {
		case g.shut != nil || g.full:
			return false
		case g.over(size):
			if g.inside.mails == 0 {
				g.full = true
				return false
			}
		case g.inside.mails < g.most() && (g.inside.bytes == 0 || g.inside.bytes+size <= g.window.Bytes):
			g.inside.add(1, size)
			return true
		}
		g.changed.Wait()
	}
}

// most is how many mails may be offered at a time.
func (g *Gate) most() int64 {
	if g.proven {
		return g.window.Mails
	}
	return g.window.First
}

// over reports whether a mail of that size could be one too many. The first
// new one never is.
func (g *Gate) over(size int64) bool {
	mails, bytes := g.fresh.mails+g.inside.mails, g.fresh.bytes+g.inside.bytes
	return mails > 0 && (g.maxMails > 0 && mails >= g.maxMails || g.maxBytes > 0 && bytes+size > g.maxBytes)
}

// Leave takes down that Store has returned for a mail of that size, and
// whether it counts as new.
func (g *Gate) Leave(size int64, fresh bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside.add(-1, -size)
	if fresh {
		g.fresh.add(1, size)
	}
	g.proven = g.proven || g.shut == nil
	g.changed.Broadcast()
}

// Close admits no more mails because of err.
func (g *Gate) Close(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut == nil {
		g.shut = err
	}
	g.changed.Broadcast()
}

// Ended returns why the pass is not to go on, and whether a limit was reached.
func (g *Gate) Ended() (err error, full bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut, g.full
}
