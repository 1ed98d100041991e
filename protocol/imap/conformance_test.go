package imap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync/atomic"
	"testing"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// memory starts go-imap's server in memory with one user.
func memory(t *testing.T, user, password string) (addr string) {
	t.Helper()
	mem := imapmemserver.New()
	u := imapmemserver.NewUser(user, password)
	if err := u.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem.AddUser(u)
	caps := goimap.CapSet{goimap.CapIMAP4rev1: {}}
	for _, c := range []goimap.Cap{goimap.CapNamespace, goimap.CapUIDPlus, goimap.CapMove, goimap.CapIMAP4rev2} {
		caps[c] = struct{}{}
	}
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps: caps, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return l.Addr().String()
}

// A hand puts mails into an account and looks at them, as another client.
type hand struct {
	addr, user, password string
}

func (h *hand) client(t *testing.T) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(h.addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login(h.user, h.password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// add appends a mail to INBOX that carries a body under a name.
func (h *hand) add(t *testing.T, name string, body []byte) {
	t.Helper()
	c := h.client(t)
	defer c.Close()
	m := mailtest.Wrap(name, body)
	cmd := c.Append("INBOX", int64(len(m)), nil)
	_, err := cmd.Write(m)
	if err = errors.Join(err, cmd.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// names returns the names of the mails in a folder.
func (h *hand) names(t *testing.T, folder string) (names []string) {
	t.Helper()
	c := h.client(t)
	defer c.Close()
	if _, err := c.Select(folder, &goimap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return nil // not created yet
	}
	set := goimap.UIDSet{}
	set.AddRange(1, 0)
	section := &goimap.FetchItemBodySection{Specifier: goimap.PartSpecifierHeader, Peek: true}
	mails, err := c.Fetch(set, &goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mails {
		names = append(names, mailtest.WrappedName(m.FindBodySection(section)))
	}
	return names
}

// A seam is between a Source and the network: it can be shut, and make moves
// fail.
type seam struct{ down, noMoves atomic.Bool }

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
	if g.s.noMoves.Load() {
		p = bytes.ReplaceAll(p, []byte("UID MOVE"), []byte("UID XXXX"))
		p = bytes.ReplaceAll(p, []byte("UID COPY"), []byte("UID XXXX"))
	}
	return g.Conn.Write(p)
}

// origin returns what the conformance kit needs of an account.
func origin(h *hand, prefix string, keeps bool) *launchertest.Origin {
	s := &seam{}
	open := func(*testing.T) launcher.Source {
		src := &imap.Source{Addr: h.addr, Security: dial.Plaintext, User: h.user, Password: launcher.SecretText(h.password), Dial: s.dial}
		if !keeps {
			src.Done, src.Rejected = "EZGED_OK", "EZGED_KO"
		}
		return src
	}
	o := &launchertest.Origin{
		Source: open(nil), Reopen: open, Keeps: keeps,
		Add:     h.add,
		Waiting: func(t *testing.T) []string { return h.names(t, "INBOX") },
		Name:    mailtest.NameOf, Body: mailtest.Wrapped,
		Break: func(*testing.T) { s.down.Store(true) }, Repair: func(*testing.T) { s.down.Store(false) },
		BreakSettling:  func(*testing.T) { s.noMoves.Store(true) },
		RepairSettling: func(*testing.T) { s.noMoves.Store(false) },
		Faulty: func(*testing.T) (launcher.Source, []string) {
			return &imap.Source{Addr: h.addr, User: "", Password: launcher.SecretText("x"), ReadOnly: true, Done: "x", Flag: "("},
				[]string{"user", "moved", "flag"}
		},
	}
	if !keeps {
		o.Rejected = func(t *testing.T) []string { return h.names(t, prefix+"EZGED_KO") }
	}
	return o
}

// accounts returns accounts of which each is used once.
func accounts(n int) (users []string) {
	for i := range n {
		users = append(users, fmt.Sprintf("user%d", i))
	}
	return users
}

func TestSource(t *testing.T) {
	for _, keeps := range []bool{false, true} {
		name := map[bool]string{false: "moves", true: "keeps"}[keeps]
		t.Run("memory/"+name, func(t *testing.T) {
			launchertest.TestSource(t, func(t *testing.T) *launchertest.Origin {
				o := origin(&hand{memory(t, "alice", "secret"), "alice", "secret"}, "", keeps)
				o.Big = -1
				return o
			})
		})
		real := func(server *mailtest.MailServer, prefix string) func(t *testing.T) *launchertest.Origin {
			next := 0
			return func(t *testing.T) *launchertest.Origin {
				user := server.Users[next]
				next++
				o := origin(&hand{server.IMAP, user, mailtest.Password(user)}, prefix, keeps)
				o.Big = bigBody
				if keeps {
					o.Big = -1 // the body comes as it does with moves
				}
				return o
			}
		}
		t.Run("dovecot/"+name, func(t *testing.T) {
			launchertest.TestSource(t, real(mailtest.Dovecot(t, accounts(40)...), ""))
		})
		t.Run("cyrus/"+name, func(t *testing.T) {
			launchertest.TestSource(t, real(mailtest.Cyrus(t, accounts(40)...), "INBOX."))
		})
	}
}
