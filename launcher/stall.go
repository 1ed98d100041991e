package launcher

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var errStalled = errors.New("the pass stalled: fewer than 4 KiB and no parcel in the time allowed")

// A watchdog notices that a pass no longer advances.
type watchdog struct {
	bytes   atomic.Int64 // moved so far
	parcels atomic.Int64 // begun and ended so far
	hosted  atomic.Int64 // in the host's Store now
	moved   atomic.Int64 // when anything last advanced, in Unix nanoseconds

	mu      sync.Mutex
	line    []key // parcels whose documents are being fetched, in order of beginning
	culprit *key  // the first of them when the pass was cut
}

// advance takes down that something has advanced.
func (w *watchdog) advance(now time.Time) { w.moved.Store(now.UnixNano()) }

// lastMove returns when that was.
func (w *watchdog) lastMove() time.Time { return time.Unix(0, w.moved.Load()) }

// fetching takes down that the documents of k are being fetched.
func (w *watchdog) fetching(k key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line = append(w.line, k)
}

// fetched takes down that they are not any more.
func (w *watchdog) fetched(k key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.line, k); i >= 0 {
		w.line = slices.Delete(w.line, i, i+1)
	}
}

// blames reports that the pass stalled on k.
func (w *watchdog) blames(k key) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.culprit != nil && *w.culprit == k
}

// convict blames the parcel that has been fetched longest.
func (w *watchdog) convict() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.line) > 0 {
		k := w.line[0]
		w.culprit = &k
	}
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
			w.convict()
			cut()
			return
		}
	}
}
