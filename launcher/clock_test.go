package launcher

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

type interval time.Duration

func (i interval) Next(t time.Time) time.Time {
	return t.Truncate(time.Duration(i)).Add(time.Duration(i))
}

// The wall clock may be set while Run waits: a step forward is one run, a step
// back neither repeats runs nor holds frequent ones up.
func TestWallClockSteps(t *testing.T) {
	tests := []struct {
		name     string
		every    time.Duration
		step     time.Duration // after 90 minutes
		min, max int           // runs in the 4 hours after it
		event    bool
	}{
		{"frequent, forward a day", 15 * time.Second, 24 * time.Hour, 960, 961, false},
		{"hourly, forward a day", time.Hour, 24 * time.Hour, 4, 5, false},
		{"frequent, back an hour", 15 * time.Second, -time.Hour, 958, 961, true},
		{"hourly, back half an hour: not repeated", time.Hour, -30 * time.Minute, 3, 4, false},
		{"daily, back two hours: not repeated", 24 * time.Hour, -2 * time.Hour, 0, 0, false},
		{"hourly, back a day: a correction", time.Hour, -24 * time.Hour, 3, 4, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var shift time.Duration
				runs, clocks := 0, 0
				l := &Launcher{
					Name: "clock", Schedule: interval(tt.every),
					Sink: SinkFunc(func(context.Context, *Parcel) error { return nil }),
					Source: pollFunc(func(context.Context, Sink) error {
						mu.Lock()
						defer mu.Unlock()
						runs++
						return nil
					}),
					Observe: func(_ context.Context, e Event) {
						if e.Kind == EventClock {
							clocks++
						}
					},
				}
				l.state.clock = func() time.Time {
					mu.Lock()
					defer mu.Unlock()
					return time.Now().Add(shift)
				}
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- l.Run(ctx) }()
				time.Sleep(90 * time.Minute)
				synctest.Wait()
				mu.Lock()
				shift, runs = tt.step, 0
				mu.Unlock()
				time.Sleep(4 * time.Hour)
				cancel()
				if err := <-done; !errors.Is(err, context.Canceled) {
					t.Errorf("Run: %v", err)
				}
				if runs < tt.min || runs > tt.max {
					t.Errorf("%d runs in the 4 hours after the step, want %d to %d", runs, tt.min, tt.max)
				}
				if (clocks > 0) != tt.event {
					t.Errorf("%d events about the clock, want some: %v", clocks, tt.event)
				}
			})
		})
	}
}

type pollFunc func(context.Context, Sink) error

func (f pollFunc) Poll(ctx context.Context, s Sink) error { return f(ctx, s) }
