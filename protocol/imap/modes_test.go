package imap_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// A mode is one way of connecting and logging in.
type mode struct {
	name string
	set  func(s *imap.Source, server *mailtest.MailServer)
}

// TestModes: mails come in every way of connecting and logging in.
func TestModes(t *testing.T) {
	modes := []mode{
		{"implicit TLS", func(*imap.Source, *mailtest.MailServer) {}},
		{"STARTTLS", startTLS},
		{"plaintext", plaintext},
		{"compressed", func(s *imap.Source, _ *mailtest.MailServer) { s.Compress = imap.CompressAlways }},
		{"three connections", func(s *imap.Source, _ *mailtest.MailServer) { s.Parallel = 3 }},
	}
	t.Run("cyrus", func(t *testing.T) { testModes(t, mailtest.Cyrus(t), modes) })
	t.Run("dovecot", func(t *testing.T) {
		testModes(t, mailtest.Dovecot(t), append(modes, mode{"XOAUTH2", func(s *imap.Source, server *mailtest.MailServer) {
			s.Password, s.Token = nil, launcher.SecretText(server.Token(t, "alice", time.Hour))
		}}))
	})
}

func testModes(t *testing.T, server *mailtest.MailServer, modes []mode) {
	h := &hand{server.IMAP, "alice", mailtest.Password("alice")}
	for i := range 70 {
		h.add(t, fmt.Sprintf("%d", i), []byte("x"))
	}
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			source := sourceOf(server, "alice")
			source.ReadOnly = true
			m.set(source, server)
			var got shelf
			if err := source.Poll(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.bodies) != 70 {
				t.Errorf("%d mails, want 70", len(got.bodies))
			}
		})
	}
}

func startTLS(s *imap.Source, server *mailtest.MailServer) {
	s.Addr, s.Security = server.IMAP, dial.StartTLS
}

func plaintext(s *imap.Source, server *mailtest.MailServer) {
	s.Addr, s.Security = server.IMAP, dial.Plaintext
}

// TestSearchOnDovecot: text that is not ASCII is searched for, too.
func TestSearchOnDovecot(t *testing.T) {
	server := mailtest.Dovecot(t)
	server.Drop(t, "alice", []byte("Subject: =?utf-8?q?re=C3=A7u?=\r\n\r\nx\r\n"), []byte("Subject: autre\r\n\r\nx\r\n"))
	for _, security := range []dial.Security{dial.ImplicitTLS, dial.Plaintext} {
		source := sourceOf(server, "alice")
		if security == dial.Plaintext {
			plaintext(source, server)
		}
		source.ReadOnly, source.Search = true, &imap.Search{Subject: "reçu"}
		var got shelf
		if err := source.Poll(t.Context(), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.bodies) != 1 {
			t.Errorf("%d mails, want the one whose subject fits", len(got.bodies))
		}
	}
}

// TestWithEngine: the engine hands each mail over once, whatever restarts, and
// knows where the refused one went.
func TestWithEngine(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	s.Fill("INBOX", messages(100)...)
	s.Start(t)
	var ledger launcher.MemoryLedger
	var got shelf
	got.answer = func(p *launcher.Parcel) error {
		if strings.Contains(p.Origin, "uid 13") {
			return launcher.Reject(fmt.Errorf("unlucky"))
		}
		return nil
	}
	var warnings []error
	pass := func() launcher.Stats {
		source := scripted(s)
		source.Rejected = "KO"
		l := &launcher.Launcher{Name: "mail", Source: source, Sink: &got, Ledger: &ledger, Observe: func(_ context.Context, e launcher.Event) {
			if e.Kind == launcher.EventWarning {
				warnings = append(warnings, e.Err)
			}
		}}
		stats, err := l.Poll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return stats
	}
	if stats := pass(); stats.Stored != 99 || stats.Rejected != 1 {
		t.Errorf("first pass: %+v, want 99 stored and 1 rejected", stats)
	}
	bodies := strings.Count(strings.Join(s.Commands(), "\n"), "BODY.PEEK[]")
	if stats := pass(); stats.Stored != 0 || stats.Known != 99 {
		t.Errorf("second pass in another process: %+v, want 99 known", stats)
	}
	if n := strings.Count(strings.Join(s.Commands(), "\n"), "BODY.PEEK[]"); n != bodies {
		t.Errorf("%d bodies were fetched for mails that are known", n-bodies)
	}
	ledger.Walk(t.Context(), "mail", func(e launcher.Entry) error {
		if e.State == launcher.Rejected && e.Where != "folder KO" {
			t.Errorf("ledger says the refused mail is in %q, want folder KO", e.Where)
		}
		return nil
	})
	if len(warnings) != 0 {
		t.Errorf("warnings %v, want none", warnings)
	}
}

// TestUIDValidityWarns: a folder whose UIDs are new is worth one warning, also
// after a restart.
func TestUIDValidityWarns(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	s.Fill("INBOX", messages(3)...)
	s.Start(t)
	ledger := new(launcher.MemoryLedger)
	var warnings []string
	pass := func() {
		t.Helper()
		l := &launcher.Launcher{Name: "mail", Source: scripted(s), Sink: &shelf{}, Ledger: ledger, Observe: func(_ context.Context, e launcher.Event) {
			if e.Kind == launcher.EventWarning {
				warnings = append(warnings, e.Origin+": "+e.Err.Error())
			}
		}}
		if _, err := l.Preview(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		if stats, err := l.Poll(t.Context()); err != nil || stats.Stored+stats.Known != 3 {
			t.Fatalf("%+v, %v", stats, err)
		}
	}
	pass()
	pass()
	if len(warnings) != 0 {
		t.Errorf("warnings %q while nothing changed, want none", warnings)
	}
	s.Folder("INBOX").Validity++
	pass()
	pass()
	if len(warnings) != 1 || !strings.Contains(warnings[0], "UIDVALIDITY changed from 1000 to 1001") {
		t.Errorf("warnings %q, want one about UIDVALIDITY", warnings)
	}
}
