package pop3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
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
)

// answers returns a server that says something of its own to commands.
func answers(t *testing.T, mails [][]byte, to map[string]string) *mailtest.POP3Script {
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3(), OnCommand: saying(to)}
	s.Fill(mails...)
	return s.Start(t)
}

// saying returns an OnCommand that says something of its own to commands, and
// closes the connection behind that if it does not end a line.
func saying(to map[string]string) func(c *mailtest.Talk, name, args string) bool {
	return func(c *mailtest.Talk, name, args string) bool {
		for _, key := range []string{name + " " + args, name} {
			if text, ok := to[key]; ok {
				if c.Raw(text); !strings.HasSuffix(text, "\r\n") {
					c.Drop()
				}
				return true
			}
		}
		return false
	}
}

// inTurn are the capabilities of a server that takes one command at a time.
func inTurn() []string {
	return slices.DeleteFunc(mailtest.ModernPOP3(), func(c string) bool { return c == "PIPELINING" })
}

// TestBadAnswers: whatever a server answers, there is an error in words, no
// panic, and nothing is deleted, whether or not it is asked for several things at
// a time.
func TestBadAnswers(t *testing.T) {
	tests := []struct {
		name string
		to   map[string]string
		want string // in the error
		stop bool   // the pass ends with Halt
	}{
		{"STAT: +OK alone", map[string]string{"STAT": "+OK\r\n"}, "stat: cannot read the answer", true},
		{"STAT: no number", map[string]string{"STAT": "+OK many\r\n"}, "stat: cannot read the answer", true},
		{"STAT: negative", map[string]string{"STAT": "+OK -1 5\r\n"}, "there are -1 mails", true},
		{"STAT: too many", map[string]string{"STAT": "+OK 2147483647 5\r\n"}, "there are 2147483647 mails", true},
		{"STAT: refused", map[string]string{"STAT": "-ERR no\r\n"}, `"-ERR no"`, false},
		{"STAT: lower case, tab", map[string]string{"STAT": "-err\tno\r\n"}, `"-ERR no"`, false},
		{"STAT: an empty line", map[string]string{"STAT": "\r\n"}, "is no answer", true},
		{"STAT: garbage", map[string]string{"STAT": "HELO\r\n"}, `"HELO\r\n", which is no answer`, true},
		{"STAT: an endless line", map[string]string{"STAT": "+OK " + strings.Repeat("9", 1<<20)}, "line of more than 4096 bytes", true},
		{"STAT: +OKAY", map[string]string{"STAT": "+OKAY 1 1\r\n"}, "is no answer", true},
		{"LIST: no end", map[string]string{"LIST": "+OK\r\n" + strings.Repeat("1 1\r\n", 100_000)}, "more than was asked", true},
		{"UIDL: in use", map[string]string{"UIDL": "-ERR [IN-USE] locked\r\n"}, "IN-USE", true},
		{"STAT: temporary", map[string]string{"STAT": "-ERR [SYS/TEMP] disk\r\n"}, "SYS/TEMP", true},
		{"UIDL: refused, though there is one", map[string]string{"UIDL": "-ERR no\r\n"}, "uidl", true},
		{"UIDL: too early", map[string]string{"UIDL": "-ERR [LOGIN-DELAY] wait\r\n"}, "LOGIN-DELAY", true},
		{"STAT: closed", map[string]string{"STAT": ""}, "stat: unexpected EOF", true},
		{"LIST: closed", map[string]string{"LIST": ""}, "list: unexpected EOF", true},
		{"UIDL: closed", map[string]string{"UIDL": ""}, "uidl: unexpected EOF", true},
		{"LIST: closed half-way", map[string]string{"LIST": "+OK\r\n1 1"}, "list: unexpected EOF", true},
		{"LIST: garbage", map[string]string{"LIST": "1 1\r\n.\r\n"}, `list: server said "1 1\r\n", which is no answer`, true},
		{"UIDL: garbage", map[string]string{"UIDL": "1 u1\r\n.\r\n"}, `uidl: server said "1 u1\r\n", which is no answer`, true},
		{"STAT: expired", map[string]string{"STAT": "-ERR [AUTH] token has expired\r\n"}, `stat: server said "-ERR [AUTH] token has expired"`, true},
		{"LIST: expired", map[string]string{"LIST": "-ERR [AUTH] token has expired\r\n"}, `list: server said "-ERR [AUTH] token has expired"`, true},
	}
	for _, test := range tests {
		for how, caps := range map[string][]string{"": mailtest.ModernPOP3(), "/in turn": inTurn()} {
			testBadAnswer(t, test.name+how, caps, test.to, test.want, test.stop)
		}
	}
}

