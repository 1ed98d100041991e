package pop3

import (
	"bytes"
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/dial"
)

// FuzzAnswers makes a pass over a server that says anything at all once the
// account is logged in: no panic, no hang, and nothing is deleted that was not
// taken whole.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		"+OK 1 5\r\n+OK\r\n1 5\r\n.\r\n+OK\r\n1 u\r\n.\r\n+OK\r\nbody\r\n.\r\n+OK\r\n+OK\r\n",
		"+OK 2 5\r\n-ERR\r\n-ERR\r\n+OK\r\ntop\r\n.\r\n-ERR\r\n+OK\r\nx\r\n.\r\n+OK\r\ny\r\n.\r\n",
		"+OK 1 5\r\n+OK\r\n1 5\r\n.\r\n+OK\r\n1 u\r\n.\r\n-ERR no\r\n-ERR no\r\n+OK\r\n+OK\r\n",
		"+OK\r\n", "+OK 1\r\n", "\r\n", "+OK 99999999 1\r\n+OK\r\n", "+OK 1 1\r\n+OK\r\n1\r\n.\r\n+OK\r\n.\r\n",
		"+OK 1 1\r\n+OK\r\n.\r\n+OK\r\n1 u\r\n.\r\n+OK\r\n.\r\r\n.\n..\r\n.\r\n-err\tno\r\n",
		"+OK 3 9\r\n-ERR [IN-USE] x\r\n", "-ERR [SYS/TEMP\r\n", "+OK -1 -1\r\n", "+OK 1 1\r\n+OK\r\n1 9999999999999999999\r\n.\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, says []byte) {
		dials := 0
		var heard [3]bytes.Buffer // by connection
		var taken atomic.Int64
		source := &Source{
			Addr: "fuzz:1", Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"),
			Delete: true, DeleteAfter: time.Nanosecond, Interval: -1,
			Dial: func(context.Context, string, string) (net.Conn, error) {
				if dials++; dials > 3 {
					return nil, io.ErrClosedPipe
				}
				client, server := net.Pipe()
				go func() {
					io.WriteString(server, "+OK\r\n-ERR\r\n+OK\r\n+OK\r\n+OK\r\nTOP\r\nPIPELINING\r\n.\r\n")
					server.Write(says)
					server.Close()
				}()
				return &deaf{client, &heard[dials-1]}, nil
			},
		}
		source.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			r, err := docs[0].Open(ctx)
			if err != nil {
				return err
			}
			defer r.Close()
			n, err := io.Copy(io.Discard, r)
			if err == nil && n > int64(len(says)) {
				t.Errorf("a body of %d bytes from %d", n, len(says))
			}
			if err == nil && n == docs[0].Size {
				taken.Add(1)
			}
			return err
		}))
		for i := range heard {
			commands := strings.Split(heard[i].String(), "\r\n")
			if deleted := deletions(commands); int64(len(deleted)) > taken.Load() {
				t.Errorf("connection %d: %q, though %d mails were taken whole", i+1, deleted, taken.Load())
			} else if i == 0 {
				for _, d := range deleted {
					if !slices.Contains(commands, strings.Replace(d, "DELE", "RETR", 1)) {
						t.Errorf("%s, which was never retrieved", d)
					}
				}
			}
		}
	})
}

// A deaf is a connection to a server that does not listen.
type deaf struct {
	net.Conn
	heard *bytes.Buffer
}

func (d *deaf) Write(p []byte) (int, error) { return d.heard.Write(p) }

func deletions(commands []string) []string {
	return slices.DeleteFunc(slices.Clone(commands), func(c string) bool { return !strings.HasPrefix(c, "DELE ") })
}

// FuzzBody: what was sent as RFC 1939 has it comes back as it was, however it
// is cut into pieces, and what follows is left alone.
func FuzzBody(f *testing.F) {
	for _, s := range []string{"", ".", "..\r\n.\r\n", "a\n.\nb", "\r", "\r\r\n.", "x\r\n.\r", strings.Repeat("x", 70_000) + "\r\n."} {
		f.Add([]byte(s), uint16(1))
		f.Add([]byte(s), uint16(4096))
	}
	f.Fuzz(func(t *testing.T, text []byte, piece uint16) {
		text = append(text, "\r\n"...)
		if bytes.HasSuffix(text, []byte("\r\r\n")) {
			text = append(text, "\r\n"...)
		}
		stuffed := bytes.ReplaceAll(text, []byte("\r\n."), []byte("\r\n.."))
		if text[0] == '.' {
			stuffed = append([]byte("."), stuffed...)
		}
		w := wireOn(t, string(stuffed)+".\r\n+OK next\r\n", max(int(piece), 1))
		var got bytes.Buffer
		if _, err := w.body(&got); err != nil || !bytes.Equal(got.Bytes(), text) {
			t.Errorf("%.100q came as %.100q, %v", text, got.Bytes(), err)
		}
		if err := w.status(); err != nil || w.text != "next" {
			t.Errorf("after %.100q: %q, %v, want the next answer", text, w.text, err)
		}
	})
}

// wireOn returns a wire over which a server says something, in pieces.
func wireOn(t *testing.T, says string, piece int) *wire {
	server := &dial.Server{
		Addr: "test:1", Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"),
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go io.Copy(io.Discard, server)
			go func() {
				io.WriteString(server, "+OK\r\n-ERR\r\n+OK\r\n+OK\r\n-ERR\r\n")
				for b := []byte(says); len(b) > 0; {
					n := min(piece, len(b))
					if _, err := server.Write(b[:n]); err != nil {
						return
					}
					b = b[n:]
				}
			}()
			return client, nil
		},
	}
	c, err := server.POP3(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	w := newWire(c)
	if _, err := w.Read(make([]byte, 100)); err != nil { // the greeting
		t.Fatal(err)
	}
	t.Cleanup(c.Begin(1 << 30))
	return w
}

// TestOneLinePerRead: the library never gets a byte that follows the line that
// it reads, whatever the size of its buffer.
func TestOneLinePerRead(t *testing.T) {
	w := wireOn(t, "+ok  1\t2 \r\n-err\tno\n+OK\r\nthe body of a message\r\n.\r\n", 1000)
	for _, want := range []string{"+OK 1\t2\r\n", "-ERR no\r\n", "+OK\r\n"} {
		b := make([]byte, 4096)
		if n, err := w.Read(b); err != nil || string(b[:n]) != want {
			t.Errorf("Read: %q, %v, want the line %q as the library knows it", b[:n], err, want)
		}
	}
}
