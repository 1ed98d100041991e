package filter

import (
	"context"
	"errors"

	"github.com/ezged/coldlauncher/launcher"
)

// ErrNotYet is wrapped by the error for a document that is refused for now and
// that nothing but time may make wanted: see [Age]. It is marked
// launcher.Later.
var ErrNotYet = errors.New("filter: refused for now, by its age")

// A verdict is what a filter says of a document, and whether time alone may
// turn it into its opposite.
type verdict struct {
	ok, passing bool
	err         error
}

// A timed filter is one whose verdicts may pass.
type timed interface {
	judge(ctx context.Context, d *launcher.Document) verdict
}

func judge(ctx context.Context, f launcher.Filter, d *launcher.Document) verdict {
	if j, ok := f.(timed); ok {
		return j.judge(ctx, d)
	}
	ok, err := f.Match(ctx, d)
	return verdict{ok: ok && err == nil, err: err}
}

// answer makes a verdict known. A launcher remembers a plain no, so what is no
// for now must not be one.
func (v verdict) answer() (bool, error) {
	switch {
	case v.err != nil:
		return false, v.err
	case !v.ok && v.passing:
		return false, launcher.Later(ErrNotYet)
	}
	return v.ok, nil
}