func testBadAnswer(t *testing.T, name string, caps []string, to map[string]string, want string, stop bool) {
	t.Run(name, func(t *testing.T) {
		s := &mailtest.POP3Script{Caps: caps, OnCommand: saying(to)}
		s.Fill(messages(3)...)
		s.Start(t)
		source := on(s)
		source.Delete = true
		err := source.Poll(t.Context(), &shelf{})
		if err == nil || !strings.Contains(err.Error(), want) || (launcher.OutcomeOf(err) == launcher.Stop) != stop {
			t.Errorf("Poll: %v, want %q in it, marked with Halt: %v", err, want, stop)
		}
		if len(s.Mails()) != 3 {
			t.Errorf("%d mails are left, want all: the pass failed", len(s.Mails()))
		}
		if _, open := s.Conns(); open > 1 {
			t.Errorf("%d connections are open", open)
		}
	})
}

// TestListing: what is in a mailbox is asked for at once where the server takes
// several commands at a time, and one after the other elsewhere. It is the same,
// also where there is nothing, or the server does not tell sizes.
func TestListing(t *testing.T) {
	for name, to := range map[string]map[string]string{
		"all":      nil,
		"no LIST":  {"LIST": "-ERR no\r\n"},
		"odd LIST": {"LIST": "+OK\r\nx\r\n2 many\r\n9 9\r\n.\r\n"},
	} {
		for _, count := range []int{0, 3} {
			for how, caps := range map[string][]string{"at once": mailtest.ModernPOP3(), "in turn": inTurn(), "no CAPA": nil} {
				t.Run(fmt.Sprint(name, "/", count, "/", how), func(t *testing.T) {
					var waiting []int // bytes that the client had sent behind STAT, LIST and UIDL
					s := &mailtest.POP3Script{Caps: caps, OnCommand: func(c *mailtest.Talk, name, args string) bool {
						if name == "STAT" || name == "LIST" || name == "UIDL" {
							waiting = append(waiting, c.Waiting())
						}
						return saying(to)(c, name, args)
					}}
					s.Fill(messages(count)...)
					s.Start(t)
					source := on(s)
					source.Delete = true
					var got shelf
					poll(t, source, &got)
					if missing := got.lacks(messages(count)); missing != nil || len(s.Mails()) > 0 {
						t.Errorf("mails %v are missing, %d left; want all taken", missing, len(s.Mails()))
					}
					want := []int{len("LIST\r\nUIDL\r\n"), len("UIDL\r\n"), 0}
					switch {
					case how == "at once":
					case count == 0:
						want = []int{0} // LIST tells nothing more
					default:
						want = []int{0, 0, 0}
					}
					if !slices.Equal(waiting, want) {
						t.Errorf("behind STAT, LIST and UIDL were %d bytes, want %d", waiting, want)
					}
				})
			}
		}
	}
}

// TestRefusedMail: a mail that the server refuses fails alone, whatever code it
// gives for it, and whether or not others are asked for at the same time.
func TestRefusedMail(t *testing.T) {
	mails := messages(9)
	for _, says := range []string{"-ERR no such message", "-ERR [SYS/TEMP] try later", "-ERR [SYS/PERM] damaged"} {
		for _, caps := range [][]string{mailtest.ModernPOP3(), {"TOP"}} {
			t.Run(fmt.Sprint(says, caps), func(t *testing.T) {
				s := &mailtest.POP3Script{Caps: caps, OnCommand: func(c *mailtest.Talk, name, args string) bool {
					if name == "RETR" && (args == "4" || args == "6") {
						c.Say("%s", says)
						return true
					}
					return false
				}}
				s.Fill(mails...)
				s.Start(t)
				source := on(s)
				source.Delete = true
				var got shelf
				poll(t, source, &got)
				if missing := got.lacks(mails); !slices.Equal(missing, []int{3, 5}) || len(got.failed) != 2 || len(s.Mails()) != 2 {
					t.Fatalf("mails %v are missing, errors %v, %d left; want only the fourth and the sixth, as failures of these", missing, got.failed, len(s.Mails()))
				}
				for _, err := range got.failed {
					if launcher.OutcomeOf(err) != launcher.Left {
						t.Errorf("error %v, want a failure of that mail", err)
					}
				}
			})
		}
	}
}

// TestTroubledServer: a server that answers for several mails in a row that it
// is in trouble ends the pass, however many are asked for at a time.
func TestTroubledServer(t *testing.T) {
	for _, apart := range []bool{false, true} {
		s := answers(t, messages(9), map[string]string{"RETR": "-ERR [SYS/TEMP] try later\r\n"})
		source := on(s)
		source.Delete = true
		var one sync.Mutex
		var got shelf
		err := source.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			if apart {
				one.Lock()
				defer one.Unlock()
			}
			return got.Store(ctx, p)
		}))
		if launcher.OutcomeOf(err) != launcher.Stop || !strings.Contains(err.Error(), "SYS/TEMP") || len(s.Mails()) != 9 {
			t.Errorf("one at a time %v: Poll: %v, %d mails left; want Halt: it is the server's trouble", apart, err, len(s.Mails()))
		}
		// What fails before any other is asked for may be asked for once more.
		if s.Count("RETR") > 9+2 {
			t.Errorf("%d mails were asked for, want each once, and at most two once more", s.Count("RETR"))
		}
	}
}

