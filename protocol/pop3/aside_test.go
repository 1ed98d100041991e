package pop3_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// TestRejectedUnseen: a mail that was set aside and cannot be had stays on the
// server, with a warning, and no pass fails because of it.
func TestRejectedUnseen(t *testing.T) {
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3(), OnCommand: func(c *mailtest.Talk, name, args string) bool {
		switch name + " " + args {
		case "RETR 1":
			c.Say("-ERR no such message")
		case "RETR 2":
			c.Raw("+OK\r\nSubject: half\r\n\r\nhal")
			c.Drop()
		case "LIST ":
			c.Raw("+OK\r\n1 500\r\n2 500\r\n4 500\r\n.\r\n") // the third is larger than it seems
		default:
			return false
		}
		return true
	}}
	mails := messages(4)
	mails[2] = append(mails[2], strings.Repeat("more\r\n", 1000)...)
	s.Fill(mails...)
	s.Start(t)
	source := on(s)
	source.Delete, source.Rejected, source.MaxSize = true, t.TempDir(), 5000
	var mu sync.Mutex
	var warned []string
	l := &launcher.Launcher{
		Name: "pop", Source: source, Ledger: &launcher.MemoryLedger{}, MaxAttempts: 1,
		Sink: launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return launcher.Reject(errors.New("no")) }),
		Observe: func(_ context.Context, e launcher.Event) {
			mu.Lock()
			defer mu.Unlock()
			if e.Kind == launcher.EventWarning {
				warned = append(warned, e.Origin)
			}
		},
	}
	for range 3 {
		if _, err := l.Poll(t.Context()); err != nil {
			t.Errorf("Poll: %v, want no error because of mails that cannot be had", err)
		}
		if left := uids(s); !slices.Equal(left, []string{"u1", "u2", "u3"}) || len(filesIn(t, source.Rejected)) != 1 {
			t.Errorf("left %v, %d files; want those left that cannot be had, and the other in a file", left, len(filesIn(t, source.Rejected)))
		}
	}
	slices.Sort(warned)
	if want := []string{"mailbox uidl u1", "mailbox uidl u2", "mailbox uidl u3"}; !slices.Equal(warned, want) {
		t.Errorf("warnings of %q, want one of each of %q", warned, want)
	}
}

// TestRejectedHalt: what is no fault of the mail does fail the pass.
func TestRejectedHalt(t *testing.T) {
	s := answers(t, messages(1), map[string]string{"RETR": "-ERR [IN-USE] locked\r\n"})
	source := on(s)
	source.Delete, source.Rejected = true, t.TempDir()
	err := source.Poll(t.Context(), &shelf{answer: func(*launcher.Parcel) error { return launcher.Reject(errors.New("no")) }})
	if launcher.OutcomeOf(err) != launcher.Stop || len(s.Mails()) != 1 {
		t.Errorf("Poll: %v, %d mails left; want Halt and the mail left", err, len(s.Mails()))
	}
}
