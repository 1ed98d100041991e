package mailtest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Link is a way to a server that is long, narrow or both: a proxy on
// loopback, for clients in this process and in others.
//
//	link := &mailtest.Link{RoundTrip: 30 * time.Millisecond, Rate: 100e6 / 8}
//	addr := link.Start(t, server.IMAPS)
type Link struct {
	RoundTrip time.Duration // added to every round trip, half each way
	Rate      float64       // bytes per second, of all connections together in each direction; 0: no limit

	to          string
	listener    net.Listener
	conns       sync.Map
	wg          sync.WaitGroup
	up, down    lane
	sent, heard atomic.Int64
}

// Start is Listen until the test ends.
func (l *Link) Start(t testing.TB, to string) (addr string) {
	t.Helper()
	addr, err := l.Listen(to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return addr
}

// Listen passes connections on to the address to, until Close. It is called
// once.
func (l *Link) Listen(to string) (addr string, err error) {
	if l.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return "", err
	}
	l.to = to
	l.wg.Go(func() {
		for {
			c, err := l.listener.Accept()
			if err != nil {
				return
			}
			l.wg.Go(func() { l.join(c) })
		}
	})
	return l.listener.Addr().String(), nil
}

// Close ends all connections and waits for that.
func (l *Link) Close() {
	l.listener.Close()
	l.conns.Range(func(c, _ any) bool {
		c.(net.Conn).Close()
		return true
	})
	l.wg.Wait()
}

// Bytes returns how many bytes have come from clients and from the server.
func (l *Link) Bytes() (sent, heard int64) { return l.sent.Load(), l.heard.Load() }

// join joins a client with the server until both directions have ended.
func (l *Link) join(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", l.to)
	if err != nil {
		return
	}
	defer server.Close()
	for _, c := range []net.Conn{client, server} {
		l.conns.Store(c, nil)
		defer l.conns.Delete(c)
	}
	var both sync.WaitGroup
	both.Go(func() { l.carry(server, client, &l.up, &l.sent) })
	both.Go(func() { l.carry(client, server, &l.down, &l.heard) })
	both.Wait()
}

// A packet is on its way.
type packet struct {
	data []byte
	due  time.Time // when it arrives
}

const (
	packetSize = 32 << 10
	inFlight   = 1 << 10 // packets; what a Link without Rate may hold
)

// carry passes on what comes from src, each piece when it is due. A connection
// that fails on one side is closed on the other.
func (l *Link) carry(dst, src net.Conn, way *lane, count *atomic.Int64) {
	packets := make(chan packet, inFlight)
	free := make(chan []byte, inFlight)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		defer dst.(*net.TCPConn).CloseWrite()
		for p := range packets {
			time.Sleep(time.Until(p.due))
			if _, err := dst.Write(p.data); err != nil {
				src.Close()
			}
			select {
			case free <- p.data[:packetSize]:
			default:
			}
		}
	})
	defer close(packets)
	for {
		var buf []byte
		select {
		case buf = <-free:
		default:
			buf = make([]byte, packetSize)
		}
		n, err := src.Read(buf)
		if n > 0 {
			count.Add(int64(n))
			gone := way.pass(n, l.Rate)
			time.Sleep(time.Until(gone))
			packets <- packet{buf[:n], gone.Add(l.RoundTrip / 2)}
		}
		if err != nil {
			if err != io.EOF {
				dst.Close()
			}
			return
		}
	}
}

// A lane is one direction of a Link.
type lane struct {
	mu   sync.Mutex
	free time.Time // when it has sent all that it was given
}

// pass returns when n bytes more will have been sent.
func (w *lane) pass(n int, rate float64) time.Time {
	now := time.Now()
	if rate <= 0 {
		return now
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.After(w.free) {
		w.free = now
	}
	w.free = w.free.Add(time.Duration(float64(n) / rate * float64(time.Second)))
	return w.free
}
