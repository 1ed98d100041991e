package dial

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// POP3 connects to a POP3 server (RFC 1939) and logs in. The Conn begins with
// a greeting "+OK"; its Caps are the answer to CAPA (RFC 2449) after the login.
// The connection is closed when ctx is done.
//
// StartTLS is STLS (RFC 2595). A password goes by AUTH PLAIN (RFC 5034) where
// that is offered and by USER and PASS otherwise, or only by APOP if
// Server.APOP says so; a token by XOAUTH2 or OAUTHBEARER.
//
// The error wraps ErrRefused if the server did not accept the credentials. It
// does not where the server only asks for patience: [IN-USE], [LOGIN-DELAY],
// [SYS/TEMP] (RFC 2449, RFC 3206), or a maildrop that is locked.
func (s *Server) POP3(ctx context.Context) (*Conn, error) {
	return s.open(ctx, protocol{name: "pop3", plain: "110", secure: "995", login: loginPOP3})
}

const (
	apop     = "APOP"
	maxCapas = 256
)

// A pop3Login is the talk with a POP3 server before the library listens.
type pop3Login struct {
	s     *Server
	w     *wire
	stamp string   // of the greeting, for APOP; "": none
	caps  []string // upper case; nil: the server does not tell
}

func loginPOP3(ctx context.Context, s *Server, w *wire) (greeting string, err error) {
	l := &pop3Login{s: s, w: w}
	ok, text, err := l.answer()
	switch {
	case err != nil:
		return "", fmt.Errorf("greeting: %w", err)
	case !ok:
		return "", fmt.Errorf("greeting: %w", &refusal{said: saying("-ERR " + text)})
	}
	l.stamp = timestamp(text)
	if err := l.capa(); err != nil {
		return "", err
	}
	if s.Security == StartTLS {
		if err := l.startTLS(ctx); err != nil {
			return "", err
		}
	}
	if err := l.authenticate(ctx); err != nil {
		return "", err
	}
	if err := l.capa(); err != nil { // RFC 2449, 5: they may change with the login
		return "", err
	}
	w.caps = l.caps
	return "+OK ready\r\n", nil
}

// timestamp returns what APOP is computed from. Only what can be a message ID
// is taken: with freely chosen bytes a server could learn the password from
// collisions of MD5.
func timestamp(greeting string) string {
	from, to := strings.IndexByte(greeting, '<'), strings.IndexByte(greeting, '>')
	if from < 0 || to < from {
		return ""
	}
	stamp := greeting[from : to+1]
	odd := strings.ContainsFunc(stamp, func(r rune) bool { return r <= ' ' || r > '~' })
	if odd || strings.Count(stamp, "@") != 1 || len(stamp) > 255 {
		return ""
	}
	return stamp
}

// answer reads a line that tells whether a command succeeded.
func (l *pop3Login) answer() (ok bool, text string, err error) {
	line, err := l.w.line()
	if err != nil {
		return false, "", err
	}
	return parseStatus(line)
}

func parseStatus(line string) (ok bool, text string, err error) {
	word, text := line, ""
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		word, text = line[:i], strings.TrimLeft(line[i:], " \t")
	}
	switch strings.ToUpper(word) {
	case "+OK":
		return true, text, nil
	case "-ERR":
		return false, text, nil
	}
	return false, "", fmt.Errorf("server said %q, which is no answer", saying(line))
}

// command sends a command and reads its answer.
func (l *pop3Login) command(line string) (ok bool, text string, err error) {
	if err := l.w.send(line); err != nil {
		return false, "", err
	}
	return l.answer()
}

// capa asks for the capabilities. Servers that do not know how to tell have
// none.
func (l *pop3Login) capa() error {
	l.caps = nil
	ok, _, err := l.command("CAPA")
	if err != nil {
		return fmt.Errorf("capa: %w", err)
	}
	if !ok {
		return nil
	}
	l.caps = []string{}
	for range 4 * maxCapas {
		line, err := l.w.line()
		switch {
		case err != nil:
			return fmt.Errorf("capa: %w", err)
		case line == ".":
			return nil
		case len(l.caps) < maxCapas:
			l.caps = append(l.caps, strings.ToUpper(strings.TrimSpace(line)))
		}
	}
	return errors.New("capa: server does not come to an end")
}

