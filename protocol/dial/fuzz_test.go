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
		c, err := s.IMAP(t.Context())
		if err == nil {
			c.Close()
		}
	})
}
