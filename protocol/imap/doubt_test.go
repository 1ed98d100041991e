package imap_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// TestDamagedAmongOthers: mails that break the connection do not end the pass,
// whatever the others are like and whatever the server tells of their sizes.
func TestDamagedAmongOthers(t *testing.T) {
	const damaged, all = 4, 9
	tests := []struct {
		name string
		size int64
		item string // of a listing, with which the server tells the size; "": it tells none
	}{
		{"large", 1<<20 + 4096, "RFC822.SIZE 1052672"},
		{"of another size than is told", 100, "RFC822.SIZE 117"},
		{"of unknown size", 100, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &mailtest.IMAPScript{Caps: modern}
			for uid := range uint32(all) {
				s.Folder("INBOX").Mails = append(s.Folder("INBOX").Mails, &mailtest.Mail{UID: uid + 1, Body: mailtest.Pattern(test.size), Size: test.size})
			}
			s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
				switch {
				case strings.Contains(items, "RFC822.SIZE"):
					c.Say("* %d FETCH (UID %d FLAGS () %s)", seq, m.UID, test.item)
					return true
				case strings.Contains(items, "BODY") && m.UID <= damaged:
					c.Drop()
					return true
				}
				return false
			}
			s.Start(t)
			defer noLeaks(t, s)()
			var got shelf
			err := scripted(s).Poll(t.Context(), &got)
			if err != nil || len(got.order) != all-damaged || len(got.failed) != damaged {
				t.Errorf("Poll: %v, %d came, failed: %v; want only the %d damaged to fail", err, len(got.order), got.failed, damaged)
			}
		})
	}
}

// TestListedTwice: a mail that is listed twice, and one that is left out, make no
// mail of their own.
func TestListedTwice(t *testing.T) {
	mails := messages(5)
	s := &mailtest.IMAPScript{Caps: modern}
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		switch {
		case !strings.Contains(items, "RFC822.SIZE"):
		case m.UID == 2:
			return true // left out
		case m.UID == 3:
			c.Say("* %d FETCH (UID %d FLAGS (\\Seen))", seq, m.UID) // a person reads it
		}
		return false
	}
	s.Fill("INBOX", mails...)
	s.Start(t)
	var got shelf
	err := scripted(s).Poll(t.Context(), &got)
	if err != nil || got.missing(mails) != 0 || len(got.order) != len(mails) || len(got.failed) > 0 {
		t.Errorf("Poll: %v, %d missing, offered %v, failed %v; want all, once", err, got.missing(mails), got.order, got.failed)
	}
	for _, c := range s.Commands() {
		if strings.Contains(c, "FETCH 0 ") {
			t.Errorf("%q asks for a mail that cannot be", c)
		}
	}
}

// TestOneCommandAtATime: a server that ends the connection at a second command
// before it has answered the first is asked for one thing after the other.
func TestOneCommandAtATime(t *testing.T) {
	mails := messages(5)
	s := &mailtest.IMAPScript{Caps: modern}
	var dropped atomic.Int32 // one, unless the second command was slow to come
	s.OnCommand = func(c *mailtest.Talk, _, name, _ string) bool {
		if (name == "NAMESPACE" || name == "EXAMINE" || name == "SELECT") && c.Waiting() > 0 {
			dropped.Add(1)
			c.Drop()
			return true
		}
		return false
	}
	s.Fill("INBOX", mails...)
	s.Start(t)
	defer noLeaks(t, s)()
	var got shelf
	err := scripted(s).Poll(t.Context(), &got)
	if err != nil || got.missing(mails) != 0 {
		t.Errorf("Poll: %v, %d missing; want all", err, got.missing(mails))
	}
	if conns, _ := s.Conns(); conns > 2 || conns != 1+int(dropped.Load()) {
		t.Errorf("%d connections, %d of them dropped; want 2 and 1: what broke one is not done again", conns, dropped.Load())
	}
}
