package launcher

import "context"

type passKey struct{}

func passOf(ctx context.Context) *pass {
	p, _ := ctx.Value(passKey{}).(*pass)
	return p
}

// DryRun reports whether the pass under way is one of Preview or Check. A
// Source then creates, changes and settles nothing, at its origin or elsewhere.
func DryRun(ctx context.Context) bool {
	p := passOf(ctx)
	return p != nil && p.dry
}

// Progress tells the engine that n more bytes were moved. A Source calls it
// while it downloads or unpacks, with the context that Poll or Documents got,
// and a Sink may while it stores. It keeps Launcher.Stall from cutting the
// pass. Progress is safe for concurrent use and does nothing outside a pass.
func Progress(ctx context.Context, n int64) {
	if p := passOf(ctx); p != nil {
		p.progress(n)
	}
}

// Turn takes the next place in the queue for the host's Sink, for exactly one
// call of Store with the context that it returns. A Source that calls Store
// from several goroutines calls Turn for each, oldest first, before it starts
// them: however the calls overtake one another, with Launcher.Parallel 1 their
// parcels reach the host in that order. Outside a pass Turn returns ctx.
func Turn(ctx context.Context) context.Context {
	if p := passOf(ctx); p != nil {
		return context.WithValue(ctx, turnKey{}, p.queue.join())
	}
	return ctx
}

type turnKey struct{}

// PutAside tells the engine where a parcel was put after Store had it set
// aside, so that List and Requeue can say so: a folder or a path at the origin,
// in words for a person. id is the ID under which the parcel was offered.
// Outside a pass PutAside does nothing.
func PutAside(ctx context.Context, id, where string) {
	if p := passOf(ctx); p != nil {
		p.putAside(ctx, id, where)
	}
}

// Warn reports something that a person should know although nothing failed,
// such as a mailbox whose UIDs have all changed. It becomes an event of kind
// EventWarning; outside a pass Warn does nothing. origin tells where; it may
// be empty.
func Warn(ctx context.Context, origin string, err error) {
	if p := passOf(ctx); p != nil {
		p.l.observe(ctx, Event{Kind: EventWarning, Origin: origin, Err: err})
	}
}

// Remember keeps a short text of a Source's under a key of its own until the
// next pass, also across restarts where the Ledger lasts, and returns what was
// kept before; "" for nothing. It is for what a Source cannot learn from its
// origin, such as what a number there was the last time. A dry run keeps
// nothing. Outside a pass, or with a text above 256 bytes, Remember does
// nothing and returns "".
func Remember(ctx context.Context, key, text string) (was string) {
	p := passOf(ctx)
	if p == nil || len(text) > maxNote {
		return ""
	}
	return p.remember(ctx, key, text)
}
