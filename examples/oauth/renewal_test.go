package oauth_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// A token that expires while mails are fetched is renewed at the provider, and
// the pass goes on.
func TestRenewal(t *testing.T) {
	const mails = 60
	var issued atomic.Int64
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		// So short a life is over before the next login.
		fmt.Fprintf(w, `{"access_token": "token-%d", "token_type": "Bearer", "expires_in": 1}`, issued.Add(1))
	}))
	defer provider.Close()

	var logins, expired atomic.Int64
	server := &mailtest.IMAPScript{Caps: "MOVE UIDPLUS AUTH=XOAUTH2"}
	server.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
		switch {
		case name == "AUTHENTICATE":
			_, text, _ := strings.Cut(args, " ")
			said, _ := base64.StdEncoding.DecodeString(text)
			if !strings.Contains(string(said), fmt.Sprintf("Bearer token-%d\x01", issued.Load())) {
				c.Say("%s NO [AUTHENTICATIONFAILED] not the newest token", tag)
				return true
			}
			logins.Add(1)
		case strings.Contains(args, "BODY.PEEK[]") && expired.CompareAndSwap(0, 1):
			c.Say("* BYE Session invalidated - AccessTokenExpired")
			c.Drop()
			return true
		}
		return false
	}
	for i := range mails {
		server.Fill("INBOX", mailtest.Message(i))
		server.Folder("INBOX").Mails[i].UID = uint32(i + 1)
	}
	server.Start(t)

	config := &clientcredentials.Config{ClientID: "cold", ClientSecret: "x", TokenURL: provider.URL}
	tokens := config.TokenSource(t.Context())
	sink := new(launchertest.Recorder)
	l := &launcher.Launcher{
		Name: "oauth", Sink: sink,
		Source: &imap.Source{
			Addr: server.Addr, Security: dial.Plaintext, User: "cold@example.org", Done: "EZGED_OK",
			Token: launcher.SecretFrom(tokens.Token, accessToken),
		},
	}
	stats, err := l.Poll(t.Context())
	if err != nil || stats.Stored != mails || stats.Left != 0 {
		t.Fatalf("%+v, %v; want all %d mails stored", stats, err, mails)
	}
	if logins.Load() != 2 || issued.Load() != 2 {
		t.Errorf("%d logins with %d tokens, want 2 of each", logins.Load(), issued.Load())
	}
}
