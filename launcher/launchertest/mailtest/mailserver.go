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
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A MailServer is a real server that runs on loopback while a test does.
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
}

// Password returns the password of a user.
func Password(user string) string { return user + "-pässword" }

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

// absent skips the test because a server cannot be had, or fails it if
// COLD_REQUIRE_SERVERS is 1.
func absent(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("COLD_REQUIRE_SERVERS") == "1" {
		t.Fatalf("mailtest: "+format, args...)
	}
	t.Skipf("mailtest: "+format, args...)
}

// home makes a directory that an ordinary user may use, with a short path: the
// servers keep sockets in it.
func home(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cold")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// ports returns n loopback addresses that nothing listens on.
func ports(t testing.TB, n int) []string {
	t.Helper()
	var addrs []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A daemon is a server process.
type daemon struct {
	cmd *exec.Cmd
	out bytes.Buffer
	end chan struct{} // closed when it has ended
}

// start runs a command, as an ordinary user even for root, until the test
// ends, and waits until it listens on addr.
func start(t testing.TB, addr string, cmd *exec.Cmd) {
	t.Helper()
	d := &daemon{cmd: cmd, end: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &d.out, &d.out
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("mailtest: %v", err)
	}
	go func() {
		defer close(d.end)
		cmd.Wait()
	}()
	t.Cleanup(func() { d.stop(t) })
	dialer := net.Dialer{Timeout: time.Second}
	for deadline := time.Now().Add(20 * time.Second); ; {
		c, err := dialer.DialContext(context.Background(), "tcp", addr)
		if err == nil {
			c.Close()
			return
		}
		select {
		case <-d.end:
			t.Fatalf("mailtest: %s ended at once: %s", cmd.Path, d.out.Bytes())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("mailtest: %s does not listen on %s", cmd.Path, addr)
		}
	}
}

func (d *daemon) stop(t testing.TB) {
	terminate(d.cmd.Process)
	select {
	case <-d.end:
	case <-time.After(10 * time.Second):
		t.Errorf("mailtest: %s had to be killed", d.cmd.Path)
		d.cmd.Process.Kill()
		<-d.end
	}
}

// authority makes a certificate authority and a server certificate in dir,
// ca.pem, server.crt and server.key, and a configuration that trusts them.
func authority(t testing.TB, dir string) *tls.Config {
	t.Helper()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mailtest CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caKey := newKey(t)
	caDER := sign(t, ca, ca, caKey, caKey)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	key := newKey(t)
	der := sign(t, leaf, ca, key, caKey)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	write(t, filepath.Join(dir, "ca.pem"), block("CERTIFICATE", caDER))
	write(t, filepath.Join(dir, "server.crt"), block("CERTIFICATE", der))
	write(t, filepath.Join(dir, "server.key"), block("PRIVATE KEY", keyDER))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(block("CERTIFICATE", caDER)))
	return &tls.Config{RootCAs: pool}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, cert, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Certificate returns a certificate for localhost and 127.0.0.1, and a
// configuration that trusts it: for servers that a test writes itself.
func Certificate(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	dir := t.TempDir()
	client = authority(t, dir)
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, client
}

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
