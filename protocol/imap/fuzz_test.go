package imap

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/dial"
)

// through returns what the library sees of what a server says after its
// greeting, while takers attend.
func through(t *testing.T, says []byte, takers ...*taker) (string, *responses) {
	t.Helper()
	server := &dial.Server{
		Addr: "test:1", Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"),
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go io.Copy(io.Discard, server)
			go func() {
				io.WriteString(server, "* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
				server.Write(says)
				server.Close()
			}()
			return client, nil
		},
	}
	c, err := server.IMAP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	defer c.Begin(1 << 30)()
	r := newResponses(c)
	for _, taker := range takers {
		r.attend(taker)
	}
	var got bytes.Buffer
	io.Copy(&got, r)
	_, text, _ := strings.Cut(got.String(), "\r\n")
	return text, r
}

func TestResponses(t *testing.T) {
	tests := []struct{ name, says, want string }{
		{"what is needed passes", "* 3 EXISTS\r\n* 2 EXPUNGE\r\n* SEARCH 1 2\r\nT1 OK done\r\n", "* 3 EXISTS\r\n* 2 EXPUNGE\r\n* SEARCH 1 2\r\nT1 OK done\r\n"},
		{"what nobody asked for does not", "* VANISHED 1:3\r\n* FLAGS (a]b)\r\n\r\n* 3 RECENT\r\n+ more\r\n* X {5}\r\n12345 x\r\n* 1 EXISTS\r\n", "* 1 EXISTS\r\n"},
		{"braces in text are no literal", "* OK we have {100}\r\nT1 NO sorry {7}\r\n", "* OK we have {100}\r\nT1 NO sorry {7}\r\n"},
		{"codes that break the library go", "* OK [UIDVALIDITY 99999999999] x\r\n* OK [PERMANENTFLAGS (\\* a]b)] y\r\n* OK [COPYUID 1 * 2] z\r\nT1 OK [COPYUID 1 2:3 4:5] done\r\nT2 NO [TRYCREATE] no\r\n",
			"* OK x\r\n* OK b)] y\r\n* OK z\r\nT1 OK [COPYUID 1 2:3 4:5] done\r\nT2 NO [TRYCREATE] no\r\n"},
		{"literals pass as they are", "* 1 FETCH (UID 1 BODY[] {11}\r\n* X\r\n\r\n+ x\r FLAGS (a \"b\"))\r\n* 1 EXISTS\r\n", "* 1 FETCH (UID 1 BODY[] {11}\r\n* X\r\n\r\n+ x\r FLAGS (a \"b\"))\r\n* 1 EXISTS\r\n"},
		{"flags that are none", "* 1 FETCH (FLAGS (\\Seen a]b $ok \"x\" {1}) UID 5)\r\n", "* 1 FETCH (FLAGS (\\Seen $ok) UID 5)\r\n"},
		{"literal8", "* 1 FETCH (UID 1 BODY[] ~{3}\r\nabc)\r\n", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n"},
		{"folder names", "* LIST () \"/\" \"Entw&APw-rfe\"\r\n* LIST () \"/\" Entw\xfcrfe\r\n* LIST (\\HasNoChildren) NIL \"&bad\"\r\n* LIST () \"/\" {3}\r\na&b\r\n",
			"* LIST () \"/\" \"Entw&APw-rfe\"\r\n* LIST () \"/\" {3}\r\na&b\r\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, _ := through(t, []byte(test.says)); got != test.want {
				t.Errorf("library sees\n%q, want\n%q", got, test.want)
			}
		})
	}
	_, r := through(t, []byte("* OK [UIDVALIDITY 99999999999] x\r\n* OK [ALERT] disk full\r\n* NO [UIDNOTSTICKY] x\r\nT1 OK [READ-ONLY] x\r\n* LIST () \"/\" \xfc\r\n"))
	if s := r.state(); s != (selected{validity: 99999999999, readOnly: true, notSticky: true}) {
		t.Errorf("state %+v, want what the library drops", s)
	}
	if alerts, unread := r.takeNotes(); len(alerts) != 1 || alerts[0] != "disk full" || len(unread) != 1 || unread[0] != "\xfc" {
		t.Errorf("alerts %q, unreadable folders %q", alerts, unread)
	}
}

// FuzzResponses: whatever a server says, nothing grows, hangs or panics, and
// what has passed once passes unchanged.
func FuzzResponses(f *testing.F) {
	for _, s := range []string{
		"* 1 FETCH (UID 1 BODY[] {3}\r\nabc FLAGS (a]))\r\n", "* LIST (\\a]) \"/\" \"x&-\"\r\n", "* OK [COPYUID 1 2 3] x\r\n",
		"* X {3}\r\nabc {2}\r\nde\r\nT1 OK\r\n", "* 1 FETCH (" + strings.Repeat("x", 70<<10) + "{2}\r\nab)\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, says []byte) {
		var taken takings
		once, _ := through(t, says, taken.taker(5))
		if len(once) > len(says)+8*(1+bytes.Count(says, []byte("\n"))) {
			t.Errorf("%d bytes became %d", len(says), len(once))
		}
		if taken.bytes > len(says) || taken.ended > taken.mails {
			t.Errorf("%d mails of %d bytes were taken, of which %d ended, of %d bytes", taken.mails, taken.bytes, taken.ended, len(says))
		}
		if twice, _ := through(t, []byte(once)); twice != once {
			t.Errorf("passed once: %q, twice: %q", once, twice)
		}
	})
}
