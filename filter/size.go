package filter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// Size returns a Filter that wants the documents of least to most bytes, both
// included; a negative most sets no limit. If the size of a document is not
// known, its body is read to find out, but not beyond what decides.
func Size(least, most int64) launcher.Filter { return size{least, most} }

type size struct{ least, most int64 }

func (s size) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	n := d.Size
	if n < 0 {
		var err error
		if n, err = measure(ctx, d, max(s.least, s.most+1)); err != nil {
			return false, fmt.Errorf("measure %q: %w", clip(d.Name), err)
		}
	}
	return s.least <= n && (s.most < 0 || n <= s.most), nil
}

// measure counts the bytes of d, up to most.
func measure(ctx context.Context, d *launcher.Document, most int64) (int64, error) {
	r, err := d.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	n, err := io.CopyN(io.Discard, r, most)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// The size of most documents is known, and those of the others were spooled
// before they were offered; still, it may mean to read.
func (s size) cost() cost { return body }

func (s size) String() string {
	if s.most < 0 {
		return fmt.Sprintf("size from %d bytes", s.least)
	}
	return fmt.Sprintf("size %d to %d bytes", s.least, s.most)
}

// Age returns a Filter that wants the documents that were last changed between
// least and most ago, both included; a negative most sets no limit. A time that
// is still to come counts as now. A document whose Time is not known is
// undecided.
//
// Its answer changes with time. What it refuses for now and may want later, a
// document that is too young or, under Not, still too young to be refused, is
// not decided but put off: the error wraps [ErrNotYet] and is marked
// launcher.Later, so that the document waits where it is and is looked at in
// the next pass, without an attempt being counted. All, Any and Not know of it:
// All(Age(time.Hour, -1), Ext("pdf")) refuses a text for good, however young.
// In a Route it lets the Routes after it have the document.
func Age(least, most time.Duration) launcher.Filter { return age{least, most} }

type age struct{ least, most time.Duration }

func (a age) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	return a.judge(ctx, d).answer()
}

func (a age) judge(ctx context.Context, d *launcher.Document) verdict {
	if d.Time.IsZero() {
		return verdict{err: fmt.Errorf("the age of %q is not known", clip(d.Name))}
	}
	switch n := max(0, time.Since(d.Time)); {
	case a.most >= 0 && (n > a.most || a.least > a.most):
		return verdict{}
	case n < a.least:
		return verdict{passing: true}
	}
	return verdict{ok: true, passing: a.most >= 0}
}

func (a age) cost() cost { return cheap }

func (a age) String() string {
	if a.most < 0 {
		return fmt.Sprintf("age from %v", a.least)
	}
	return fmt.Sprintf("age %v to %v", a.least, a.most)
}
