package dial_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
)

// greets reads the greeting of a Conn and has the server answer NOOP.
func greets(t *testing.T, c *dial.Conn) {
	t.Helper()
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "* PREAUTH [CAPABILITY IMAP4REV1") && !strings.Contains(line, " IMAP4REV1") {
		t.Errorf("greeting %q, %v, want PREAUTH with capabilities", line, err)
	}
	end := c.Begin(1000)
	defer end()
	fmt.Fprint(c, "a NOOP\r\n")
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "a OK") {
		t.Errorf("NOOP: %q, %v: a Conn is logged in", line, err)
	}
}

func TestIMAPOnDovecot(t *testing.T) {
	server := mailtest.Dovecot(t)
	password := launcher.SecretText(mailtest.Password("alice"))
	token := func(d time.Duration) launcher.Secret {
		return launcher.SecretText(server.Token(t, "alice", d))
	}
	tests := []struct {
		name   string
		server dial.Server
		want   string // part of the error; "": none
	}{
		{"implicit TLS", dial.Server{Addr: server.IMAPS, Password: password}, ""},
		{"STARTTLS", dial.Server{Addr: server.IMAP, Security: dial.StartTLS, Password: password}, ""},
		{"plaintext", dial.Server{Addr: server.IMAP, Security: dial.Plaintext, Password: password}, ""},
		{"compressed", dial.Server{Addr: server.IMAPS, Password: password, Compress: true}, ""},
		{"XOAUTH2", dial.Server{Addr: server.IMAPS, Token: token(time.Hour)}, ""},
		{"OAUTHBEARER", dial.Server{Addr: server.IMAP, Security: dial.Plaintext, Token: token(time.Hour), Dial: hiding("AUTH=XOAUTH2")}, ""},
		{"LOGIN", dial.Server{Addr: server.IMAP, Security: dial.Plaintext, Password: password, Dial: hiding("AUTH=PLAIN")}, ""},
		{"wrong password", dial.Server{Addr: server.IMAPS, Password: launcher.SecretText("wrong")}, "AUTHENTICATIONFAILED"},
		{"expired token", dial.Server{Addr: server.IMAPS, Token: token(-time.Hour)}, "credentials refused"},
		{"expired token, OAUTHBEARER", dial.Server{Addr: server.IMAP, Security: dial.Plaintext, Token: token(-time.Hour), Dial: hiding("AUTH=XOAUTH2")}, "credentials refused"},
		{"unknown authority", dial.Server{Addr: server.IMAPS, Password: password, TLSConfig: &tls.Config{}}, "certificate"},
		{"other name", dial.Server{Addr: server.IMAPS, Password: password, TLSConfig: &tls.Config{RootCAs: server.TLS.RootCAs, ServerName: "example.org"}}, "certificate"},
		{"TLS on the plain port", dial.Server{Addr: server.IMAP, Password: password}, "tls"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := test.server
			s.User = "alice"
			if s.TLSConfig == nil {
				s.TLSConfig = server.TLS
			}
			c, err := s.IMAP(t.Context())
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
			greets(t, c)
		})
	}
}

// hiding returns a dialer that hides a capability, in clear.
func hiding(capability string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		return hidden{c, capability}, err
	}
}

type hidden struct {
	net.Conn
	what string
}

func (h hidden) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	copy(p, strings.ReplaceAll(string(p[:n]), h.what, strings.Repeat("X", len(h.what))))
	return n, err
}

