package dial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A Conn is a connection that is logged in, for a library that knows neither
// contexts nor deadlines that progress renews. It begins with a greeting made
// up here. It ignores the deadlines that the library sets and keeps its own:
// see Begin.
//
// A Conn is closed when the context is done with which it was opened, when the
// server stalls or exceeds its budget, and when a write fails. Err tells why.
// Writes never fail: where one does, Read says so, so that the library learns
// of it in one place.
type Conn struct {
	raw      net.Conn
	r        io.Reader
	w        io.Writer
	idle     time.Duration
	progress func(n int64)
	release  func() // gives the place at the host back
	stop     func() // ends the watch over the context
	tls      bool
	caps     []string

	greeting []byte // still to be read; touched by Read only

	wmu sync.Mutex // one write at a time, each whole: deflate keeps state

	mu      sync.Mutex
	pending int           // commands that wait for the server
	granted int64         // bytes that these may cost
	budget  int64         // bytes that the server may still send
	blocked time.Time     // since when Read waits; zero: it does not
	waited  time.Duration // by Read for the bytes counted in since
	since   int64         // bytes since waited was last zero
	meter   meter         // of what came while commands were under way
	tail    []byte        // what came last
	err     error         // why the connection is closed
	closed  bool
}

var _ net.Conn = (*Conn)(nil)

const (
	slowBytes  = 4 << 10 // must arrive in slowFactor times idle, or the server stalls
	slowFactor = 5
	unasked    = 64 << 10 // bytes that a server may send although nothing was asked
	maxTail    = 512
)

// errBudget is why a connection was closed whose server sent too much.
var errBudget = errors.New("server sent more than was asked for")

func newConn(ctx context.Context, s *Server, w *wire, greeting string) *Conn {
	c := &Conn{
		raw: w.raw, r: w.r, w: w.w, tls: w.tls, caps: w.caps,
		idle: s.Limits.idle(),
		progress: func(n int64) {
			s.Quota.received(n)
			launcher.Progress(ctx, n)
		},
		release:  func() {},
		greeting: []byte(greeting),
		budget:   unasked,
	}
	done := make(chan struct{})
	end := context.AfterFunc(ctx, func() {
		defer close(done)
		c.fail(context.Cause(ctx))
	})
	c.stop = func() {
		if !end() {
			<-done
		}
	}
	return c
}

// Begin says that a command is sent whose answer takes at most budget bytes.
// Until the function that it returns is called, once, the server has to keep
// answering. Commands may overlap. Outside of commands a server may stay
// silent for ever, and may send 64 KiB unasked.
func (c *Conn) Begin(budget int64) (end func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending == 0 {
		c.budget = unasked
	}
	c.pending++
	c.granted += budget
	c.budget += budget
	c.restart()
	return sync.OnceFunc(func() { c.end(budget) })
}

func (c *Conn) end(budget int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending--
	c.granted -= budget
	c.budget = min(c.budget, c.granted+unasked)
	c.restart()
}

// restart measures the server's silence from now on.
func (c *Conn) restart() {
	c.waited, c.since = 0, 0
	if !c.blocked.IsZero() {
		c.blocked = time.Now()
	}
	c.setDeadline()
}

// setDeadline gives a Read that waits, or is about to, its deadline.
func (c *Conn) setDeadline() {
	var t time.Time
	if c.pending > 0 {
		t = time.Now().Add(min(c.idle, slowFactor*c.idle-c.waited))
	}
	c.raw.SetReadDeadline(t)
}

// Read implements net.Conn. An error is never io.EOF, so that a message cut
// short cannot pass for a whole one.
func (c *Conn) Read(p []byte) (int, error) {
	if len(c.greeting) > 0 {
		n := copy(p, c.greeting)
		c.greeting = c.greeting[n:]
		return n, nil
	}
	c.mu.Lock()
	c.blocked = time.Now()
	c.setDeadline()
	c.mu.Unlock()
	n, err := c.r.Read(p)
	if n > 0 {
		c.progress(int64(n))
	}
	if over := c.received(p[:n]); over != nil && err == nil {
		err = over
	}
	if err != nil {
		return n, c.fail(err)
	}
	return n, nil
}

// received takes down what Read got.
func (c *Conn) received(p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait := time.Since(c.blocked)
	c.waited += wait
	if c.pending > 0 {
		c.meter.add(len(p), wait)
	}
	c.blocked = time.Time{}
	c.since += int64(len(p))
	if c.since >= slowBytes {
		c.waited, c.since = 0, 0
	}
	c.budget -= int64(len(p))
	c.keepTail(p)
	if c.budget < 0 {
		return errBudget
	}
	return nil
}

// keepTail keeps the last bytes of all that was received.
func (c *Conn) keepTail(p []byte) {
	p = p[max(0, len(p)-maxTail):]
	keep := min(len(c.tail), maxTail-len(p))
	copy(c.tail, c.tail[len(c.tail)-keep:])
	c.tail = append(c.tail[:keep], p...)
}

// Write implements net.Conn. It never fails; see Conn.
func (c *Conn) Write(p []byte) (int, error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.raw.SetWriteDeadline(time.Now().Add(c.idle))
	if _, err := c.w.Write(p); err != nil {
		c.fail(fmt.Errorf("write: %w", err))
	}
	return len(p), nil
}

// fail closes the connection because of err, unless it is closed already, and
// returns why it was closed.
func (c *Conn) fail(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = c.explain(err)
		c.raw.Close()
	}
	return c.err
}

// explain says what an error of the connection means.
func (c *Conn) explain(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("server stalled for %v: %w", c.idle, err)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if said := farewell(c.tail); said != "" {
		return fmt.Errorf("server closed the connection, saying %q: %w", said, err)
	}
	return err
}

// farewell returns the last line of tail if it is a server's good-bye.
func farewell(tail []byte) string {
	tail = bytes.TrimRight(tail, "\r\n")
	last := tail[bytes.LastIndexByte(tail, '\n')+1:]
	if bytes.HasPrefix(last, []byte("* BYE")) || bytes.HasPrefix(last, []byte("-ERR")) {
		return saying(string(last))
	}
	return ""
}

// Err returns why the connection is closed; nil if it is open, net.ErrClosed
// after Close.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// TLS reports whether the connection is encrypted.
func (c *Conn) TLS() bool { return c.tls }

// Caps returns what the server said it is capable of once the account was
// logged in, in upper case; nil if it did not say.
func (c *Conn) Caps() []string { return slices.Clone(c.caps) }

// Close closes the connection without a word to the server. It is safe to
// call more than once and returns nil.
func (c *Conn) Close() error {
	c.fail(net.ErrClosed)
	c.mu.Lock()
	closed := c.closed
	c.closed = true
	c.mu.Unlock()
	if !closed {
		c.stop()
		c.release()
	}
	return nil
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// SetDeadline implements net.Conn. It does nothing; see Begin.
func (c *Conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn. It does nothing; see Begin.
func (c *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn. It does nothing; see Begin.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }
