package launchertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A Store is a Sink under test, together with what [TestSink] needs to see
// what it keeps.
type Store struct {
	// Sink is the Sink under test, with nothing in it. Required.
	Sink launcher.Sink

	// Kept returns the body of every document that a user of the store would
	// find now, in any order, also of documents that are there incomplete or
	// more than once. It is called between calls of Sink.Store, never during
	// one. Required.
	Kept func() ([]string, error)

	// Reopen returns a Sink on the same store as a new process would have it.
	// The former one is not used again. Nil: the store does not outlive its
	// process, and SameIDAfterReopenKeptOnce is skipped.
	Reopen func() (launcher.Sink, error)
}

// TestSink holds a Sink to the contract of [launcher.Sink], one subtest per
// rule. Each calls open for a Store of its own, which may use t.TempDir and
// t.Cleanup. Documents reach the Sink as a Launcher would pass them: with names
// that launcher.CleanName made safe, and with readers that fail if the body
// ends elsewhere than announced.
//
//	func TestSink(t *testing.T) {
//		launchertest.TestSink(t, func(t *testing.T) launchertest.Store {
//			dir := t.TempDir()
//			return launchertest.Store{
//				Sink:   &folder.Sink{Path: dir},
//				Kept:   func() ([]string, error) { return bodiesIn(dir) },
//				Reopen: func() (launcher.Sink, error) { return &folder.Sink{Path: dir}, nil },
//			}
//		})
//	}
//
// The rules show nothing about power cuts: that Store returns only when the
// documents are durable is for the Sink's own tests.
func TestSink(t *testing.T, open func(t *testing.T) Store) {
	for _, r := range sinkRules() {
		t.Run(r.name, func(t *testing.T) {
			c := &sinkCase{Store: open(t), patience: 30 * time.Second}
			if r.reopens && c.Reopen == nil {
				t.Skip("the store does not outlive its process")
			}
			if err := r.check(t.Context(), c); err != nil {
				t.Errorf("%s: %v", r.rule, err)
			}
		})
	}
}

// A sinkRule is one thing that a Sink must do.
type sinkRule struct {
	name    string
	rule    string // in a sentence
	check   func(ctx context.Context, c *sinkCase) error
	reopens bool
}

// A sinkCase is the store that one rule is checked with.
type sinkCase struct {
	Store
	patience time.Duration // how long a Store may take that has to return
}

// stored checks that the parcel is stored without error.
func (c *sinkCase) stored(ctx context.Context, p *sinkParcel) error {
	if err := c.Sink.Store(ctx, p.parcel()); err != nil {
		return fmt.Errorf("Store of %q returned %q, want nil", p.id, err)
	}
	return nil
}

// refused checks that Store returns an error, which wraps cause.
func (c *sinkCase) refused(ctx context.Context, p *sinkParcel, cause error) error {
	err := c.Sink.Store(ctx, p.parcel())
	switch {
	case err == nil:
		return fmt.Errorf("Store of %q returned nil, want an error that wraps %q", p.id, cause)
	case !errors.Is(err, cause):
		return fmt.Errorf("Store of %q returned %q, which does not wrap %q", p.id, err, cause)
	}
	return nil
}

// keeps checks that the store shows the documents of the parcels, and nothing
// else.
func (c *sinkCase) keeps(parcels ...*sinkParcel) error {
	var want []string
	for _, p := range parcels {
		for _, d := range p.docs {
			want = append(want, d.body)
		}
	}
	kept, err := c.Kept()
	if err != nil {
		return fmt.Errorf("what is kept: %w", err)
	}
	if missing := without(want, kept); len(missing) > 0 {
		return fmt.Errorf("kept %d documents, among them not %s", len(kept), brief(missing[0]))
	}
	if more := without(kept, want); len(more) > 0 {
		return fmt.Errorf("kept %d documents, want %d: %s is one too many", len(kept), len(want), brief(more[0]))
	}
	return nil
}

// without returns what is left of a when each of b was taken out once.
func without(a, b []string) []string {
	n := make(map[string]int)
	for _, s := range b {
		n[s]++
	}
	var left []string
	for _, s := range a {
		if n[s]--; n[s] < 0 {
			left = append(left, s)
		}
	}
	return left
}

// brief describes a body.
func brief(body string) string {
	if len(body) <= 60 {
		return fmt.Sprintf("%q", body)
	}
	return fmt.Sprintf("%q… (%d bytes)", body[:60], len(body))
}

// snapshot is what of a parcel and its documents a Sink must not change.
type snapshot struct {
	metas []map[string]string
	docs  []launcher.Document
}

func snap(p *launcher.Parcel, docs []*launcher.Document) snapshot {
	s := snapshot{metas: []map[string]string{maps.Clone(p.Meta)}}
	for _, d := range docs {
		s.metas = append(s.metas, maps.Clone(d.Meta), maps.Clone(d.Unit.Meta))
		plain := *d
		plain.Meta, plain.Unit, plain.Open = nil, &launcher.Unit{Key: d.Unit.Key}, nil
		s.docs = append(s.docs, plain)
	}
	return s
}

func (s snapshot) equal(o snapshot) bool {
	return slices.EqualFunc(s.metas, o.metas, maps.Equal[map[string]string, map[string]string]) &&
		slices.EqualFunc(s.docs, o.docs, func(a, b launcher.Document) bool {
			return a.Name == b.Name && a.Dir == b.Dir && a.MediaType == b.MediaType && a.Size == b.Size &&
				a.Time.Equal(b.Time) && a.Role == b.Role && a.Group == b.Group && a.Unit.Key == b.Unit.Key
		})
}
