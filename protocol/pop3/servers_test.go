package pop3_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// A mode is one way of connecting and logging in.
type mode struct {
	name string
	set  func(s *pop3.Source, server *mailtest.MailServer)
}

// TestModes: mails come byte for byte in every way of connecting and logging
// in, stay without Delete, and are gone with it.
func TestModes(t *testing.T) {
	plain := func(s *pop3.Source, server *mailtest.MailServer) { s.Addr, s.Security = server.POP3, dial.Plaintext }
	modes := []mode{
		{"implicit TLS", func(*pop3.Source, *mailtest.MailServer) {}},
		{"STLS", func(s *pop3.Source, server *mailtest.MailServer) { s.Addr, s.Security = server.POP3, dial.StartTLS }},
		{"plaintext", plain},
		{"through a tunnel", func(s *pop3.Source, server *mailtest.MailServer) {
			s.Addr, s.Security, s.TLSConfig = tunnel(t, server), dial.Plaintext, nil
		}},
	}
	t.Run("dovecot", func(t *testing.T) {
		server := mailtest.Dovecot(t)
		server.Drop(t, "alice", messages(70)...)
		testModes(t, server, append(modes, mode{"XOAUTH2", func(s *pop3.Source, server *mailtest.MailServer) {
			s.Password, s.Token = nil, launcher.SecretText(server.Token(t, "alice", time.Hour))
		}}))
	})
	t.Run("cyrus", func(t *testing.T) {
		server := mailtest.Cyrus(t)
		put(t, server, messages(70))
		testModes(t, server, append(modes, mode{"APOP", func(s *pop3.Source, server *mailtest.MailServer) {
			plain(s, server)
			s.APOP = true
		}}))
	})
}

func testModes(t *testing.T, server *mailtest.MailServer, modes []mode) {
	var ids []string
	for _, m := range append(modes, mode{"deleting", func(s *pop3.Source, _ *mailtest.MailServer) { s.Delete = true }}) {
		t.Run(m.name, func(t *testing.T) {
			source := sourceOf(server, "alice")
			m.set(source, server)
			var got shelf
			poll(t, source, &got)
			if missing := got.lacks(messages(70)); len(missing) > 0 || len(got.bodies) != 70 {
				t.Errorf("%d mails, without %v; want all 70 byte for byte", len(got.bodies), missing)
			}
			slices.Sort(got.ids)
			if ids == nil {
				ids = got.ids
			}
			if !slices.Equal(got.ids, ids) {
				t.Error("the mails have other IDs than before")
			}
		})
	}
	var got shelf
	poll(t, sourceOf(server, "alice"), &got)
	if len(got.ids) != 0 {
		t.Errorf("%d mails are left after they were deleted", len(got.ids))
	}
}

// put appends mails over IMAP.
func put(t *testing.T, server *mailtest.MailServer, mails [][]byte) {
	t.Helper()
	c, err := imapclient.DialInsecure(server.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("alice", mailtest.Password("alice")).Wait(); err != nil {
		t.Fatal(err)
	}
	for i, m := range mails {
		cmd := c.Append("INBOX", int64(len(m)), &goimap.AppendOptions{Time: time.Unix(int64(1e9+i), 0)})
		_, err := cmd.Write(m)
		if err = errors.Join(err, cmd.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// tunnel starts stunnel before a server, as users have it where their program
// knows no TLS, or does what it does where it is not installed.
func tunnel(t *testing.T, server *mailtest.MailServer) (addr string) {
	t.Helper()
	bin, err := exec.LookPath("stunnel4")
	if err != nil {
		t.Log("stunnel4 is not installed: a relay stands in for it")
		config := server.TLS.Clone()
		config.ServerName = "localhost"
		return mailtest.Script(t, func(c *mailtest.Talk) {
			far, err := tls.Dial("tcp", server.POP3S, config)
			if err != nil {
				t.Error(err)
				return
			}
			go func() {
				io.Copy(far, c)
				far.CloseWrite()
			}()
			io.Copy(c.Conn, far)
		})
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	l.Close()
	conf := filepath.Join(t.TempDir(), "stunnel.conf")
	text := fmt.Sprintf("foreground = yes\npid =\nsyslog = no\n[pop3]\nclient = yes\naccept = %s\nconnect = %s\nCAfile = %s\nverifyChain = yes\n",
		addr, server.POP3S, server.CA())
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, conf)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for deadline := time.Now().Add(time.Minute); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			return addr
		}
		if time.Now().After(deadline) {
			t.Fatalf("stunnel does not listen: %s", out.Bytes())
		}
		time.Sleep(10 * time.Millisecond) // the process tells no other way
	}
}

// TestInUse: a mailbox that somebody else has open ends the pass without an
// attempt counted against any mail, nor against the password.
func TestInUse(t *testing.T) {
	server := mailtest.Dovecot(t)
	server.Drop(t, "alice", messages(2)...)
	held, err := (&dial.Server{
		Addr: server.POP3, Security: dial.Plaintext, User: "alice", Password: launcher.SecretText(mailtest.Password("alice")),
	}).POP3(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	source := sourceOf(server, "alice")
	var ledger launcher.MemoryLedger
	l := &launcher.Launcher{Name: "pop", Source: source, Sink: &shelf{}, Ledger: &ledger, Observe: func(context.Context, launcher.Event) {}}
	stats, err := l.Poll(t.Context())
	if launcher.OutcomeOf(err) != launcher.Stop || !strings.Contains(err.Error(), "IN-USE") || errors.Is(err, dial.ErrRefused) || stats.Offered != 0 {
		t.Errorf("Poll: %+v, %v, want Halt because of [IN-USE]", stats, err)
	}
	held.Close()
	for stats, err = l.Poll(t.Context()); err != nil && strings.Contains(err.Error(), "IN-USE"); stats, err = l.Poll(t.Context()) {
	}
	if err != nil || stats.Stored != 2 {
		t.Errorf("Poll once it is free: %+v, %v, want both mails", stats, err)
	}
}
