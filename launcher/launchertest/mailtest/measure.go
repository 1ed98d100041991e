package mailtest

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// Peak measures how far the heap rises above what it is now, in bytes, until
// the function that it returns is called.
func Peak() (rise func() int64) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	runtime.GC()
	base := heap()
	var most atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			most.Store(max(most.Load(), heap()))
			select {
			case <-stop:
				return
			case <-ticker.C:
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-done
		return most.Load() - base
	}
}

// Drain is the Store of a Sink that reads every document to its end and keeps
// nothing.
func Drain(ctx context.Context, p *launcher.Parcel) error {
	docs, err := p.Documents(ctx)
	if err != nil {
		return err
	}
	for _, d := range docs {
		r, err := d.Open(ctx)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Compare measures ours, which handles size bytes, and in turn with it raw. The
// metric x-raw is the ratio of the medians. before, if not nil, comes before
// each turn and is not measured.
func Compare(b *testing.B, size int64, raw, before, ours func(b *testing.B)) {
	var us, them []time.Duration
	b.ReportAllocs()
	b.SetBytes(size)
	for b.Loop() {
		b.StopTimer()
		if before != nil {
			before(b)
		}
		begun := time.Now()
		raw(b)
		them = append(them, time.Since(begun))
		begun = time.Now()
		b.StartTimer()
		ours(b)
		us = append(us, time.Since(begun))
	}
	b.ReportMetric(median(them).Seconds(), "raw-s/op")
	b.ReportMetric(median(us).Seconds()/median(them).Seconds(), "x-raw")
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
