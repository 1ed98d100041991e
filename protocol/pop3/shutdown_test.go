package pop3_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// TestShutdownSettingAside: a mail that is being set aside has what time
// settling has, no more, when the pass is to end.
func TestShutdownSettingAside(t *testing.T) {
	for name, after := range map[string]time.Duration{"while it is set aside": time.Second, "in Store": -1} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				why := errors.New("shutdown")
				source := &pop3.Source{
					Addr: "test:1", Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"),
					Delete: true, Rejected: folder, Interval: -1, Limits: dial.Limits{Idle: time.Hour},
					Dial: func(context.Context, string, string) (net.Conn, error) {
						client, server := net.Pipe()
						go silent(server)
						return client, nil
					},
				}
				begun := time.Now()
				err := source.Poll(ctx, launcher.SinkFunc(func(context.Context, *launcher.Parcel) error {
					if after < 0 {
						cancel(why)
					} else {
						time.AfterFunc(after, func() { cancel(why) })
					}
					return launcher.Reject(errors.New("no"))
				}))
				if took := time.Since(begun); !errors.Is(err, why) || took > 15*time.Second {
					t.Errorf("Poll took %v: %v; want it ended ten seconds after the shutdown", took, err)
				}
			})
		})
	}
}

// silent has one mail, and says nothing when it is asked for.
func silent(conn net.Conn) {
	defer conn.Close()
	c := mailtest.NewTalk(conn)
	c.Say("+OK ready")
	for {
		switch line := c.Line(); line {
		case "":
			return
		case "CAPA":
			c.Say("-ERR")
		case "STAT":
			c.Say("+OK 1 100")
		case "LIST":
			c.Say("+OK\r\n1 100\r\n.")
		case "UIDL":
			c.Say("+OK\r\n1 u1\r\n.")
		case "RETR 1":
		default:
			c.Say("+OK")
		}
	}
}
