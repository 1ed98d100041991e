package mailtest

import (
	"bufio"
	"net"
	"strings"
	"testing"
)

// A server whose address another process took in the meantime starts all the
// same, on another.
func TestAddressIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	go func() { // that listener is none of a server
		for {
			c, err := taken.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	real, asked := listen, 0
	defer func() { listen = real }()
	listen = func() (net.Listener, error) {
		if asked++; asked == 1 {
			return elsewhere{taken}, nil
		}
		return real()
	}
	s := Dovecot(t)
	if asked != 8 {
		t.Errorf("asked for %d addresses, want 4, one of them taken, and then 4 others", asked)
	}
	c, err := net.Dial("tcp", s.IMAP)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, "Dovecot") {
		t.Errorf("greeting %q, %v, want Dovecot's", line, err)
	}
}

// An elsewhere is a listener whose end frees nothing.
type elsewhere struct{ net.Listener }

func (elsewhere) Close() error { return nil }
