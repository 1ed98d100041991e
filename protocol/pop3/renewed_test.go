package pop3_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// TestUnlisted: a new session whose mails could not be listed deletes nothing:
// the numbers of the session before it belong to other mails there.
func TestUnlisted(t *testing.T) {
	early := func(uid string) bool { return len(uid) == 2 && uid <= "u6" }
	for name, test := range map[string]struct{ command, says string }{
		"STAT: temporary": {"STAT", "-ERR [SYS/TEMP] disk\r\n"},
		"STAT: garbage":   {"STAT", "+OK many\r\n"},
		"UIDL: refused":   {"UIDL", "-ERR no\r\n"},
		"UIDL: temporary": {"UIDL", "-ERR [SYS/TEMP] disk\r\n"},
	} {
		for when, faulty := range map[string]func(conn int64) bool{
			"once":    func(conn int64) bool { return conn == 2 },
			"forever": func(conn int64) bool { return conn >= 2 },
		} {
			t.Run(name+"/"+when, func(t *testing.T) {
				var conns atomic.Int64
				var removed sync.Once // more commands may have been sent before the connection broke
				s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
				s.OnCommand = func(c *mailtest.Talk, command, args string) bool {
					switch {
					case command == "":
						conns.Add(1)
					case command == "RETR" && !early("u"+args) && conns.Load() == 1:
						removed.Do(func() { s.Remove(s.Mails()[0]) }) // somebody else deletes the first
						c.Drop()
						return true
					case command == test.command && faulty(conns.Load()):
						c.Raw(test.says)
						return true
					}
					return false
				}
				mails := messages(10)
				s.Fill(mails...)
				s.Start(t)
				source := on(s)
				source.Delete = true
				var got shelf
				var first sync.WaitGroup
				first.Add(6)
				err := source.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
					if early(p.Meta["pop3.uidl"]) {
						defer first.Done()
					} else {
						first.Wait()
					}
					return got.Store(ctx, p)
				}))
				if launcher.OutcomeOf(err) != launcher.Stop || !strings.Contains(err.Error(), "new session") {
					t.Errorf("Poll: %v, want Halt because of the new session", err)
				}
				if missing := got.lacks(mails); !slices.Equal(missing, []int{6, 7, 8, 9}) {
					t.Fatalf("mails %v are missing, want the four from the break on", missing)
				}
				want := []string{"u7", "u8", "u9", "u10"}
				if when == "forever" {
					want = []string{"u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10"}
				}
				if left := uids(s); !slices.Equal(left, want) {
					t.Errorf("left %v, want %v: no mail is deleted in the place of another", left, want)
				}
			})
		}
	}
}

// uids returns the UIDLs of what is in the maildrop.
func uids(s *mailtest.POP3Script) (uids []string) {
	for _, m := range s.Mails() {
		uids = append(uids, m.UID)
	}
	return uids
}

// TestRefusesUIDL: a server that says it has UIDL and always refuses it is not
// waited for forever; each mail is handed over once, also when it answers later.
func TestRefusesUIDL(t *testing.T) {
	mails := messages(3)
	var answers atomic.Bool
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3(), OnCommand: func(c *mailtest.Talk, name, args string) bool {
		if name != "UIDL" || answers.Load() {
			return false
		}
		c.Say("-ERR no")
		return true
	}}
	s.Fill(mails...)
	s.Start(t)
	ledger := new(launcher.MemoryLedger)
	var got shelf
	pass := func() (launcher.Stats, error) { // of a new process each time
		l := &launcher.Launcher{
			Name: "x", Source: on(s), Sink: &got, Ledger: ledger, Observe: func(context.Context, launcher.Event) {},
		}
		return l.Poll(t.Context())
	}
	if _, err := pass(); launcher.OutcomeOf(err) != launcher.Stop || len(got.bodies) > 0 {
		t.Errorf("first pass: %v, %d mails; want Halt: the refusal may pass", err, len(got.bodies))
	}
	if _, err := pass(); err != nil || len(got.lacks(mails)) > 0 {
		t.Errorf("second pass: %v, mails %v missing; want them by their hashes", err, got.lacks(mails))
	}
	answers.Store(true)
	if stats, err := pass(); err != nil || stats.Stored > 0 {
		t.Errorf("third pass: %v, %d mails; want none again", err, stats.Stored)
	}
}
