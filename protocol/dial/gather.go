package dial

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// A gatherer is a TCP connection on which a Read that has to wait waits for
// much, once it is clear that much is coming. Otherwise each TLS record of some
// 8 KB wakes the process, which costs both sides more than to decrypt it: with a
// server on the same two cores a fifth of the CPU time of a pass.
//
// It waits for more than one byte as long as lull, and never twice as long: not
// every Read has to set a timer. Where that was in vain it waits for the first
// byte, as usual, until firstNeed has come again; twice as much each time, up to
// maxNeed, if little came in between: a client that asks for one thing after the
// other loses next to nothing.
type gatherer struct {
	net.Conn
	mark func(bytes int) // has Read wait for so many
	buf  []byte
	rest []byte // of buf, to be read
	run  int    // bytes that came since Read last waited for much in vain
	need int    // so many of them, and it waits for much again

	until time.Time // Read waits for much; zero: no deadline was set for that

	mu       sync.Mutex
	much     bool      // Read waits for muchBytes
	deadline time.Time // for reading, as the owner set it
}

const (
	lull      = 2 * time.Millisecond
	muchBytes = 64 << 10
	firstNeed = 4 * muchBytes
	maxNeed   = 64 * muchBytes
)

// gather returns c as a gatherer, where the system has that and c is a TCP
// connection; otherwise as it is.
func gather(c net.Conn) net.Conn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	mark := lowWater(tcp)
	if mark == nil {
		return c
	}
	return &gatherer{Conn: c, mark: mark, buf: make([]byte, 2*muchBytes), need: firstNeed}
}

// Read implements net.Conn.
func (g *gatherer) Read(p []byte) (int, error) {
	if len(g.rest) == 0 && len(p) >= muchBytes/2 {
		return g.fill(p)
	}
	if len(g.rest) == 0 {
		n, err := g.fill(g.buf)
		if err != nil {
			return 0, err
		}
		g.rest = g.buf[:n]
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

func (g *gatherer) fill(p []byte) (int, error) {
	n, err := g.wait(p)
	g.run += n
	if !g.much && g.run >= g.need {
		g.want(true)
	}
	return n, err
}

func (g *gatherer) wait(p []byte) (int, error) {
	if g.much {
		if now := time.Now(); g.until.Sub(now) < lull {
			g.until = now.Add(2 * lull)
			g.Conn.SetReadDeadline(g.until)
		}
		n, err := g.Conn.Read(p)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if g.run >= 2*g.need {
			g.need = firstNeed // a server that is busy now and then
		} else {
			g.need = min(2*g.need, maxNeed)
		}
		g.run = 0
		g.want(false)
	}
	return g.Conn.Read(p)
}

// want sets for how much Read waits, and the deadline of the owner if that is
// not much.
func (g *gatherer) want(much bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.much = much
	if much {
		g.mark(muchBytes)
		return
	}
	g.mark(1)
	g.until = time.Time{}
	g.Conn.SetReadDeadline(g.deadline)
}

// SetReadDeadline implements net.Conn. It may be exceeded by twice lull.
func (g *gatherer) SetReadDeadline(t time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.deadline = t
	if g.much {
		return nil
	}
	return g.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn.
func (g *gatherer) SetDeadline(t time.Time) error {
	return errors.Join(g.SetReadDeadline(t), g.SetWriteDeadline(t))
}
