package dial

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestGatherTCP: the system has a Read wait for much, which ends nevertheless
// for a single byte, at the owner's deadline, and when either end closes the
// connection.
func TestGatherTCP(t *testing.T) {
	tests := map[string]struct {
		end  func(g *gatherer, server net.Conn)
		want error
	}{
		"a byte": {func(_ *gatherer, server net.Conn) { server.Write([]byte(".")) }, nil},
		"put off": {func(g *gatherer, server net.Conn) {
			g.SetDeadline(time.Now().Add(time.Hour))
			server.Write([]byte("."))
		}, nil},
		"deadline": {func(g *gatherer, _ net.Conn) { g.SetDeadline(time.Now().Add(time.Millisecond)) }, os.ErrDeadlineExceeded},
		"server":   {func(_ *gatherer, server net.Conn) { server.Close() }, io.EOF},
		"client":   {func(g *gatherer, _ net.Conn) { g.Close() }, net.ErrClosed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			client, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			server, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			g := gather(client).(*gatherer)
			g.need = 1
			server.Write([]byte("."))
			if _, err := g.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if n := lowWaterOf(t, client.(*net.TCPConn)); n != muchBytes {
				t.Fatalf("Read waits for %d bytes, want %d", n, muchBytes)
			}
			go test.end(g, server)
			if _, err := g.Read(make([]byte, 1)); !errors.Is(err, test.want) {
				t.Errorf("Read: %v, want %v", err, test.want)
			}
		})
	}
}

// lowWaterOf returns for how many bytes the system has a Read wait.
func lowWaterOf(t *testing.T, c *net.TCPConn) (bytes int) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		bytes, failed = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT)
	})
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	return bytes
}
