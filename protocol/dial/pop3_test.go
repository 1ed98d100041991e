package dial_test

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
)

// greetsPOP3 reads the greeting of a Conn and has the server answer NOOP.
func greetsPOP3(t *testing.T, c *dial.Conn) {
	t.Helper()
	r := bufio.NewReader(c)
	if line, err := r.ReadString('\n'); err != nil || line != "+OK ready\r\n" {
		t.Errorf("greeting %q, %v, want one made up here", line, err)
	}
	defer c.Begin(1000)()
	fmt.Fprint(c, "NOOP\r\n")
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "+OK") {
		t.Errorf("NOOP: %q, %v: a Conn is logged in", line, err)
	}
	if !slices.Contains(c.Caps(), "PIPELINING") {
		t.Errorf("capabilities %q, want what the server said after the login", c.Caps())
	}
}

func TestPOP3OnServers(t *testing.T) {
	dovecot, cyrus := mailtest.Dovecot(t), mailtest.Cyrus(t)
	password := launcher.SecretText(mailtest.Password("alice"))
	token := func(d time.Duration) launcher.Secret {
		return launcher.SecretText(dovecot.Token(t, "alice", d))
	}
	tests := []struct {
		name   string
		on     *mailtest.MailServer
		server dial.Server
		want   string // part of the error; "": none
	}{
		{"Dovecot, implicit TLS", dovecot, dial.Server{Addr: dovecot.POP3S, Password: password}, ""},
		{"Dovecot, STLS", dovecot, dial.Server{Addr: dovecot.POP3, Security: dial.StartTLS, Password: password}, ""},
		{"Dovecot, plaintext", dovecot, dial.Server{Addr: dovecot.POP3, Security: dial.Plaintext, Password: password}, ""},
		{"Dovecot, USER", dovecot, dial.Server{Addr: dovecot.POP3, Security: dial.Plaintext, Password: password, Dial: hiding("PLAIN")}, ""},
		{"Dovecot, XOAUTH2", dovecot, dial.Server{Addr: dovecot.POP3S, Token: token(time.Hour)}, ""},
		{"Dovecot, STLS and XOAUTH2", dovecot, dial.Server{Addr: dovecot.POP3, Security: dial.StartTLS, Token: token(time.Hour)}, ""},
		{"Dovecot, OAUTHBEARER", dovecot, dial.Server{Addr: dovecot.POP3, Security: dial.Plaintext, Token: token(time.Hour), Dial: hiding("XOAUTH2")}, ""},
		{"Dovecot, wrong password", dovecot, dial.Server{Addr: dovecot.POP3S, Password: launcher.SecretText("wrong")}, "credentials refused"},
		{"Dovecot, expired token", dovecot, dial.Server{Addr: dovecot.POP3S, Token: token(-time.Hour)}, "credentials refused"},
		{"Dovecot, expired token, OAUTHBEARER", dovecot, dial.Server{Addr: dovecot.POP3, Security: dial.Plaintext, Token: token(-time.Hour), Dial: hiding("XOAUTH2")}, "credentials refused"},
		{"Dovecot, no APOP", dovecot, dial.Server{Addr: dovecot.POP3S, Password: password, APOP: true}, "offers neither APOP"},
		{"Dovecot, unknown authority", dovecot, dial.Server{Addr: dovecot.POP3S, Password: password, TLSConfig: &tls.Config{}}, "certificate"},
		{"Dovecot, TLS on the plain port", dovecot, dial.Server{Addr: dovecot.POP3, Password: password}, "tls"},
		{"Cyrus, implicit TLS", cyrus, dial.Server{Addr: cyrus.POP3S, Password: password}, ""},
		{"Cyrus, STLS", cyrus, dial.Server{Addr: cyrus.POP3, Security: dial.StartTLS, Password: password}, ""},
		{"Cyrus, plaintext", cyrus, dial.Server{Addr: cyrus.POP3, Security: dial.Plaintext, Password: password}, ""},
		{"Cyrus, APOP", cyrus, dial.Server{Addr: cyrus.POP3, Security: dial.Plaintext, Password: password, APOP: true}, ""},
		{"Cyrus, STLS and APOP", cyrus, dial.Server{Addr: cyrus.POP3, Security: dial.StartTLS, Password: password, APOP: true}, ""},
		{"Cyrus, wrong password", cyrus, dial.Server{Addr: cyrus.POP3S, Password: launcher.SecretText("wrong")}, "credentials refused"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := test.server
			s.User = "alice"
			if s.TLSConfig == nil {
				s.TLSConfig = test.on.TLS
			}
			c, err := s.POP3(t.Context())
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q in it", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if c.TLS() != (s.Security != dial.Plaintext) {
				t.Errorf("encrypted: %v with %v", c.TLS(), s.Security)
			}
			greetsPOP3(t, c)
			fmt.Fprint(c, "QUIT\r\n")
			bufio.NewReader(c).ReadString('\n')
		})
	}
}

