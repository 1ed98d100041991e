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
// What is refused for being too young may not be looked at again before the
// program restarts, for a launcher remembers what it skips. To wait until a file
// is complete, use the Quiet of its Source.
func Age(least, most time.Duration) launcher.Filter { return age{least, most} }

type age struct{ least, most time.Duration }

func (a age) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	if d.Time.IsZero() {
		return false, fmt.Errorf("the age of %q is not known", clip(d.Name))
	}
	n := max(0, time.Since(d.Time))
	return a.least <= n && (a.most < 0 || n <= a.most), nil
}

func (a age) cost() cost { return cheap }

func (a age) String() string {
	if a.most < 0 {
		return fmt.Sprintf("age from %v", a.least)
	}
	return fmt.Sprintf("age %v to %v", a.least, a.most)
}
