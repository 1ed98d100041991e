package launchertest

import (
	"context"
	"errors"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

// ErrCrashed is what everything returns that a Crasher has stopped.
var ErrCrashed = errors.New("launchertest: the process has crashed")

// A Crasher stops what it wraps as if the process had died: from a certain
// step on nothing is done any more, and everything returns ErrCrashed, marked
// with Halt. A step is the beginning or the end of a call of Sink.Store or of a
// method of a Ledger that changes it, or the answer of the engine to a Source.
type Crasher struct {
	// Died, if not nil, is called at the first step that does not happen, for
	// example to end the process in earnest.
	Died func()

	mu   sync.Mutex
	left int
}

// Crash returns a Crasher that lets n steps happen.
func Crash(n int) *Crasher { return &Crasher{left: n} }

// Crashed reports whether there was a step too many.
func (c *Crasher) Crashed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left < 0
}

// Step takes a step. It returns an error if the process is dead then.
func (c *Crasher) Step() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left < 0 {
		if c.left == -1 && c.Died != nil {
			c.Died()
		}
		return launcher.Halt(ErrCrashed)
	}
	return nil
}

// Sink returns a Sink that hands on to s until the crash.
func (c *Crasher) Sink(s launcher.Sink) launcher.Sink {
	return launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		return c.around(func() error { return s.Store(ctx, p) })
	})
}

// around takes a step before and after fn.
func (c *Crasher) around(fn func() error) error {
	if err := c.Step(); err != nil {
		return err
	}
	err := fn()
	if dead := c.Step(); dead != nil {
		return dead
	}
	return err
}

// Source returns a Source that is s until the crash.
func (c *Crasher) Source(s launcher.Source) launcher.Source { return crashSource{c, s} }

type crashSource struct {
	c *Crasher
	s launcher.Source
}

func (s crashSource) Poll(ctx context.Context, sink launcher.Sink) error {
	return s.s.Poll(ctx, launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		err := sink.Store(ctx, p)
		if dead := s.c.Step(); dead != nil {
			return dead
		}
		return err
	}))
}

// Ledger returns a Ledger that is l until the crash.
func (c *Crasher) Ledger(l launcher.Ledger) launcher.Ledger { return crashLedger{c, l} }

type crashLedger struct {
	c *Crasher
	l launcher.Ledger
}

func (l crashLedger) Load(ctx context.Context, id string) (launcher.Entry, error) {
	if l.c.Crashed() {
		return launcher.Entry{}, launcher.Halt(ErrCrashed)
	}
	return l.l.Load(ctx, id)
}

func (l crashLedger) Walk(ctx context.Context, name string, fn func(launcher.Entry) error) error {
	if l.c.Crashed() {
		return launcher.Halt(ErrCrashed)
	}
	return l.l.Walk(ctx, name, fn)
}

func (l crashLedger) Save(ctx context.Context, es ...launcher.Entry) error {
	return l.c.around(func() error { return l.l.Save(ctx, es...) })
}

func (l crashLedger) Delete(ctx context.Context, ids ...string) error {
	return l.c.around(func() error { return l.l.Delete(ctx, ids...) })
}
