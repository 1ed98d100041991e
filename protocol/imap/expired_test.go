package imap_test

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

// An issuer hands out tokens, of which only the newest is good, and is a server
// that holds its sessions to that.
type issuer struct {
	mu     sync.Mutex
	serial int // of the newest token
	asked  int
	dead   map[*mailtest.Talk]bool // sessions whose token has expired
	logins int
}

// token is a launcher.Secret that never has one that is too old.
func (i *issuer) token(context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	return fmt.Sprintf("token-%d", i.serial), nil
}

// login answers AUTHENTICATE XOAUTH2.
func (i *issuer) login(c *mailtest.Talk, tag, args string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.logins++
	_, text, _ := strings.Cut(args, " ")
	said, _ := base64.StdEncoding.DecodeString(text)
	if !strings.Contains(string(said), fmt.Sprintf("auth=Bearer token-%d\x01", i.serial)) {
		c.Say("%s NO [AUTHENTICATIONFAILED] token has expired", tag)
		return
	}
	c.Say("%s OK in", tag)
}

// TestTokenExpiresMidSession: when the server sees that the token of a session
// has expired, whatever it is doing and however it says so, another session
// with a new token goes on, and no mail fails.
func TestTokenExpiresMidSession(t *testing.T) {
	answers := map[string]func(c *mailtest.Talk, tag string){
		"AUTHENTICATIONFAILED": func(c *mailtest.Talk, tag string) { c.Say("%s NO [AUTHENTICATIONFAILED] token has expired", tag) },
		"EXPIRED":              func(c *mailtest.Talk, tag string) { c.Say("%s NO [EXPIRED] log in again", tag) },
		"as Exchange does":     func(c *mailtest.Talk, tag string) { c.Say("%s BAD User is authenticated but not connected.", tag) },
		"BYE": func(c *mailtest.Talk, tag string) {
			c.Say("* BYE Session invalidated - AccessTokenExpired")
			c.Drop()
		},
	}
	for _, at := range []string{"UID FETCH 1:*", "BODY.PEEK[]", "UID MOVE", "UID SEARCH", "SELECT"} {
		for name, answer := range answers {
			t.Run(at+"/"+name, func(t *testing.T) {
				const count = 120
				tokens := &issuer{dead: make(map[*mailtest.Talk]bool)}
				expired := false
				s := &mailtest.IMAPScript{Caps: modern + " AUTH=XOAUTH2"}
				s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
					if name == "AUTHENTICATE" {
						tokens.login(c, tag, args)
						return true
					}
					tokens.mu.Lock()
					defer tokens.mu.Unlock()
					if !expired && strings.Contains(name+" "+args, at) {
						expired = true
						tokens.serial++
						tokens.dead[c] = true
					}
					if !tokens.dead[c] || name == "LOGOUT" {
						return false
					}
					answer(c, tag)
					return true
				}
				mails := messages(count)
				s.Fill("INBOX", mails...)
				s.Start(t)
				defer noLeaks(t, s)()
				source := scripted(s)
				source.Password, source.Token, source.Done = nil, tokens.token, "Done"
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
				if left, _ := s.UIDs("INBOX"); len(left) != 0 {
					t.Errorf("%d mails are still in INBOX", len(left))
				}
				if !expired || tokens.logins != 2 || tokens.asked != 2 {
					t.Errorf("expired: %v, %d logins, a token was asked for %d times; want it once for each of two sessions", expired, tokens.logins, tokens.asked)
				}
			})
		}
	}
}
