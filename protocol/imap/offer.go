package imap

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

const (
	windowMails = 3 * batchMails // offered at a time
	windowBytes = 3 * batchBytes
	firstMails  = batchMails / 2 // offered before the Sink has taken any
)

// A gate admits mails to the Sink: some at a time, and no more new ones than
// the limits of a pass allow. Only when Store has returned is it known whether a
// mail counts: those that were known already, or are left, do not.
type gate struct {
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

func newGate(maxMails, maxBytes int64) *gate {
	g := &gate{maxMails: maxMails, maxBytes: maxBytes}
	g.changed = sync.NewCond(&g.mu)
	return g
}

// enter waits until m may be offered, and reports false if it must not be.
func (g *gate) enter(m mail) bool {
	size := max(m.size, 0)
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
		case g.inside.mails < g.window() && (g.inside.bytes == 0 || g.inside.bytes+size <= windowBytes):
			g.inside.add(1, size)
			return true
		}
		g.changed.Wait()
	}
}

// window is how many mails may be offered at a time. A Sink that is down is to
// turn few of them away.
func (g *gate) window() int64 {
	if g.proven {
		return windowMails
	}
	return firstMails
}

// over reports whether a mail of that size could be one too many. The first
// new one never is.
func (g *gate) over(size int64) bool {
	mails, bytes := g.fresh.mails+g.inside.mails, g.fresh.bytes+g.inside.bytes
	return mails > 0 && (g.maxMails > 0 && mails >= g.maxMails || g.maxBytes > 0 && bytes+size > g.maxBytes)
}

// leave takes down that Store has returned, and whether m counts as new.
func (g *gate) leave(m mail, fresh bool) {
	size := max(m.size, 0)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside.add(-1, -size)
	if fresh {
		g.fresh.add(1, size)
	}
	g.proven = g.proven || g.shut == nil
	g.changed.Broadcast()
}

// close admits no more mails because of err.
func (g *gate) close(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut == nil {
		g.shut = err
	}
	g.changed.Broadcast()
}

// ended returns why the pass is not to go on, and whether a limit was reached.
func (g *gate) ended() (err error, full bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut, g.full
}

// An offer is one mail on offer.
type offer struct {
	p *pass
	b *box
	f *fetcher
	m mail

	mu    sync.Mutex
	d     *download
	asked bool
}

// offer offers the mails of a folder, oldest first, several at a time.
func (p *pass) offer(b *box, f *fetcher, mails []mail, settle *settler) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, m := range mails {
		if !p.gate.enter(m) {
			return
		}
		ctx := launcher.Turn(p.ctx)
		p.leash.move(1, 0)
		wg.Go(func() {
			o := &offer{p: p, b: b, f: f, m: m}
			outcome := p.store(ctx, o)
			asked := o.release()
			done := outcome == launcher.Taken || outcome == launcher.SetAside
			if done {
				p.leash.move(0, 1)
				settle.add(m, outcome)
			}
			p.leash.move(-1, 0)
			p.gate.leave(m, asked && done)
		})
	}
}

// store offers one mail.
func (p *pass) store(ctx context.Context, o *offer) launcher.Outcome {
	err := p.sink.Store(ctx, o.parcel())
	outcome := launcher.OutcomeOf(err)
	if outcome == launcher.Stop {
		p.gate.close(err)
	}
	return outcome
}

// release frees what the mail took, and reports whether it was asked for.
func (o *offer) release() (asked bool) {
	o.mu.Lock()
	d, asked := o.d, o.asked
	o.asked = true // what is asked now comes too late
	o.mu.Unlock()
	if d != nil {
		d.abandon()
	}
	return asked
}

func (o *offer) parcel() *launcher.Parcel {
	return &launcher.Parcel{
		ID:        o.p.id(o.b, o.m),
		Origin:    fmt.Sprintf("%s uid %d", plain(o.b.name), o.m.uid),
		Meta:      o.meta(),
		Documents: o.documents,
	}
}

func (o *offer) meta() map[string]string {
	meta := map[string]string{
		"imap.folder":      o.b.name,
		"imap.uid":         strconv.FormatUint(uint64(o.m.uid), 10),
		"imap.uidvalidity": strconv.FormatUint(o.b.validity, 10),
		"imap.flags":       o.b.flags[o.m.flags],
	}
	if o.m.size >= 0 {
		meta["imap.size"] = strconv.FormatInt(o.m.size, 10)
	}
	return meta
}

// plain returns a name as it may stand in a line of text.
func plain(name string) string {
	for _, r := range name {
		if r <= ' ' || r > '~' || r == '"' {
			return strconv.Quote(name)
		}
	}
	return name
}

// documents downloads the mail, together with others.
func (o *offer) documents(ctx context.Context) ([]*launcher.Document, error) {
	if limit := o.p.s.MaxSize; limit > 0 && o.m.size > limit {
		return nil, launcher.Reject(fmt.Errorf("message of %d bytes is larger than %d", o.m.size, limit))
	}
	o.mu.Lock()
	if !o.asked {
		o.asked = true
		o.d = o.f.want(o.m)
	}
	d := o.d
	o.mu.Unlock()
	if d == nil {
		return nil, fmt.Errorf("documents of %s asked for after Store returned", o.b.name)
	}
	select {
	case <-d.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if d.err != nil {
		return nil, fmt.Errorf("fetch: %w", d.err)
	}
	return []*launcher.Document{{
		Name:      launcher.CleanName(fmt.Sprintf("%s-%d.eml", last(o.b.name), o.m.uid)),
		Dir:       o.b.dir,
		MediaType: "message/rfc822",
		Size:      d.body.Size(),
		Role:      "message",
		Meta:      o.meta(),
		Open:      d.body.Open,
	}}, nil
}

// last returns the end of a folder's name, by any usual separator.
func last(name string) string {
	return name[strings.LastIndexAny(name, "/.")+1:]
}
