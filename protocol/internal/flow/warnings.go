package flow

import (
	"context"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

// Warnings passes on what a pass warns of, each once. The zero value is ready
// for use; it is safe for concurrent use.
type Warnings struct{ known sync.Map }

// Once warns of err at origin, unless it has done so.
func (w *Warnings) Once(ctx context.Context, origin string, err error) {
	if _, known := w.known.LoadOrStore([2]string{origin, err.Error()}, nil); !known {
		launcher.Warn(ctx, origin, err)
	}
}
