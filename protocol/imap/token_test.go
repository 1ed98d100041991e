package imap_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// An issuer hands out tokens that the server refuses after a while, and a new
// one each time it is asked, as a refreshing source of tokens does.
type issuer struct {
	mu    sync.Mutex
	asked int
	issue func(n int) string
}

func (i *issuer) token(context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	return i.issue(i.asked), nil
}

// An expiring connection breaks once so many bytes have come.
type expiring struct {
	net.Conn
	left int
}

func (c *expiring) Read(p []byte) (int, error) {
	if c.left <= 0 {
		c.Close()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// A session that ends because its token has expired is followed by one that
// logs in with the token of that time: no mail fails, and none is taken twice.
func TestTokenExpiresMidSession(t *testing.T) {
	server := mailtest.Dovecot(t, "alice")
	for i := range 20 {
		server.Drop(t, "alice", append(mailtest.Message(i), strings.Repeat("more of it\r\n", 300)...))
	}
	tokens := &issuer{issue: func(int) string { return server.Token(t, "alice", time.Hour) }}
	// Dovecot does not end sessions whose token expires, so the link does, in
	// the middle of what the server sends.
	var conns int
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if conns++; err == nil && conns == 1 {
			c = &expiring{Conn: c, left: 30_000}
		}
		return c, err
	}
	sink := new(launchertest.Recorder)
	l := &launcher.Launcher{
		Name: "token", Sink: sink, Observe: func(_ context.Context, e launcher.Event) {
			if e.Kind == launcher.EventFailed {
				t.Errorf("an attempt failed: %v", e.Err)
			}
		},
		Source: &imap.Source{Addr: server.IMAPS, TLSConfig: server.TLS, User: "alice", Token: tokens.token, Done: "Done", Dial: dial},
	}
	stats, err := l.Poll(t.Context())
	if err != nil || stats.Stored != 20 || stats.Left != 0 {
		t.Fatalf("%+v, %v; want all 20 mails stored", stats, err)
	}
	if conns != 2 {
		t.Fatalf("%d connections, want one that breaks and another", conns)
	}
	if tokens.asked != 2 {
		t.Errorf("a token was asked for %d times, want 2: once for each session", tokens.asked)
	}
}
