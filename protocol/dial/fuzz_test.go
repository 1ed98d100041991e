package dial

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// FuzzIMAP logs in at a server that says anything at all.
func FuzzIMAP(f *testing.F) {
	for _, s := range []string{
		"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\nC1 OK [CAPABILITY IMAP4rev1] in\r\n",
		"* OK hi\r\n* CAPABILITY IMAP4rev1 STARTTLS\r\nC1 OK done\r\n",
		"* OK [CAPABILITY AUTH=PLAIN] x\r\n+ \r\n+ \r\nC1 NO [x\r\n",
		"* PREAUTH hi\r\n* CAPABILITY ( ] { \\ %\r\nC1 OK\r\n",
		"* BYE\r\n", "*\r\n", "+\n", "C1",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, says []byte, oauth bool) {
		if c, err := hangsUp(says, oauth).IMAP(t.Context()); err == nil {
			c.Close()
		}
	})
}

// FuzzPOP3 logs in at a server that says anything at all.
func FuzzPOP3(f *testing.F) {
	for _, s := range []string{
		"+OK <1@x>\r\n+OK\r\nSASL PLAIN XOAUTH2\r\n.\r\n+ \r\n+OK\r\n-ERR\r\n",
		"+OK\r\n-ERR\r\n+OK\r\n-ERR [AUTH\r\n", "+ok\t<@>\r\n+OK\r\n.\r\n", "+\r\n", "-ERR", ".", "+OK >< @",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, says []byte, oauth bool) {
		if c, err := hangsUp(says, oauth).POP3(t.Context()); err == nil {
			c.Close()
		}
	})
}

// hangsUp is an account on a server that says something and hangs up.
func hangsUp(says []byte, oauth bool) *Server {
	s := &Server{
		Addr: "fuzz:1", Security: Plaintext, User: "alice", Limits: Limits{Login: 10 * time.Second},
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go io.Copy(io.Discard, server)
			go func() {
				server.Write(says)
				server.Close()
			}()
			return client, nil
		},
	}
	if oauth {
		s.Token = launcher.SecretText("token")
	} else {
		s.Password = launcher.SecretText("password")
	}
	return s
}