// TestRefusedByHash: where mails have to be read to be told apart, one that is
// refused is left out, and several in a row end the pass.
func TestRefusedByHash(t *testing.T) {
	for refused, outcome := range map[int]launcher.Outcome{2: launcher.Left, 3: launcher.Stop} {
		s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3(), OnCommand: func(c *mailtest.Talk, name, args string) bool {
			n, _ := strconv.Atoi(args)
			if name != "RETR" || n < 4 || n >= 4+refused {
				return false
			}
			c.Say("-ERR [SYS/PERM] damaged")
			return true
		}}
		for _, m := range messages(9) {
			s.Add(&mailtest.Dropped{Body: bytes.NewReader(m), Size: int64(len(m))})
		}
		s.Start(t)
		var got shelf
		err := on(s).Poll(t.Context(), &got)
		if launcher.OutcomeOf(err) != outcome || len(got.bodies) != 9-refused {
			t.Errorf("%d refused: Poll: %v, %d mails; want the others, and outcome %v", refused, err, len(got.bodies), outcome)
		}
	}
}

// TestIdentity: what a server says in UIDL is the identity only as far as it
// can be; over three runs of the program each mail is handed over once.
func TestIdentity(t *testing.T) {
	many := func(uid func(n int) string) (drops []*mailtest.Dropped) {
		for i, m := range messages(6) {
			drops = append(drops, &mailtest.Dropped{UID: uid(i + 1), Body: bytes.NewReader(m), Size: int64(len(m))})
		}
		return drops
	}
	tests := []struct {
		name   string
		drops  []*mailtest.Dropped
		to     map[string]string
		hashed int // mails that go by their content
	}{
		{"UIDL", many(func(n int) string { return fmt.Sprint("u", n) }), nil, 0},
		{"badly spaced", many(func(n int) string { return fmt.Sprintf(" \t u%d \t", n) }), nil, 0},
		{"no UIDL", many(func(n int) string { return "" }), map[string]string{"UIDL": "-ERR what?\r\n", "CAPA": "+OK\r\nTOP\r\nPIPELINING\r\n.\r\n"}, 6},
		{"no UIDL and no CAPA", many(func(n int) string { return "" }), map[string]string{"UIDL": "-ERR what?\r\n", "CAPA": "-ERR what?\r\n"}, 6},
		{"two share one", many(func(n int) string { return fmt.Sprint("u", min(n, 5)) }), nil, 2},
		{"one is missing", many(func(n int) string { return map[bool]string{false: fmt.Sprint("u", n)}[n == 3] }), nil, 1},
		{"one has blanks", many(func(n int) string { return strings.ReplaceAll(fmt.Sprint("u", n), "u3", "u 3") }), nil, 1},
		{"one is 8-bit", many(func(n int) string { return strings.ReplaceAll(fmt.Sprint("u", n), "u3", "\xe9") }), nil, 1},
		{"one is endless", many(func(n int) string { return strings.ReplaceAll(fmt.Sprint("u", n), "u3", strings.Repeat("x", 2000)) }), nil, 1},
		{"one is long", many(func(n int) string { return strings.ReplaceAll(fmt.Sprint("u", n), "u3", strings.Repeat("x", 200)) }), nil, 0},
		{"an odd line between", many(func(n int) string { return fmt.Sprint("u", n) }),
			map[string]string{"UIDL": "+OK\r\n1 u1\r\n2\r\n\r\nx y\r\n3 u3\r\n99 u9\r\n4 u4\r\n5 u5\r\n6 u6\r\n0 u0\r\n.\r\n"}, 1},
		{"two things of one", many(func(n int) string { return fmt.Sprint("u", n) }),
			map[string]string{"UIDL": "+OK\r\n1 u1\r\n2 u2\r\n3 u3\r\n3 u4\r\n4 u7\r\n5 u5\r\n6 u6\r\n.\r\n"}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := answers(t, nil, test.to)
			s.Add(test.drops...)
			known := make(map[string]bool)
			for run := range 3 {
				got := shelf{known: known}
				poll(t, on(s), &got) // a new process each time
				if run == 0 {
					if missing := got.lacks(messages(6)); len(missing) > 0 {
						t.Errorf("mails %v did not come", missing)
					}
				} else if len(got.bodies) != 0 {
					t.Errorf("run %d: %d mails were handed over again", run+1, len(got.bodies))
				}
				hashed := 0
				for _, id := range got.ids {
					known[id] = true
					if strings.Contains(id, "/sha256/") {
						hashed++
					}
					if len(id) > 100+len("pop3/") || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
						t.Errorf("ID %q", id)
					}
				}
				if len(known) != 6 || hashed != test.hashed {
					t.Errorf("run %d: %d IDs so far, %d of this run by content, want 6 and %d", run+1, len(known), hashed, test.hashed)
				}
			}
		})
	}
}

