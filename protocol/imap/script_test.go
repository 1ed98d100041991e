package imap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
)

const modern = "NAMESPACE MOVE UIDPLUS IDLE"

// scripted returns a Source for a script.
func scripted(s *mailtest.IMAPScript) *imap.Source {
	return &imap.Source{
		Addr: s.Addr, Security: dial.Plaintext, User: "alice",
		Password: launcher.SecretText("secret"),
		Limits:   dial.Limits{Idle: 30 * time.Second},
	}
}

// noLeaks fails the test if goroutines or connections outlive Poll.
func noLeaks(t *testing.T, s *mailtest.IMAPScript) (check func()) {
	t.Helper()
	before := runtime.NumGoroutine()
	return func() {
		t.Helper()
		for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
			_, open := s.Conns()
			if open == 0 && runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(2 * time.Millisecond)
		}
		_, open := s.Conns()
		stacks := make([]byte, 64<<10)
		stacks = stacks[:runtime.Stack(stacks, true)]
		t.Errorf("%d connections and %d more goroutines after Poll, want none\n%s", open, runtime.NumGoroutine()-before, stacks)
	}
}

// TestOneBadMail: whatever a server does with one mail, the others come.
func TestOneBadMail(t *testing.T) {
	t.Run("in the common form", func(t *testing.T) { testOneBadMail(t, false) })
	t.Run("with news between", func(t *testing.T) { testOneBadMail(t, true) })
}

// TestSpoolRefusesOne: a mail for which there is no place ends the connection,
// and not the pass, although more mails have come behind it.
func TestSpoolRefusesOne(t *testing.T) {
	for _, news := range []bool{false, true} { // see testOneBadMail
		mails := messages(80)
		mails[36] = append(mails[36], strings.Repeat("x", 20_000)...)
		s := &mailtest.IMAPScript{Caps: modern}
		s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
			if news && strings.Contains(items, "BODY") {
				c.Say("* 1 FETCH (FLAGS (\\Answered))")
			}
			return false
		}
		s.Fill("INBOX", mails...)
		s.Start(t)
		check := noLeaks(t, s)
		source := scripted(s)
		source.Spool = &spool.Pool{MaxBody: 10_000}
		var got shelf
		if err := source.Poll(t.Context(), &got); err != nil || len(got.bodies) != 79 || len(got.failed) == 0 {
			t.Errorf("news between: %v: Poll: %v, %d mails came, failed: %v; want nil and all but one", news, err, len(got.bodies), got.failed)
		}
		check()
	}
}

// TestSaysWhatIsWrong: of a mail in which bytes are put each time a person reads
// what the server said.
func TestSaysWhatIsWrong(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		if m.UID != 2 || !strings.Contains(items, "BODY") {
			return false
		}
		c.Raw(fmt.Sprintf("* %d FETCH (UID %d BODY[] {%d}\r\n%*sput in)\r\n", seq, m.UID, m.Size, int(m.Size), ""))
		return true
	}
	s.Fill("INBOX", messages(3)...)
	s.Start(t)
	defer noLeaks(t, s)()
	var got shelf
	if err := scripted(s).Poll(t.Context(), &got); err != nil || len(got.bodies) != 2 {
		t.Errorf("Poll: %v, %d mails came, want nil and two", err, len(got.bodies))
	}
	if len(got.failed) != 1 || !strings.Contains(got.failed[0].Error(), `: cannot read the server's answer: server said "put in)" behind a message`) {
		t.Errorf("failed: %v, want what the server said", got.failed)
	}
}

// TestNoPieces: a server that returns all of a large mail where a piece of it was
// asked for is believed, once.
func TestNoPieces(t *testing.T) {
	large := append(messages(1)[0], bytes.Repeat([]byte("0123456789abcde\n"), 9<<16)...)
	s := &mailtest.IMAPScript{Caps: modern}
	asked := 0
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		if !strings.Contains(items, "BODY") {
			return false
		}
		asked++
		c.Raw(fmt.Sprintf("* %d FETCH (UID %d BODY[] {%d}\r\n", seq, m.UID, m.Size))
		io.Copy(talkWriter{c}, io.NewSectionReader(m.Body, 0, m.Size))
		c.Say(")")
		return true
	}
	s.Fill("INBOX", large)
	s.Start(t)
	defer noLeaks(t, s)()
	var got shelf
	if err := scripted(s).Poll(t.Context(), &got); err != nil || got.missing([][]byte{large}) != 0 || asked != 1 {
		t.Errorf("Poll: %v, %d mails came, asked for %d times; failed: %v; want the mail at once", err, len(got.bodies), asked, got.failed)
	}
}

