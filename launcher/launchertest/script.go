package launchertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A Script is a Source in memory: it offers its items in the order in which
// they were added, and settles them as a well-behaved Source does. Its zero
// value is empty and ready for use. Its methods are safe for concurrent use.
type Script struct {
	// Workers is how many Store calls are made at a time; 0 means 1.
	Workers int

	// Keep leaves items in place that were taken.
	Keep bool

	// Before, if not nil, is called at the start of a pass; an error from it
	// is what Poll returns.
	Before func(ctx context.Context) error

	mu    sync.Mutex
	items []*Item
	polls int
}

// An Item is one parcel of a Script.
type Item struct {
	ID        string
	Time      time.Time
	Meta      map[string]string
	Documents []*launcher.Document

	// Fetch, if not nil, is called first whenever the documents are asked for.
	Fetch func(ctx context.Context) error

	// Settle, if not nil, is asked before the item is let go or set aside; an
	// error from it leaves the item where it is.
	Settle func(o launcher.Outcome) error

	state   launcher.Outcome // Left: waiting
	fetched int
	offered int
}

// File returns a document of that name and body.
func File(name, body string) *launcher.Document {
	return &launcher.Document{
		Name: name, Size: int64(len(body)), Role: "file",
		Open: func(context.Context) (io.ReadCloser, error) {
			return struct {
				io.Reader
				io.Closer
			}{bytes.NewReader([]byte(body)), io.NopCloser(nil)}, nil
		},
	}
}

// Add adds an item with the given documents and returns it.
func (s *Script) Add(id string, docs ...*launcher.Document) *Item {
	it := &Item{ID: id, Documents: docs, state: launcher.Left}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = append(s.items, it)
	return it
}

var _ launcher.Source = (*Script)(nil)

// Poll implements [launcher.Source].
func (s *Script) Poll(ctx context.Context, sink launcher.Sink) error {
	s.mu.Lock()
	s.polls++
	waiting := slices.DeleteFunc(slices.Clone(s.items), func(it *Item) bool { return it.state != launcher.Left })
	s.mu.Unlock()
	if s.Before != nil {
		if err := s.Before(ctx); err != nil {
			return err
		}
	}
	p := &polling{Script: s, sink: sink, todo: waiting}
	var wg sync.WaitGroup
	for range max(s.Workers, 1) {
		wg.Go(func() { p.work(ctx) })
	}
	wg.Wait()
	return errors.Join(p.errs...)
}

// polling is one pass of a Script.
type polling struct {
	*Script
	sink launcher.Sink
	todo []*Item
	errs []error
	stop bool
}

func (p *polling) next(ctx context.Context) (*Item, context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil && !p.stop {
		p.stop = true
		p.errs = append(p.errs, context.Cause(ctx))
	}
	if p.stop || len(p.todo) == 0 {
		return nil, nil
	}
	it := p.todo[0]
	p.todo = p.todo[1:]
	it.offered++
	return it, launcher.Turn(ctx)
}

func (p *polling) work(ctx context.Context) {
	for {
		it, turn := p.next(ctx)
		if it == nil {
			return
		}
		err := p.sink.Store(turn, p.parcel(it))
		p.settle(ctx, it, err)
	}
}

func (p *polling) parcel(it *Item) *launcher.Parcel {
	return &launcher.Parcel{
		ID: it.ID, Origin: "script " + it.ID, Time: it.Time, Meta: it.Meta,
		Documents: func(ctx context.Context) ([]*launcher.Document, error) {
			p.mu.Lock()
			it.fetched++
			p.mu.Unlock()
			if it.Fetch != nil {
				if err := it.Fetch(ctx); err != nil {
					return nil, err
				}
			}
			return it.Documents, nil
		},
	}
}

func (p *polling) settle(ctx context.Context, it *Item, err error) {
	o := launcher.OutcomeOf(err)
	if (o == launcher.Taken || o == launcher.SetAside) && it.Settle != nil {
		if err := it.Settle(o); err != nil {
			p.mu.Lock()
			p.errs = append(p.errs, err)
			p.mu.Unlock()
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case o == launcher.Stop:
		if !p.stop {
			p.errs = append(p.errs, err)
		}
		p.stop = true
	case o == launcher.SetAside && !launcher.DryRun(ctx):
		it.state = o
	case o == launcher.Taken && !p.Keep && !launcher.DryRun(ctx):
		it.state = o
	}
}

func (s *Script) in(state launcher.Outcome) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, it := range s.items {
		if it.state == state {
			ids = append(ids, it.ID)
		}
	}
	return ids
}

// Waiting returns the IDs of the items that are still in place.
func (s *Script) Waiting() []string { return s.in(launcher.Left) }

// Taken returns the IDs of the items that were let go.
func (s *Script) Taken() []string { return s.in(launcher.Taken) }

// SetAside returns the IDs of the items that were set aside.
func (s *Script) SetAside() []string { return s.in(launcher.SetAside) }

// PutBack puts an item that was let go or set aside back in its place.
func (s *Script) PutBack(it *Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it.state = launcher.Left
}

// Fetched returns how often the documents of it were asked for.
func (s *Script) Fetched(it *Item) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return it.fetched
}

// Polls returns how many passes were begun.
func (s *Script) Polls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polls
}

// Forget drops the items that were let go or set aside.
func (s *Script) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = slices.DeleteFunc(s.items, func(it *Item) bool { return it.state != launcher.Left })
}