// TestRefusedUIDL: where UIDL was answered once, a refusal ends the pass, also
// in another process, and no mail is handed over under another ID.
func TestRefusedUIDL(t *testing.T) {
	var refuses atomic.Bool
	s := &mailtest.POP3Script{OnCommand: func(c *mailtest.Talk, name, _ string) bool {
		if name == "UIDL" && refuses.Load() {
			c.Say("-ERR busy")
			return true
		}
		return false
	}}
	s.Fill(messages(4)...)
	s.Start(t)
	var ledger launcher.MemoryLedger
	var got shelf
	source := on(s)
	for _, test := range []struct {
		name            string
		process, refuse bool
	}{{"at first", false, false}, {"in the same process", false, true}, {"in another", true, true}, {"in a third", true, true}, {"at last", true, false}} {
		refuses.Store(test.refuse)
		if test.process {
			source = on(s)
		}
		l := &launcher.Launcher{Name: "pop", Source: source, Sink: &got, Ledger: &ledger, Observe: func(context.Context, launcher.Event) {}}
		_, err := l.Poll(t.Context())
		if (launcher.OutcomeOf(err) == launcher.Stop) != test.refuse || len(got.ids) != 4 {
			t.Errorf("%s: %v, %d mails handed over; want Halt if UIDL is refused, and each mail once", test.name, err, len(got.ids))
		}
	}
}

// TestTopKnowsAgain: mails without UIDL are read once as long as the process
// lives; one of the same size with another header is another mail, and so is
// one that differs in its text only.
func TestTopKnowsAgain(t *testing.T) {
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	add := func(mails ...[]byte) {
		for _, m := range mails {
			s.Add(&mailtest.Dropped{Body: bytes.NewReader(m), Size: int64(len(m))})
		}
	}
	add(messages(5)...)
	s.Start(t)
	source := on(s)
	known := make(map[string]bool)
	pass := func(retrieved, handed int) {
		t.Helper()
		before := s.Count("RETR")
		got := shelf{known: known}
		poll(t, source, &got)
		for _, id := range got.ids {
			known[id] = true
		}
		if n := s.Count("RETR") - before; n != retrieved || len(got.bodies) != handed {
			t.Errorf("%d mails were retrieved and %d handed over, want %d and %d", n, len(got.bodies), retrieved, handed)
		}
	}
	pass(5, 5)
	pass(0, 0)
	add(bytes.Replace(messages(1)[0], []byte("This is"), []byte("That is"), 1))
	pass(1, 1)
	add(messages(1)[0])
	pass(2, 1) // the same mail twice is two mails: their tops do not tell them apart
}

// TestDeleteByHash: a mail that was known by its top alone is read in full
// before it is deleted, and left if it is another one.
func TestDeleteByHash(t *testing.T) {
	long := func(end string) []byte {
		return []byte("Subject: x\r\n\r\n" + strings.Repeat("line\r\n", 200) + end + "\r\n")
	}
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	drop := &mailtest.Dropped{Body: bytes.NewReader(long("a")), Size: int64(len(long("a")))}
	s.Add(drop)
	s.Start(t)
	source := on(s)
	poll(t, source, &shelf{})
	source.Delete = true
	drop.Body = bytes.NewReader(long("b"))
	got := shelf{answer: func(*launcher.Parcel) error { return nil }, known: map[string]bool{}}
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error { got.ids = append(got.ids, p.ID); return nil })
	err := source.Poll(t.Context(), sink)
	if err == nil || !strings.Contains(err.Error(), "not the one that was taken") || len(s.Mails()) != 1 {
		t.Errorf("Poll: %v, %d mails left: a mail is not deleted in the place of another", err, len(s.Mails()))
	}
	poll(t, source, &got)
	if len(got.ids) != 2 || got.ids[0] == got.ids[1] || len(s.Mails()) != 0 {
		t.Errorf("IDs %q, %d mails left: want it offered as what it is, and then deleted", got.ids, len(s.Mails()))
	}
}