// testOneBadMail has the server tell news of the first mail before each if they
// are wanted: the library reads the mails then.
func testOneBadMail(t *testing.T, news bool) {
	const bad = 37
	tests := []struct {
		name string
		mail func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) // sends mail 37
		came bool                                                            // it can be had all the same
	}{
		{"the connection is closed", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) { c.Drop() }, false},
		{"half a literal, then the connection is closed", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
			c.Raw(fmt.Sprintf("* %d FETCH (UID %d BODY[] {%d}\r\nhalf", seq, m.UID, m.Size))
			c.Drop()
		}, false},
		{"garbage", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) { c.Say("* %d FETCH (UID ???", seq) }, false},
		{"another protocol", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) { c.Say("HTTP/1.1 400 Bad Request") }, false},
		{"an item nobody asked for", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
			c.Say("* %d FETCH (UID %d X-WHAT (1 2))", seq, m.UID)
		}, false},
		{"nothing", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {}, false},
		{"NIL", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
			c.Say("* %d FETCH (UID %d BODY[] NIL)", seq, m.UID)
		}, false},
		{"an empty body", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
			c.Say("* %d FETCH (UID %d BODY[] {0}", seq, m.UID)
			c.Say(")")
		}, false},
		{"a literal of four gigabytes", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
			c.Raw(fmt.Sprintf("* %d FETCH (UID %d BODY[] {4294967295}\r\n", seq, m.UID))
			filler := strings.Repeat("x", 1<<20)
			for range 64 {
				c.Raw(filler)
			}
			c.Drop()
		}, false},
		{"the UID behind the body", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
			c.Raw(fmt.Sprintf("* %d FETCH (BODY[] {%d}\r\n", seq, m.Size))
			io.Copy(talkWriter{c}, io.NewSectionReader(m.Body, 0, m.Size))
			c.Say(" UID %d)", m.UID)
		}, true},
		{"flags before the answer", func() func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
			first := true
			return func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
				if first {
					c.Say("* %d FETCH (UID %d FLAGS (\\Answered))", seq, m.UID)
				}
				first = false
				c.Mail(seq, m, items)
			}
		}(), true},
		{"bytes put into the body on the way, once", func() func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
			first := true
			return func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
				if !first {
					c.Mail(seq, m, items)
					return
				}
				first = false
				c.Raw(fmt.Sprintf("* %d FETCH (UID %d BODY[] {%d}\r\nput in", seq, m.UID, m.Size))
				io.Copy(talkWriter{c}, io.NewSectionReader(m.Body, 0, m.Size))
				c.Say(")")
			}
		}(), true},
		{"a literal8", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
			c.Raw(fmt.Sprintf("* %d FETCH (UID %d BODY[] ~{%d}\r\n", seq, m.UID, m.Size))
			io.Copy(talkWriter{c}, io.NewSectionReader(m.Body, 0, m.Size))
			c.Say(")")
		}, true},
		{"a made-up message", func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) {
			c.Raw(fmt.Sprintf("* %d FETCH (UID %d BODY[] {9}\r\nnot there)\r\n", seq, m.UID))
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mails := messages(80)
			s := &mailtest.IMAPScript{Caps: modern}
			s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
				if !strings.Contains(items, "BODY") {
					return false
				}
				if news {
					c.Say("* 1 FETCH (FLAGS (\\Answered))")
				}
				if m.UID != bad {
					return false
				}
				test.mail(c, seq, m, items)
				return true
			}
			s.Fill("INBOX", mails...)
			s.Start(t)
			check := noLeaks(t, s)
			var got shelf
			if err := scripted(s).Poll(t.Context(), &got); err != nil {
				t.Errorf("Poll: %v, want nil: one bad mail does not fail the pass", err)
			}
			check()
			want := 1
			if test.came {
				want = 0
			}
			if test.name == "a made-up message" {
				// Twice the same, in two sessions, is what the server has.
				if len(got.bodies) != 80 {
					t.Errorf("%d mails came, want 80", len(got.bodies))
				}
				return
			}
			if n := got.missing(mails); n != want || len(got.bodies) != 80-want {
				t.Errorf("%d mails missing, want %d; %d came; failed: %v", n, want, len(got.bodies), got.failed)
			}
			for _, err := range got.failed {
				if launcher.OutcomeOf(err) != launcher.Left {
					t.Errorf("error of the bad mail %v is marked, want it counted and tried again", err)
				}
			}
		})
	}
}

// TestAlteredPiece: a piece of a large mail into which bytes were put on the way
// does not become part of it.
func TestAlteredPiece(t *testing.T) {
	const size = 9 << 20 // more than one piece
	s := &mailtest.IMAPScript{Caps: modern}
	altered := false
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		if altered || !strings.Contains(items, "<0.") {
			return false
		}
		altered = true
		const piece = 8 << 20
		c.Raw(fmt.Sprintf("* %d FETCH (UID %d BODY[]<0> {%d}\r\nput in", seq, m.UID, piece))
		io.Copy(talkWriter{c}, io.NewSectionReader(m.Body, 0, piece))
		c.Say(")")
		return true
	}
	s.Folder("INBOX").Mails = []*mailtest.Mail{{UID: 1, Body: mailtest.Pattern(size), Size: size}}
	s.Start(t)
	var got shelf
	want := make([]byte, size)
	mailtest.Pattern(size).ReadAt(want, 0)
	if err := scripted(s).Poll(t.Context(), &got); err != nil || !altered || got.missing([][]byte{want}) > 0 {
		t.Errorf("Poll: %v, a piece was altered: %v, failed: %v; want the mail as it is", err, altered, got.failed)
	}
}

