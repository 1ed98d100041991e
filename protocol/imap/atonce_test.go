package imap_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// next reads the next command of the client and returns its tag; "" if it is
// another than that of the name.
func next(c *mailtest.Talk, name string) (tag string) {
	tag, command, _ := strings.Cut(c.Line(), " ")
	if !strings.HasPrefix(command, name) {
		return ""
	}
	return tag
}

// TestAtOnce: what does not depend on the answer to another command is sent
// along with it: the server may wait for that before it answers either.
func TestAtOnce(t *testing.T) {
	mails := messages(3)
	s := &mailtest.IMAPScript{Caps: modern}
	s.Fill("INBOX", mails...)
	s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
		switch name {
		case "NAMESPACE":
			behind := next(c, "LIST")
			c.Say("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n%s OK\r\n* LIST () \"/\" INBOX\r\n%s OK", tag, behind)
		case "LIST":
			t.Error("the folder is asked for again")
			return false
		case "EXAMINE":
			behind := next(c, "UID FETCH 1:* (UID FLAGS")
			c.Say("* 3 EXISTS\r\n* OK [UIDVALIDITY 5] ok\r\n%s OK [READ-ONLY] ok", tag)
			for i, m := range mails {
				c.Say("* %d FETCH (UID %d FLAGS () RFC822.SIZE %d)", i+1, i+1, len(m))
			}
			c.Say("%s OK", behind)
		case "UID FETCH":
			for i, m := range mails {
				c.Say("* %d FETCH (UID %d BODY[] {%d}\r\n%s)", i+1, i+1, len(m), m)
			}
			c.Say("%s OK", tag)
		default:
			return false
		}
		return true
	}
	s.Start(t)
	defer noLeaks(t, s)()
	source := scripted(s)
	source.ReadOnly = true
	var got shelf
	if err := source.Poll(t.Context(), &got); err != nil || got.missing(mails) > 0 {
		t.Errorf("Poll: %v, %d mails missing, failed: %v; commands %q", err, got.missing(mails), got.failed, s.Commands())
	}
}

// TestNotAtOnce: whatever a server does that does not take a listing behind
// SELECT, the mails come, or an error tells what failed; never one folder's mails
// in the place of another's.
func TestNotAtOnce(t *testing.T) {
	const refused = `imap: folder "a/b": select "a/b": server said "NO not now"`
	selected := func(c *mailtest.Talk, tag string) {
		c.Say("* 3 EXISTS\r\n* OK [UIDVALIDITY 1001] ok\r\n%s OK [READ-WRITE] ok", tag)
	}
	tests := []struct {
		name string
		// The first of these of the folder a/b; nil: as it should be. tag is that
		// of SELECT, behind that of the listing.
		listing func(c *mailtest.Talk, behind string)
		both    func(c *mailtest.Talk, tag, behind string)
		stray   string // said before SELECT is answered
		want    string // the error; "": all mails come
		conns   int
	}{
		{name: "a mail of the folder before changes", stray: "* 1 FETCH (UID 777 FLAGS (\\Seen))", conns: 1},
		{"the listing is refused", func(c *mailtest.Talk, behind string) {
			c.Say("%s BAD no folder is selected", behind)
		}, nil, "", "", 1},
		{"part of the listing is refused", func(c *mailtest.Talk, behind string) {
			c.Say("* 1 FETCH (UID 4 FLAGS (\\Deleted) RFC822.SIZE 1)\r\n%s NO later", behind)
		}, nil, "", "", 1},
		{"the connection breaks", nil, func(c *mailtest.Talk, tag, behind string) { c.Drop() }, "", "", 2},
		{"the connection breaks in the listing", nil, func(c *mailtest.Talk, tag, behind string) {
			selected(c, tag)
			c.Raw("* 1 FETCH (UID 1 FLA")
			c.Drop()
		}, "", "", 2},
		{"more is listed than there is", nil, func(c *mailtest.Talk, tag, behind string) {
			selected(c, tag)
			for i := range 50_000 {
				c.Say("* %d FETCH (UID %[1]d FLAGS () RFC822.SIZE 5)", i+4)
			}
			c.Say("%s OK", behind)
		}, "", "", 2},
		{"SELECT is refused", nil, func(c *mailtest.Talk, tag, behind string) {
			c.Say("%s NO not now\r\n%s BAD no folder is selected", tag, behind)
		}, "", refused, 1},
		{"SELECT is refused, and another folder listed", nil, func(c *mailtest.Talk, tag, behind string) {
			c.Say("%s NO not now\r\n* 1 FETCH (UID 7 FLAGS () RFC822.SIZE 5)\r\n%s OK", tag, behind)
		}, "", refused, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mails := messages(9)
			s := &mailtest.IMAPScript{Caps: modern}
			for i, folder := range []string{"a", "a/b", "a/c"} {
				s.Fill(folder, mails[3*i:3*i+3]...)
			}
			var in atomic.Value // the folder that was selected last
			in.Store("")
			var odd, broke atomic.Bool
			s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
				switch {
				case name == "SELECT":
					if broke.Load() && c.Waiting() > 0 {
						t.Errorf("%d bytes behind SELECT, where that broke the connection before", c.Waiting())
					}
					in.Store(args)
					if strings.Contains(args, "a/b") && test.stray != "" {
						c.Say("%s", test.stray)
						odd.Store(true)
					}
					if !strings.Contains(args, "a/b") || test.both == nil || odd.Swap(true) {
						return false
					}
					broke.Store(test.conns > 1)
					behind := next(c, "UID FETCH 1:* (UID FLAGS")
					if behind == "" {
						t.Error("no listing behind SELECT")
					}
					test.both(c, tag, behind)
					return true
				case strings.Contains(in.Load().(string), "a/b") && strings.Contains(args, "RFC822.SIZE") && test.listing != nil && !odd.Swap(true):
					test.listing(c, tag)
					return true
				}
				return false
			}
			s.Start(t)
			defer noLeaks(t, s)()
			source := scripted(s)
			source.Folder, source.Recursive = "a", true
			var got shelf
			err := source.Poll(t.Context(), &got)
			if test.want == "" {
				if err != nil || got.missing(mails) > 0 || len(got.order) != len(mails) || len(got.failed) > 0 {
					t.Errorf("Poll: %v, %d mails missing, %d offered, failed: %v; want all, once", err, got.missing(mails), len(got.order), got.failed)
				}
			} else if fmt.Sprint(err) != test.want || launcher.OutcomeOf(err) == launcher.Stop || len(got.order) != 6 {
				t.Errorf("Poll: %v, %d mails offered; want %s, and the six of the other folders", err, len(got.order), test.want)
			}
			if conns, _ := s.Conns(); conns != test.conns || !odd.Load() {
				t.Errorf("%d connections, want %d", conns, test.conns)
			}
		})
	}
}