// TestQuit: only what the server agreed to at QUIT counts as deleted. When it
// did not, the pass says so; the next one deletes, and hands nothing over.
func TestQuit(t *testing.T) {
	for name, bye := range map[string]func(c *mailtest.Talk){
		"refused":      func(c *mailtest.Talk) { c.Say("-ERR some deleted messages not removed") },
		"cut":          func(c *mailtest.Talk) { c.Drop() },
		"garbage":      func(c *mailtest.Talk) { c.Say("BYE") },
		"an odd -err":  func(c *mailtest.Talk) { c.Raw("-err\tno\r\n") },
		"an empty one": func(c *mailtest.Talk) { c.Raw("\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			var faulty atomic.Bool
			faulty.Store(true)
			s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3(), OnCommand: func(c *mailtest.Talk, name, _ string) bool {
				if name != "QUIT" || !faulty.Load() {
					return false
				}
				bye(c)
				c.Drop()
				return true
			}}
			s.Fill(messages(4)...)
			s.Start(t)
			var ledger launcher.MemoryLedger
			var got shelf
			pass := func() (launcher.Stats, error) {
				source := on(s)
				source.Delete = true
				l := &launcher.Launcher{Name: "pop", Source: source, Sink: &got, Ledger: &ledger, Observe: func(context.Context, launcher.Event) {}}
				return l.Poll(t.Context())
			}
			stats, err := pass()
			if err == nil || !strings.Contains(err.Error(), "quit") || stats.Stored != 4 || len(s.Mails()) != 4 {
				t.Errorf("first pass: %+v, %v, %d mails left; want 4 stored and a failed QUIT", stats, err, len(s.Mails()))
			}
			faulty.Store(false)
			stats, err = pass()
			if err != nil || stats.Stored != 0 || stats.Known != 4 || len(s.Mails()) != 0 {
				t.Errorf("second pass: %+v, %v, %d mails left; want them deleted, and none stored", stats, err, len(s.Mails()))
			}
		})
	}
}

// TestDeletesLast: nothing is deleted before the Sink has taken it, nor what it
// did not take.
func TestDeletesLast(t *testing.T) {
	s := modern(t, messages(40)...)
	source := on(s)
	source.Delete = true
	got := shelf{answer: func(p *launcher.Parcel) error {
		if s.Count("DELE") > 0 {
			t.Error("DELE was sent while mails were still on offer")
		}
		if strings.HasSuffix(p.ID, "/u7") {
			return errors.New("not now")
		}
		return nil
	}}
	poll(t, source, &got)
	left := s.Mails()
	if len(left) != 1 || left[0].UID != "u7" {
		t.Errorf("%d mails left, want the one that was not taken", len(left))
	}
	if s.Count("DELE") != 39 || s.Count("QUIT") != 1 {
		t.Errorf("%d DELE and %d QUIT, want 39 and 1", s.Count("DELE"), s.Count("QUIT"))
	}
}

// TestRefusedDelete: a mail that the server does not delete is reported; the
// others are deleted.
func TestRefusedDelete(t *testing.T) {
	s := answers(t, messages(3), map[string]string{"DELE 2": "-ERR no\r\n"})
	source := on(s)
	source.Delete = true
	err := source.Poll(t.Context(), &shelf{})
	if err == nil || !strings.Contains(err.Error(), "message 2") || len(s.Mails()) != 1 {
		t.Errorf("Poll: %v, %d mails left, want one left and an error that names it", err, len(s.Mails()))
	}
}

// TestDeleteAfter: mails are deleted once they are old enough, by the first
// Received field; a known mail is not downloaded for that.
func TestDeleteAfter(t *testing.T) {
	mail := func(age time.Duration) []byte {
		return []byte("Received: from a by b;\r\n\t" + time.Now().Add(-age).Format(time.RFC1123Z) +
			"\r\nReceived: by c; Mon, 1 Jan 2001 00:00:00 +0000\r\nSubject: x\r\n\r\n" + age.String() + "\r\n")
	}
	s := modern(t, mail(30*24*time.Hour), mail(time.Hour), []byte("Subject: no date\r\n\r\nx\r\n"), mail(-1000*time.Hour))
	source := on(s)
	source.DeleteAfter = 14 * 24 * time.Hour
	var got shelf
	poll(t, source, &got)
	var left []string
	for _, m := range s.Mails() {
		left = append(left, m.UID)
	}
	if !slices.Equal(left, []string{"u2", "u3", "u4"}) || s.Count("RETR") != 4 {
		t.Errorf("left %v, %d retrieved; want the old one deleted", left, s.Count("RETR"))
	}
	if old := got.docs[slices.IndexFunc(got.docs, func(d *launcher.Document) bool { return d.Name == "u1.eml" })]; time.Since(old.Time) < 29*24*time.Hour {
		t.Errorf("document's time is %v, want when it was received", old.Time)
	}
	source.DeleteAfter = time.Minute
	poll(t, source, launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return nil }))
	if n := len(s.Mails()); n != 2 || s.Count("RETR") != 4 {
		t.Errorf("%d left, %d retrieved; want the two without an age left, and nothing downloaded again", n, s.Count("RETR"))
	}
}

