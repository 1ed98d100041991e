package launchertest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// letterOf returns a mail with attachments of that text, and one in a mail
// within it.
func letterOf(i int) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: sender@example.org
Subject: invoice %[1]d
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: text/plain

Please find attached.
--outer
Content-Type: application/pdf; name=invoice.pdf
Content-Disposition: attachment

pdf %[1]d
--outer
Content-Type: text/xml; name=invoice.xml
Content-Disposition: attachment

xml %[1]d
--outer
Content-Type: message/rfc822

Subject: forwarded %[1]d
Content-Type: application/pdf; name=forwarded.pdf
Content-Disposition: attachment

inner %[1]d
--outer--
`, i), "\n", "\r\n"))
}

// fill drops n mails and returns the SHA-256 of what is attached to them.
func (j *mailJob) fill(t testing.TB, n int) (attached []string) {
	t.Helper()
	for i := range n {
		j.server.Drop(t, j.user, letterOf(i))
		for _, kind := range []string{"pdf", "xml", "inner"} {
			attached = append(attached, sum(fmt.Appendf(nil, "%s %d", kind, i)))
		}
	}
	return attached
}

// check reports what is not as it must be in the end: each attachment handed
// over once, all n mails in the output folder, and copied once.
func (j *mailJob) check(t testing.TB, when string, attached []string, n int) {
	t.Helper()
	handed := make(map[string]int)
	for _, papers := range j.papers(t) {
		for _, p := range papers {
			handed[p.sum]++
		}
	}
	for _, a := range attached {
		if handed[a] != 1 {
			t.Errorf("%s: an attachment was handed over %d times, want once", when, handed[a])
		}
	}
	if len(handed) != len(attached) {
		t.Errorf("%s: %d documents were handed over, want %d", when, len(handed), len(attached))
	}
	if left, done := j.in(t, "INBOX"), j.in(t, "EZGED_OK"); len(left) != 0 || len(done) != n {
		t.Errorf("%s: %d mails are left and %d in EZGED_OK, want 0 and %d", when, len(left), len(done), n)
	}
	copies := 0
	for _, count := range j.backedUp(t) {
		copies += count
	}
	if copies != n {
		t.Errorf("%s: %d copies, want %d", when, copies, n)
	}
}

// The guarantee table over IMAP: the process may die at any step of a pass, and
// before it sends anything to the server.
func TestMailJobCrashesAtEveryStep(t *testing.T) {
	users := make([]string, 150)
	for i := range users {
		users[i] = fmt.Sprintf("user%d", i)
	}
	server := mailtest.Dovecot(t, users...)
	stride := stride()
	n := 0
	for n < len(users) && crashMailAt(t, server, users[n], n) {
		n += stride
	}
	if n < 30 || n >= len(users) {
		t.Errorf("the pass ended after step %d, want it longer, and in the end to survive", n)
	}
	t.Logf("crashed at each %d. of %d steps", stride, n)
}

// stride is how many steps apart a test with a server crashes: at every step
// where servers have to be there, and otherwise at some, for it takes its time.
func stride() int {
	if os.Getenv("COLD_REQUIRE_SERVERS") == "1" {
		return 1
	}
	return 5
}

func crashMailAt(t *testing.T, server *mailtest.MailServer, user string, n int) (crashed bool) {
	const mails = 2
	j := newMailJob(t, server, user)
	attached := j.fill(t, mails)
	c := launchertest.Crash(n)
	ledger := j.Ledger
	j.Source, j.Sink, j.Ledger, j.Observe = c.Source(j.mails), c.Sink(j.sink), c.Ledger(ledger), quiet
	j.box.Dial = mortal{c}.dial
	if _, err := j.Poll(t.Context()); err != nil && !c.Crashed() {
		t.Fatalf("step %d: %v", n, err)
	}
	j.start(t, ledger)
	if _, err := j.Poll(t.Context()); err != nil {
		t.Fatalf("step %d: the pass after the crash: %v", n, err)
	}
	j.check(t, fmt.Sprintf("crash at step %d", n), attached, mails)
	return c.Crashed()
}

func quiet(context.Context, launcher.Event) {}

// A mortal is a network that is out of reach from the crash on. To send
// something is a step.
type mortal struct{ c *launchertest.Crasher }

func (m mortal) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if m.c.Crashed() {
		return nil, launchertest.ErrCrashed
	}
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	return mortalConn{c, m.c}, err
}

type mortalConn struct {
	net.Conn
	c *launchertest.Crasher
}

func (m mortalConn) Write(p []byte) (int, error) {
	if err := m.c.Step(); err != nil {
		return 0, err
	}
	return m.Conn.Write(p)
}

func (m mortalConn) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	if m.c.Crashed() {
		return 0, launchertest.ErrCrashed
	}
	return n, err
}

// What goes wrong around the mails costs none of them an attempt and leaves
// each where it is; the next pass hands everything over once and settles it.
func TestMailJobInBadSurroundings(t *testing.T) {
	const mails = 3
	tests := []struct {
		name string
		sink func(next launcher.Sink, shutdown func()) launcher.SinkFunc
		deaf bool // the ledger saves nothing
		want error
	}{
		{name: "the store is full", want: syscall.ENOSPC, sink: func(launcher.Sink, func()) launcher.SinkFunc {
			return func(context.Context, *launcher.Parcel) error { return launcher.Halt(syscall.ENOSPC) }
		}},
		{name: "the ledger is unavailable", deaf: true, want: errDeaf, sink: func(launcher.Sink, func()) launcher.SinkFunc {
			return func(context.Context, *launcher.Parcel) error {
				t.Error("Store was called for what could not be recorded")
				return nil
			}
		}},
		{name: "shutdown during Store", want: context.Canceled, sink: func(_ launcher.Sink, shutdown func()) launcher.SinkFunc {
			return func(ctx context.Context, _ *launcher.Parcel) error {
				shutdown()
				<-ctx.Done()
				return context.Cause(ctx)
			}
		}},
		{name: "shutdown, and Store ends in time", want: context.Canceled, sink: func(next launcher.Sink, shutdown func()) launcher.SinkFunc {
			return func(ctx context.Context, p *launcher.Parcel) error {
				shutdown()
				return next.Store(ctx, p)
			}
		}},
	}
	users := make([]string, len(tests))
	for i := range users {
		users[i] = fmt.Sprintf("user%d", i)
	}
	server := mailtest.Dovecot(t, users...)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := newMailJob(t, server, users[i])
			attached := j.fill(t, mails)
			before := j.in(t, "INBOX")
			ctx, shutdown := context.WithCancel(t.Context())
			defer shutdown()
			ledger := j.Ledger
			j.Sink, j.Observe, j.Grace = tt.sink(j.sink, shutdown), quiet, 100*time.Millisecond
			if tt.deaf {
				j.Ledger = deafLedger{ledger}
			}
			if _, err := j.Poll(ctx); !errors.Is(err, tt.want) {
				t.Errorf("Poll: %v, want %v", err, tt.want)
			}
			if left := j.in(t, "INBOX"); !maps.Equal(left, before) {
				t.Errorf("INBOX holds %d mails, want it untouched", len(left))
			}
			ledger.Walk(t.Context(), j.Name, func(e launcher.Entry) error {
				if e.Attempts != 0 && e.State != launcher.Stored { // the attempt that stored a part is kept
					t.Errorf("%s, %s, has %d attempts, want none counted", e.Origin, e.State, e.Attempts)
				}
				return nil
			})
			j.start(t, ledger)
			if _, err := j.Poll(t.Context()); err != nil {
				t.Errorf("second pass: %v", err)
			}
			j.check(t, "in the end", attached, mails)
		})
	}
}

var errDeaf = errors.New("ledger does not answer")

// A deafLedger saves nothing.
type deafLedger struct{ launcher.Ledger }

func (deafLedger) Save(context.Context, ...launcher.Entry) error { return errDeaf }
func (deafLedger) Delete(context.Context, ...string) error       { return errDeaf }

// Mails that the server does not let go of are reported, and stay; the next
// pass settles them and stores nothing again.
func TestMailJobSettlesLater(t *testing.T) {
	const mails = 3
	server := mailtest.Dovecot(t)
	j := newMailJob(t, server, "alice")
	if _, err := j.Poll(t.Context()); err != nil { // makes the folders
		t.Fatal(err)
	}
	attached := j.fill(t, mails)
	done := filepath.Join(server.Dir, "home/alice/Maildir/.EZGED_OK")
	lock := func(mode os.FileMode) {
		for _, sub := range []string{"", "tmp", "new", "cur"} {
			if err := os.Chmod(filepath.Join(done, sub), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	lock(0o500)
	stats, err := j.Poll(t.Context())
	if err == nil || stats.Stored != mails {
		t.Errorf("first pass: %+v, %v; want %d mails stored, and that they cannot be moved", stats, err, mails)
	}
	if left := j.in(t, "INBOX"); len(left) != mails {
		t.Errorf("%d mails in INBOX, want all %d: they could not be moved", len(left), mails)
	}
	lock(0o700)
	stats, err = j.Poll(t.Context())
	if err != nil || stats.Stored != 0 || stats.Known != mails {
		t.Errorf("second pass: %+v, %v; want nothing stored, and %d mails known", stats, err, mails)
	}
	j.check(t, "in the end", attached, mails)
}

// A mail on which the process dies each time is set aside in the end; what came
// before it was handed over, and what comes after it is.
func TestMailJobSetsAsideWhatKills(t *testing.T) {
	const attempts = 3
	j := newMailJob(t, mailtest.Dovecot(t), "alice")
	j.fill(t, 3)
	ledger := j.Ledger
	process := func(deadly bool) (launcher.Stats, error) {
		j.start(t, ledger)
		j.MaxAttempts, j.Observe = attempts, quiet
		if deadly {
			c := launchertest.Crash(1000)
			sink := j.sink
			j.Source, j.Ledger, j.box.Dial = c.Source(j.mails), c.Ledger(ledger), mortal{c}.dial
			j.Sink = launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
				if p.Meta["mail.subject"] != "invoice 2" {
					return sink.Store(ctx, p)
				}
				for c.Step() == nil { // until it dies
				}
				return launcher.Halt(launchertest.ErrCrashed)
			})
		}
		return j.Poll(t.Context())
	}
	for range attempts {
		if _, err := process(true); !errors.Is(err, launchertest.ErrCrashed) {
			t.Fatalf("Poll: %v, want that the process dies", err)
		}
	}
	j.server.Drop(t, j.user, letterOf(3))
	stats, err := process(true)
	// A mail under way beside the one that kills may have died with it.
	if err != nil || stats.Rejected != 1 || stats.Stored < 1 || stats.Stored+stats.Known != 3 {
		t.Errorf("last pass: %+v, %v; want the mail that kills rejected without being tried, and the new one stored", stats, err)
	}
	if got := slices.Collect(maps.Values(j.in(t, "EZGED_KO"))); !slices.Equal(got, []string{sum(letterOf(2))}) {
		t.Errorf("EZGED_KO holds %v, want the mail that kills, unchanged", got)
	}
	if left, done := j.in(t, "INBOX"), j.in(t, "EZGED_OK"); len(left) != 0 || len(done) != 3 {
		t.Errorf("%d mails are left and %d in EZGED_OK, want 0 and 3", len(left), len(done))
	}
}