// TestListing: a mail that the listing leaves out or stumbles over is offered.
func TestListing(t *testing.T) {
	for name, entry := range map[string]func(c *mailtest.Talk, seq int, m *mailtest.Mail){
		"nothing": func(c *mailtest.Talk, seq int, m *mailtest.Mail) {},
		"no size": func(c *mailtest.Talk, seq int, m *mailtest.Mail) { c.Say("* %d FETCH (UID %d FLAGS ())", seq, m.UID) },
		"garbage": func(c *mailtest.Talk, seq int, m *mailtest.Mail) { c.Say("* %d FETCH (UID %d FLAGS (", seq, m.UID) },
		"size of -1": func(c *mailtest.Talk, seq int, m *mailtest.Mail) {
			c.Say("* %d FETCH (UID %d RFC822.SIZE -1)", seq, m.UID)
		},
		"end": func(c *mailtest.Talk, seq int, m *mailtest.Mail) { c.Drop() },
	} {
		t.Run(name, func(t *testing.T) {
			mails := messages(80)
			s := &mailtest.IMAPScript{Caps: modern}
			s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
				if m.UID != 37 || !strings.Contains(items, "RFC822.SIZE") {
					return false
				}
				entry(c, seq, m)
				return true
			}
			s.Fill("INBOX", mails...)
			s.Start(t)
			defer noLeaks(t, s)()
			var got shelf
			if err := scripted(s).Poll(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if n := got.missing(mails); n != 0 {
				t.Errorf("%d mails missing, failed: %v", n, got.failed)
			}
		})
	}
}

// TestArrival: the time of a parcel is when the mail arrived at the server, and
// a server that stumbles over that tells the rest.
func TestArrival(t *testing.T) {
	arrived := time.Date(2026, 3, 2, 9, 30, 5, 0, time.FixedZone("", 3600))
	for name, test := range map[string]struct {
		date func(c *mailtest.Talk, tag string) bool // answers the listing that asks for dates
		mail func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool
		none bool // no mail has a time
	}{
		"told":    {},
		"refused": {date: func(c *mailtest.Talk, tag string) bool { c.Say("%s BAD what is that", tag); return true }, none: true},
		"fatal":   {date: func(c *mailtest.Talk, tag string) bool { c.Drop(); return true }, none: true},
		"odd": {mail: func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
			c.Say(`* %d FETCH (UID %d INTERNALDATE "00-Jan-0000 00:00:00 +0000" RFC822.SIZE %d FLAGS ())`, seq, m.UID, m.Size)
			return true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			mails := messages(9)
			s := &mailtest.IMAPScript{Caps: modern}
			s.Fill("INBOX", mails...)
			for _, m := range s.Folder("INBOX").Mails {
				m.Time = arrived
			}
			s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
				return test.date != nil && strings.Contains(args, "INTERNALDATE") && test.date(c, tag)
			}
			s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
				return test.mail != nil && m.UID == 4 && strings.Contains(items, "INTERNALDATE") && test.mail(c, seq, m, items)
			}
			s.Start(t)
			var got shelf
			var mu sync.Mutex
			got.answer = func(p *launcher.Parcel) error {
				mu.Lock()
				defer mu.Unlock()
				want := arrived
				if test.none || test.mail != nil && p.Meta["imap.uid"] == "4" {
					want = time.Time{}
				}
				if !p.Time.Equal(want) {
					t.Errorf("uid %s: time %v, want %v", p.Meta["imap.uid"], p.Time, want)
				}
				return nil
			}
			if err := scripted(s).Poll(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if n := got.missing(mails); n != 0 {
				t.Errorf("%d mails missing, failed: %v", n, got.failed)
			}
		})
	}
}

// A talkWriter makes a Talk an io.Writer.
type talkWriter struct{ c *mailtest.Talk }

func (w talkWriter) Write(p []byte) (int, error) {
	w.c.Raw(string(p))
	return len(p), nil
}

