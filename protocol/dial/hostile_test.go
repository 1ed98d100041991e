package dial_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
)

const secret = "s3cret-pässword"

// A hostile server is not one to log in to.
type hostile struct {
	name     string
	security dial.Security
	talk     func(c *mailtest.Talk)
	want     string // in the error
	refused  bool
}

// meet tries to log in. No password goes out in clear where that was not
// allowed, by the command login or otherwise, and never does that command.
func (h *hostile) meet(t *testing.T, open func(*dial.Server, context.Context) (*dial.Conn, error), login, never string) {
	_, clientTLS := mailtest.Certificate(t)
	var mu sync.Mutex
	var heard strings.Builder
	addr := mailtest.Script(t, func(c *mailtest.Talk) {
		h.talk(mailtest.NewTalk(&recorded{c, &mu, &heard}))
	})
	s := &dial.Server{
		Addr: addr, Security: h.security, TLSConfig: clientTLS, User: "alice",
		Password: launcher.SecretText(secret),
	}
	if h.want == "" { // nothing but the time ends it
		s.Limits.Login = 100 * time.Millisecond
	}
	c, err := open(s, t.Context())
	if err == nil {
		c.Close()
		t.Fatal("logged in")
	}
	if !strings.Contains(err.Error(), h.want) || errors.Is(err, dial.ErrRefused) != h.refused {
		t.Errorf("error %q, refused %v, want %q and %v", err, errors.Is(err, dial.ErrRefused), h.want, h.refused)
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00alice\x00" + secret))
	if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), plain) {
		t.Errorf("error %q holds the password", err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, text := range []string{plain, login, never} {
		if text == "" || text != never && s.Security == dial.Plaintext || !strings.Contains(heard.String(), text) {
			continue
		}
		t.Errorf("the server heard %q: no password goes out in clear unasked", heard.String())
	}
}

// recorded is a connection of which a test keeps what was read.
type recorded struct {
	net.Conn
	mu    *sync.Mutex
	heard *strings.Builder
}

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard.Write(p[:n])
	return n, err
}