// TestRejected: a mail that was set aside is in a file before it is deleted, and
// in one only.
func TestRejected(t *testing.T) {
	mails := messages(2)
	aside := filepath.Join(t.TempDir(), "deep", "aside")
	reject := func(p *launcher.Parcel) error { return launcher.Reject(errors.New("no")) }
	s := modern(t, mails...)
	source := on(s)
	source.Rejected = aside
	for range 2 {
		poll(t, source, &shelf{answer: reject})
		if files := filesIn(t, aside); len(files) != 2 || len(s.Mails()) != 2 {
			t.Errorf("%d files and %d mails on the server, want 2 and 2: without Delete they stay", len(files), len(s.Mails()))
		}
	}
	for i, want := range mails {
		if files := filesIn(t, aside); !slices.ContainsFunc(files, func(b []byte) bool { return bytes.Equal(b, want) }) {
			t.Errorf("mail %d is in no file byte for byte", i)
		}
	}
	source.Rejected, source.Delete = "", true
	poll(t, source, &shelf{answer: reject})
	if len(s.Mails()) != 2 {
		t.Errorf("%d mails left: without a folder, what was refused stays on the server", len(s.Mails()))
	}
	source.Rejected = filepath.Join(t.TempDir(), "new")
	err := source.Poll(t.Context(), &shelf{answer: func(p *launcher.Parcel) error {
		if err := os.WriteFile(source.Rejected, nil, 0o600); err != nil { // after Poll has looked at it
			t.Error(err)
		}
		return reject(p)
	}})
	if err == nil || !strings.Contains(err.Error(), "set mailbox uidl u1 aside") || len(s.Mails()) != 2 {
		t.Errorf("Poll: %v, %d mails left: what cannot be kept is not deleted", err, len(s.Mails()))
	}
}

// TestBreaks: a mail on which connections break fails alone; one cut costs
// nothing; and where every mail breaks them, or nothing can be reached any more,
// it is the server's fault.
func TestBreaks(t *testing.T) {
	mails := messages(20)
	cut := func(when func(args string) bool) *mailtest.POP3Script {
		s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3(), OnCommand: func(c *mailtest.Talk, name, args string) bool {
			if name != "RETR" || !when(args) {
				return false
			}
			c.Raw("+OK\r\nSubject: half\r\n\r\nhal")
			c.Drop()
			return true
		}}
		s.Fill(mails...)
		return s.Start(t)
	}
	t.Run("one mail", func(t *testing.T) {
		s := cut(func(args string) bool { return args == "7" })
		source := on(s)
		source.Delete = true
		var got shelf
		poll(t, source, &got)
		if missing := got.lacks(mails); !slices.Equal(missing, []int{6}) || len(got.failed) != 1 {
			t.Errorf("mails %v are missing, errors %v; want only the seventh", missing, got.failed)
		}
		if left := s.Mails(); len(left) != 1 || left[0].UID != "u7" {
			t.Errorf("%d mails left, want the one that cannot be had", len(left))
		}
	})
	t.Run("once", func(t *testing.T) {
		var n atomic.Int64
		s := cut(func(string) bool { return n.Add(1) == 5 })
		source := on(s)
		source.Delete = true
		var got shelf
		poll(t, source, &got)
		if missing := got.lacks(mails); len(missing) > 0 || len(got.failed) > 0 || len(s.Mails()) != 0 {
			t.Errorf("mails %v are missing, errors %v, %d left; want all taken", missing, got.failed, len(s.Mails()))
		}
	})
	t.Run("every mail", func(t *testing.T) {
		s := cut(func(string) bool { return true })
		err := on(s).Poll(t.Context(), &shelf{})
		if launcher.OutcomeOf(err) != launcher.Stop || !strings.Contains(err.Error(), "every message") {
			t.Errorf("Poll: %v, want Halt", err)
		}
	})
	t.Run("out of reach", func(t *testing.T) {
		s := cut(func(args string) bool { return args == "3" })
		source := on(s)
		dials := 0
		source.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if dials++; dials > 1 {
				return nil, errors.New("no route")
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		var got shelf
		err := source.Poll(t.Context(), &got)
		if launcher.OutcomeOf(err) != launcher.Stop || !strings.Contains(err.Error(), "no route") {
			t.Errorf("Poll: %v, want Halt", err)
		}
		for _, err := range got.failed {
			if launcher.OutcomeOf(err) != launcher.Stop {
				t.Errorf("a mail was blamed: %v", err)
			}
		}
	})
}

