package imap_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// A hasty connection has the answer to the first command that asks for mails when
// that command fails to be sent.
type hasty struct {
	net.Conn
	mu    sync.Mutex
	asked bool
	came  chan struct{} // closed when the answer begins to come
}

func (c *hasty) Write(p []byte) (int, error) {
	if !bytes.Contains(p, []byte("BODY.PEEK[]")) {
		return c.Conn.Write(p)
	}
	c.mu.Lock()
	c.asked = true
	c.mu.Unlock()
	if n, err := c.Conn.Write(p); err != nil {
		return n, err
	}
	<-c.came
	return 0, errors.New("reset by peer")
}

func (c *hasty) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked && (err != nil || bytes.Contains(p[:n], []byte("BODY[]"))) {
		select {
		case <-c.came:
		default:
			close(c.came)
		}
	}
	return n, err
}

// TestBreakBehindCommand: a connection that breaks when the answer to a command
// has begun to come, but the command is still being sent, does not hold up the pass.
func TestBreakBehindCommand(t *testing.T) {
	mails := messages(3)
	s := &mailtest.IMAPScript{Caps: modern}
	s.Fill("INBOX", mails...)
	s.Start(t)
	source := scripted(s)
	var dialled int
	source.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if dialled++; dialled > 1 || err != nil {
			return c, err
		}
		return &hasty{Conn: c, came: make(chan struct{})}, nil
	}
	var got shelf
	done := make(chan error, 1)
	go func() { done <- source.Poll(t.Context(), &got) }()
	select {
	case err := <-done:
		if err != nil || got.missing(mails) > 0 || dialled < 2 {
			t.Errorf("Poll: %v, failed: %v, %d connections; want all mails over another one", err, got.failed, dialled)
		}
	case <-time.After(time.Minute):
		t.Fatal("Poll does not return")
	}
}
