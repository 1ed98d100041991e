package launchertest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

const (
	planted = "hunter2-planted"
	forged  = "\r\n2026-01-01 level=INFO msg=forged \x1b[2J\u202e\x00"
)

// A hostile is a server, or a setting, that wants a secret or a line of its own
// in the log.
type hostile struct {
	name   string
	source func(t *testing.T) launcher.Source
}

func hostiles() []hostile {
	said := func(answer string) func(t *testing.T) launcher.Source {
		return func(t *testing.T) launcher.Source {
			return &imap.Source{Addr: mailtest.Script(t, sayAndEcho(answer)), Security: dial.Plaintext, User: "alice",
				Password: launcher.SecretText(planted), Folder: "inbox", Done: "Done"}
		}
	}
	popped := func(answer string) func(t *testing.T) launcher.Source {
		return func(t *testing.T) launcher.Source {
			return &pop3.Source{Addr: mailtest.Script(t, sayAndEcho(answer)), Security: dial.Plaintext, User: "alice",
				Password: launcher.SecretText(planted), Delete: true, Interval: -1}
		}
	}
	start := func(answer string) func(t *testing.T) launcher.Source {
		return func(t *testing.T) launcher.Source {
			return &imap.Source{Addr: mailtest.Script(t, sayAndEcho(answer)), Security: dial.StartTLS, User: "alice",
				Password: launcher.SecretText(planted), Folder: "inbox", Done: "Done"}
		}
	}
	named := func(user, folder, done string) func(t *testing.T) launcher.Source {
		return func(t *testing.T) launcher.Source {
			s := &mailtest.IMAPScript{Caps: "MOVE UIDPLUS"}
			s.Start(t)
			return &imap.Source{Addr: s.Addr, Security: dial.Plaintext, User: user,
				Password: launcher.SecretText(planted), Folder: folder, Done: done}
		}
	}
	return []hostile{
		{"IMAP echoes the login", said("* OK ready")},
		{"IMAP greets with control characters", said("* OK \x1b]0;x\x07\x00 forged")},
		{"IMAP says BYE with a line of its own", said("* BYE go away \x1b[2J level=INFO msg=forged")},
		{"IMAP is logged in before anybody asked", said("* PREAUTH welcome")},
		{"IMAP PREAUTH before STARTTLS", start("* PREAUTH welcome")},
		{"IMAP answers STARTTLS with more than that", start("* OK ready\r\na1 OK\r\n* CAPABILITY IMAP4rev1")},
		{"POP3 echoes the login", popped("+OK ready")},
		{"POP3 greets with control characters", popped("-ERR \x1b]0;x\x07\x00 forged")},
		{"line ends in the user", named("alice"+forged, "inbox", "Done")},
		{"line ends in the folder", named("alice", "in"+forged, "Done")},
		{"line ends in the output folder", named("alice", "inbox", "Done"+forged)},
		{"a Source that fails with all of it", func(*testing.T) launcher.Source {
			return shouting{errors.New("no " + forged)}
		}},
	}
}

// sayAndEcho greets, and answers everything with a refusal that repeats it.
func sayAndEcho(greeting string) func(c *mailtest.Talk) {
	return func(c *mailtest.Talk) {
		c.Raw(greeting + "\r\n")
		for {
			line := c.Line()
			if line == "" {
				return
			}
			tag, rest, _ := strings.Cut(line, " ")
			if strings.HasPrefix(greeting, "+") || strings.HasPrefix(greeting, "-") {
				c.Raw("-ERR no \x1b[2J " + line + " " + decoded(rest) + "\r\n")
				continue
			}
			if strings.HasPrefix(rest, "CAPABILITY") {
				c.Raw("* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR\r\n" + tag + " OK done\r\n")
				continue
			}
			c.Raw(tag + " NO no \x1b[2J " + line + " " + decoded(rest) + "\r\n")
		}
	}
}

// decoded returns what base64 in the last word comes to.
func decoded(s string) string {
	words := strings.Fields(s)
	if len(words) == 0 {
		return ""
	}
	b, _ := base64.StdEncoding.DecodeString(words[len(words)-1])
	return string(bytes.Trim(b, "\x00"))
}

type shouting struct{ err error }

func (s shouting) Poll(ctx context.Context, sink launcher.Sink) error {
	launcher.Warn(ctx, "here "+s.err.Error(), s.err)
	p := &launcher.Parcel{ID: "1" + forged, Origin: "there " + s.err.Error(),
		Documents: func(context.Context) ([]*launcher.Document, error) { return nil, s.err }}
	sink.Store(ctx, p)
	return s.err
}

// Nothing that an outsider says, and no secret, reaches a log line, an error, an
// event, the Status, the ledger or a preview other than printable.
func TestHostileTextStaysText(t *testing.T) {
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			var text, lines bytes.Buffer
			asText := launcher.LogTo(slog.New(slog.NewTextHandler(&text, nil)))
			asJSON := launcher.LogTo(slog.New(slog.NewJSONHandler(&lines, nil)))
			var shown []string
			show := func(what string, v any) { shown = append(shown, what+": "+fmt.Sprintf("%+v", v)) }
			l := &launcher.Launcher{Name: "hostile", Source: h.source(t), Sink: new(launchertest.Recorder),
				Backoff: func(int) time.Duration { return 0 },
				Observe: func(ctx context.Context, e launcher.Event) {
					asText(ctx, e)
					asJSON(ctx, e)
					show("event", e)
				}}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := l.Poll(ctx)
			if err == nil {
				t.Log("the pass went well")
			}
			if err != nil {
				shown = append(shown, "error: "+strings.ReplaceAll(err.Error(), "\n", "; ")) // joined, a line each
			}
			if err := l.Check(ctx); err != nil {
				shown = append(shown, "check: "+strings.ReplaceAll(err.Error(), "\n", "; "))
			}
			show("status", l.Status())
			show("recent", l.Recent())
			show("left", l.Left())
			l.List(ctx, func(e launcher.Entry) error { show("entry", e); return nil })
			if b, err := json.Marshal(l.Status()); err == nil {
				show("status as JSON", string(b))
			}
			for _, line := range strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n") {
				if line != "" && !strings.HasPrefix(line, "time=") {
					t.Errorf("a line of the log that nobody logged: %q", line)
				}
				show("log", line)
			}
			show("log as JSON", strings.ReplaceAll(lines.String(), "\n", " "))
			for _, s := range shown {
				for _, secret := range []string{planted, base64.StdEncoding.EncodeToString([]byte("\x00alice\x00" + planted))} {
					if strings.Contains(s, secret) {
						t.Errorf("the password is shown: %q", s)
					}
				}
				if i := strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); i >= 0 {
					t.Errorf("raw control characters: %q", s)
				}
			}
		})
	}
}
