package pop3

import (
	"fmt"

	"github.com/ezged/coldlauncher/launcher"
)

// A line is the connection of a pass, made anew when it broke. It is for one
// goroutine at a time.
type line struct {
	p       *pass
	s       *session
	renewed bool
	numbers map[string]int32 // of the mails, by key; nil: as the first session listed them
}

// get returns the session. A server that cannot be reached is Halt.
func (l *line) get() (*session, error) {
	if l.s != nil && !l.s.broken() {
		return l.s, nil
	}
	l.hangUp()
	s, err := l.p.connect()
	if err != nil {
		return nil, launcher.Halt(err)
	}
	if l.renewed {
		if err := l.relist(s); err != nil {
			s.close()
			return nil, launcher.Halt(fmt.Errorf("in a new session: %w", err))
		}
	}
	l.s, l.renewed = s, true
	return s, nil
}

// relist learns the numbers that the mails have in a new session. Those that
// they had before mean other mails now, also where it fails.
func (l *line) relist(s *session) error {
	l.numbers = make(map[string]int32)
	mails, _, err := l.p.list(s)
	if err != nil {
		return err
	}
	for i := range mails {
		l.numbers[mails[i].key()] = mails[i].number
	}
	return nil
}

// number returns the number of a mail in the session.
func (l *line) number(m *mail) (n int32, ok bool) {
	if l.numbers == nil {
		return m.number, true
	}
	n, ok = l.numbers[m.key()]
	return n, ok
}

// nod keeps the session from being closed.
func (l *line) nod() {
	if s := l.s; s != nil && !s.broken() {
		s.do(budget, s.c.Noop)
	}
}

// hangUp closes the connection without a word.
func (l *line) hangUp() {
	if l.s != nil {
		l.s.close()
		l.s = nil
	}
}
