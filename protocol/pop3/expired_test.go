package pop3_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// TestTokenExpiresMidSession: when the server sees that the token of a session
// has expired, while mails come or are deleted, however it says so, another session
// with a new token goes on, and no mail fails.
func TestTokenExpiresMidSession(t *testing.T) {
	answers := map[string]func(c *mailtest.Talk){
		"AUTH":             func(c *mailtest.Talk) { c.Say("-ERR [AUTH] token has expired") },
		"as Exchange does": func(c *mailtest.Talk) { c.Say("-ERR User is authenticated but not connected.") },
		"closed":           func(c *mailtest.Talk) { c.Drop() },
	}
	for _, at := range []string{"RETR", "DELE"} {
		for name, answer := range answers {
			t.Run(at+"/"+name, func(t *testing.T) {
				const count = 120
				var mu sync.Mutex
				serial, asked, logins := 0, 0, 0
				var dead *mailtest.Talk // the session whose token has expired
				mails := messages(count)
				s := &mailtest.POP3Script{Caps: append(mailtest.ModernPOP3(), "SASL XOAUTH2")}
				s.OnCommand = func(c *mailtest.Talk, name, args string) bool {
					mu.Lock()
					defer mu.Unlock()
					if name == "AUTH" {
						logins++
						said := strings.TrimPrefix(args, "XOAUTH2")
						if strings.TrimSpace(said) == "" {
							c.Say("+ ")
							said = c.Line()
						}
						text, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(said))
						if !strings.Contains(string(text), fmt.Sprintf("auth=Bearer token-%d\x01", serial)) {
							c.Say("-ERR [AUTH] token has expired")
							return true
						}
						c.Say("+OK in")
						return true
					}
					if dead == nil && name == at {
						serial++
						dead = c
					}
					if dead != c || name == "QUIT" {
						return false
					}
					answer(c)
					return true
				}
				s.Fill(mails...)
				s.Start(t)
				source := on(s)
				source.Password, source.Delete = nil, true
				source.Token = func(context.Context) (string, error) {
					mu.Lock()
					defer mu.Unlock()
					asked++
					return fmt.Sprintf("token-%d", serial), nil
				}
				sink := new(launchertest.Recorder)
				l := &launcher.Launcher{Name: "token", Source: source, Sink: sink, Observe: func(_ context.Context, e launcher.Event) {
					if e.Kind == launcher.EventFailed || e.Kind == launcher.EventRejected {
						t.Errorf("%s of %s: %v", e.Kind, e.Origin, e.Err)
					}
				}}
				stats, err := l.Poll(t.Context())
				if err != nil || stats.Stored != count || stats.Left != 0 {
					t.Fatalf("%+v, %v; want all %d mails stored; commands %q", stats, err, count, s.Commands())
				}
				if left := s.Mails(); len(left) != 0 {
					t.Errorf("%d mails are still there", len(left))
				}
				if dead == nil || logins != 2 || asked != 2 {
					t.Errorf("expired: %v, %d logins, a token was asked for %d times; want it once for each of two sessions", dead != nil, logins, asked)
				}
			})
		}
	}
}
