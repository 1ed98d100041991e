package pop3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	gopop3 "github.com/knadh/go-pop3"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/dial"
)

// A session is one connection that is logged in. It is for one goroutine.
type session struct {
	w *wire
	c *gopop3.Conn

	window int           // commands that the server takes at a time
	top    bool          // it has TOP, as far as it tells
	uidl   bool          // it says that it has UIDL
	delay  time.Duration // between logins, that it asks for

	noUIDL error // what it refused UIDL with
}

const (
	budget     = 64 << 10 // of an answer that is one line
	maxFlight  = 256      // commands under way
	pipelining = "PIPELINING"
)

// connect opens a session.
func connect(ctx context.Context, server *dial.Server) (*session, error) {
	conn, err := server.POP3(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{w: newWire(conn), window: 1, top: true}
	if caps := conn.Caps(); caps != nil {
		s.top, s.uidl = slices.Contains(caps, "TOP"), slices.Contains(caps, "UIDL")
		if slices.Contains(caps, pipelining) {
			s.window = maxFlight
		}
		s.delay = loginDelay(caps)
	}
	s.c, err = gopop3.New(gopop3.Opt{Dialer: s.w}).NewConn()
	if err != nil {
		conn.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

// loginDelay returns what a server says about the time between two logins
// (RFC 2449, 6.5).
func loginDelay(caps []string) time.Duration {
	for _, c := range caps {
		f := strings.Fields(c)
		if len(f) < 2 || f[0] != "LOGIN-DELAY" {
			continue
		}
		if n, err := strconv.Atoi(f[1]); err == nil && n > 0 {
			return time.Duration(min(n, int(maxDelay/time.Second))) * time.Second
		}
	}
	return 0
}

// do runs a command whose answer takes at most budget bytes.
func (s *session) do(budget int64, command func() error) error {
	defer s.w.Begin(budget)()
	return s.explain(command())
}

// explain returns err in words for a person: as the server's refusal, or as
// the reason why the connection is closed.
func (s *session) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case s.w.err != nil:
		return s.w.err
	case s.broken():
		return s.w.Conn.Err()
	case s.w.ok:
		return fmt.Errorf("cannot read the answer %q of the server: %w", clip(s.w.text), err)
	}
	refused := &refusal{s.w.text}
	if dial.IsLoggedOut(s.w.text) {
		return s.w.fail(refused) // another session goes on
	}
	if refused.passes() {
		return launcher.Halt(refused)
	}
	return refused
}

// broken reports whether the session is of no more use.
func (s *session) broken() bool { return s.w.err != nil || s.w.Conn.Err() != nil }

// close closes the connection without a word: what was deleted is not.
func (s *session) close() { s.w.Close() }

// lines runs a command that is answered by several lines, of budget bytes at
// most in all, and writes these to dst, which does not fail.
func (s *session) lines(command string, budget int64, dst io.Writer) error {
	return s.do(budget, func() error {
		if err := s.c.Send(command); err != nil {
			return err
		}
		if _, err := s.c.ReadOne(); err != nil {
			return err
		}
		_, err := s.w.body(dst)
		return err
	})
}

// each sends n commands, as many at a time as the server takes, and calls
// answered for each in turn, with the server's refusal if there is one. What
// answered returns is returned at once: then the session is of no more use.
func (s *session) each(n int, budget int64, command func(i int) string, answered func(i int, refused error) error) error {
	defer s.w.Begin(budget)()
	for sent, i := 0, 0; i < n; i++ {
		if sent-i <= s.window/2 {
			var batch []string
			for ; sent < min(n, i+s.window); sent++ {
				batch = append(batch, command(sent))
			}
			if len(batch) > 0 {
				s.c.Send(strings.Join(batch, "\r\n"))
			}
		}
		_, err := s.c.ReadOne()
		err = s.explain(err)
		if !s.broken() {
			err = answered(i, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// quit ends the session. What was deleted is gone if the error is nil.
func (s *session) quit() error {
	err := s.do(budget, func() error {
		_, err := s.c.Cmd("QUIT", false) // Quit closes before it can be told what the server said
		return err
	})
	s.close()
	if err != nil {
		return fmt.Errorf("quit: %w", err)
	}
	return nil
}

// A refusal is an answer -ERR.
type refusal struct{ text string }

func (r *refusal) Error() string { return fmt.Sprintf("server said %q", clip("-ERR "+r.text)) }

// passes reports whether the refusal has nothing to do with what was asked for
// (RFC 2449, RFC 3206).
func (r *refusal) passes() bool { return r.isTrouble() || r.says("IN-USE", "LOGIN-DELAY") }

// isTrouble reports whether the server calls it trouble of its own (RFC 3206).
func (r *refusal) isTrouble() bool { return r.says("SYS/TEMP", "SYS/PERM") }

// says reports whether the refusal has one of the response codes.
func (r *refusal) says(codes ...string) bool {
	code, _, ok := strings.Cut(strings.TrimPrefix(strings.ToUpper(r.text), "["), "]")
	return ok && strings.HasPrefix(r.text, "[") && slices.Contains(codes, code)
}

// isRefusal reports whether the server answered err: the session goes on.
func isRefusal(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}

// isMere reports whether the server only does not do what err is about.
func isMere(err error) bool { return isRefusal(err) && launcher.OutcomeOf(err) != launcher.Stop }