// TestTolerance: what servers say besides does not end a session.
func TestTolerance(t *testing.T) {
	noise := []string{
		"", "* VANISHED 1:3", "* X-SOMETHING (a {b c)", "* OK still here", "* NO something is wrong {5}",
		"* OK [ALERT] disk is full", "* FLAGS (\\Seen odd]flag)", "* OK [PERMANENTFLAGS (a]b \\*)] ok",
		"* OK [UIDVALIDITY 99999999999999] old", "* STATUS inbox (messages x)", "* 80 RECENT", "+ go on", "* OK",
		"* CAPABILITY (", "* BAD [", "* OK [COPYUID 0 * *] x", "* ID (\"name\" NIL", "* LIST () \"/\" \"\xe9t\xe9\"",
	}
	mails := messages(80)
	s := &mailtest.IMAPScript{Caps: modern}
	s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
		if name == "UID FETCH" || name == "LIST" || name == "UID MOVE" {
			for _, line := range noise {
				c.Say("%s", line)
			}
		}
		return false
	}
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		if strings.Contains(items, "FLAGS") {
			c.Say("* %d FETCH (UID %d FLAGS (\\Seen a]b \"c\") RFC822.SIZE %d)", seq, m.UID, m.Size)
			return true
		}
		for _, line := range noise {
			c.Say("%s", line)
		}
		return false
	}
	s.Fill("INBOX", mails...)
	s.Start(t)
	defer noLeaks(t, s)()
	source := scripted(s)
	source.Done = "Done"
	var got shelf
	if err := source.Poll(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if conns, _ := s.Conns(); conns != 1 || got.missing(mails) != 0 {
		t.Errorf("%d connections, %d mails missing: want one and none", conns, got.missing(mails))
	}
	if all, _ := s.UIDs("INBOX"); len(all) != 0 {
		t.Errorf("%d mails left in INBOX, want all moved", len(all))
	}
}

// TestMoveTrap: a mail that was not copied is not deleted, and what others
// marked as deleted survives.
func TestMoveTrap(t *testing.T) {
	refuse := func(c *mailtest.Talk, tag, name, args string) bool {
		if name != "UID COPY" && name != "UID MOVE" {
			return false
		}
		c.Say("%s NO [TRYCREATE] no such folder", tag)
		return true
	}
	silent := func(c *mailtest.Talk, tag, name, args string) bool {
		if name != "UID COPY" && name != "UID MOVE" {
			return false
		}
		c.Say("%s OK done", tag) // but nothing was
		return true
	}
	tests := []struct {
		name, caps string
		on         func(c *mailtest.Talk, tag, name, args string) bool
		ok         bool
		left       []uint32 // in INBOX, of UIDs 1, 2 and 3, which another client marked
		deleted    []uint32
	}{
		{"MOVE", "MOVE UIDPLUS", nil, true, []uint32{3}, []uint32{3}},
		{"MOVE refused", "MOVE UIDPLUS", refuse, false, []uint32{1, 2, 3}, []uint32{3}},
		{"MOVE agreed, not done", "MOVE UIDPLUS", silent, false, []uint32{1, 2, 3}, []uint32{3}},
		{"COPY", "UIDPLUS", nil, true, []uint32{3}, []uint32{3}},
		{"COPY refused", "UIDPLUS", refuse, false, []uint32{1, 2, 3}, []uint32{3}},
		{"COPY agreed, not done", "UIDPLUS", silent, false, []uint32{1, 2, 3}, []uint32{3}},
		{"COPY refused, no UIDPLUS", "", refuse, false, []uint32{1, 2, 3}, []uint32{3}},
		{"COPY, no UIDPLUS", "", nil, true, []uint32{1, 2, 3}, []uint32{1, 2, 3}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &mailtest.IMAPScript{Caps: test.caps, OnCommand: test.on}
			s.Fill("INBOX", messages(3)...)
			s.Folder("INBOX").Mails[2].Flags = []string{`\Deleted`}
			s.Start(t)
			source := scripted(s)
			source.Done = "Done"
			var got shelf
			err := source.Poll(t.Context(), &got)
			if (err == nil) != test.ok {
				t.Errorf("Poll: %v, want success %v: a move that was not made is reported", err, test.ok)
			}
			all, deleted := s.UIDs("INBOX")
			if !slices.Equal(all, test.left) || !slices.Equal(deleted, test.deleted) {
				t.Errorf("INBOX holds %v, deleted are %v, want %v and %v", all, deleted, test.left, test.deleted)
			}
			if len(got.bodies) != 2 {
				t.Errorf("%d mails offered, want 2: what another client deleted is not", len(got.bodies))
			}
			for _, c := range s.Commands() {
				if strings.HasPrefix(c, "EXPUNGE") {
					t.Error("client sent EXPUNGE, which takes the mails that others marked")
				}
			}
			if test.caps == "" && test.ok {
				var again shelf
				if err := source.Poll(t.Context(), &again); err != nil || len(again.bodies) != 0 {
					t.Errorf("second pass offers %d mails, %v: what was copied and marked is not offered again", len(again.bodies), err)
				}
			}
		})
	}
}

