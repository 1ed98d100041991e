package mailtest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A POP3Script is a POP3 server that does as it is told. It speaks so much of
// the protocol as reading a maildrop takes, in clear, and takes any password.
// What it is to do wrong stands in OnCommand. It answers pipelined commands in
// turn, and deletes when the client says QUIT, as RFC 1939 has it.
type POP3Script struct {
	Addr string

	// Caps are the lines of the answer to CAPA. Nil: there is no CAPA.
	Caps []string

	// OnCommand, if not nil, may answer a command in the place of the script;
	// it returns true if it did. name is in upper case.
	OnCommand func(c *Talk, name, args string) bool

	mu       sync.Mutex
	drops    []*Dropped
	commands []string
	conns    int
	open     atomic.Int64
}

// A Dropped is a mail in the maildrop of a POP3Script.
type Dropped struct {
	UID  string // as UIDL tells it; may be no such thing
	Body io.ReaderAt
	Size int64  // of Body
	Wire string // sent for RETR in the place of Body, as it is, behind "+OK"
}

// ModernPOP3 is what servers of today are capable of.
func ModernPOP3() []string {
	return []string{"TOP", "UIDL", "RESP-CODES", "PIPELINING", "USER", "SASL PLAIN"}
}

// Start listens until the test ends.
func (s *POP3Script) Start(t testing.TB) *POP3Script {
	t.Helper()
	s.Addr = Script(t, s.talk)
	return s
}

// Fill puts mails into the maildrop, with UIDLs "u1", "u2" and so on.
func (s *POP3Script) Fill(mails ...[]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range mails {
		s.drops = append(s.drops, &Dropped{
			UID: fmt.Sprintf("u%d", len(s.drops)+1), Body: bytes.NewReader(m), Size: int64(len(m)),
		})
	}
}

// Add puts mails into the maildrop.
func (s *POP3Script) Add(drops ...*Dropped) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops = append(s.drops, drops...)
}

// Remove takes a mail out of the maildrop.
func (s *POP3Script) Remove(m *Dropped) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops = slices.DeleteFunc(s.drops, func(d *Dropped) bool { return d == m })
}

// Mails returns what is in the maildrop.
func (s *POP3Script) Mails() []*Dropped {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.drops)
}

// Commands returns what clients have sent.
func (s *POP3Script) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Count returns how many commands of that name clients have sent.
func (s *POP3Script) Count(name string) (n int) {
	for _, c := range s.Commands() {
		if first, _, _ := strings.Cut(c, " "); first == name {
			n++
		}
	}
	return n
}

// Conns returns how many connections there were, and how many are open.
func (s *POP3Script) Conns() (all, open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns, int(s.open.Load())
}

// A maildrop is one connection of a POP3Script: what was there when it began,
// and what was deleted since.
type maildrop struct {
	*POP3Script
	*Talk
	drops   []*Dropped
	deleted map[*Dropped]bool
}

func (s *POP3Script) talk(c *Talk) {
	s.open.Add(1)
	defer s.open.Add(-1)
	s.mu.Lock()
	s.conns++
	d := &maildrop{s, c, slices.Clone(s.drops), make(map[*Dropped]bool)}
	s.mu.Unlock()
	if s.OnCommand != nil && s.OnCommand(c, "", "") {
		return
	}
	c.Say("+OK ready <%d.1@script.example>", 1000)
	for {
		line := c.Line()
		if line == "" {
			return
		}
		name, args, _ := strings.Cut(line, " ")
		name = strings.ToUpper(name)
		s.mu.Lock()
		s.commands = append(s.commands, strings.TrimSpace(name+" "+args))
		s.mu.Unlock()
		if s.OnCommand != nil && s.OnCommand(c, name, args) {
			continue
		}
		if name == "QUIT" {
			d.quit()
			return
		}
		d.answer(name, args)
	}
}

