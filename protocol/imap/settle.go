package imap

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"github.com/ezged/coldlauncher/launcher"
)

// After is what becomes of a mail that was taken, in the folder where it is.
type After int

const (
	Seen    After = iota // it is marked as read
	Flag                 // it gets the flag Source.Flag
	Delete               // it is deleted
	Nothing              // it stays as it is
)

// A settler lets go of mails of one folder while others are being fetched, as
// many at a time as have come together.
type settler struct {
	p *pass
	l *line
	b *box

	mu      sync.Mutex
	changed *sync.Cond
	taken   []*mail
	aside   []*mail
	timer   *time.Timer // runs while mails wait
	due     bool        // they have waited long enough
	closed  bool
}

// Mails are settled when enough have come together, or one has waited for
// gather.
const (
	enough = 256 // Dovecot takes half as long for these as for four times 64
	gather = time.Second
)

func newSettler(p *pass, l *line, b *box) *settler {
	s := &settler{p: p, l: l, b: b}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// add has a mail settled.
func (s *settler) add(m *mail, o launcher.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o == launcher.Taken {
		s.taken = append(s.taken, m)
	} else {
		s.aside = append(s.aside, m)
	}
	if s.timer == nil {
		s.timer = time.AfterFunc(gather, s.hurry)
	}
	s.changed.Broadcast()
}

func (s *settler) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due = true
	s.changed.Broadcast()
}

// close has run return when everything is settled.
func (s *settler) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.changed.Broadcast()
}

// next waits for mails to settle. more is false for the last ones.
func (s *settler) next() (taken, aside []*mail, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed && !s.due && len(s.taken)+len(s.aside) < enough {
		s.changed.Wait()
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	taken, aside = s.taken, s.aside
	s.taken, s.aside, s.timer, s.due = nil, nil, nil, false
	return taken, aside, !s.closed
}

// run settles until close was called. It returns what failed; the mails
// concerned are as they were. Once the server is out of reach the rest is left
// to a later pass.
func (s *settler) run() error {
	var errs []error
	for more, lost := true, false; more; {
		var taken, aside []*mail
		taken, aside, more = s.next()
		if !lost {
			err := errors.Join(s.settle(taken, s.p.plan.to.done, s.after), s.settle(aside, s.p.plan.to.rejected, nil))
			lost = launcher.OutcomeOf(err) == launcher.Stop
			errs = append(errs, err)
		}
		s.p.leash.Move(0, -len(taken)-len(aside))
	}
	return errors.Join(errs...)
}

// settle moves mails to a folder, or if that is "" does f.
func (s *settler) settle(mails []*mail, to string, f func([]*mail) error) error {
	for part := range slices.Chunk(mails, maxSet) {
		var err error
		switch {
		case to != "":
			err = s.move(part, to)
		case f != nil:
			err = f(part)
		}
		if err != nil {
			return fmt.Errorf("let go of %d mails in %q: %w", len(mails), s.b.name, err)
		}
	}
	return nil
}

// after does what Source.After says.
func (s *settler) after(mails []*mail) error {
	src := s.p.s
	switch {
	case s.b.readOnly || src.After == Nothing:
		return nil
	case src.After == Delete:
		return s.l.run(s.b, func(c *session) error { return s.delete(c, setOf(mails)) })
	}
	flag := src.flag()
	var set goimap.UIDSet
	for _, m := range mails {
		if !s.b.flagged(m, string(flag)) {
			set.AddNum(goimap.UID(m.uid))
		}
	}
	if len(set) == 0 {
		return nil
	}
	return s.l.run(s.b, func(c *session) error { return c.addFlag(set, flag) })
}

// addFlag sets a flag.
func (s *session) addFlag(set goimap.UIDSet, flag goimap.Flag) error {
	err := s.do(budget, func() error {
		return s.c.Store(set, &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Silent: true, Flags: []goimap.Flag{flag}}, nil).Close()
	})
	if err != nil {
		return fmt.Errorf("set %s: %w", flag, err)
	}
	return nil
}

// delete deletes mails. Without UIDPLUS they are only marked: EXPUNGE would
// delete as well what others have marked.
func (s *settler) delete(c *session, set goimap.UIDSet) error {
	if err := c.addFlag(set, goimap.FlagDeleted); err != nil {
		return err
	}
	if !c.caps.Has(goimap.CapUIDPlus) {
		s.p.warnings.Once(s.p.ctx, s.b.name, errors.New("mails are marked as deleted, but stay: the server has no UIDPLUS"))
		return nil
	}
	if err := c.do(budget, func() error { return c.c.UIDExpunge(set).Close() }); err != nil {
		return fmt.Errorf("expunge: %w", err)
	}
	return nil
}

// move moves mails, and reports those as failed that are in their place still.
func (s *settler) move(mails []*mail, to string) error {
	err := s.l.run(s.b, func(c *session) error {
		// Also after a connection broke: what is gone by now was moved.
		set, err := c.remaining(setOf(mails))
		if err != nil || len(set) == 0 {
			return err
		}
		if c.caps.Has(goimap.CapMove) {
			return c.moveAtOnce(set, to)
		}
		return s.moveSafely(c, set, to)
	})
	if err != nil {
		return fmt.Errorf("move to %q: %w", to, err)
	}
	if to != s.p.plan.to.rejected {
		return nil
	}
	for _, m := range mails {
		launcher.PutAside(s.p.ctx, s.p.id(s.b, m), "folder "+plain(to))
	}
	return nil
}

// remaining returns those of the mails in set that are there.
func (s *session) remaining(set goimap.UIDSet) (goimap.UIDSet, error) {
	found, err := s.exist(set)
	if err != nil {
		return nil, err
	}
	var there goimap.UIDSet
	for uid := range found.each() {
		if set.Contains(goimap.UID(uid)) {
			there.AddNum(goimap.UID(uid))
		}
	}
	return there, nil
}

// moveAtOnce moves with MOVE (RFC 6851), and looks whether that was done: the
// answer OK alone does not say so.
func (s *session) moveAtOnce(set goimap.UIDSet, to string) error {
	err := s.do(budget, func() error {
		_, err := s.c.Move(set, to).Wait()
		return err
	})
	if err != nil {
		return err
	}
	left, err := s.remaining(set)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("server agreed, but left uid %s in place", left)
	}
	return err
}

// moveSafely moves without MOVE: nothing is deleted before the server said
// that it is copied.
func (s *settler) moveSafely(c *session, set goimap.UIDSet, to string) error {
	var copied *goimap.CopyData
	err := c.do(budget, func() (err error) {
		copied, err = c.c.Copy(set, to).Wait()
		return err
	})
	if err != nil {
		return err
	}
	if !c.caps.Has(goimap.CapUIDPlus) {
		return s.delete(c, set)
	}
	var sure, unsure goimap.UIDSet
	for uid := range uids(set).each() {
		if copied.SourceUIDs.Contains(goimap.UID(uid)) {
			sure.AddNum(goimap.UID(uid))
		} else {
			unsure.AddNum(goimap.UID(uid))
		}
	}
	if len(sure) > 0 {
		if err := s.delete(c, sure); err != nil {
			return err
		}
	}
	if len(unsure) > 0 {
		return fmt.Errorf("server agreed, but did not say that it copied uid %s", unsure)
	}
	return nil
}