// TestRenumbered: after a reconnection mails have other numbers, and are told
// apart by what they are.
func TestRenumbered(t *testing.T) {
	for _, uid := range []func(n int) string{func(n int) string { return fmt.Sprint("u", n) }, func(int) string { return "" }} {
		mails := messages(10)
		s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
		command, at := "RETR", int64(7)
		if uid(1) == "" {
			command, at = "DELE", 3 // the bodies are here by then
		}
		var commands atomic.Int64
		s.OnCommand = func(c *mailtest.Talk, name, args string) bool {
			if name != command || commands.Add(1) != at {
				return false
			}
			c.Drop()
			return true
		}
		for i, m := range mails {
			s.Add(&mailtest.Dropped{UID: uid(i), Body: bytes.NewReader(m), Size: int64(len(m))})
		}
		s.Start(t)
		source := on(s)
		source.Delete = true
		dials := 0
		source.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if dials++; dials == 2 {
				all := s.Mails() // somebody else deletes the first
				s.Remove(all[0])
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		var got shelf
		poll(t, source, &got)
		if dials != 2 {
			t.Fatalf("%d connections, want that one broke", dials)
		}
		if missing := got.lacks(mails); len(missing) > 1 || len(s.Mails()) != 0 {
			t.Errorf("mails %v are missing, %d left; want all that were there taken and deleted", missing, len(s.Mails()))
		}
	}
}

// TestLiar: a server that sends much more than it said is cut off; the others
// mails come.
func TestLiar(t *testing.T) {
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	s.Fill(messages(3)...)
	s.Add(&mailtest.Dropped{UID: "liar", Body: mailtest.Pattern(64 << 20), Size: 100, Wire: strings.Repeat("x", 8<<20) + "\r\n.\r\n"})
	s.Start(t)
	var got shelf
	poll(t, on(s), &got)
	if len(got.bodies) != 3 || len(got.failed) != 1 || !strings.Contains(got.failed[0].Error(), "more than was asked") {
		t.Errorf("%d mails, errors %v; want the three and an error for the liar", len(got.bodies), got.failed)
	}
}

// TestMaxSize: a mail that is too large is refused without being downloaded, or
// as soon as it shows, and is never deleted.
func TestMaxSize(t *testing.T) {
	s := answers(t, messages(2), map[string]string{"LIST": "+OK\r\n2 5000\r\n.\r\n"})
	source := on(s)
	source.MaxSize, source.Delete, source.Rejected = 100, true, t.TempDir()
	got := shelf{}
	err := source.Poll(t.Context(), &got)
	if err != nil {
		t.Errorf("Poll: %v, want no error because of mails that are too large", err)
	}
	for _, err := range got.failed {
		if launcher.OutcomeOf(err) != launcher.SetAside {
			t.Errorf("error %v, want a mail that is set aside", err)
		}
	}
	if len(got.failed) != 2 || s.Count("RETR 2") != 0 || len(s.Mails()) != 2 || len(filesIn(t, source.Rejected)) != 0 {
		t.Errorf("%d refused, %d left; want both refused and on the server", len(got.failed), len(s.Mails()))
	}
}

// TestLimits: a pass takes no more new mails than it may.
func TestLimits(t *testing.T) {
	s := modern(t, messages(10)...)
	source := on(s)
	source.MaxMails, source.Delete = 4, true
	for _, left := range []int{6, 2} {
		if err := source.Poll(t.Context(), &shelf{}); !errors.Is(err, launcher.ErrMore) || len(s.Mails()) != left {
			t.Errorf("Poll: %v, %d mails left, want ErrMore and %d", err, len(s.Mails()), left)
		}
	}
	poll(t, source, &shelf{})
	if len(s.Mails()) != 0 {
		t.Errorf("%d mails left", len(s.Mails()))
	}
}

// TestInterval: logins are apart as far as the Source and the server want it,
// and coming too early is no error.
func TestInterval(t *testing.T) {
	for _, test := range []struct {
		interval time.Duration
		caps     []string
		want     time.Duration
	}{
		{-1, nil, 0}, {300 * time.Millisecond, nil, 300 * time.Millisecond}, {-1, []string{"LOGIN-DELAY 1"}, time.Second},
	} {
		s := &mailtest.POP3Script{Caps: append(mailtest.ModernPOP3(), test.caps...)}
		s.Start(t)
		source := on(s)
		source.Interval = test.interval
		begun := time.Now()
		poll(t, source, &shelf{})
		poll(t, source, &shelf{})
		if took := time.Since(begun); took < test.want || took > test.want+time.Minute {
			t.Errorf("%+v: two passes took %v", test, took)
		}
	}
	s := &mailtest.POP3Script{Caps: append(mailtest.ModernPOP3(), "LOGIN-DELAY 900")}
	s.Start(t)
	source := on(s)
	poll(t, source, &shelf{})
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("shutdown")
	time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
	if err := source.Poll(ctx, &shelf{}); !errors.Is(err, why) {
		t.Errorf("Poll: %v, want that a shutdown ends the waiting", err)
	}
}

// TestStall: a server that falls silent costs Limits.Idle, no more.
func TestStall(t *testing.T) {
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3(), OnCommand: func(c *mailtest.Talk, name, _ string) bool {
		if name == "UIDL" {
			c.Raw("+OK\r\n1 u")
			c.Line()
		}
		return name == "UIDL"
	}}
	s.Fill(messages(1)...)
	s.Start(t)
	source := on(s)
	source.Limits = dial.Limits{Idle: 50 * time.Millisecond}
	if err := source.Poll(t.Context(), &shelf{}); !errors.Is(err, os.ErrDeadlineExceeded) || launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("Poll: %v, want Halt because of a deadline", err)
	}
}

