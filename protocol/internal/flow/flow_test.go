package flow_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

func TestGateWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := flow.NewGate(flow.Window{Mails: 3, Bytes: 100, First: 1}, 0, 0)
		inside := 0
		go func() {
			for g.Enter(10) {
				inside++
			}
		}()
		synctest.Wait()
		if inside != 1 {
			t.Errorf("%d mails are offered before the Sink has taken any, want 1", inside)
		}
		g.Leave(10, true)
		synctest.Wait()
		if inside != 4 {
			t.Errorf("%d mails were admitted, want three more once the first was taken", inside)
		}
		g.Close(errors.New("enough"))
		synctest.Wait()
		if g.Enter(1) {
			t.Error("a mail was admitted by a gate that is closed")
		}
	})
}

func TestGateLimits(t *testing.T) {
	for _, limits := range []struct{ mails, bytes int64 }{{2, 0}, {0, 25}} {
		g := flow.NewGate(flow.Window{Mails: 9, Bytes: 1000, First: 9}, limits.mails, limits.bytes)
		for range 2 {
			if !g.Enter(10) {
				t.Fatalf("%+v: a mail below the limit was not admitted", limits)
			}
			g.Leave(10, true)
		}
		if g.Enter(10) {
			t.Errorf("%+v: a mail over the limit was admitted", limits)
		}
		if _, full := g.Ended(); !full {
			t.Errorf("%+v: the gate does not tell that a limit was reached", limits)
		}
	}
	g := flow.NewGate(flow.Window{Mails: 9, Bytes: 1000, First: 9}, 1, 5)
	if !g.Enter(100) {
		t.Error("the first new mail was not admitted: one is taken in any case")
	}
}

// A leash is cut at once if nothing is in hand, and otherwise when all is
// settled, or ten seconds after the last Store.
func TestLeash(t *testing.T) {
	why := errors.New("shutdown")
	tests := []struct {
		name           string
		storing, owing int
		after          func(l *flow.Leash)
		want           time.Duration
	}{
		{"nothing in hand", 0, 0, func(*flow.Leash) {}, 0},
		{"until Store returns", 1, 0, func(l *flow.Leash) { time.Sleep(time.Minute); l.Move(-1, 0) }, time.Minute},
		{"until it is settled", 1, 0, func(l *flow.Leash) { l.Move(-1, 1); time.Sleep(time.Second); l.Move(0, -1) }, time.Second},
		{"not for ever", 1, 0, func(l *flow.Leash) { l.Move(-1, 1) }, 10 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				l := flow.NewLeash(ctx)
				defer l.End()
				l.Move(tt.storing, tt.owing)
				begun := time.Now()
				cancel(why)
				go tt.after(l)
				<-l.Done()
				if took := time.Since(begun); took != tt.want || !errors.Is(context.Cause(l), why) {
					t.Errorf("cut after %v because of %v, want %v and the cause", took, context.Cause(l), tt.want)
				}
			})
		})
	}
}