// TestHostileServers: no server talks a client out of its secret, or into
// trusting what was not encrypted.
func TestHostileServers(t *testing.T) {
	tests := []hostile{
		{"PREAUTH in the place of STARTTLS", dial.StartTLS, func(c *mailtest.Talk) {
			c.Say("* PREAUTH [CAPABILITY IMAP4rev1] welcome")
			c.Line()
		}, "PREAUTH", false},
		{"no STARTTLS", dial.StartTLS, func(c *mailtest.Talk) {
			c.Say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")
			c.Line()
		}, "does not offer STARTTLS", false},
		{"STARTTLS refused", dial.StartTLS, func(c *mailtest.Talk) {
			c.Say("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready")
			c.Say("%s NO not today", tag(c))
			c.Line()
		}, "not today", false},
		{"data behind STARTTLS", dial.StartTLS, func(c *mailtest.Talk) {
			c.Say("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready")
			c.Raw(tag(c) + " OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
			c.Line()
		}, "before encryption", false},
		{"LOGINDISABLED", dial.Plaintext, func(c *mailtest.Talk) {
			c.Say("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready")
			c.Line()
		}, "takes no password", false},
		{"the password in the answer", dial.Plaintext, func(c *mailtest.Talk) {
			c.Say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
			line := c.Line()
			f := strings.Fields(line)
			b, _ := base64.StdEncoding.DecodeString(f[len(f)-1])
			c.Say("%s NO [AUTHENTICATIONFAILED] %s is wrong, you sent %s", f[0], b[7:], line)
		}, "is wrong", true},
		{"too many connections", dial.Plaintext, func(c *mailtest.Talk) {
			c.Say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
			c.Say("%s NO [LIMIT] Too many connections", tag(c))
		}, "Too many", false},
		{"BYE", dial.Plaintext, func(c *mailtest.Talk) { c.Say("* BYE maintenance") }, "maintenance", false},
		{"BYE in mid-login", dial.Plaintext, func(c *mailtest.Talk) {
			c.Say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
			c.Line()
			c.Say("* BYE shutting down")
		}, "shutting down", false},
		{"an endless line", dial.Plaintext, func(c *mailtest.Talk) {
			for range 100 {
				c.Raw(strings.Repeat("x", 1<<10))
			}
			c.Line()
		}, "line of more than", false},
		{"endless lines", dial.Plaintext, func(c *mailtest.Talk) {
			c.Say("* OK ready")
			for range 100_000 {
				c.Raw("* OK still here\r\n")
			}
			c.Line()
		}, "does not come to an answer", false},
		{"another protocol", dial.Plaintext, func(c *mailtest.Talk) {
			c.Say("HTTP/1.1 400 Bad Request")
			c.Line()
		}, "HTTP/1.1 400", false},
		{"endless challenges", dial.Plaintext, func(c *mailtest.Talk) {
			c.Say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")
			c.Line()
			for range 100 {
				c.Say("+ ")
			}
			for c.Line() != "" {
			}
		}, "does not come to an end", false},
		{"TLS that does not answer", dial.ImplicitTLS, func(c *mailtest.Talk) { c.Line() }, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.meet(t, (*dial.Server).IMAP, "LOGIN", "LOGIN") })
	}
}

// tag reads a command and returns its tag.
func tag(c *mailtest.Talk) string {
	t, _, _ := strings.Cut(c.Line(), " ")
	return t
}

