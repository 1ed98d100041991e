package dial

import (
	"bufio"
	"compress/flate"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A Server is an account on a mail server and the way to it. Its fields must
// not change while one of its methods runs; it is safe for concurrent use.
type Server struct {
	// Addr is a host, or a host and port. Without a port, or with port 0, the
	// protocol's default for Security is meant.
	Addr string

	// Security is how the connection is protected; zero is ImplicitTLS.
	Security Security

	// TLSConfig holds a private certificate authority or a client
	// certificate; nil trusts what the system trusts. It is copied, and TLS
	// below 1.2 is never spoken.
	TLSConfig *tls.Config

	// User is the name of the account.
	User string

	// Password logs in with a password, Token with an OAuth 2.0 access token
	// (XOAUTH2 or OAUTHBEARER, RFC 7628). One of them is required, and asked
	// anew for each connection.
	Password launcher.Secret
	Token    launcher.Secret

	// APOP logs in to a POP3 server with APOP and nothing else: the password
	// does not travel, but the server has to keep it in clear, and its MD5 is
	// weak. It is for old servers without TLS.
	APOP bool

	// Compress asks for COMPRESS=DEFLATE (RFC 4978) where it is offered. It
	// pays on links below some 20 MB/s, and costs above. POP3 has none.
	Compress bool

	// Limits bounds waiting. The zero value has sensible defaults.
	Limits Limits

	// Dial opens the connection below everything else; nil is net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Hosts caps the connections to one host; nil does not.
	Hosts *Hosts

	// NoWait fails with ErrCrowded where Hosts would have the connection wait.
	NoWait bool

	// Guard remembers refused credentials; nil does not.
	Guard *Guard

	// Quota bounds the bytes that are received in a day; nil does not.
	Quota *Quota
}

// Limits bounds how long a server may keep its client waiting.
type Limits struct {
	// Login bounds connecting, handshakes and logging in together; 0 means
	// one minute.
	Login time.Duration

	// Idle is how long a server may stay silent while a command waits for it,
	// and how long a write may take; 0 means one minute. A server that sends
	// less than 4 KiB in five times as long is as good as silent.
	Idle time.Duration
}

func (l Limits) login() time.Duration { return orDefault(l.Login, time.Minute) }
func (l Limits) idle() time.Duration  { return orDefault(l.Idle, time.Minute) }

func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

// A protocol is what differs between IMAP and POP3 before a library takes over.
type protocol struct {
	name          string
	plain, secure string // default ports
	// login reads the greeting, does STARTTLS if asked for, logs in, and
	// returns the greeting for the library.
	login func(ctx context.Context, s *Server, w *wire) (greeting string, err error)
}

// open connects and logs in. The connection is closed when ctx is done.
func (s *Server) open(ctx context.Context, p protocol) (*Conn, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("%s %q: %w", p.name, s.Addr, err)
	}
	host, port, err := s.Security.address(s.Addr, p.plain, p.secure)
	if err != nil {
		return nil, err
	}
	if err := s.mayConnect(); err != nil {
		return nil, fmt.Errorf("%s %q: %w", p.name, s.Addr, err)
	}
	release, err := s.Hosts.acquire(ctx, host, s.NoWait)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", p.name, s.Addr, err)
	}
	conn, err := s.connect(ctx, p, host, port)
	if err != nil {
		if isThrottled(err) {
			s.Guard.Rest(err)
		}
		release()
		return nil, fmt.Errorf("%s %q: %w", p.name, s.Addr, err)
	}
	conn.release = release
	return conn, nil
}

// mayConnect returns why the server is not to be bothered now.
func (s *Server) mayConnect() error {
	if _, err := s.Quota.Reserve(1); err != nil {
		return err
	}
	return s.Guard.rested()
}