// TestStalls: a server that does not answer costs the limit, not more.
func TestStalls(t *testing.T) {
	for _, at := range []string{"greeting", "AUTHENTICATE", "NAMESPACE", "EXAMINE", "UID FETCH"} {
		for _, drip := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, drip %v", at, drip), func(t *testing.T) {
				stop := make(chan struct{})
				hang := func(c *mailtest.Talk) {
					ticker := time.NewTicker(5 * time.Millisecond)
					defer ticker.Stop()
					gone := make(chan struct{})
					go func() {
						defer close(gone)
						c.Line()
						for c.Line() != "" {
						}
					}()
					for {
						select {
						case <-stop:
							return
						case <-gone:
							return
						case <-ticker.C:
							if drip {
								c.Raw("*")
							}
						}
					}
				}
				s := &mailtest.IMAPScript{Caps: modern}
				s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
					if name == at {
						hang(c)
						c.Drop()
						return true
					}
					return false
				}
				s.Fill("INBOX", messages(3)...)
				s.Start(t)
				defer close(stop)
				source := scripted(s)
				source.ReadOnly = true
				if at == "greeting" {
					source.Addr = mailtest.Script(t, hang)
				}
				source.Limits = dial.Limits{Login: 300 * time.Millisecond, Idle: 60 * time.Millisecond}
				defer noLeaks(t, s)()
				begin := time.Now()
				err := source.Poll(t.Context(), &shelf{})
				if took := time.Since(begin); err == nil || took > time.Minute {
					t.Errorf("Poll returned %v after %v, want an error soon", err, took)
				}
			})
		}
	}
}

// TestCancel: Poll ends with its context, wherever it is.
func TestCancel(t *testing.T) {
	for _, at := range []string{"AUTHENTICATE", "NAMESPACE", "LIST", "SELECT", "UID FETCH", "UID STORE"} {
		t.Run(at, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			why := errors.New("shutdown")
			release := make(chan struct{})
			s := &mailtest.IMAPScript{Caps: modern}
			s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
				if name == at {
					cancel(why)
					if at != "UID STORE" {
						<-release
					}
				}
				return false
			}
			s.Fill("INBOX", messages(3)...)
			s.Start(t)
			check := noLeaks(t, s)
			err := scripted(s).Poll(ctx, &shelf{})
			close(release)
			if !errors.Is(err, why) {
				t.Errorf("Poll returned %v, want the cause of its context", err)
			}
			check()
		})
	}
}