// has reports whether a capability is there, with whatever parameters.
func (l *pop3Login) has(name string) bool {
	return slices.ContainsFunc(l.caps, func(c string) bool {
		first, _, _ := strings.Cut(c, " ")
		return first == name
	})
}

func (l *pop3Login) startTLS(ctx context.Context) error {
	if l.caps != nil && !l.has("STLS") {
		return errors.New("server does not offer STLS")
	}
	ok, text, err := l.command("STLS")
	switch {
	case err != nil:
		return fmt.Errorf("stls: %w", err)
	case !ok:
		return fmt.Errorf("stls: server said %q", saying(text))
	case l.w.r.Buffered() > 0:
		// What came in clear behind the answer would pass for encrypted.
		return errors.New("stls: server sent more before encryption")
	}
	if err := l.w.upgrade(ctx, l.s.TLSConfig); err != nil {
		return err
	}
	return l.capa() // RFC 2595, 4: what was said in clear does not count
}

// authenticate logs in with what the server offers, best first.
func (l *pop3Login) authenticate(ctx context.Context) error {
	c, err := l.s.credentials(ctx, l.offered())
	if err != nil {
		return err
	}
	return l.s.Guard.attempt(c.secret, func() error {
		switch c.mechanism {
		case login:
			return l.userPass(c)
		case apop:
			sum := md5.Sum([]byte(l.stamp + c.secret))
			return l.verdict(c, "")(l.command("APOP " + l.s.User + " " + hex.EncodeToString(sum[:])))
		}
		return l.auth(c)
	})
}

// offered returns the mechanisms that the server offers, with LOGIN for USER
// and PASS, which every server has that does not tell.
func (l *pop3Login) offered() (mechanisms []string) {
	for _, c := range l.caps {
		if f := strings.Fields(c); len(f) > 0 && f[0] == "SASL" {
			for _, m := range f[1:] {
				if m != login {
					mechanisms = append(mechanisms, m)
				}
			}
		}
	}
	if l.has("USER") || !l.has("SASL") {
		mechanisms = append(mechanisms, login)
	}
	if l.stamp != "" {
		mechanisms = append(mechanisms, apop)
	}
	return mechanisms
}

func (l *pop3Login) userPass(c credentials) error {
	ok, text, err := l.command("USER " + l.s.User)
	if err == nil && ok {
		ok, text, err = l.command("PASS " + c.secret)
	}
	return l.verdict(c, "")(ok, text, err)
}

// auth logs in with AUTH. The response goes on a line of its own, for not all
// servers take one on the same line, and none takes a long one there.
func (l *pop3Login) auth(c credentials) error {
	if err := l.w.send("AUTH " + c.mechanism); err != nil {
		return err
	}
	reply, detail := c.encoded(), ""
	for range 4 {
		line, err := l.w.line()
		if err != nil {
			return fmt.Errorf("auth: %w", err)
		}
		text, more := strings.CutPrefix(line, "+")
		if !more || strings.HasPrefix(strings.ToUpper(line), "+OK") {
			return l.verdict(c, detail)(parseStatus(line))
		}
		if reply == "" {
			// Bearer tokens are refused with a challenge that tells why; the
			// exchange ends with an answer that says nothing (RFC 7628, 3.2.3).
			detail, reply = c.challenge(text), c.abort
		}
		if err := l.w.send(reply); err != nil {
			return err
		}
		reply = ""
	}
	return errors.New("auth: server does not come to an end")
}

// verdict returns what reads the end of an attempt to log in.
func (l *pop3Login) verdict(c credentials, detail string) func(ok bool, text string, err error) error {
	return func(ok bool, text string, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("login: %w", err)
		case ok:
			return nil
		case isLocked(text):
			return &refusal{said: c.clean("-ERR " + text)}
		}
		return c.verdict("-ERR", text, detail)
	}
}

// isLocked reports whether text, which has no code, tells that somebody else
// has the maildrop open.
func isLocked(text string) bool {
	text = strings.ToLower(text)
	has := func(s string) bool { return strings.Contains(text, s) }
	return !strings.HasPrefix(text, "[auth]") && (has("maildrop") || has("mailbox") || has("mail drop")) &&
		(has("lock") || has("in use") || has("busy"))
}
