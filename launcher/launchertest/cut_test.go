package launchertest_test

import (
	"crypto/tls"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// A cutServer is a server with three mails, for one session of any protocol.
type cutServer struct {
	addr   string
	source func(addr string) launcher.Source
	left   func() int // mails that wait
	done   func() int // mails that were let go of: moved, or deleted
}

// cutMails are three mails of which each is told from the others by its body.
func cutMails() (mails [][]byte) {
	for i := range 3 {
		mails = append(mails, mailtest.Message(i))
	}
	return mails
}

// A cutTally adds up what became of sessions.
type cutTally struct{ sessions, lost, doubled, altered, unsettled int }

// session has a fault happen to the connection of a first pass, lets a second
// one, of another process, go well, and counts. It reports whether the session
// was long enough for the fault.
func (c *cutTally) session(t *testing.T, open func(t *testing.T) *cutServer, f mailtest.Fault) (struck bool) {
	t.Helper()
	s := open(t)
	proxy := mailtest.NewProxy(t, s.addr)
	sink, ledger := new(launchertest.Recorder), new(launcher.MemoryLedger)
	process := func() *launcher.Launcher {
		return &launcher.Launcher{Name: "cut", Source: s.source(proxy.Addr), Sink: sink, Ledger: ledger,
			Observe: quiet, Backoff: func(int) time.Duration { return 0 }}
	}
	proxy.Arm(f)
	process().Poll(t.Context())
	struck = proxy.Struck()
	for range 2 { // what was handed over is not offered, or settled again
		if _, err := process().Poll(t.Context()); err != nil {
			t.Errorf("%+v: the pass after it: %v", f, err)
		}
	}
	c.count(t, f, s, sink)
	return struck
}

func (c *cutTally) count(t *testing.T, f mailtest.Fault, s *cutServer, sink *launchertest.Recorder) {
	t.Helper()
	before := *c
	c.sessions++
	mails := cutMails()
	kept := make([]int, len(mails))
	for _, k := range sink.Kept() {
		for _, d := range k.Documents {
			i := slices.IndexFunc(mails, func(m []byte) bool { return sum(m) == d.SHA256 })
			if i < 0 {
				c.altered++
				continue
			}
			kept[i]++
		}
	}
	for _, n := range kept {
		switch {
		case n == 0:
			c.lost++
		case n > 1:
			c.doubled++
		}
	}
	if s.left() != 0 || s.done() < len(mails) {
		c.unsettled++
	}
	before.sessions++
	if *c != before {
		t.Errorf("%+v: kept %v, %d left, %d done; want each of 3 mails kept once, as it is, and let go of", f, kept, s.left(), s.done())
	}
}

// Every byte of a session, in both directions, is where it may end, where one
// direction may end, where garbage may come in and where it may pause. Garbage
// comes in below TLS: in clear, nobody can tell it from mail.
func TestCutAtEveryByte(t *testing.T) {
	every := int64(1)
	if os.Getenv("COLD_REQUIRE_SERVERS") != "1" || raceEnabled {
		every = 29
	}
	secure := new(certificate)
	secure.server, secure.client = mailtest.Certificate(t)
	for name, open := range map[string]func(t *testing.T) *cutServer{
		"POP3": pop3Cut, "IMAP": imapCut("MOVE UIDPLUS", nil), "IMAP without MOVE": imapCut("UIDPLUS", nil), "IMAP with TLS": imapCut("MOVE UIDPLUS", secure),
	} {
		for _, kind := range []mailtest.FaultKind{mailtest.Cut, mailtest.HalfClose, mailtest.Garbage, mailtest.Delay} {
			if (kind == mailtest.Garbage) != strings.HasSuffix(name, "TLS") {
				continue
			}
			t.Run(fmt.Sprint(name, " ", kind), func(t *testing.T) {
				t.Parallel()
				step := every
				switch kind {
				case mailtest.Delay:
					step = 10 * every
				case mailtest.Garbage:
					step = 7 * every // sessions are long, with handshakes
				}
				var c cutTally
				for _, up := range []bool{false, true} {
					for n := int64(0); !t.Failed(); n += step {
						struck := false
						t.Run("", func(t *testing.T) {
							struck = c.session(t, open, mailtest.Fault{Kind: kind, Up: up, After: n})
						})
						if !struck {
							break
						}
					}
				}
				t.Logf("%s, %s at every %d. byte, both directions: %d sessions, lost %d, doubled %d, altered %d, not settled %d",
					name, kind, step, c.sessions, c.lost, c.doubled, c.altered, c.unsettled)
				if c.sessions < int(500/step) {
					t.Errorf("%d sessions, want one for every %d. byte of a session", c.sessions, step)
				}
			})
		}
	}
}

// pop3Cut deletes: at QUIT, of which the answer may be lost.
func pop3Cut(t *testing.T) *cutServer {
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	s.Fill(cutMails()...)
	s.Start(t)
	left := func() int { return len(s.Mails()) }
	return &cutServer{addr: s.Addr, left: left, done: func() int { return len(cutMails()) - left() },
		source: func(addr string) launcher.Source {
			return &pop3.Source{Addr: addr, Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("secret"),
				Delete: true, Interval: -1}
		}}
}

type certificate struct{ server, client *tls.Config }

func imapCut(caps string, secure *certificate) func(t *testing.T) *cutServer {
	return func(t *testing.T) *cutServer {
		s := &mailtest.IMAPScript{Caps: caps}
		s.Fill("INBOX", cutMails()...)
		s.Start(t)
		count := func(folder string) func() int {
			return func() int { all, _ := s.UIDs(folder); return len(all) }
		}
		addr := s.Addr
		if secure != nil {
			addr = mailtest.WithTLS(t, s.Addr, secure.server)
		}
		return &cutServer{addr: addr, left: count("INBOX"), done: count("Done"), source: func(addr string) launcher.Source {
			box := &imap.Source{Addr: addr, User: "alice", Password: launcher.SecretText("secret"), Folder: "inbox", Done: "Done"}
			box.Security = dial.Plaintext
			if secure != nil {
				box.Security, box.TLSConfig = dial.ImplicitTLS, secure.client
			}
			return box
		}}
	}
}
