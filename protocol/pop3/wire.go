package pop3

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/ezged/coldlauncher/protocol/dial"
)

// A wire is the connection as the library sees it: it reads the lines that
// tell how a command went, one for each Read, and nothing else. So it never
// holds a byte that follows such a line, and what follows is taken from the
// wire itself, by body: the library would keep whole messages in memory and
// change their line ends.
//
// A wire lets only answers pass that are ones, and worded as the library knows
// them.
type wire struct {
	*dial.Conn
	r    *bufio.Reader
	rest []byte   // of a line that the library has not read yet
	sent []string // commands that the library has yet to send, and that were sent ahead of it

	// Of the last line.
	ok   bool   // it began with +OK
	text string // what it said

	err error // why nothing more is read
}

const (
	wireSize  = 64 << 10
	maxStatus = 4 << 10 // length of a line that tells how a command went
)

func newWire(c *dial.Conn) *wire { return &wire{Conn: c, r: bufio.NewReaderSize(c, wireSize)} }

// Dial is for the library, which opens no connection of its own.
func (w *wire) Dial(string, string) (net.Conn, error) { return w, nil }

// ahead sends commands together. The library sends them too, in that order and
// before any other: then they only count as sent.
func (w *wire) ahead(commands ...string) {
	w.sent = commands
	w.Conn.Write([]byte(strings.Join(commands, "\r\n") + "\r\n"))
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	if len(w.sent) > 0 && string(p) == w.sent[0]+"\r\n" {
		w.sent = w.sent[1:]
		return len(p), nil
	}
	return w.Conn.Write(p)
}

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		if err := w.status(); err != nil {
			return 0, err
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// status reads a line into rest, ok and text.
func (w *wire) status() error {
	if w.err != nil {
		return w.err
	}
	line, err := w.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull) || err == nil && len(line) > maxStatus:
		return w.fail(fmt.Errorf("server sent a line of more than %d bytes", maxStatus))
	case err != nil:
		return w.fail(err)
	}
	word, text := strings.TrimRight(string(line), "\r\n"), ""
	if i := strings.IndexAny(word, " \t"); i >= 0 {
		word, text = word[:i], strings.TrimSpace(word[i:])
	}
	switch strings.ToUpper(word) {
	case "+OK":
		w.ok = true
	case "-ERR":
		w.ok = false
	default:
		return w.fail(fmt.Errorf("server said %q, which is no answer", clip(string(line))))
	}
	w.text = text
	w.rest = []byte(strings.TrimSpace(strings.ToUpper(word)+" "+text) + "\r\n")
	return nil
}

// fail closes the connection because of err.
func (w *wire) fail(err error) error {
	if w.err == nil {
		w.err = err
		w.Conn.Close()
	}
	return w.err
}

var dotted = []byte("\r\n.")

// body reads the lines that follow an answer, up to the one that is a single
// dot, takes the dots away that were put before others, and writes what it
// gets to dst. A line ends with CRLF and nothing else, so that no message can
// hold an end of its own. If dst fails, the rest is read and dropped; that is
// told in kept, everything else in err.
func (w *wire) body(dst io.Writer) (kept, err error) {
	if w.err != nil {
		return nil, w.err
	}
	for fresh := true; ; { // at the beginning of a line
		b, err := w.peek(1)
		if err != nil {
			return kept, err
		}
		if fresh && b[0] == '.' {
			end, err := w.dot()
			if err != nil || end {
				return kept, err
			}
			fresh = false
			continue
		}
		var n int
		if n, fresh = upToDot(b); n == 0 {
			if _, err := w.peek(2); err != nil { // a lone CR
				return kept, err
			}
			continue
		}
		if kept == nil {
			_, kept = dst.Write(b[:n])
		}
		w.r.Discard(n)
	}
}

// peek returns what was received, n bytes of it at least.
func (w *wire) peek(n int) ([]byte, error) {
	if _, err := w.r.Peek(n); err != nil {
		return nil, w.fail(err)
	}
	return w.r.Peek(w.r.Buffered())
}

// dot takes away a dot at the beginning of a line, or the whole line if there
// is nothing else on it.
func (w *wire) dot() (end bool, err error) {
	b, err := w.peek(2)
	if err == nil && b[1] == '\r' {
		if b, err = w.peek(3); err == nil && b[2] == '\n' {
			w.r.Discard(3)
			return true, nil
		}
	}
	if err == nil {
		w.r.Discard(1)
	}
	return false, err
}

// upToDot returns how much of b can be taken as it is, and whether a line
// begins behind that. It is 0 if b is a CR, behind which anything may come.
func upToDot(b []byte) (n int, fresh bool) {
	if i := bytes.Index(b, dotted); i >= 0 {
		return i + 2, true
	}
	n = len(b)
	if b[n-1] == '\r' {
		return n - 1, false
	}
	return n, n >= 2 && b[n-2] == '\r' && b[n-1] == '\n'
}

// clip returns text that is not too long to be shown.
func clip(text string) string {
	const most = 512
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