func (d *maildrop) answer(name, args string) {
	switch name {
	case "CAPA":
		if d.Caps == nil {
			d.Say("-ERR what?")
			return
		}
		d.Say("+OK\r\n%s.", strings.Join(append(slices.Clone(d.Caps), ""), "\r\n"))
	case "AUTH":
		d.Say("+ ")
		d.Line()
		d.Say("+OK in")
	case "USER", "PASS", "APOP", "NOOP", "RSET":
		d.Say("+OK")
	case "STAT":
		var size int64
		for _, m := range d.drops {
			size += m.Size
		}
		d.Say("+OK %d %d", len(d.drops), size)
	case "LIST":
		d.list(func(m *Dropped) string { return strconv.FormatInt(m.Size, 10) })
	case "UIDL":
		d.list(func(m *Dropped) string { return m.UID })
	case "RETR", "TOP", "DELE":
		d.mail(name, args)
	default:
		d.Say("-ERR what?")
	}
}

func (d *maildrop) list(of func(m *Dropped) string) {
	fmt.Fprint(d.w, "+OK\r\n")
	for i, m := range d.drops {
		if !d.deleted[m] {
			fmt.Fprintf(d.w, "%d %s\r\n", i+1, of(m))
		}
	}
	d.Say(".")
}

func (d *maildrop) mail(name, args string) {
	number, lines, _ := strings.Cut(args, " ")
	n, _ := strconv.Atoi(number)
	if n < 1 || n > len(d.drops) || d.deleted[d.drops[n-1]] {
		d.Say("-ERR no such message")
		return
	}
	m := d.drops[n-1]
	switch {
	case name == "DELE":
		d.deleted[m] = true
		d.Say("+OK")
	case name == "TOP":
		most, _ := strconv.Atoi(lines)
		fmt.Fprint(d.w, "+OK\r\n")
		d.top(m, most)
	case m.Wire != "":
		d.Raw("+OK\r\n" + m.Wire)
	default:
		fmt.Fprint(d.w, "+OK\r\n")
		d.body(io.NewSectionReader(m.Body, 0, m.Size))
	}
}

// top sends the header of a mail and so many lines of its body.
func (d *maildrop) top(m *Dropped, most int) {
	b := make([]byte, min(m.Size, 256<<10))
	m.Body.ReadAt(b, 0)
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		end = len(b) - 4
	}
	at := end + 4
	for range most {
		i := bytes.Index(b[at:], []byte("\r\n"))
		if i < 0 {
			at = len(b)
			break
		}
		at += i + 2
	}
	d.body(bytes.NewReader(b[:max(at, 0)]))
}

// body sends a body with its dots doubled, and its end.
func (d *maildrop) body(r io.Reader) {
	buf := make([]byte, 64<<10)
	last := []byte("\r\n") // the two bytes before what is sent next
	for {
		n, err := io.ReadFull(r, buf)
		b := buf[:n]
		for len(b) > 0 {
			if bytes.Equal(last, []byte("\r\n")) && b[0] == '.' {
				d.w.WriteByte('.')
			}
			end := len(b)
			if last[1] == '\r' && b[0] == '\n' {
				end = 1
			} else if i := bytes.Index(b, []byte("\r\n")); i >= 0 {
				end = i + 2
			}
			d.w.Write(b[:end])
			last = append(last, b[max(0, end-2):end]...)
			last = last[len(last)-2:]
			b = b[end:]
		}
		if err != nil {
			break
		}
	}
	if !bytes.Equal(last, []byte("\r\n")) {
		d.w.WriteString("\r\n")
	}
	d.Say(".")
}

// quit deletes what the client wants to be rid of.
func (d *maildrop) quit() {
	d.mu.Lock()
	d.POP3Script.drops = slices.DeleteFunc(d.POP3Script.drops, func(m *Dropped) bool { return d.deleted[m] })
	d.mu.Unlock()
	d.Say("+OK bye")
}
