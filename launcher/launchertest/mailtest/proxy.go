package mailtest

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A Fault is what happens to one connection, after so many bytes of one of its
// directions.
type Fault struct {
	Kind  FaultKind
	Up    bool  // in what the client sends; otherwise in what the server does
	After int64 // bytes
}

// A FaultKind says what happens.
type FaultKind string

const (
	Cut       FaultKind = "cut"        // both directions end
	HalfClose FaultKind = "half-close" // this direction ends, the other goes on
	Garbage   FaultKind = "garbage"    // 16 bytes that nobody sent come in between
	Delay     FaultKind = "delay"      // 20 ms pass
)

// A Proxy relays connections on loopback to a server, of any protocol, and
// does to one of them what it was armed with.
type Proxy struct {
	Addr string

	to       string
	listener net.Listener
	wg       sync.WaitGroup

	mu     sync.Mutex
	fault  *Fault
	struck bool
	conns  map[net.Conn]bool
}

// StartProxy listens for clients of the server at the address to, until Close.
func StartProxy(to string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Addr: l.Addr().String(), to: to, listener: l, conns: make(map[net.Conn]bool)}
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.relay(c) })
		}
	})
	return p, nil
}

// NewProxy is StartProxy until the test ends.
func NewProxy(t testing.TB, to string) *Proxy {
	t.Helper()
	p, err := StartProxy(to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// Close ends all connections and waits for that.
func (p *Proxy) Close() {
	p.listener.Close()
	p.mu.Lock()
	for c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// Arm has f happen to the next connection, and only to that.
func (p *Proxy) Arm(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.struck = &f, false
}

// Struck reports whether the fault that was armed last has happened: whether
// the connection had that many bytes.
func (p *Proxy) Struck() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.struck
}

// take returns the fault for a new connection.
func (p *Proxy) take(conns ...net.Conn) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = true
	}
	f := Fault{After: -1}
	if p.fault != nil {
		f, p.fault = *p.fault, nil
	}
	return f
}

func (p *Proxy) relay(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer server.Close()
	f := p.take(client, server)
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, client)
		delete(p.conns, server)
	}()
	up, down := Fault{After: -1}, Fault{After: -1}
	if f.Up {
		up = f
	} else {
		down = f
	}
	var wg sync.WaitGroup
	wg.Go(func() { p.pass(server, client, up) })
	wg.Go(func() { p.pass(client, server, down) })
	wg.Wait()
}

// pass relays one direction.
func (p *Proxy) pass(to, from net.Conn, f Fault) {
	defer closeWrite(to)
	if f.After < 0 {
		io.Copy(to, from)
		return
	}
	if _, err := io.CopyN(to, from, f.After); err != nil {
		return
	}
	// The fault happens when there is more to come.
	next := make([]byte, 1)
	if _, err := io.ReadFull(from, next); err != nil {
		return
	}
	p.mu.Lock()
	p.struck = true
	p.mu.Unlock()
	switch f.Kind {
	case Cut:
		to.Close()
		from.Close()
		return
	case HalfClose:
		closeWrite(to)
		io.Copy(io.Discard, from)
		return
	case Garbage:
		io.WriteString(to, "\x00)\"\r\n}* \xff(\\{9\r\n.")
	case Delay:
		time.Sleep(20 * time.Millisecond) // what is tested, not a condition
	}
	if _, err := to.Write(next); err != nil {
		return
	}
	io.Copy(to, from)
}

func closeWrite(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		t.CloseWrite()
	}
}

// WithTLS puts TLS before a server in clear at the address to, until the test
// ends, and returns where to find it. server is from Certificate.
func WithTLS(t testing.TB, to string, server *tls.Config) (addr string) {
	t.Helper()
	return Script(t, func(c *Talk) {
		secure := tls.Server(c.Conn, server)
		plain, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		defer plain.Close()
		var wg sync.WaitGroup
		wg.Go(func() {
			io.Copy(plain, secure)
			closeWrite(plain)
		})
		io.Copy(secure, plain)
		secure.Close()
		wg.Wait()
	})
}
