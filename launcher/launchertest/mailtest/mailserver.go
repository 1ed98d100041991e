package mailtest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ErrAbsent is why a server cannot be started that is not installed.
var ErrAbsent = errors.New("mailtest: server is not installed")

// A MailServer is a real server that runs on loopback.
type MailServer struct {
	IMAP  string // address in clear, for STARTTLS
	IMAPS string // address with implicit TLS
	POP3  string
	POP3S string

	// TLS trusts the server's certificate, which is for localhost and
	// 127.0.0.1.
	TLS *tls.Config

	Users  []string // the password of each is Password(user)
	Dir    string   // everything the server keeps
	Log    string   // file that the server logs to; "": it does not
	secret []byte   // that signs tokens; nil: the server takes none
	daemon *daemon  // nil until it was started

	delivered int // by Deliver
}

// Stop ends the server and removes what it kept. It is called once, for servers
// that StartDovecot or StartCyrus returned.
func (s *MailServer) Stop() error {
	defer os.RemoveAll(s.Dir) // as far as processes that end late let it
	if s.daemon == nil {
		return nil
	}
	return s.daemon.stop()
}

// Password returns the password of a user. It is not plain ASCII, but for users
// whose name ends in "-ascii": some clients know nothing else.
func Password(user string) string {
	if strings.HasSuffix(user, "-ascii") {
		return user + "-password"
	}
	return user + "-pässword"
}

// Token returns an OAuth 2.0 access token for a user that the server accepts
// for d. It fails the test if the server takes no tokens.
func (s *MailServer) Token(t testing.TB, user string, d time.Duration) string {
	t.Helper()
	if s.secret == nil {
		t.Fatal("mailtest: this server takes no tokens")
	}
	part := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	now := time.Now()
	claims := fmt.Sprintf(`{"sub":%q,"iat":%d,"nbf":%d,"exp":%d}`, user, now.Unix()-1, now.Unix()-1, now.Add(d).Unix())
	signed := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part([]byte(claims))
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(signed))
	return signed + "." + part(mac.Sum(nil))
}

