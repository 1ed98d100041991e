package mailtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// Script listens on loopback until the test ends, and runs talk for every
// connection, in a goroutine of its own. The connection is closed when talk
// returns. It returns the address.
func Script(t testing.TB, talk func(c *Talk)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.Map
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(conn, nil)
			wg.Go(func() {
				defer open.Delete(conn)
				defer conn.Close()
				talk(NewTalk(conn))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(c, _ any) bool {
			c.(net.Conn).Close()
			return true
		})
		wg.Wait()
	})
	return l.Addr().String()
}

// A Talk is the server's side of one connection of a Script.
type Talk struct {
	net.Conn
	r *bufio.Reader
	w *bufio.Writer
}

// NewTalk returns a Talk over a connection.
func NewTalk(c net.Conn) *Talk {
	return &Talk{Conn: c, r: bufio.NewReader(c), w: bufio.NewWriterSize(c, 64<<10)}
}

// Line reads what the client says, without the line end; "" at the end of the
// connection.
func (c *Talk) Line() string {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return ""
	}
	return strings.TrimRight(line, "\r\n")
}

// Waiting returns how many bytes the client has sent that are not read yet, as
// far as they have arrived with others.
func (c *Talk) Waiting() int { return c.r.Buffered() }

// Read reads what Line has not.
func (c *Talk) Read(p []byte) (int, error) { return c.r.Read(p) }

// Say sends a line.
func (c *Talk) Say(format string, args ...any) {
	fmt.Fprintf(c.w, format+"\r\n", args...)
	c.w.Flush()
}

// Raw sends text as it is.
func (c *Talk) Raw(text string) {
	io.WriteString(c.w, text)
	c.w.Flush()
}

// Drop sends what was said and closes the connection.
func (c *Talk) Drop() {
	c.w.Flush()
	c.Close()
}
