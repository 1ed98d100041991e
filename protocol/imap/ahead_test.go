package imap

import (
	"testing"

	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

// TestAhead: while the Sink is behind no more than one FETCH is under way, and
// that one is: the mail that the Sink waits for may be in it.
func TestAhead(t *testing.T) {
	leash := flow.NewLeash(t.Context())
	defer leash.End()
	f := newFetcher(&pass{leash: leash, pool: &spool.Pool{}, choice: choice{known: true}}, 1, nil)
	defer f.Close()
	for uid := range uint32(12) {
		f.want(&mail{uid: uid + 1, size: batchBytes / 2})
	}
	room := func() bool {
		f.Lock()
		defer f.Unlock()
		return f.room()
	}
	first, _ := f.take()
	if len(first) != 2 || !room() {
		t.Fatalf("%d mails in the first FETCH, room for more %v; want two of half a batch, and room", len(first), room())
	}
	for _, d := range first {
		d.Write(make([]byte, d.mail.size))
		d.end()
	}
	f.answered(first, nil, false)
	f.Lock()
	f.landed(first)
	f.Unlock()
	if !room() {
		t.Error("no FETCH may be sent while none is under way")
	}
	f.take()
	if room() {
		t.Error("room for a second FETCH while the Sink is behind")
	}
	f.Release(first[0])
	if !room() {
		t.Error("no room once the Sink has taken some")
	}
}