// during runs a server until the test ends. Where it is absent the test is
// skipped, or fails if COLD_REQUIRE_SERVERS is 1.
func during(t testing.TB, start func(users ...string) (*MailServer, error), users []string) *MailServer {
	t.Helper()
	s, err := start(users...)
	switch {
	case errors.Is(err, ErrAbsent) && os.Getenv("COLD_REQUIRE_SERVERS") != "1":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newServer returns a server that is not started yet, with addresses that
// nothing listens on and a certificate. Its directory is one that an ordinary
// user may use, with a short path: the servers keep sockets in it.
func newServer(users []string) (*MailServer, error) {
	if len(users) == 0 {
		users = []string{"alice"}
	}
	dir, err := os.MkdirTemp("", "cold")
	if err != nil {
		return nil, err
	}
	s := &MailServer{Users: users, Dir: dir}
	if err := os.Chmod(dir, 0o755); err != nil {
		return s, err
	}
	for _, addr := range []*string{&s.IMAP, &s.IMAPS, &s.POP3, &s.POP3S} {
		l, err := listen()
		if err != nil {
			return s, err
		}
		defer l.Close()
		*addr = l.Addr().String()
	}
	s.TLS, err = authority(filepath.Join(dir, "tls"))
	return s, err
}

// listen listens on an address of loopback that the system does not hand out by
// itself where it does as Linux does, so that nothing is likely to take it
// between the end of this listener and the start of a server. A test replaces
// it.
var listen = func() (net.Listener, error) {
	const low, high = 20_000, 32_000 // Linux hands out those from 32768
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", low+mathrand.IntN(high-low)))
		if err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// serve starts a server for the users: configure writes what it reads, command
// is what runs it. It begins again, with other addresses, if another process
// was faster to take one and the server ends because of that, as Dovecot does.
// Cyrus goes on without the service concerned.
func serve(users []string, configure func(*MailServer) error, command func(*MailServer) *exec.Cmd) (*MailServer, error) {
	for try := 1; ; try++ {
		s, err := newServer(users)
		if err == nil {
			err = configure(s)
		}
		if err == nil {
			err = s.run(command(s))
		}
		if err == nil {
			return s, nil
		}
		err = fmt.Errorf("mailtest: %w", err)
		if s != nil {
			err = errors.Join(err, s.Stop())
		}
		if !errors.Is(err, errTaken) || try == 5 {
			return nil, err
		}
	}
}

// run makes everything the account's and runs a command until Stop.
func (s *MailServer) run(cmd *exec.Cmd) error {
	if err := give(s.Dir); err != nil {
		return err
	}
	asAccount(cmd)
	d, err := start(cmd)
	if err != nil {
		return err
	}
	s.daemon = d
	config := s.TLS.Clone()
	config.ServerName = "localhost"
	// They listen one after the other.
	return errors.Join(d.await(s.IMAPS, config), d.await(s.POP3S, config))
}

// AsAccount has cmd, which is not started yet, run as the ordinary account that
// servers run as, and makes the paths given, and all below them, that account's:
// for clients that do not work as root. It does nothing where this process is
// not root's.
func AsAccount(cmd *exec.Cmd, paths ...string) error {
	asAccount(cmd)
	for _, path := range paths {
		if err := give(path); err != nil {
			return fmt.Errorf("mailtest: %w", err)
		}
	}
	return nil
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// A daemon is a server process.
type daemon struct {
	cmd *exec.Cmd
	out bytes.Buffer
	end chan struct{} // closed when it has ended
}

func start(cmd *exec.Cmd) (*daemon, error) {
	d := &daemon{cmd: cmd, end: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &d.out, &d.out
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(d.end)
		cmd.Wait()
	}()
	return d, nil
}

// errTaken is why a server ended at once whose address was taken.
var errTaken = errors.New("address is taken")

// await waits until the daemon listens on addr: it, and no other process that
// came before it, which would not have its certificate.
func (d *daemon) await(addr string, config *tls.Config) error {
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: time.Second}, Config: config}
	for deadline := time.Now().Add(time.Minute); ; {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		c, err := dialer.DialContext(ctx, "tcp", addr)
		cancel()
		if err == nil {
			return c.Close()
		}
		select {
		case <-d.end:
			err = fmt.Errorf("%s ended at once: %s", d.cmd.Path, d.out.Bytes())
			if bytes.Contains(d.out.Bytes(), []byte("Address already in use")) {
				err = fmt.Errorf("%w: %w", errTaken, err)
			}
			return err
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not listen on %s: %w", d.cmd.Path, addr, err)
		}
	}
}

func (d *daemon) stop() error {
	terminate(d.cmd.Process)
	select {
	case <-d.end:
		return nil
	case <-time.After(10 * time.Second):
		d.cmd.Process.Kill()
		<-d.end
		return fmt.Errorf("mailtest: %s had to be killed", d.cmd.Path)
	}
}

// authority makes a certificate authority and a server certificate in dir,
// ca.pem, server.crt and server.key, and a configuration that trusts them.
func authority(dir string) (*tls.Config, error) {
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mailtest CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	block := func(name, kind string, b []byte) error {
		return write(filepath.Join(dir, name), string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})))
	}
	err = errors.Join(block("ca.pem", "CERTIFICATE", caDER), block("server.crt", "CERTIFICATE", der), block("server.key", "PRIVATE KEY", keyDER))
	if err != nil {
		return nil, err
	}
	trusted, err := x509.ParseCertificate(caDER)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(trusted)
	return &tls.Config{RootCAs: pool}, nil
}

// Certificate returns a certificate for localhost and 127.0.0.1, and a
// configuration that trusts it: for servers that a test writes itself.
func Certificate(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	dir := t.TempDir()
	client, err := authority(dir)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, client
}

// CA returns the file that holds, in PEM, the authority that TLS trusts: for
// clients in other processes.
func (s *MailServer) CA() string { return filepath.Join(s.Dir, "tls", "ca.pem") }

// Message returns a small mail with CRLF line ends, whose subject and text
// hold the number.
func Message(n int) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: sender@example.org
To: cold@example.org
Subject: message %d
Message-ID: <%d@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

This is message %s.
`, n, n, strconv.Itoa(n)), "\n", "\r\n"))
}