// talks answers each command in turn with the next of the answers, and then
// waits for the end.
func talks(answers ...string) func(c *mailtest.Talk) {
	return func(c *mailtest.Talk) {
		for i, a := range answers {
			if i > 0 {
				c.Line()
			}
			c.Raw(a + "\r\n")
		}
		c.Line()
	}
}

const plainOnly = "+OK\r\nSASL PLAIN\r\n."

// TestHostilePOP3: no server talks a client out of its secret, or into
// trusting what was not encrypted; and only a server that says that the
// credentials are wrong has them blamed.
func TestHostilePOP3(t *testing.T) {
	echo := func(c *mailtest.Talk) {
		c.Say("+OK")
		c.Line()
		c.Say("+OK\r\nUSER\r\n.")
		c.Line()
		c.Say("+OK")
		c.Say("-ERR [AUTH] %s is wrong", c.Line())
	}
	tests := []hostile{
		{"no STLS", dial.StartTLS, talks("+OK", plainOnly), "does not offer STLS", false},
		{"STLS refused", dial.StartTLS, talks("+OK", "-ERR", "-ERR not today"), "not today", false},
		{"data behind STLS", dial.StartTLS, talks("+OK", "-ERR", "+OK go\r\n+OK\r\n."), "before encryption", false},
		{"no way to log in", dial.Plaintext, talks("+OK", "+OK\r\nSASL GSSAPI\r\n."), "takes no password", false},
		{"the password in the answer", dial.Plaintext, echo, "is wrong", true},
		{"wrong password", dial.Plaintext, talks("+OK", plainOnly, "+ ", "-ERR Authentication failed."), "Authentication failed", true},
		{"in use", dial.Plaintext, talks("+OK", plainOnly, "+ ", "-ERR [IN-USE] somebody is there"), "IN-USE", false},
		{"too early", dial.Plaintext, talks("+OK", plainOnly, "+ ", "-ERR [LOGIN-DELAY] wait"), "LOGIN-DELAY", false},
		{"trouble", dial.Plaintext, talks("+OK", "-ERR", "+OK", "-ERR [SYS/TEMP] disk"), "SYS/TEMP", false},
		{"locked, without a code", dial.Plaintext, talks("+OK", "-ERR", "+OK", "-ERR maildrop already locked"), "already locked", false},
		{"AUTH, whatever it says", dial.Plaintext, talks("+OK", "-ERR", "+OK", "-ERR [AUTH] mailbox is locked"), "credentials refused", true},
		{"refused greeting", dial.Plaintext, talks("-ERR [SYS/TEMP] maintenance"), "maintenance", false},
		{"an endless line", dial.Plaintext, talks(strings.Repeat("x", 1<<20)), "line of more than", false},
		{"endless capabilities", dial.Plaintext, talks("+OK", "+OK\r\n"+strings.Repeat("X\r\n", 10_000)), "does not come to an end", false},
		{"another protocol", dial.Plaintext, talks("HTTP/1.1 400 Bad Request"), "HTTP/1.1 400", false},
		{"an empty line", dial.Plaintext, talks(""), "is no answer", false},
		{"endless challenges", dial.Plaintext, func(c *mailtest.Talk) {
			talks("+OK", plainOnly, strings.TrimSpace(strings.Repeat("+ \r\n", 100)))(c)
			for c.Line() != "" {
			}
		}, "does not come to an end", false},
		{"TLS that does not answer", dial.ImplicitTLS, func(c *mailtest.Talk) { c.Line() }, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.meet(t, (*dial.Server).POP3, "PASS", "") })
	}
}

