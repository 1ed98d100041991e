package imap

import (
	"context"
	"errors"
	"fmt"
	"time"

	goimap "github.com/emersion/go-imap/v2"
)

// idleTime is how long one IDLE lasts. Routers forget connections that say
// nothing for longer, and then neither side learns of it.
const idleTime = 5 * time.Minute

// Watch calls wake when mail arrives in Folder, and returns when ctx is done
// or the connection fails: it is for Launcher.Watch, which calls it again. It
// uses a connection of its own, changes nothing, and needs a server with IDLE
// (RFC 2177). What arrives in folders below Folder it does not see. It is an
// addition to a Schedule, never a substitute: servers may fail to tell.
func (s *Source) Watch(ctx context.Context, wake func()) error {
	if err := s.validate(); err != nil {
		return fmt.Errorf("imap: %w", err)
	}
	err := s.watch(ctx, wake)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("imap: watch %q: %w", s.Folder, err)
}

func (s *Source) watch(ctx context.Context, wake func()) error {
	c, err := connect(ctx, s.server(), wake)
	if err != nil {
		return err
	}
	defer c.close()
	if !c.caps.Has(goimap.CapIdle) {
		return errors.New("server has no IDLE")
	}
	lay, err := c.layout(s.Folder, true)
	if err != nil {
		return err
	}
	f, ok, err := c.resolve(lay, s.Folder)
	if err == nil && !ok {
		err = errors.New("there is no such folder")
	}
	if err != nil {
		return err
	}
	if _, _, err := c.choose(f.name, true, nil); err != nil {
		return err
	}
	wake() // for what came while nobody listened
	for {
		if err := c.idle(ctx); err != nil {
			return err
		}
	}
}

// idle listens for idleTime, unless ctx or the connection ends before.
func (s *session) idle(ctx context.Context) error {
	s.in.plus.Store(true)
	end := s.conn.Begin(budget)
	cmd, err := s.c.Idle()
	end()
	if err != nil {
		return s.explain(err)
	}
	timer := time.NewTimer(idleTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.c.Closed():
	}
	return s.do(budget, func() error {
		if err := cmd.Close(); err != nil {
			return err
		}
		return cmd.Wait()
	})
}
