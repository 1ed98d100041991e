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
	numbers map[string]int32 // of the mails, by key; nil: as they were listed first
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
	l.s = s
	if l.renewed {
		if err := l.relist(); err != nil {
			return nil, launcher.Halt(fmt.Errorf("in a new session: %w", err))
		}
	}
	l.renewed = true
	return s, nil
}

// relist learns the numbers that the mails have in a new session.
func (l *line) relist() error {
	mails, _, err := l.p.list(l.s)
	if err != nil {
		return err
	}
	l.numbers = make(map[string]int32, len(mails))
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
