package imap_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// TestQuirks: what servers in the field are known to get wrong keeps no mail
// from being taken and moved, over one connection. The catalogue is that of
// github.com/modern-email/defects, and of the mail clients that met them.
func TestQuirks(t *testing.T) {
	type hook = func(c *mailtest.Talk, tag, name, args string) bool
	selecting := func(lines ...string) hook {
		return func(c *mailtest.Talk, tag, name, args string) bool {
			if name == "SELECT" || name == "EXAMINE" {
				for _, l := range lines {
					c.Say("%s", l)
				}
			}
			return false
		}
	}
	answering := func(command string, lines ...string) hook {
		return func(c *mailtest.Talk, tag, name, args string) bool {
			if name != command {
				return false
			}
			for _, l := range lines {
				c.Say("%s", strings.ReplaceAll(l, "$", tag))
			}
			return true
		}
	}
	searching := func(lines ...string) hook {
		answer := answering("UID SEARCH", lines...)
		return func(c *mailtest.Talk, tag, name, args string) bool {
			return strings.Contains(args, "FROM") && answer(c, tag, name, args)
		}
	}
	tests := []struct {
		name   string
		on     hook
		search *imap.Search
		bare   bool // no UIDVALIDITY
	}{
		{name: "iCloud knows no RFC822; others break on BODYSTRUCTURE and ENVELOPE", on: func(c *mailtest.Talk, tag, name, args string) bool {
			items := strings.ReplaceAll(args, "RFC822.SIZE", "")
			if name != "UID FETCH" || !strings.Contains(items, "RFC822") && !strings.Contains(items, "BODYSTRUCTURE") && !strings.Contains(items, "ENVELOPE") {
				return false
			}
			c.Drop()
			return true
		}},
		{name: "Gmail: no text behind a code", on: selecting("* OK [HIGHESTMODSEQ 7]", "* OK [UIDNEXT 9]", "* OK [NOMODSEQ]")},
		{name: "Exchange: a space behind STATUS", on: selecting("* STATUS INBOX (MESSAGES 0) ")},
		{name: "163.com: STATUS with an empty list", on: selecting(`* STATUS "INBOX" ()`)},
		{name: "SurgeMail: a space behind the last flag", on: selecting(`* FLAGS (\Answered \Seen $Forwarded )`, `* OK [PERMANENTFLAGS (\Answered \Seen $Forwarded )] Limited`)},
		{name: "a space before the first flag", on: selecting(`* OK [PERMANENTFLAGS ( \*)]`)},
		{name: "GreenMail: \\* among the flags", on: selecting(`* FLAGS (\Seen \*)`)},
		{name: "UIDVALIDITY of 0", on: selecting("* OK [UIDVALIDITY 0] old"), bare: true},
		{name: "a UIDVALIDITY of 64 bits", on: selecting("* OK [UIDVALIDITY 18446744073709551615] new"), bare: true},
		{name: "a space behind SEARCH", on: searching("* SEARCH 1 2 3 4 5 ", "$ OK done"), search: &imap.Search{From: "sender"}},
		{name: "Yahoo: SERVERBUG", on: searching("$ NO [SERVERBUG] UID SEARCH Server error - Please try again later"), search: &imap.Search{From: "sender"}},
		{name: "NAMESPACE of nothing", on: answering("NAMESPACE", "* NAMESPACE NIL NIL NIL", "$ OK done")},
		{name: "NAMESPACE refused", on: answering("NAMESPACE", "$ BAD what")},
		{name: "grommunio: a name with a space, not quoted; a space behind LIST", on: func(c *mailtest.Talk, tag, name, args string) bool {
			if name == "LIST" {
				c.Say(`* LIST (\HasNoChildren) "/" Deleted Items`)
				c.Say(`* LIST (\HasNoChildren) NIL ""`)
				c.Say(`* LIST (\HasNoChildren) "/" "Sent" `)
			}
			return false
		}},
		{name: "QQ: a descending set is BAD", on: func(c *mailtest.Talk, tag, name, args string) bool {
			set, _, _ := strings.Cut(args, " ")
			if !strings.HasPrefix(name, "UID ") || name == "UID SEARCH" || ascending(set) {
				return false
			}
			c.Say("%s BAD invalid sequence", tag)
			return true
		}},
		{name: "GMX, Exchange: ID without arguments is BAD", on: answering("ID", "* BYE what", "$ BAD what")},
		{name: "CHECK, NOOP and CLOSE close the connection", on: func(c *mailtest.Talk, tag, name, args string) bool {
			if name != "CHECK" && name != "NOOP" && name != "CLOSE" && name != "UNSELECT" {
				return false
			}
			c.Drop()
			return true
		}},
		{name: "no farewell", on: func(c *mailtest.Talk, tag, name, args string) bool {
			if name != "LOGOUT" {
				return false
			}
			c.Drop()
			return true
		}},
		{name: "SELECT tells the count twice", on: selecting("* 5 EXISTS", "* 0 RECENT", "* OK [UNSEEN 1] first")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mails := messages(5)
			s := &mailtest.IMAPScript{Caps: modern, OnCommand: test.on}
			s.Fill("INBOX", mails...)
			if test.bare {
				s.Folder("INBOX").Validity = 0
			}
			s.Start(t)
			defer noLeaks(t, s)()
			source := scripted(s)
			source.Done, source.Search = "Done", test.search
			var got shelf
			if err := source.Poll(t.Context(), &got); err != nil {
				t.Fatalf("Poll: %v, commands %q", err, s.Commands())
			}
			left, _ := s.UIDs("INBOX")
			done, _ := s.UIDs("Done")
			if n := got.missing(mails); n != 0 || len(left) != 0 || len(done) != len(mails) {
				t.Errorf("%d mails missing, %d left, %d moved, failed: %v; want all taken and moved", n, len(left), len(done), got.failed)
			}
			if conns, _ := s.Conns(); conns != 1 {
				t.Errorf("%d connections, want one: commands %q", conns, s.Commands())
			}
		})
	}
}

// ascending reports whether the numbers of a set ascend.
func ascending(set string) bool {
	last := 0
	for _, s := range strings.FieldsFunc(set, func(r rune) bool { return r == ',' || r == ':' }) {
		n, err := strconv.Atoi(s)
		if err == nil && n < last {
			return false
		}
		last = n
	}
	return true
}

// Xeams ends the answer to a FETCH before all mails have come: the others come
// in this pass all the same, or in the next.
func TestFetchEndsEarly(t *testing.T) {
	mails := messages(20)
	s := &mailtest.IMAPScript{Caps: modern}
	cut := make(map[uint32]bool)
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		if m.UID < 8 || !strings.Contains(items, "BODY.PEEK[]") || cut[m.UID] {
			return false
		}
		cut[m.UID] = true // the first time it is left out
		return true
	}
	s.Fill("INBOX", mails...)
	s.Start(t)
	defer noLeaks(t, s)()
	source := scripted(s)
	source.Done = "Done"
	var got shelf
	for range 2 {
		if err := source.Poll(t.Context(), &got); err != nil {
			t.Fatal(err)
		}
	}
	left, _ := s.UIDs("INBOX")
	if n := got.missing(mails); n != 0 || len(left) != 0 {
		t.Errorf("%d mails missing, %d left, failed: %v; want all taken and moved after two passes", n, len(left), got.failed)
	}
}
