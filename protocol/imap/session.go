package imap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/protocol/dial"
)

// A session is one connection that is logged in. Of its commands FETCH and
// those that settle may run at the same time, each in its own goroutine.
type session struct {
	conn  *dial.Conn
	guard *dial.Guard
	in    *responses
	c     *imapclient.Client
	caps  goimap.CapSet

	compressed bool

	box   string  // that is selected; "": none
	found *folder // that find has yet to be asked for; nil: none

	// Guarded by line.
	users  int
	shared bool // it has had several users at a time since it last had none
}

// budget is what the answer of a command may cost that returns no bodies.
const budget = 1 << 20

// connect opens a session. changed is called when the server says that the
// selected folder changed.
func connect(ctx context.Context, server *dial.Server, changed func()) (*session, error) {
	conn, err := server.IMAP(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, guard: server.Guard, in: newResponses(conn)}
	s.c = imapclient.New(s.in, &imapclient.Options{
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(m *imapclient.UnilateralDataMailbox) {
				if m.NumMessages != nil {
					changed()
				}
			},
		},
	})
	s.in.ended = s.c.Closed()
	if err := s.do(budget, s.c.WaitGreeting); err != nil {
		s.close()
		return nil, err
	}
	s.caps = s.c.Caps()
	s.compressed = server.Compress && s.caps.Has(capCompress)
	return s, nil
}

// do runs a command whose answer takes at most budget bytes.
func (s *session) do(budget int64, command func() error) error {
	end := s.conn.Begin(budget)
	err := command()
	end()
	return s.explain(err)
}

// explain returns err in words for a person: as the server's refusal, or as
// the reason why the connection is closed.
func (s *session) explain(err error) error {
	if err == nil {
		return nil
	}
	var refused *goimap.Error
	if errors.As(err, &refused) {
		return s.refused(&refusal{refused})
	}
	if cause := s.conn.Err(); cause != nil && !errors.Is(cause, net.ErrClosed) {
		return cause
	}
	return fmt.Errorf("cannot read the server's answer: %w", err)
}

// refused returns err, as one that ends the pass if the account uses too much.
// A session whose login does not hold any more is closed: another one goes on.
func (s *session) refused(err *refusal) error {
	if dial.IsLoggedOut(err.Error()) {
		s.conn.Close()
	}
	if !dial.IsThrottle(err.Error()) {
		return err
	}
	s.guard.Rest(err)
	return launcher.Halt(err)
}

// broken reports whether the session is of no more use.
func (s *session) broken() bool { return s.conn.Err() != nil }

// close closes the connection. No command may be under way.
func (s *session) close() {
	s.conn.Close()
	s.c.Close()
}

// logout takes leave and closes the connection.
func (s *session) logout() {
	if !s.broken() {
		s.do(budget, func() error { return s.c.Logout().Wait() })
	}
	s.close()
}

// choose selects a folder, or only examines it, and returns how many mails are
// in it and what the server says of it. Unless it is nil, behind is called once
// that is asked, and what it returns before anything else is.
func (s *session) choose(name string, readOnly bool, behind func() (wait func())) (count uint32, state selected, err error) {
	s.box = "" // the library goes by the old one if this fails
	s.in.forget()
	err = s.do(budget, func() error {
		cmd := s.c.Select(name, &goimap.SelectOptions{ReadOnly: readOnly})
		if behind != nil {
			defer behind()()
		}
		data, err := cmd.Wait()
		if err == nil {
			count = data.NumMessages
		}
		return err
	})
	if err != nil {
		return 0, selected{}, fmt.Errorf("select %q: %w", name, err)
	}
	s.box = name
	return count, s.in.state(), nil
}

// A refusal is an answer NO or BAD.
type refusal struct{ err *goimap.Error }

func (r *refusal) Error() string {
	text := string(r.err.Type) + " "
	if r.err.Code != "" {
		text += "[" + string(r.err.Code) + "] "
	}
	return fmt.Sprintf("server said %q", saying([]byte(text+r.err.Text)))
}

func (r *refusal) Unwrap() error { return r.err }

// isRefusal reports whether the server answered err: the session goes on, and so
// does the pass.
func isRefusal(err error) bool {
	var r *refusal
	return errors.As(err, &r) && launcher.OutcomeOf(err) != launcher.Stop
}

// isUnavailable reports whether the server says that a part of it is down (RFC
// 5530), which may be true.
func isUnavailable(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.err.Code == goimap.ResponseCodeUnavailable
}

// A line is one of the connections of a pass, made anew when it broke. It is
// safe for concurrent use.
type line struct {
	connect func() (*session, error)

	mu      sync.Mutex
	s       *session
	leaving int        // sessions that were dropped and are still in use
	left    *sync.Cond // signals that leaving is less
}

func newLine(connect func() (*session, error)) *line {
	l := &line{connect: connect}
	l.left = sync.NewCond(&l.mu)
	return l
}

// get returns a session in which b is selected; nil is any. Whoever gets one
// gives it back with put. A server that cannot be reached is Halt.
func (l *line) get(b *box) (*session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.s != nil && l.s.broken() {
		l.drop()
	}
	for l.leaving > 0 {
		l.left.Wait() // its place at the host may be the last
	}
	if l.s == nil {
		s, err := l.connect()
		if err != nil {
			return nil, launcher.Halt(err)
		}
		l.s = s
	}
	if b != nil && l.s.box != b.name {
		if err := l.reselect(b); err != nil {
			return nil, err
		}
	}
	l.s.users++
	l.s.shared = l.s.shared || l.s.users > 1
	return l.s, nil
}

// reselect selects a folder whose mails are known already.
func (l *line) reselect(b *box) error {
	_, state, err := l.s.choose(b.name, b.readOnly, nil)
	switch {
	case err != nil:
		return err
	case state.validity != b.validity:
		l.s.box = ""
		return fmt.Errorf("folder %q was replaced: UIDVALIDITY is %d and was %d", b.name, state.validity, b.validity)
	}
	return nil
}

// put gives a session back. It reports whether others may have used it at the
// same time.
func (l *line) put(s *session) (shared bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	shared = s.shared
	s.users--
	if s.users == 0 {
		s.shared = false
		if s != l.s {
			s.close()
			l.leaving--
			l.left.Broadcast()
		}
	}
	return shared
}

// drop leaves the session to those that still use it, the last of which
// closes it.
func (l *line) drop() {
	if l.s.users == 0 {
		l.s.close()
	} else {
		l.leaving++
	}
	l.s = nil
}

// renew has the next get open a new session in the place of s.
func (l *line) renew(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.s == s {
		l.drop()
	}
}

// hangUp takes leave of the server. The line is not in use any more.
func (l *line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.s != nil {
		l.s.logout()
		l.s = nil
	}
}

// run calls f with a session, and once more with a new one if the connection
// broke meanwhile. Connections that others used as well do not count, up to
// maxBreaks of them: a mail that is being fetched may be what breaks them.
func (l *line) run(b *box, f func(*session) error) error {
	for alone, shared := 0, 0; ; {
		s, err := l.get(b)
		if err != nil {
			return err
		}
		err = f(s)
		broken := s.broken()
		if l.put(s) {
			shared++
		} else {
			alone++
		}
		if err == nil || !broken || alone > 1 || shared > maxBreaks {
			return err
		}
	}
}
