package imap_test

import (
	"slices"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// TestCompressesIfSlow: over a narrow link a pass measures first, and then goes
// on compressed, without a second connection at the same time.
func TestCompressesIfSlow(t *testing.T) {
	server := mailtest.Dovecot(t, "alice", "bob")
	few, many := slices.Collect(mailtest.Corpus(30)), slices.Collect(mailtest.Corpus(100))
	server.Drop(t, "alice", few...)
	server.Drop(t, "bob", many...)
	for _, test := range []struct {
		how         imap.Compress
		user        string
		mails       [][]byte
		least, most float64 // of the size of the mails
	}{
		{imap.CompressNever, "alice", few, 1, 1.1},
		{imap.CompressAlways, "alice", few, 0.3, 0.6},
		{imap.CompressIfSlow, "bob", many, 0.5, 0.9},
	} {
		size := 0
		for _, m := range test.mails {
			size += len(m)
		}
		link := &mailtest.Link{Rate: 6e6}
		source := sourceOf(server, test.user)
		source.Addr = link.Start(t, server.IMAPS)
		source.ReadOnly, source.Compress = true, test.how
		source.Hosts = &dial.Hosts{Max: 1}
		var got shelf
		if err := source.Poll(t.Context(), &got); err != nil {
			t.Fatal(err)
		}
		_, heard := link.Bytes()
		if part := float64(heard) / float64(size); part < test.least || part > test.most || got.missing(test.mails) > 0 {
			t.Errorf("Compress %d: %.2f of the size was transferred, %d mails missing; want %.2f to %.2f, and none", test.how, part, got.missing(test.mails), test.least, test.most)
		}
	}
}

// TestHostsFull: a pass that may have more connections than there are places
// gets along with one.
func TestHostsFull(t *testing.T) {
	mails := messages(400)
	s := &mailtest.IMAPScript{Caps: modern}
	s.Fill("INBOX", mails...)
	s.Start(t)
	defer noLeaks(t, s)()
	source := scripted(s)
	source.Parallel, source.Done = 4, "Done"
	source.Hosts = &dial.Hosts{Max: 1}
	var got shelf
	if err := source.Poll(t.Context(), &got); err != nil || got.missing(mails) > 0 {
		t.Errorf("Poll: %v, %d mails missing", err, got.missing(mails))
	}
	if all, _ := s.Conns(); all != 1 {
		t.Errorf("%d connections, want one", all)
	}
}
