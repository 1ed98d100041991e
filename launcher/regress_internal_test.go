package launcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// parcelOf returns a parcel of one document, both of that name.
func parcelOf(name string) *Parcel {
	open := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }
	return &Parcel{ID: name, Documents: func(context.Context) ([]*Document, error) {
		return []*Document{{Name: name, Size: 1, Open: open}}, nil
	}}
}

// offer returns a Source that offers parcels of these names.
func offer(names ...string) Source {
	return pollFunc(func(ctx context.Context, s Sink) error {
		for _, name := range names {
			if err := s.Store(ctx, parcelOf(name)); OutcomeOf(err) == Stop {
				return err
			}
		}
		return nil
	})
}

// refuse returns a launcher with a Sink that fails.
func refuse(source Source) *Launcher {
	return &Launcher{
		Name: "test", Source: source, Ledger: new(MemoryLedger), Observe: func(context.Context, Event) {},
		Sink: SinkFunc(func(context.Context, *Parcel) error { return errors.New("no") }),
	}
}

// The queue forgets who has left it, also behind one who stays for long.
func TestQueueKeepsOnlyWhoWaits(t *testing.T) {
	q := &queue{limit: 2}
	slow := q.join()
	for range 1000 {
		next := q.join()
		if err := next.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		next.leave()
	}
	if n := len(q.line); n != 1 {
		t.Errorf("%d turns in the queue, want the 1 that has not left", n)
	}
	slow.leave()
	if len(q.line) != 0 || q.inside != 0 {
		t.Errorf("%d turns in the queue and %d admitted, want none once all have left", len(q.line), q.inside)
	}
}

// A rest that was set by a clock that was ahead does not hold a parcel up.
func TestRestSetByAClockAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ahead := 10 * 365 * 24 * time.Hour
		l := refuse(offer("a"))
		l.state.clock = func() time.Time { return time.Now().Add(ahead) }
		attempts := func() (n int) {
			t.Helper()
			if _, err := l.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := l.List(t.Context(), func(e Entry) error { n = e.Attempts; return nil }); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := attempts(); n != 1 {
			t.Errorf("%d attempts in the first pass, want 1", n)
		}
		if n := attempts(); n != 1 {
			t.Errorf("%d attempts while the parcel rests, want 1", n)
		}
		ahead = 0
		if n := attempts(); n != 2 {
			t.Errorf("%d attempts once the clock is right again, want 2: the rest ends in ten years", n)
		}
	})
}

// The text of an error is at most 1 KiB long, however much of it is escaped.
func TestTextOfIsBounded(t *testing.T) {
	for _, char := range []string{"x", "é", "\x01", "\n", "\u202e"} {
		text := textOf(errors.New(strings.Repeat(char, 5000)))
		if len(text) > 1024 || len(text) < 1000 || !strings.HasSuffix(text, "…") {
			t.Errorf("5000 times %q becomes %d bytes that end in %q, want it shortened to 1 KiB", char, len(text), text[len(text)-8:])
		}
	}
}

// The breaker forgets parcels that are no longer at the origin.
func TestSuspectsThatAreGoneAreForgotten(t *testing.T) {
	l := refuse(nil)
	for i := range 10 {
		l.Source = offer(fmt.Sprint(i, "a"), fmt.Sprint(i, "b"), fmt.Sprint(i, "c"))
		if _, err := l.Poll(t.Context()); OutcomeOf(err) != Stop {
			t.Fatalf("Poll: %v, want a halt while the Sink is down", err)
		}
	}
	if len(l.state.suspects) == 0 {
		t.Error("nobody is suspected though the Sink is down")
	}
	l.Source = offer()
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, k := len(l.state.suspects), len(l.state.known); n != 0 || k != 0 {
		t.Errorf("%d parcels suspected and %d known, want none: the origin is empty", n, k)
	}
}

// A Source that panics while a Store of another goroutine is under way does not
// take its grace away.
func TestGraceAfterThePanicOfASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stored := make(chan struct{})
		l := refuse(pollFunc(func(ctx context.Context, s Sink) error {
			go s.Store(Turn(ctx), parcelOf("a"))
			<-stored
			panic("bad Source")
		}))
		l.Grace = 10 * time.Second
		lasted := make(chan time.Duration, 1)
		l.Sink = SinkFunc(func(ctx context.Context, p *Parcel) error {
			begun := time.Now()
			close(stored)
			<-ctx.Done()
			lasted <- time.Since(begun)
			return ctx.Err()
		})
		if _, err := l.Poll(t.Context()); err == nil {
			t.Error("Poll returned no error though the Source panicked")
		}
		if d := <-lasted; d != l.Grace {
			t.Errorf("the Store went on for %v, want %v", d, l.Grace)
		}
	})
}
