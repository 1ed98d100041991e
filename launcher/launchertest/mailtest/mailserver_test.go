package mailtest_test

import (
	"bufio"
	"crypto/tls"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

func TestServersGreet(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *mailtest.MailServer{
		"dovecot": mailtest.Dovecot, "cyrus": mailtest.Cyrus,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			for addr, want := range map[string]string{s.IMAPS: "* OK", s.POP3S: "+OK"} {
				config := s.TLS.Clone()
				config.ServerName = "localhost"
				c, err := tls.Dial("tcp", addr, config)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				line, err := bufio.NewReader(c).ReadString('\n')
				if err != nil || !strings.HasPrefix(line, want) {
					t.Errorf("greeting %q, %v, want %q: a started server must be ready", line, err, want)
				}
			}
		})
	}
}