// TestPipelining: where the server takes it, mails are asked for ahead, as many
// bytes of them as a long way holds; elsewhere one after the other.
func TestPipelining(t *testing.T) {
	for caps, most := range map[string]int64{"PIPELINING": 256, "": 1} {
		var ahead, deepest atomic.Int64
		s := &mailtest.POP3Script{Caps: []string{"UIDL", "USER", caps}}
		s.OnCommand = func(c *mailtest.Talk, name, _ string) bool {
			if name == "RETR" {
				ahead.Store(int64(c.Waiting()))
				deepest.Store(max(deepest.Load(), ahead.Load()/int64(len("RETR 10\r\n"))+1))
			}
			return false
		}
		s.Fill(messages(100)...)
		s.Start(t)
		var got shelf
		poll(t, on(s), &got)
		if n := deepest.Load(); n > most || most > 1 && n < 5 || len(got.bodies) != 100 {
			t.Errorf("capability %q: %d commands were sent at a time, want up to %d", caps, n, most)
		}
	}
}

// TestDamagedInARow: many damaged mails at the head of a mailbox do not block
// what is behind them, in the same pass, and are given up.
func TestDamagedInARow(t *testing.T) {
	const damaged = 40 // more than are offered at a time
	mails := messages(50)
	for _, breaks := range []bool{false, true} {
		s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3(), OnCommand: func(c *mailtest.Talk, name, args string) bool {
			if n, err := strconv.Atoi(args); name != "RETR" || err != nil || n > damaged {
				return false
			}
			if breaks {
				c.Drop()
			} else {
				c.Say("-ERR [SYS/TEMP] try later")
			}
			return true
		}}
		s.Fill(mails...)
		s.Start(t)
		var got shelf
		l := &launcher.Launcher{
			Name: "x", Source: on(s), Sink: &got, Observe: func(context.Context, launcher.Event) {},
			Backoff: func(int) time.Duration { return time.Hour },
		}
		if _, err := l.Poll(t.Context()); err != nil {
			t.Errorf("breaks %v: Poll: %v, want nil: damaged mails do not fail the pass", breaks, err)
		}
		if missing := got.lacks(mails); len(missing) != damaged {
			t.Errorf("breaks %v: mails %v did not come, want the first %d only", breaks, missing, damaged)
		}
	}
}

// TestReadOnce: new mails that have to be read to be told apart are read once, as
// far as they are not too large to be kept, and nothing stays in the spool.
func TestReadOnce(t *testing.T) {
	const large = 17 << 20
	mails := messages(9)
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	for _, m := range mails {
		s.Add(&mailtest.Dropped{Body: bytes.NewReader(m), Size: int64(len(m))})
	}
	s.Start(t)
	pool := &spool.Pool{Dir: t.TempDir(), PerBody: -1, MaxDisk: 1 << 20}
	var got shelf
	for pass := range 5 { // a new process each time
		if pass == 4 {
			mails = append(mails, mailtest.Message(10))
			s.Fill(mails[9])
		}
		source := on(s)
		source.Spool, source.MaxMails = pool, 8
		if err := source.Poll(t.Context(), &got); err != nil && !errors.Is(err, launcher.ErrMore) {
			t.Fatal(err)
		}
		if got.known == nil {
			if n := s.Count("RETR"); n != len(mails) {
				t.Errorf("%d times a mail was read, want each once: %q", n, s.Commands())
			}
			got.known = make(map[string]bool)
		}
		for id := range got.bodies {
			got.known[id] = true
		}
	}
	s.Add(&mailtest.Dropped{Body: mailtest.Pattern(large), Size: large})
	poll(t, on(s), &got)
	if missing := got.lacks(mails); len(missing) > 0 || len(got.bodies) != 11 || len(got.failed) > 0 {
		t.Errorf("mails %v are missing of %d, failed: %v", missing, len(got.bodies), got.failed)
	}
}
