package launcher

import "context"

// A Source offers parcels: the documents that wait in a mailbox, a directory
// or a deposit.
type Source interface {
	// Poll makes one pass over what waits, oldest first, and offers each
	// parcel once to sink. What Store returns decides, as read by OutcomeOf:
	//
	//	Taken     let go of it: move, flag or delete it, as configured
	//	SetAside  put it where a person will find it, and offer it no more
	//	Left      leave it untouched; a later pass offers it again
	//	Stop      leave it untouched, end the pass and return that error
	//
	// A parcel is let go only after Store returned nil for it. A parcel that
	// cannot be let go is neither lost nor altered: the failure is part of
	// what Poll returns, and a later pass offers the parcel again under the
	// same ID. One failing parcel does not end the pass.
	//
	// Poll begins by verifying its set-up, such as folders and credentials,
	// and returns all faults joined. A pass in which DryRun reports true
	// creates and changes nothing, and settles nothing.
	//
	// Poll returns nil if the pass was complete and every outcome was carried
	// out, ErrMore if it stopped at a limit, and otherwise the failures,
	// joined. When ctx is done, Poll settles the parcels in hand and returns
	// an error that wraps context.Cause(ctx).
	//
	// Poll is not called concurrently with itself. It may call Store from
	// several goroutines, having asked Turn for a context for each, oldest
	// first; none of them outlives Poll.
	Poll(ctx context.Context, sink Sink) error
}

// A Sink takes parcels into keeping. Host programs implement it.
type Sink interface {
	// Store keeps the documents of p. It returns nil once they are durable:
	// the origin lets go of them next.
	//
	// Delivery is at least once: after a crash Store may see an ID again that
	// it has already stored. A Sink that records p.ID together with the
	// documents, atomically, and returns nil for an ID it holds, keeps each
	// parcel exactly once.
	//
	// An error tells what to do next: Reject(err) if the documents are at
	// fault, Halt(err) if the store is, Later(err) if they should be offered
	// again without that counting as a failure. After any other error the
	// parcel is offered again, up to Launcher.MaxAttempts times. Errors met
	// while reading a document are wrapped with %w, for they may carry such a
	// mark.
	//
	// ctx stays valid for Launcher.Grace after a shutdown was asked for.
	// Store must be safe for concurrent use, and must not retain p.
	Store(ctx context.Context, p *Parcel) error
}

// SinkFunc makes a function a Sink.
type SinkFunc func(ctx context.Context, p *Parcel) error

// Store calls f.
func (f SinkFunc) Store(ctx context.Context, p *Parcel) error { return f(ctx, p) }

// A Filter decides which documents are wanted.
type Filter interface {
	// Match reports whether d is wanted. An error means undecided: neither yes
	// nor no. It counts as a failed attempt of d's parcel, which is offered
	// again. One marked with Later means that d is not wanted yet and that time
	// may change it: the parcel waits without an attempt, unless a Route further
	// down wants d. Match is safe for concurrent use and does not retain d.
	Match(ctx context.Context, d *Document) (bool, error)
}

// FilterFunc makes a function a Filter.
type FilterFunc func(ctx context.Context, d *Document) (bool, error)

// Match calls f.
func (f FilterFunc) Match(ctx context.Context, d *Document) (bool, error) { return f(ctx, d) }
