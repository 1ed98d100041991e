package pop3

import (
	"fmt"
	"testing"

	"github.com/ezged/coldlauncher/launcher/spool"
)

// TestAhead: while the Sink is behind one mail at a time is asked for, which may be
// the one that it waits for.
func TestAhead(t *testing.T) {
	f := newFetcher(t.Context(), &line{}, &spool.Pool{}, nil, 0)
	defer f.Close()
	const size = spool.DefaultMemory / 8
	for n := range int32(40) {
		f.want(mail{number: n + 1, uidl: fmt.Sprint(n), size: size})
	}
	s := &session{window: maxFlight}
	flight := f.next(s, nil)
	if len(flight) < 3 {
		t.Fatalf("%d mails are asked for at first, want several", len(flight))
	}
	for _, d := range flight[:2] {
		d.Write(make([]byte, size))
		d.end()
		f.answered(d, nil)
	}
	if more := f.next(s, flight[2:3]); len(more) > 0 {
		t.Errorf("%d mails are asked for while one is under way and the Sink is behind, want none", len(more))
	}
	if more := f.next(s, nil); len(more) != 1 {
		t.Errorf("%d mails are asked for while none is under way and the Sink is behind, want 1", len(more))
	}
	f.Release(flight[0])
	if more := f.next(s, flight[2:3]); len(more) < 2 {
		t.Errorf("%d mails are asked for once the Sink has taken some, want several", len(more))
	}
}
