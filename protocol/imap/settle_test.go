package imap_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// TestAfter: what becomes of a mail that was taken and is not moved.
func TestAfter(t *testing.T) {
	tests := []struct {
		name    string
		set     func(*imap.Source)
		want    []string // flags of the mail; nil: it is gone
		command string   // that is sent; "": none that changes anything
	}{
		{"seen", func(s *imap.Source) {}, []string{`\Seen`}, `\Seen`},
		{"flagged", func(s *imap.Source) { s.After = imap.Flag }, []string{`\Flagged`}, `\Flagged`},
		{"keyword", func(s *imap.Source) { s.After, s.Flag = imap.Flag, "$Cold" }, []string{`$Cold`}, `$Cold`},
		{"delete", func(s *imap.Source) { s.After = imap.Delete }, nil, "UID EXPUNGE 1"},
		{"nothing", func(s *imap.Source) { s.After = imap.Nothing }, []string{}, ""},
		{"read only", func(s *imap.Source) { s.ReadOnly = true }, []string{}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &mailtest.IMAPScript{Caps: modern}
			s.Fill("INBOX", messages(1)...)
			s.Start(t)
			source := scripted(s)
			test.set(source)
			var got shelf
			for range 2 {
				if err := source.Poll(t.Context(), &got); err != nil {
					t.Fatal(err)
				}
			}
			mails := s.Folder("INBOX").Mails
			switch {
			case len(mails) == 0 && test.want != nil, len(mails) == 1 && test.want == nil:
				t.Errorf("INBOX holds %d mails", len(mails))
			case len(mails) == 1 && !slices.Equal(mails[0].Flags, test.want):
				t.Errorf("flags %q, want %q", mails[0].Flags, test.want)
			}
			changes := slices.DeleteFunc(s.Commands(), func(c string) bool {
				return !strings.HasPrefix(c, "UID STORE") && !strings.HasPrefix(c, "UID EXPUNGE") && !strings.HasPrefix(c, "SELECT")
			})
			if test.command == "" && slices.ContainsFunc(changes, func(c string) bool { return !strings.HasPrefix(c, "SELECT") || source.ReadOnly }) {
				t.Errorf("client sent %q, want nothing that changes the mailbox", changes)
			}
			if test.command != "" && !strings.Contains(strings.Join(changes, "\n"), test.command) {
				t.Errorf("client sent %q, want %q", changes, test.command)
			}
			if n := strings.Count(strings.Join(changes, "\n"), "UID STORE"); n > 1 {
				t.Errorf("%d STORE commands in two passes: a flag that is there is not set again", n)
			}
		})
	}
}

