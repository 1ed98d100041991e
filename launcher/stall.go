package launcher

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

var errStalled = errors.New("the pass stalled: fewer than 4 KiB and no parcel in the time allowed")

// A watchdog notices that a pass no longer advances.
type watchdog struct {
	bytes   atomic.Int64 // moved so far
	parcels atomic.Int64 // begun and ended so far
	hosted  atomic.Int64 // in the host's Store now
}

const stallBytes = 4 << 10

// watch calls cut once, when nothing has advanced for limit, unless ctx is
// done first.
func (w *watchdog) watch(ctx context.Context, limit time.Duration, cut func()) {
	ticker := time.NewTicker(max(limit/8, time.Millisecond))
	defer ticker.Stop()
	last := time.Now()
	bytes, parcels := w.bytes.Load(), w.parcels.Load()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		b, p := w.bytes.Load(), w.parcels.Load()
		switch {
		case b-bytes >= stallBytes, p != parcels, w.hosted.Load() > 0:
			last, bytes, parcels = time.Now(), b, p
		case time.Since(last) >= limit:
			cut()
			return
		}
	}
}
