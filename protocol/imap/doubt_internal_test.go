package imap

import (
	"errors"
	"testing"

	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/internal/flow"
)

// TestLineLostInDoubt: a connection that cannot be had to end a doubt is lost
// once, and the other one goes on.
func TestLineLostInDoubt(t *testing.T) {
	leash := flow.NewLeash(t.Context())
	defer leash.End()
	p := &pass{ctx: t.Context(), leash: leash, pool: &spool.Pool{}, choice: choice{known: true}}
	mails := []mail{{uid: 1, size: 1}, {uid: 2, size: 1}, {uid: 3, size: 1}, {uid: 4, size: 1}}
	f := newFetcher(p, 2, mails)
	defer f.Close()
	f.Lock()
	for i := range flow.MaxSuspects {
		f.Suspect(newDownload(&mails[i], f.pool), errors.New("breaks"))
	}
	f.Unlock()
	f.serve(newLine(func() (*session, error) { return nil, dial.ErrCrowded }), &box{name: "INBOX"})
	if err := f.Failure(); err != nil || f.lines != 1 {
		t.Errorf("%v, %d connections are left; want one, and no error", err, f.lines)
	}
}