// TestManyMoves: all that was taken is let go of, however much there is, in
// commands of bearable length.
func TestManyMoves(t *testing.T) {
	const count = 2500
	s := &mailtest.IMAPScript{Caps: modern}
	s.Fill("INBOX", messages(count)...)
	for i, m := range s.Folder("INBOX").Mails {
		m.UID = 4_000_000_000 + uint32(3*i) // no ranges to be had
	}
	s.Start(t)
	defer noLeaks(t, s)()
	source := scripted(s)
	source.Done, source.Parallel = "Done", 3
	var got shelf
	if err := source.Poll(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	left, _ := s.UIDs("INBOX")
	moved, _ := s.UIDs("Done")
	if len(left) != 0 || len(moved) != count || len(got.bodies) != count {
		t.Errorf("%d left, %d moved, %d taken, want all %d moved", len(left), len(moved), len(got.bodies), count)
	}
	for _, c := range s.Commands() {
		if len(c) > 7900 {
			t.Errorf("a command of %d octets, want fewer than 8000", len(c))
		}
	}
	if n := strings.Count(strings.Join(s.Commands(), "\n"), "BODY.PEEK[]"); n > count/4 {
		t.Errorf("%d FETCH commands for %d mails: they are to be fetched together", n, count)
	}
	if n, _ := s.Conns(); n > 3 {
		t.Errorf("%d connections, want at most Parallel", n)
	}
}

// TestCutEverywhere: a session that is cut after any number of bytes loses
// nothing and hands nothing over twice under another ID.
func TestCutEverywhere(t *testing.T) {
	mails := messages(3)
	step := int64(cutStep)
	if testing.Short() {
		step = 97
	}
	for cut := int64(1); ; cut += step {
		s := &mailtest.IMAPScript{Caps: modern}
		s.Fill("INBOX", mails...)
		s.Start(t)
		var got shelf
		whole := true
		dials := 0
		source := scripted(s)
		source.Done = "Done"
		source.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			if dials++; dials > 1 || err != nil {
				return c, err
			}
			return &noted{&cutting{c, cut}, &whole}, nil
		}
		source.Poll(t.Context(), &got)
		if err := source.Poll(t.Context(), &got); err != nil {
			t.Fatalf("cut after %d bytes: second pass: %v", cut, err)
		}
		left, _ := s.UIDs("INBOX")
		if got.missing(mails) != 0 || len(got.bodies) != len(mails) || len(left) != 0 {
			t.Fatalf("cut after %d bytes: %d missing, %d IDs, %d left: nothing is lost, and IDs are the same", cut, got.missing(mails), len(got.bodies), len(left))
		}
		if whole {
			t.Logf("sessions of up to %d bytes were cut", cut)
			return
		}
	}
}

// noted notes that a connection was cut.
type noted struct {
	net.Conn
	whole *bool
}

func (n *noted) Read(p []byte) (int, error) {
	k, err := n.Conn.Read(p)
	if err == io.EOF && n.Conn.(*cutting).left <= 0 {
		*n.whole = false
	}
	return k, err
}

// TestBreaksWhileSettling: connections that break while mails are fetched over
// them, however often, are no reason not to let go of those that were taken.
func TestBreaksWhileSettling(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	var breaks atomic.Int32
	s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
		if name != "UID STORE" || breaks.Load() == 2 {
			return false
		}
		if strings.Contains(c.Line(), "FETCH") {
			breaks.Add(1)
		}
		c.Drop()
		return true
	}
	s.Fill("INBOX", messages(1200)...)
	s.Start(t)
	var got shelf
	if err := scripted(s).Poll(t.Context(), &got); err != nil {
		t.Errorf("Poll: %v, want nil: settling is repeated when fetching may have broken it", err)
	}
	seen := 0
	for _, m := range s.Folder("INBOX").Mails {
		seen += len(m.Flags)
	}
	if breaks.Load() != 2 || seen != len(got.bodies) {
		t.Errorf("%d breaks, %d mails taken and %d marked, want all of them marked after 2 breaks", breaks.Load(), len(got.bodies), seen)
	}
}

// TestUnreachableWhileSettling: what cannot be let go of is reported, stays,
// and is let go of in the next pass.
func TestUnreachableWhileSettling(t *testing.T) {
	s := &mailtest.IMAPScript{Caps: modern}
	var down atomic.Bool
	s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
		if name == "UID MOVE" && down.CompareAndSwap(false, true) {
			c.Drop()
			return true
		}
		return false
	}
	s.Fill("INBOX", messages(3)...)
	s.Start(t)
	source := scripted(s)
	source.Done = "Done"
	refuse := true
	source.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if down.Load() && refuse {
			return nil, errors.New("connection refused")
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	var got shelf
	if err := source.Poll(t.Context(), &got); err == nil || launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("Poll: %v, want the failure, as the fault of the surroundings", err)
	}
	refuse = false
	if err := source.Poll(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if left, _ := s.UIDs("INBOX"); len(left) != 0 || len(got.bodies) != 3 {
		t.Errorf("%v left, %d IDs, want all moved under the same IDs", left, len(got.bodies))
	}
}
