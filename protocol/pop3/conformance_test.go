package pop3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// A seam is between a Source and the network: it can be shut, and make
// deletions fail.
type seam struct{ down, noDeletes atomic.Bool }

func (s *seam) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if s.down.Load() {
		return nil, errors.New("network is down")
	}
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &garbled{c, s}, err
}

type garbled struct {
	net.Conn
	s *seam
}

func (g *garbled) Write(p []byte) (int, error) {
	if g.s.noDeletes.Load() {
		p = bytes.ReplaceAll(p, []byte("DELE "), []byte("XXXX "))
	}
	return g.Conn.Write(p)
}

// A maildrop is the far side of a Source, with hands.
type maildrop struct {
	addr, user, password string
	add                  func(t *testing.T, mail []byte)
	mails                func(t *testing.T) [][]byte
}

func origin(t *testing.T, d maildrop, keeps bool) *launchertest.Origin {
	s := &seam{}
	aside := filepath.Join(t.TempDir(), "aside")
	open := func(*testing.T) launcher.Source {
		src := &pop3.Source{
			Addr: d.addr, Security: dial.Plaintext, User: d.user, Password: launcher.SecretText(d.password),
			Dial: s.dial, Interval: -1,
		}
		if !keeps {
			src.Delete, src.Rejected = true, aside
		}
		return src
	}
	names := func(mails [][]byte) (names []string) {
		for _, m := range mails {
			names = append(names, mailtest.WrappedName(m))
		}
		return names
	}
	o := &launchertest.Origin{
		Source: open(nil), Reopen: open, Keeps: keeps,
		Add:     func(t *testing.T, name string, body []byte) { d.add(t, mailtest.Wrap(name, body)) },
		Waiting: func(t *testing.T) []string { return names(d.mails(t)) },
		Name:    mailtest.NameOf, Body: mailtest.Wrapped,
		Break: func(*testing.T) { s.down.Store(true) }, Repair: func(*testing.T) { s.down.Store(false) },
		BreakSettling:  func(*testing.T) { s.noDeletes.Store(true) },
		RepairSettling: func(*testing.T) { s.noDeletes.Store(false) },
		Faulty: func(t *testing.T) (launcher.Source, []string) {
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return &pop3.Source{Addr: d.addr, APOP: true, Token: launcher.SecretText("x"), DeleteAfter: -1, Rejected: file},
				[]string{"user", "APOP", "DeleteAfter", "no directory"}
		},
	}
	if !keeps {
		o.Rejected = func(t *testing.T) []string { return names(filesIn(t, aside)) }
	}
	return o
}

// filesIn returns what is in the files of a folder, which may be missing.
func filesIn(t *testing.T, folder string) (all [][]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// onScript is the maildrop of a scripted server.
func onScript(s *mailtest.POP3Script, uid func(n int) string) maildrop {
	n := 0
	return maildrop{
		addr: s.Addr, user: "alice", password: "x",
		add: func(_ *testing.T, mail []byte) {
			n++
			s.Add(&mailtest.Dropped{UID: uid(n), Body: bytes.NewReader(mail), Size: int64(len(mail))})
		},
		mails: func(t *testing.T) (all [][]byte) {
			for _, m := range s.Mails() {
				b := make([]byte, m.Size)
				if _, err := m.Body.ReadAt(b, 0); err != nil && err != io.EOF {
					t.Fatal(err)
				}
				all = append(all, b)
			}
			return all
		},
	}
}

func accounts(n int) (users []string) {
	for i := range n {
		users = append(users, fmt.Sprintf("user%d", i))
	}
	return users
}

func TestSource(t *testing.T) {
	scripts := map[string]struct {
		caps []string
		uid  func(n int) string
	}{
		"script":           {mailtest.ModernPOP3(), func(n int) string { return fmt.Sprintf("u%d", n) }},
		"nothing but mail": {nil, func(n int) string { return fmt.Sprintf("u%d", n) }},
		"no UIDL":          {mailtest.ModernPOP3(), func(int) string { return "" }},
		"all the same":     {nil, func(int) string { return "0" }},
	}
	for _, keeps := range []bool{false, true} {
		name := map[bool]string{false: "deletes", true: "keeps"}[keeps]
		for kind, script := range scripts {
			t.Run(kind+"/"+name, func(t *testing.T) {
				launchertest.TestSource(t, func(t *testing.T) *launchertest.Origin {
					s := &mailtest.POP3Script{Caps: script.caps}
					s.Start(t)
					o := origin(t, onScript(s, script.uid), keeps)
					o.Big = -1
					return o
				})
			})
		}
		t.Run("dovecot/"+name, func(t *testing.T) {
			server, next := mailtest.Dovecot(t, accounts(40)...), 0
			launchertest.TestSource(t, func(t *testing.T) *launchertest.Origin {
				user := server.Users[next]
				next++
				o := origin(t, maildrop{
					addr: server.POP3, user: user, password: mailtest.Password(user),
					add: func(t *testing.T, mail []byte) { server.Drop(t, user, mail) },
					mails: func(t *testing.T) [][]byte {
						mails, err := server.Mails(user, "")
						if err != nil {
							t.Fatal(err)
						}
						return mails
					},
				}, keeps)
				if keeps {
					o.Big = -1
				}
				return o
			})
		})
	}
}
