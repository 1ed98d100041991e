package imap_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// TestWatch: mail that arrives wakes, and Watch ends with its context.
func TestWatch(t *testing.T) {
	server := mailtest.Dovecot(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	woken := make(chan struct{}, 100)
	ended := make(chan error, 1)
	go func() { ended <- sourceOf(server, "alice").Watch(ctx, func() { woken <- struct{}{} }) }()
	wait := func(what string) {
		t.Helper()
		select {
		case <-woken:
		case err := <-ended:
			t.Fatalf("%s: Watch ended: %v", what, err)
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: not woken", what)
		}
	}
	wait("at the start, for what came before")
	server.Drop(t, "alice", mailtest.Message(1))
	wait("when a mail arrives")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Watch: %v, want the cause of its context", err)
	}
}

// TestWatchNeedsIdle: a server without IDLE is an error that says so.
func TestWatchNeedsIdle(t *testing.T) {
	s := &mailtest.IMAPScript{}
	s.Fill("INBOX")
	s.Start(t)
	defer noLeaks(t, s)()
	if err := scripted(s).Watch(t.Context(), func() {}); err == nil {
		t.Error("Watch of a server without IDLE returned nil")
	}
}

// TestWatchLoss: a connection that is lost ends Watch with an error.
func TestWatchLoss(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
		if name == "IDLE" {
			c.Say("+ idling")
			c.Say("* 7 EXISTS")
			c.Say("* BYE maintenance")
			c.Drop()
		}
		return name == "IDLE"
	}
	s.Fill("INBOX")
	s.Start(t)
	defer noLeaks(t, s)()
	woken := 0
	err := scripted(s).Watch(t.Context(), func() { woken++ })
	if err == nil || woken != 2 {
		t.Errorf("Watch: %v, woken %d times, want an error and two", err, woken)
	}
}
