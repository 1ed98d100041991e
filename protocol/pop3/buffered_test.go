package pop3_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// A fragile connection breaks when something is asked for although everything
// asked for before has arrived.
type fragile struct {
	net.Conn
	mu    sync.Mutex
	asked int // mails, since the first was
	came  int
	sum   []byte // what has come since then
	held  []byte // by Read, which one goroutine calls
}

func (c *fragile) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := bytes.Count(p, []byte("RETR "))
	if n > 0 && c.asked > 0 && c.asked == c.came {
		c.Conn.Close()
		return 0, errors.New("reset by peer")
	}
	c.asked += n
	return c.Conn.Write(p)
}

// Read waits until everything has arrived that was asked for.
func (c *fragile) Read(p []byte) (int, error) {
	for len(c.held) == 0 || c.wants() {
		n, err := c.Conn.Read(p)
		c.held = append(c.held, p[:n]...)
		c.arrived(p[:n])
		if err != nil {
			return 0, err
		}
	}
	n := copy(p, c.held)
	c.held = c.held[n:]
	return n, nil
}

func (c *fragile) wants() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.came < c.asked
}

func (c *fragile) arrived(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked > 0 {
		c.sum = append(c.sum, p...)
		c.came = bytes.Count(c.sum, []byte("\r\n.\r\n"))
	}
}

// TestBreakBehindMails: what had arrived when the connection broke counts, and is
// not asked for again.
func TestBreakBehindMails(t *testing.T) {
	mails := messages(25)
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	s.OnCommand = func(c *mailtest.Talk, name, args string) bool {
		if name != "LIST" {
			return false
		}
		c.Say("+OK")
		for i := range mails {
			c.Say("%d %d", i+1, 2<<20) // so that several are asked for at a time, but not all
		}
		c.Say(".")
		return true
	}
	s.Fill(mails...)
	s.Start(t)
	source := on(s)
	source.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &fragile{Conn: c}, err
	}
	var got shelf
	poll(t, source, &got)
	if missing := got.lacks(mails); len(missing) > 0 || len(got.failed) > 0 {
		t.Errorf("mails %v are missing: %v", missing, got.failed)
	}
	if conns, _ := s.Conns(); conns < 2 {
		t.Error("the connection did not break")
	}
	if n := s.Count("RETR"); n != len(mails) {
		t.Errorf("%d mails were asked for, want each once: all that were had arrived", n)
	}
}
