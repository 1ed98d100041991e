package dial_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
)

// opened returns a Conn past its greeting, whose server does as then says.
func opened(t *testing.T, ctx context.Context, idle time.Duration, then func(c *mailtest.Talk)) (*dial.Conn, *bufio.Reader) {
	t.Helper()
	addr := mailtest.Script(t, func(c *mailtest.Talk) {
		c.Say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
		c.Say("%s OK [CAPABILITY IMAP4rev1] in", tag(c))
		then(c)
	})
	s := &dial.Server{
		Addr: addr, Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"),
		Limits: dial.Limits{Idle: idle},
	}
	c, err := s.IMAP(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	r := bufio.NewReader(c)
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return c, r
}

func TestConnIdle(t *testing.T) {
	drip := func(c *mailtest.Talk) {
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for range 10_000 {
			if _, err := c.Write([]byte("x")); err != nil {
				return
			}
			<-ticker.C
		}
	}
	for name, talk := range map[string]func(c *mailtest.Talk){
		"silent": func(c *mailtest.Talk) { c.Line() },
		"a drip": drip,
	} {
		t.Run(name, func(t *testing.T) {
			c, r := opened(t, t.Context(), 50*time.Millisecond, talk)
			end := c.Begin(1 << 20)
			defer end()
			_, err := io.Copy(io.Discard, r)
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("read: %v, want the deadline: progress alone renews it", err)
			}
			if c.Err() == nil {
				t.Error("the connection is open")
			}
		})
	}
	t.Run("between commands", func(t *testing.T) {
		waited := make(chan struct{})
		c, r := opened(t, t.Context(), 20*time.Millisecond, func(c *mailtest.Talk) {
			<-waited
			c.Say("* 1 EXISTS")
			c.Line()
		})
		end := c.Begin(100)
		end()
		time.AfterFunc(100*time.Millisecond, func() { close(waited) })
		if line, err := r.ReadString('\n'); err != nil {
			t.Errorf("%q, %v: a server may be silent when nothing was asked", line, err)
		}
	})
}

func TestConnBudget(t *testing.T) {
	flood := func(c *mailtest.Talk) {
		text := strings.Repeat("x", 64<<10)
		for range 200 {
			c.Raw(text)
		}
	}
	for name, asked := range map[string]int64{"unasked": 0, "asked": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			c, r := opened(t, t.Context(), time.Minute, flood)
			if asked > 0 {
				defer c.Begin(asked)()
			}
			n, err := io.Copy(io.Discard, r)
			if err == nil || !strings.Contains(err.Error(), "more than was asked") || n > asked+256<<10 {
				t.Errorf("read %d bytes, %v, want the connection closed after %d", n, err, asked)
			}
		})
	}
}

func TestConnEnds(t *testing.T) {
	t.Run("end of the connection", func(t *testing.T) {
		_, r := opened(t, t.Context(), time.Minute, func(c *mailtest.Talk) { c.Raw("half") })
		if _, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("read: %v, want an error that is not io.EOF", err)
		}
	})
	t.Run("BYE", func(t *testing.T) {
		_, r := opened(t, t.Context(), time.Minute, func(c *mailtest.Talk) { c.Say("* BYE going down for maintenance") })
		if _, err := io.ReadAll(r); err == nil || !strings.Contains(err.Error(), "maintenance") {
			t.Errorf("read: %v, want what the server said", err)
		}
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		c, r := opened(t, ctx, time.Minute, func(c *mailtest.Talk) { c.Line() })
		time.AfterFunc(10*time.Millisecond, func() { cancel(why) })
		if _, err := r.ReadByte(); !errors.Is(err, why) || !errors.Is(c.Err(), why) {
			t.Errorf("read: %v, Err: %v, want the cause of the context", err, c.Err())
		}
	})
	t.Run("Close", func(t *testing.T) {
		c, r := opened(t, t.Context(), time.Minute, func(c *mailtest.Talk) { c.Line() })
		c.Close()
		c.Close()
		if _, err := r.ReadByte(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read: %v, want net.ErrClosed", err)
		}
		if n, err := c.Write([]byte("x")); n != 1 || err != nil {
			t.Errorf("write: %d, %v: writes never fail, Read tells", n, err)
		}
	})
}