// Validate returns every fault of the fields that shows without the server,
// joined; nil if there is none.
func (s *Server) Validate() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	if s.Addr == "" {
		faults = append(faults, errors.New("no address"))
	} else if _, _, err := s.Security.address(s.Addr, "", ""); err != nil {
		faults = append(faults, err)
	}
	fault(s.Security < ImplicitTLS || s.Security > Plaintext, "security %d is not defined", s.Security)
	fault(s.User == "", "no user")
	fault((s.Password == nil) == (s.Token == nil), "exactly one of password and token is needed")
	fault(s.APOP && s.Token != nil, "APOP needs a password, not a token")
	fault(strings.ContainsAny(s.User, lineEnds), "user contains a line end or NUL")
	return errors.Join(faults...)
}

const lineEnds = "\r\n\x00"

// checkText refuses what would end a command early or be read as another one.
func checkText(what, text string) error {
	if strings.ContainsAny(text, lineEnds) {
		return fmt.Errorf("%s contains a line end or NUL", what)
	}
	return nil
}

func (s *Server) connect(ctx context.Context, p protocol, host, port string) (*Conn, error) {
	raw, err := s.dialRaw(ctx, net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	raw = gather(raw)
	conn, err := s.enter(ctx, p, raw, host)
	if err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

func (s *Server) dialRaw(ctx context.Context, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Limits.login())
	defer cancel()
	dial := s.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return dial(ctx, "tcp", addr)
}

// enter does what is to be done on a fresh connection. It ends when ctx does
// or the limit for logging in has passed.
func (s *Server) enter(ctx context.Context, p protocol, raw net.Conn, host string) (*Conn, error) {
	if err := raw.SetDeadline(time.Now().Add(s.Limits.login())); err != nil {
		return nil, err
	}
	stop := closeWhenDone(ctx, raw)
	w := &wire{raw: raw, host: host}
	greeting, err := s.greet(ctx, p, w)
	stop()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := raw.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return newConn(ctx, s, w, greeting), nil
}

func (s *Server) greet(ctx context.Context, p protocol, w *wire) (greeting string, err error) {
	w.use(w.raw)
	if s.Security == ImplicitTLS {
		if err := w.upgrade(ctx, s.TLSConfig); err != nil {
			return "", err
		}
	}
	return p.login(ctx, s, w)
}

// closeWhenDone closes c when ctx is done. The function it returns ends that,
// and leaves nothing running.
func closeWhenDone(ctx context.Context, c io.Closer) (stop func()) {
	closed := make(chan struct{})
	end := context.AfterFunc(ctx, func() {
		defer close(closed)
		c.Close()
	})
	return func() {
		if !end() {
			<-closed
		}
	}
}

// A wire is a connection on its way to be a Conn.
type wire struct {
	raw  net.Conn // what Dial returned
	host string
	r    *bufio.Reader
	w    io.Writer
	tls  bool
	caps []string // after the login, upper case; nil: the server does not tell
}

func (w *wire) use(c net.Conn) {
	w.r = bufio.NewReaderSize(c, maxLine)
	w.w = c
}

// upgrade does a TLS handshake. Nothing that was received before is kept.
func (w *wire) upgrade(ctx context.Context, config *tls.Config) error {
	c := tls.Client(w.raw, tlsConfig(config, w.host))
	if err := c.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	w.use(c)
	w.tls = true
	return nil
}

// deflate compresses both directions from now on (RFC 4978).
func (w *wire) deflate() error {
	fw, err := flate.NewWriter(w.w, flate.DefaultCompression)
	if err != nil {
		return err
	}
	w.r = bufio.NewReaderSize(flate.NewReader(w.r), maxLine)
	w.w = flushing{fw}
	return nil
}

// flushing sends what is written at once.
type flushing struct{ *flate.Writer }

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	if err == nil {
		err = f.Flush()
	}
	return n, err
}

// maxLine bounds what a server may say on one line before the library listens.
const maxLine = 16 << 10

// line reads one line without its end.
func (w *wire) line() (string, error) {
	b, err := w.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", fmt.Errorf("server sent a line of more than %d bytes", maxLine)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

func (w *wire) send(line string) error {
	_, err := io.WriteString(w.w, line+"\r\n")
	return err
}