// TestShutdownSettles: what is in hand when the context ends is settled.
func TestShutdownSettles(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	s.Fill("INBOX", messages(3)...)
	s.Start(t)
	defer noLeaks(t, s)()
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	sink := launcher.SinkFunc(func(c context.Context, p *launcher.Parcel) error {
		c = context.WithoutCancel(c) // as the engine does for a while
		_, err := read(c, p)
		once.Do(func() {
			cancel()
			for i := 0; i < 50; i++ { // as a Sink that takes its time
				if _, open := s.Conns(); open == 0 {
					t.Error("the connection was closed while a parcel was in hand")
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
		return err
	})
	source := scripted(s)
	source.Done = "Done"
	if err := source.Poll(ctx, sink); !errors.Is(err, context.Canceled) {
		t.Errorf("Poll: %v, want context.Canceled", err)
	}
	stayed, _ := s.UIDs("INBOX")
	moved, _ := s.UIDs("Done")
	if len(moved) == 0 || len(stayed)+len(moved) != 3 {
		t.Errorf("INBOX %v, Done %v: what was taken is moved although the context ended", stayed, moved)
	}
}

// TestReconnects: connections that break at random cost time, not mails.
func TestReconnects(t *testing.T) {
	mails := messages(200)
	var fetched atomic.Int64
	s := &mailtest.IMAPScript{Caps: modern}
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		if strings.Contains(items, "BODY") && fetched.Add(1)%31 == 0 {
			c.Drop()
			return true
		}
		return false
	}
	s.Fill("INBOX", mails...)
	s.Start(t)
	defer noLeaks(t, s)()
	var got shelf
	if err := scripted(s).Poll(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if n := got.missing(mails); n != 0 || len(got.failed) != 0 {
		t.Errorf("%d mails missing, failed: %v", n, got.failed)
	}
}

// TestServerGone: where no mail can be had any more, no mail is blamed.
func TestServerGone(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	var gone atomic.Bool
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		if strings.Contains(items, "BODY") && m.UID == 20 {
			gone.Store(true)
			c.Drop()
		}
		return false
	}
	s.Fill("INBOX", messages(80)...)
	s.Start(t)
	defer noLeaks(t, s)()
	source := scripted(s)
	source.Dial = func(ctx context.Context, network, addr string) (c net.Conn, err error) {
		if gone.Load() {
			return nil, errors.New("connection refused")
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	var got shelf
	err := source.Poll(t.Context(), &got)
	if launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("Poll: %v, want the pass halted: the server cannot be reached", err)
	}
	for _, err := range got.failed {
		if launcher.OutcomeOf(err) != launcher.Stop {
			t.Errorf("%v: want Halt: no mail is to blame", err)
		}
	}
}

// TestSizes: a server that does not count exactly loses no mail, and logs in
// once more for that, not for each mail.
func TestSizes(t *testing.T) {
	mails := messages(80)
	s := &mailtest.IMAPScript{Caps: modern}
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		if !strings.Contains(items, "RFC822.SIZE") {
			return false
		}
		c.Say("* %d FETCH (UID %d FLAGS () RFC822.SIZE %d)", seq, m.UID, m.Size+17)
		return true
	}
	s.Fill("INBOX", mails...)
	s.Start(t)
	var got shelf
	if err := scripted(s).Poll(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if n := got.missing(mails); n != 0 {
		t.Errorf("%d mails missing, failed: %v", n, got.failed)
	}
	if n, _ := s.Conns(); n > 8 {
		t.Errorf("%d connections, want a few", n)
	}
}

// TestUIDValidity: UIDs that do not last are not trusted.
func TestUIDValidity(t *testing.T) {
	t.Run("changed", func(t *testing.T) {
		s := &mailtest.IMAPScript{Caps: modern}
		s.Fill("INBOX", messages(3)...)
		s.Start(t)
		source := scripted(s)
		var a, b shelf
		if err := source.Poll(t.Context(), &a); err != nil {
			t.Fatal(err)
		}
		s.Folder("INBOX").Validity++
		if err := source.Poll(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		for id := range b.bodies {
			if a.bodies[id] != nil {
				t.Errorf("ID %q is the same after UIDVALIDITY changed", id)
			}
		}
	})
	t.Run("changed meanwhile", func(t *testing.T) {
		s := &mailtest.IMAPScript{Caps: modern}
		all := messages(160)
		mails, others := all[:80], all[80:]
		s.Fill("INBOX", mails...)
		inbox := s.Folder("INBOX")
		var cut atomic.Pointer[mailtest.Talk]
		s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
			if m.UID != 20 || !strings.Contains(items, "BODY") || !cut.CompareAndSwap(nil, c) {
				return false
			}
			inbox.Validity++
			inbox.Mails = nil
			for i, body := range others {
				inbox.Mails = append(inbox.Mails, mailtest.NewMail(uint32(i+1), body))
			}
			c.Drop()
			return true
		}
		// What was sent before the cut is not done to the new folder.
		s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool { return c == cut.Load() }
		s.Start(t)
		source := scripted(s)
		source.Done = "Done"
		var got shelf
		err := source.Poll(t.Context(), &got)
		if err == nil || !strings.Contains(err.Error(), "UIDVALIDITY") {
			t.Errorf("Poll: %v, want it to tell that UIDVALIDITY changed", err)
		}
		if n := len(others) - got.missing(others); n > 0 || len(got.bodies) != len(mails)-got.missing(mails) {
			t.Errorf("%d of the other mails were taken under these UIDs, want none", n)
		}
		if left, _ := s.UIDs("INBOX"); len(left) != len(others) {
			t.Errorf("%d of the other mails are in their place, want all %d", len(left), len(others))
		}
	})
	t.Run("none", func(t *testing.T) {
		s := &mailtest.IMAPScript{Caps: modern}
		s.Fill("INBOX", messages(60)...)
		s.Folder("INBOX").Validity = 0
		twin := *s.Folder("INBOX").Mails[5]
		twin.UID = 61
		s.Folder("INBOX").Mails = append(s.Folder("INBOX").Mails, &twin)
		s.Start(t)
		var a, b shelf
		if err := scripted(s).Poll(t.Context(), &a); err != nil {
			t.Fatal(err)
		}
		for _, m := range s.Folder("INBOX").Mails {
			m.UID += 1000
		}
		if err := scripted(s).Poll(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if len(a.bodies) != 61 || len(b.bodies) != 61 {
			t.Fatalf("%d and %d parcels, want 61: equal mails are told apart", len(a.bodies), len(b.bodies))
		}
		for id, body := range a.bodies {
			if !bytes.Equal(body, b.bodies[id]) {
				t.Errorf("ID %q names another mail after UIDs changed", id)
			}
		}
	})
}

// TestLimits: a pass takes no more new mails than it may, and says that more
// wait.
func TestLimits(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	s.Fill("INBOX", messages(50)...)
	s.Start(t)
	source := scripted(s)
	source.MaxMails = 8
	known := func(p *launcher.Parcel) error { return nil }
	var passes int
	seen := make(map[string]bool)
	for {
		got := shelf{answer: known}
		sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			got.mu.Lock()
			old := seen[p.ID]
			got.mu.Unlock()
			if old {
				return nil
			}
			return got.Store(ctx, p)
		})
		err := source.Poll(t.Context(), sink)
		passes++
		if len(got.bodies) > 8 {
			t.Fatalf("%d new mails in one pass, want at most 8", len(got.bodies))
		}
		for id := range got.bodies {
			seen[id] = true
		}
		if err == nil {
			break
		}
		if !errors.Is(err, launcher.ErrMore) || len(got.bodies) == 0 || passes > 20 {
			t.Fatalf("pass %d: %v with %d new mails", passes, err, len(got.bodies))
		}
	}
	if len(seen) != 50 {
		t.Errorf("%d mails in %d passes, want 50", len(seen), passes)
	}
}

// TestLimitsAreForWhatIsTaken: mails that are left do not use up the limits of a
// pass, so that however many are not ready those behind them come.
func TestLimitsAreForWhatIsTaken(t *testing.T) {
	size := int64(len(messages(1)[0]))
	limits := map[string]func(*imap.Source){
		"MaxMails": func(s *imap.Source) { s.MaxMails = 4 },
		"MaxBytes": func(s *imap.Source) { s.MaxBytes = 4*size + size/2 },
		"one mail": func(s *imap.Source) { s.MaxBytes = 1 },
	}
	answers := map[string]error{
		"not ready": launcher.Later(errors.New("not ready")),
		"failed":    errors.New("failed"),
	}
	for limit, set := range limits {
		for answer, left := range answers {
			t.Run(limit+", "+answer, func(t *testing.T) {
				s := &mailtest.IMAPScript{Caps: modern}
				s.Fill("INBOX", messages(9)...)
				s.Start(t)
				source := scripted(s)
				source.Done = "Done"
				set(source)
				var taken int
				var mu sync.Mutex
				sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
					if _, err := read(ctx, p); err != nil {
						return err
					}
					if uid, _ := strconv.Atoi(p.Meta["imap.uid"]); uid <= 6 {
						return left
					}
					mu.Lock()
					defer mu.Unlock()
					taken++
					return nil
				})
				for passes := 1; ; passes++ {
					before := taken
					err := source.Poll(t.Context(), sink)
					if err == nil {
						break
					}
					if !errors.Is(err, launcher.ErrMore) || taken == before || passes > 9 {
						t.Fatalf("pass %d: %v with %d mails taken, want at least one: those that are left do not count", passes, err, taken-before)
					}
					if limit == "one mail" && taken > before+1 {
						t.Fatalf("pass %d took %d mails, want one", passes, taken-before)
					}
				}
				if stay, _ := s.UIDs("INBOX"); taken != 3 || len(stay) != 6 {
					t.Errorf("%d mails taken and %d left, want 3 and 6", taken, len(stay))
				}
			})
		}
	}
}

// TestFolders: folders are found by the name that people use.
func TestFolders(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern, Sep: ".", Prefix: "INBOX."}
	for _, name := range []string{"INBOX", "INBOX.Juni &- Juli", "INBOX.Juni &- Juli.Neu", "INBOX.Done", "INBOX.Done.old", "INBOX.Trash", "INBOX.none"} {
		s.Fill(name, mailtest.Message(len(name)))
	}
	s.Folder("INBOX.Trash").Attrs = `\Trash`
	s.Folder("INBOX.none").Attrs = `\Noselect`
	s.Start(t)
	tests := []struct {
		folder    string
		recursive bool
		want      []string
	}{
		{"", false, []string{"INBOX"}},
		{"InBox", false, []string{"INBOX"}},
		{"Juni & Juli", false, []string{"INBOX.Juni & Juli"}},
		{"inbox/Juni & Juli/Neu", false, []string{"INBOX.Juni & Juli.Neu"}},
		{"INBOX.Juni & Juli", true, []string{"INBOX.Juni & Juli", "INBOX.Juni & Juli.Neu"}},
		{"INBOX", true, []string{"INBOX", "INBOX.Juni & Juli", "INBOX.Juni & Juli.Neu"}},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s %v", test.folder, test.recursive), func(t *testing.T) {
			source := scripted(s)
			source.Folder, source.Recursive, source.Done = test.folder, test.recursive, "Done"
			var got shelf
			got.answer = func(p *launcher.Parcel) error {
				got.mu.Lock()
				defer got.mu.Unlock()
				got.order = append(got.order, p.Meta["imap.folder"])
				return errors.New("leave it")
			}
			if err := source.Poll(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.order, test.want) {
				t.Errorf("mails of %q, want of %q: Done, trash and what holds no mails are not read", got.order, test.want)
			}
		})
	}
	t.Run("Dir", func(t *testing.T) {
		source := scripted(s)
		source.Folder, source.Recursive, source.ReadOnly = "Juni & Juli", true, true
		dirs := make(chan string, 10)
		err := source.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err == nil {
				dirs <- docs[0].Dir
			}
			return err
		}))
		if a, b := <-dirs, <-dirs; err != nil || a != "" || b != "Neu" {
			t.Errorf("Dir is %q and %q, %v, want it relative to Folder", a, b, err)
		}
	})
	t.Run("missing", func(t *testing.T) {
		source := scripted(s)
		source.Folder = "Nowhere"
		if err := source.Poll(t.Context(), &shelf{}); err == nil || !strings.Contains(err.Error(), "Nowhere") {
			t.Errorf("Poll: %v, want an error that names the folder", err)
		}
	})
}

