package imap_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
)

// A provider blocks an account that holds too many connections, or to which it
// sent too much in a day.
type provider struct {
	script mailtest.IMAPScript
	conns  int64 // allowed at a time
	bytes  int64 // allowed in a day

	open    atomic.Int64
	mu      sync.Mutex
	sent    map[int64]int64 // by hour
	tripped []string
}

func (p *provider) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	if n := p.open.Add(1); n > p.conns {
		p.trip("%d connections", n)
	}
	go func() {
		defer p.open.Add(-1)
		p.script.Serve(&metered{server, p})
	}()
	return client, nil
}

func (p *provider) trip(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tripped = append(p.tripped, fmt.Sprintf(format, args...))
}

type metered struct {
	net.Conn
	p *provider
}

func (m *metered) Write(b []byte) (int, error) {
	hour := time.Now().Unix() / 3600
	m.p.mu.Lock()
	m.p.sent[hour] += int64(len(b))
	var day int64
	for h := hour - 23; h <= hour; h++ {
		day += m.p.sent[h]
	}
	m.p.mu.Unlock()
	if day > m.p.bytes {
		m.p.trip("%d bytes in a day", day)
	}
	return m.Conn.Write(b)
}

type every time.Duration

func (e every) Next(t time.Time) time.Time { return t.Truncate(time.Duration(e)).Add(time.Duration(e)) }

// TestNeverBlocked: launchers that share the caps of an account never exceed
// them, however much waits, and take everything in the end.
func TestNeverBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const launchers, mails, size = 4, 40, 40 << 10
		p := &provider{script: mailtest.IMAPScript{Caps: modern}, conns: 15, bytes: 2500 << 10, sent: make(map[int64]int64)}
		hosts := &dial.Hosts{Max: 15}
		quota := &dial.Quota{Bytes: p.bytes * 9 / 10}
		var stored atomic.Int64
		var all []*launcher.Launcher
		for i := range launchers {
			folder := fmt.Sprintf("F%d", i)
			var waiting [][]byte
			for n := range mails {
				waiting = append(waiting, append(mailtest.Message(n), bytes.Repeat([]byte("0123456789abcdef\r\n"), size/18)...))
			}
			p.script.Fill(folder, waiting...)
			p.script.Folder("Done" + folder)
			source := scripted(&p.script)
			source.Addr, source.Dial = "imap.example.org", p.dial
			source.Folder, source.Done, source.Parallel = folder, "Done"+folder, 6
			source.Hosts, source.Quota = hosts, quota
			all = append(all, &launcher.Launcher{
				Name: folder, Source: source, Schedule: every(5 * time.Minute), Observe: func(context.Context, launcher.Event) {},
				Sink: launcher.SinkFunc(func(ctx context.Context, parcel *launcher.Parcel) error {
					err := mailtest.Drain(ctx, parcel)
					if err == nil {
						stored.Add(1)
					}
					return err
				}),
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 23*time.Hour)
		defer cancel()
		launcher.Run(ctx, all...)
		if n := stored.Load(); n == 0 || n == launchers*mails {
			t.Errorf("%d of %d mails were taken in the first day, want some: the quota does not allow all", n, launchers*mails)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 96*time.Hour)
		defer cancel()
		launcher.Run(ctx, all...)
		if n := stored.Load(); n != launchers*mails {
			t.Errorf("%d of %d mails were taken after five days, want all", n, launchers*mails)
		}
		if len(p.tripped) > 0 {
			t.Errorf("%d times the account was used too much, first: %s", len(p.tripped), p.tripped[0])
		}
	})
}

// TestTooLargeForQuota: a mail that never fits is set aside, and the others come.
func TestTooLargeForQuota(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	s.Fill("INBOX", mailtest.Message(1), bytes.Repeat([]byte("0123456789abcde\n"), 8<<10), mailtest.Message(3))
	s.Start(t)
	source := scripted(s)
	source.Rejected = "EZGED_KO"
	source.Quota = &dial.Quota{Bytes: 64 << 10}
	l := &launcher.Launcher{Name: "mail", Source: source, Sink: launcher.SinkFunc(mailtest.Drain), Observe: func(context.Context, launcher.Event) {}}
	stats, err := l.Poll(t.Context())
	if aside, _ := s.UIDs("EZGED_KO"); err != nil || stats.Stored != 2 || len(aside) != 1 {
		t.Errorf("%+v, %v, %d set aside: want two stored and one set aside", stats, err, len(aside))
	}
}

// TestThrottled: what a server says when an account uses too much ends the pass,
// costs no mail an attempt, and the server is left alone for a while.
func TestThrottled(t *testing.T) {
	for name, hurt := range map[string]func(c *mailtest.Talk, tag, name string) bool{
		"at login": func(c *mailtest.Talk, tag, name string) bool {
			if name != "AUTHENTICATE" {
				return false
			}
			c.Say("%s NO [LIMIT] Too many simultaneous connections", tag)
			return true
		},
		"before login": func(c *mailtest.Talk, tag, name string) bool {
			if name != "AUTHENTICATE" {
				return false
			}
			c.Say("* BYE Too many connections from your host")
			c.Drop()
			return true
		},
		"while fetching": func(c *mailtest.Talk, tag, name string) bool {
			if name != "UID FETCH" {
				return false
			}
			c.Say("%s NO [OVERQUOTA] Account exceeded command or bandwidth limits.", tag)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &mailtest.IMAPScript{Caps: modern}
			s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
				return (name == "AUTHENTICATE" || strings.Contains(args, "BODY.PEEK")) && hurt(c, tag, name)
			}
			s.Fill("INBOX", messages(80)...)
			s.Start(t)
			defer noLeaks(t, s)()
			source := scripted(s)
			l := &launcher.Launcher{Name: "mail", Source: source, Sink: launcher.SinkFunc(mailtest.Drain), Observe: func(context.Context, launcher.Event) {}}
			_, err := l.Poll(t.Context())
			if launcher.OutcomeOf(err) != launcher.Stop || !strings.Contains(err.Error(), "server said") {
				t.Errorf("Poll: %v, want what the server said, as the end of the pass", err)
			}
			l.List(t.Context(), func(e launcher.Entry) error {
				if e.Attempts != 0 {
					t.Errorf("%s has %d attempts: it is not the mail that is at fault", e.ID, e.Attempts)
				}
				return nil
			})
			before, _ := s.Conns()
			_, err = l.Poll(t.Context())
			if after, _ := s.Conns(); after != before || err == nil || !strings.Contains(err.Error(), "left alone") {
				t.Errorf("Poll soon after: %v, %d more connections, want none", err, after-before)
			}
		})
	}
}

// TestFewerConnections: a server that does not allow as many connections as
// Parallel gets along with those that it allows.
func TestFewerConnections(t *testing.T) {
	mails := messages(400)
	s := &mailtest.IMAPScript{Caps: modern}
	var refused atomic.Bool
	s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
		if _, open := s.Conns(); name != "AUTHENTICATE" || open < 2 {
			return false
		}
		refused.Store(true)
		c.Say("%s NO [LIMIT] Too many simultaneous connections", tag)
		return true
	}
	s.Fill("INBOX", mails...)
	s.Start(t)
	defer noLeaks(t, s)()
	source := scripted(s)
	source.Parallel = 4
	var got shelf
	err := source.Poll(t.Context(), &got)
	if n := got.missing(mails); err != nil || n != 0 || !refused.Load() {
		t.Errorf("Poll: %v, %d of %d mails missing, second connection refused: %v", err, n, len(mails), refused.Load())
	}
}