// TestClientCertificate: a server that wants one gets it.
func TestClientCertificate(t *testing.T) {
	serverTLS, clientTLS := mailtest.Certificate(t)
	clientTLS.Certificates = serverTLS.Certificates
	serverTLS.ClientAuth = tls.RequireAnyClientCert
	addr := mailtest.Script(t, func(c *mailtest.Talk) {
		conn := tls.Server(c.Conn, serverTLS)
		c = mailtest.NewTalk(conn)
		c.Say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
		tg := tag(c)
		if len(conn.ConnectionState().PeerCertificates) != 1 || conn.ConnectionState().Version < tls.VersionTLS12 {
			c.Say("%s NO no certificate", tg)
			return
		}
		c.Say("%s OK [CAPABILITY IMAP4rev1] in", tg)
		c.Line()
	})
	s := &dial.Server{Addr: addr, TLSConfig: clientTLS, User: "alice", Password: launcher.SecretText(secret)}
	c, err := s.IMAP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// TestOldTLS: a server that speaks nothing above TLS 1.1 is not spoken to,
// even if the configuration allows it.
func TestOldTLS(t *testing.T) {
	serverTLS, clientTLS := mailtest.Certificate(t)
	serverTLS.MinVersion, serverTLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	clientTLS.MinVersion = tls.VersionTLS10
	addr := mailtest.Script(t, func(c *mailtest.Talk) { tls.Server(c.Conn, serverTLS).Handshake() })
	s := &dial.Server{Addr: addr, TLSConfig: clientTLS, User: "alice", Password: launcher.SecretText(secret)}
	if _, err := s.IMAP(t.Context()); err == nil || !strings.Contains(err.Error(), "tls") {
		t.Errorf("error %v, want the handshake to fail", err)
	}
}

// TestStartTLSForgets: capabilities that were told in clear do not count.
func TestStartTLSForgets(t *testing.T) {
	serverTLS, clientTLS := mailtest.Certificate(t)
	addr := mailtest.Script(t, func(c *mailtest.Talk) {
		c.Say("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN EVIL] ready")
		c.Say("%s OK go", tag(c))
		c = mailtest.NewTalk(tls.Server(c.Conn, serverTLS))
		tg := tag(c)
		c.Say("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR")
		c.Say("%s OK done", tg)
		c.Say("%s OK [CAPABILITY IMAP4rev1 GOOD] in", tag(c))
		c.Line()
	})
	s := &dial.Server{Addr: addr, Security: dial.StartTLS, TLSConfig: clientTLS, User: "alice", Password: launcher.SecretText(secret)}
	c, err := s.IMAP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	line, _ := bufio.NewReader(c).ReadString('\n')
	if strings.Contains(line, "EVIL") || !strings.Contains(line, "GOOD") {
		t.Errorf("greeting %q, want the capabilities told over TLS", line)
	}
}

// TestLoginCommand: a password goes as a quoted string or as a literal.
func TestLoginCommand(t *testing.T) {
	for _, password := range []string{`simple`, `q"uo\te`, "pässword", strings.Repeat("x", 2000)} {
		var said []string
		addr := mailtest.Script(t, func(c *mailtest.Talk) {
			c.Say("* OK [CAPABILITY IMAP4rev1] ready")
			line := c.Line()
			tg, rest, _ := strings.Cut(line, " ")
			if strings.HasSuffix(rest, "}") {
				c.Say("+ go on")
				rest += c.Line()
			}
			said = append(said, rest)
			c.Say("%s OK in", tg)
			c.Say("* CAPABILITY IMAP4rev1")
			c.Say("%s OK done", tag(c))
		})
		s := &dial.Server{Addr: addr, Security: dial.Plaintext, User: "alice", Password: launcher.SecretText(password)}
		c, err := s.IMAP(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		quoted := `LOGIN "alice" "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(password) + `"`
		literal := fmt.Sprintf(`LOGIN "alice" {%d}%s`, len(password), password)
		if said[0] != quoted && said[0] != literal {
			t.Errorf("client said %q for %q", said[0], password)
		}
	}
}

// TestRefusesText: nothing that ends a line goes to a server.
func TestRefusesText(t *testing.T) {
	for _, s := range []dial.Server{
		{User: "alice\r\na LOGOUT", Password: launcher.SecretText("x")},
		{User: "alice", Password: launcher.SecretText("x\ny")},
		{User: "alice", Password: launcher.SecretText("x\x00y")},
		{User: "alice", Token: launcher.SecretText("x\x01y")},
		{User: "alice", Password: launcher.SecretText("")},
		{User: "alice"},
		{User: "alice", Password: launcher.SecretText("x"), Token: launcher.SecretText("y")},
		{Password: launcher.SecretText("x")},
		{User: "alice", Password: launcher.SecretText("x"), Security: 7},
	} {
		heard := make(chan string, 10)
		s.Addr = mailtest.Script(t, func(c *mailtest.Talk) {
			c.Say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2] ready")
			heard <- c.Line()
		})
		if s.Security == dial.ImplicitTLS {
			s.Security = dial.Plaintext
		}
		if _, err := s.IMAP(t.Context()); err == nil {
			t.Errorf("logged in as %q", s.User)
		}
		select {
		case line := <-heard:
			if line != "" {
				t.Errorf("the server heard %q", line)
			}
		default:
		}
	}
}

// TestGuard: what was refused three times is not tried at once again, and a
// new secret is.
func TestGuard(t *testing.T) {
	tries := make(chan struct{}, 100)
	addr := mailtest.Script(t, func(c *mailtest.Talk) {
		c.Say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
		line := c.Line()
		if line == "" {
			return
		}
		tries <- struct{}{}
		tg, rest, _ := strings.Cut(line, " ")
		if strings.HasSuffix(rest, base64.StdEncoding.EncodeToString([]byte("\x00alice\x00right"))) {
			c.Say("%s OK [CAPABILITY IMAP4rev1] in", tg)
			c.Line()
			return
		}
		c.Say("%s NO [AUTHENTICATIONFAILED] no", tg)
	})
	word := "wrong"
	s := &dial.Server{
		Addr: addr, Security: dial.Plaintext, User: "alice", Guard: &dial.Guard{},
		Password: func(context.Context) (string, error) { return word, nil },
	}
	for range 10 {
		if _, err := s.IMAP(t.Context()); !errors.Is(err, dial.ErrRefused) {
			t.Fatalf("error %v, want ErrRefused", err)
		}
	}
	if len(tries) != 3 {
		t.Errorf("%d attempts with a password that is refused, want 3", len(tries))
	}
	word = "right"
	c, err := s.IMAP(t.Context())
	if err != nil {
		t.Fatalf("a new password: %v", err)
	}
	c.Close()
}

// TestHosts: a host has no more connections than it may, over all Servers.
func TestHosts(t *testing.T) {
	s := &mailtest.IMAPScript{}
	s.Start(t)
	hosts := &dial.Hosts{Max: 3}
	var open atomic.Int64
	counted := func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if n := open.Add(1); n > 3 {
			t.Errorf("%d connections, want at most 3", n)
		}
		return &tallied{Conn: c, open: &open}, err
	}
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			server := &dial.Server{Addr: s.Addr, Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"), Hosts: hosts, Dial: counted}
			c, err := server.IMAP(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			c.Close()
		})
	}
	wg.Wait()
	full := &dial.Hosts{Max: 1}
	server := &dial.Server{Addr: s.Addr, Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"), Hosts: full}
	c, err := server.IMAP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := server.IMAP(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a place: %v, want it to end with its context", err)
	}
}

// tallied is a connection that is counted while it is open.
type tallied struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *tallied) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// TestPublic: loopback is not public.
func TestPublic(t *testing.T) {
	s := &mailtest.IMAPScript{}
	s.Start(t)
	server := &dial.Server{Addr: s.Addr, Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"), Dial: dial.Public}
	if _, err := server.IMAP(t.Context()); err == nil || !strings.Contains(err.Error(), "not public") {
		t.Errorf("error %v, want loopback refused", err)
	}
	if n, _ := s.Conns(); n != 0 {
		t.Error("a connection was made")
	}
}