// TestPoisonInARow: several mails in a row on which connections break do not
// block what is behind them or between them, however many they are.
func TestPoisonInARow(t *testing.T) {
	for name, test := range map[string]struct {
		head, good, tail int // so many mails, of which the first and the last are poisoned
		passes           int // that it may take
	}{
		"a few at the head":                    {4, 5, 0, 1},
		"more than are offered at a time":      {40, 50, 0, 1},
		"as many at both ends as are offered":  {11, 3, 11, 50}, // some are asked for at random
		"many at both ends, and good ones far": {60, 40, 60, 50},
	} {
		t.Run(name, func(t *testing.T) {
			mails := messages(test.head + test.good + test.tail)
			s := &mailtest.IMAPScript{Caps: modern}
			s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
				if n := int(m.UID); n > test.head && n <= test.head+test.good || !strings.Contains(items, "BODY") {
					return false
				}
				c.Drop()
				return true
			}
			s.Fill("INBOX", mails...)
			s.Start(t)
			defer noLeaks(t, s)()
			var got shelf
			l := &launcher.Launcher{
				Name: "x", Source: scripted(s), Sink: &got, Observe: func(context.Context, launcher.Event) {},
				Backoff: func(int) time.Duration { return time.Hour },
			}
			for pass := 0; pass < test.passes && len(got.bodies) < test.good; pass++ {
				if _, err := l.Poll(t.Context()); err != nil && test.passes == 1 {
					t.Errorf("Poll: %v, want nil: poisoned mails do not fail the pass", err)
				}
			}
			if missing := got.missing(mails); missing != test.head+test.tail {
				t.Errorf("%d mails did not come in %d passes, want the %d that are poisoned", missing, test.passes, test.head+test.tail)
			}
		})
	}
}