// TestSTLSForgets: capabilities that were told in clear do not count.
func TestSTLSForgets(t *testing.T) {
	serverTLS, clientTLS := mailtest.Certificate(t)
	addr := mailtest.Script(t, func(c *mailtest.Talk) {
		c.Say("+OK")
		c.Line()
		c.Say("+OK\r\nSTLS\r\nSASL EVIL\r\n.")
		c.Line()
		c.Say("+OK go")
		talks := func(c *mailtest.Talk) {
			for _, a := range []string{"+OK\r\nUSER\r\n.", "+OK", "+OK", "+OK\r\nGOOD x\r\n."} {
				c.Line()
				c.Say("%s", a)
			}
			c.Line()
		}
		talks(mailtest.NewTalk(tls.Server(c.Conn, serverTLS)))
	})
	s := &dial.Server{Addr: addr, Security: dial.StartTLS, TLSConfig: clientTLS, User: "alice", Password: launcher.SecretText(secret)}
	c, err := s.POP3(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !slices.Equal(c.Caps(), []string{"GOOD X"}) {
		t.Errorf("capabilities %q, want those of the end", c.Caps())
	}
}

// TestAPOP: only what can be a message ID is hashed with the password, and only
// if that was asked for.
func TestAPOP(t *testing.T) {
	for greeting, offered := range map[string]bool{
		"+OK ready <1896.697170952@dbc.mtview.ca.us>": true,
		"+OK ready <no-at-sign>":                      false,
		"+OK ready <two@at@signs>":                    false,
		"+OK ready <8bit\xff@example>":                false,
		"+OK ready > <":                               false,
		"+OK ready <bl ank@example>":                  false,
	} {
		var said string
		addr := mailtest.Script(t, func(c *mailtest.Talk) {
			c.Raw(greeting + "\r\n")
			c.Line()
			c.Say("-ERR")
			if said = c.Line(); said == "" {
				return
			}
			c.Say("+OK")
			c.Line()
			c.Say("-ERR")
		})
		s := &dial.Server{Addr: addr, Security: dial.Plaintext, User: "mrose", Password: launcher.SecretText("tanstaaf"), APOP: true}
		c, err := s.POP3(t.Context())
		if err == nil {
			c.Close()
		}
		if (err == nil) != offered {
			t.Errorf("greeting %q: %v, want a login: %v", greeting, err, offered)
		}
		stamp := greeting[strings.IndexByte(greeting, '<'):]
		if want := fmt.Sprintf("APOP mrose %x", md5.Sum([]byte(stamp+"tanstaaf"))); offered && said != want {
			t.Errorf("client said %q, want %q (RFC 1939)", said, want)
		}
	}
}

// TestPOP3Injection: what would end a command early is never sent.
func TestPOP3Injection(t *testing.T) {
	for _, s := range []dial.Server{
		{User: "a\r\nDELE 1", Password: launcher.SecretText("x")},
		{User: "a", Password: launcher.SecretText("x\r\nDELE 1")},
	} {
		heard := make(chan string, 1)
		s.Addr, s.Security = mailtest.Script(t, func(c *mailtest.Talk) {
			c.Say("+OK")
			c.Line()
			c.Say("-ERR")
			heard <- c.Line()
		}), dial.Plaintext
		if _, err := s.POP3(t.Context()); err == nil || !strings.Contains(err.Error(), "line end") {
			t.Errorf("user %q: %v, want an error about the line end", s.User, err)
		}
	}
}

// TestPOP3Refusals: refused greetings leave no connection behind.
func TestPOP3Refusals(t *testing.T) {
	var mu sync.Mutex
	open := 0
	s := &dial.Server{
		Addr: mailtest.Script(t, talks("-ERR no")), Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"),
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			open++
			return &closing{c, sync.OnceFunc(func() { mu.Lock(); open--; mu.Unlock() })}, err
		},
	}
	for range 5 {
		if _, err := s.POP3(t.Context()); err == nil {
			t.Fatal("logged in")
		}
	}
	if open != 0 {
		t.Errorf("%d connections are open after 5 refusals", open)
	}
}

// closing is a connection that tells when it is closed.
type closing struct {
	net.Conn
	closed func()
}

func (c *closing) Close() error {
	c.closed()
	return c.Conn.Close()
}