// fewBlamed is how many mails may be blamed where the server is at fault: those
// that fail before any other is asked for.
const fewBlamed = 2

// blamed returns how many mails failed as if it were their own fault.
func (s *shelf) blamed() (n int) {
	for _, err := range s.failed {
		if launcher.OutcomeOf(err) == launcher.Left {
			n++
		}
	}
	return n
}

// TestPoisonAlone: poisoned mails that are alone in their folder are blamed if the
// server returns what was moved to Done, and the pass does not fail.
func TestPoisonAlone(t *testing.T) {
	for _, healthy := range []bool{true, false} {
		s := &mailtest.IMAPScript{Caps: modern}
		poisoned := messages(4)
		s.Fill("INBOX", poisoned...)
		s.Fill("Done", messages(9)...)
		inbox := s.Folder("INBOX").Mails
		s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
			if healthy && !slices.Contains(inbox, m) || !strings.Contains(items, "BODY") {
				return false
			}
			c.Drop()
			return true
		}
		s.Start(t)
		check := noLeaks(t, s)
		source := scripted(s)
		source.Done = "Done"
		var got shelf
		err := source.Poll(t.Context(), &got)
		check()
		if n := got.blamed(); healthy && (err != nil || n != len(poisoned)) {
			t.Errorf("Poll: %v, %d mails blamed, want all %d: the server returns others", err, n, len(poisoned))
		} else if !healthy && (launcher.OutcomeOf(err) != launcher.Stop || n > fewBlamed) {
			t.Errorf("Poll: %v, %d mails blamed, want Halt: the server returns none", err, n)
		}
		if left, _ := s.UIDs("Done"); len(left) != 9 {
			t.Errorf("%d mails in Done, want 9: they are only looked at", len(left))
		}
	}
}

// TestNoMailComes: where every mail breaks the connection it is the server's
// fault, no mail is blamed, and few are asked for.
func TestNoMailComes(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		if !strings.Contains(items, "BODY") {
			return false
		}
		c.Drop()
		return true
	}
	s.Fill("INBOX", messages(200)...)
	s.Start(t)
	defer noLeaks(t, s)()
	var got shelf
	err := scripted(s).Poll(t.Context(), &got)
	if launcher.OutcomeOf(err) != launcher.Stop || !strings.Contains(err.Error(), "every message fails") {
		t.Errorf("Poll: %v, want the pass halted: it is the server's fault", err)
	}
	if n := got.blamed(); n > fewBlamed {
		t.Errorf("%d mails are blamed, want none: it is the server's fault", n)
	}
	if n, _ := s.Conns(); n > 15 {
		t.Errorf("%d connections were made, want a few", n)
	}
}

// TestUnavailable: a server that says for every mail that a part of it is down
// ends the pass, and no mail is blamed; where others come, those are.
func TestUnavailable(t *testing.T) {
	for _, down := range []int{80, 7} {
		mails := messages(80)
		s := &mailtest.IMAPScript{Caps: modern}
		s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
			first := 0
			fmt.Sscan(args, &first)
			if !strings.HasSuffix(name, "FETCH") || !strings.Contains(args, "BODY") || first > down {
				return false
			}
			c.Say("%s NO [UNAVAILABLE] the store is down", tag)
			return true
		}
		s.Fill("INBOX", mails...)
		s.Start(t)
		var got shelf
		err := scripted(s).Poll(t.Context(), &got)
		blamed := got.blamed()
		if down == len(mails) && (launcher.OutcomeOf(err) != launcher.Stop || blamed > fewBlamed) {
			t.Errorf("all are unavailable: Poll: %v, %d mails blamed, want Halt and none", err, blamed)
		}
		if down < len(mails) && (err != nil || blamed != down || got.missing(mails) != down) {
			t.Errorf("%d are unavailable: Poll: %v, %d mails blamed and %d missing, want those only", down, err, blamed, got.missing(mails))
		}
	}
}
