package launchertest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/launcher/spool"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// A chance is random numbers for several goroutines.
type chance struct {
	mu  sync.Mutex
	rnd *rand.Rand
}

// of returns a number below n.
func (c *chance) of(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rnd.IntN(n)
}

// A faulty mailbox is on a server that does wrong, until it is healed, one time in
// odds.
type faulty struct {
	chance
	odds   int
	healed atomic.Bool
	source func(dir string, pool *spool.Pool) launcher.Source
	left   func() int // mails that are in their place
	aside  func(dir string) [][sha256.Size]byte
	conns  func() int // that are open
}

func (f *faulty) strikes() bool { return !f.healed.Load() && f.of(f.odds) == 0 }

func faultyIMAP(t *testing.T, f *faulty, mails [][]byte) {
	s := &mailtest.IMAPScript{Caps: "NAMESPACE MOVE UIDPLUS"}
	s.Fill("INBOX", mails...)
	s.OnMail = func(c *mailtest.Talk, seq int, m *mailtest.Mail, items string) bool {
		if !strings.Contains(items, "BODY") {
			return false
		}
		if f.of(20) == 0 {
			c.Say("* %d FETCH (FLAGS (\\Seen))", seq) // from here on the library reads the bodies
		}
		if !f.strikes() {
			return false
		}
		switch f.of(7) {
		case 0:
			c.Drop()
		case 1:
			c.Raw(fmt.Sprintf("* %d FETCH (UID %d BODY[] {%d}\r\nhalf", seq, m.UID, m.Size))
			c.Drop()
		case 2:
			c.Say("* %d FETCH (UID ???", seq)
		case 3:
			c.Say("* %d FETCH (UID %d BODY[] NIL)", seq, m.UID)
		case 4: // nothing
		case 5:
			c.Mail(seq, m, items)
			c.Drop()
		case 6:
			c.Raw(fmt.Sprintf("* %d FETCH (UID %d BODY[] {%d}\r\nput in", seq, m.UID, m.Size))
			b := make([]byte, m.Size)
			m.Body.ReadAt(b, 0)
			c.Raw(string(b))
			c.Say(")")
		}
		return true
	}
	s.OnCommand = func(c *mailtest.Talk, tag, name, args string) bool {
		switch {
		case name == "AUTHENTICATE" || name == "CAPABILITY" || f.of(4) > 0 || !f.strikes():
			return false
		case name == "UID FETCH" && f.of(2) == 0:
			c.Say("%s NO not now", tag)
		default:
			c.Drop()
		}
		return true
	}
	s.Start(t)
	parallel := 1 + f.of(2)
	f.source = func(_ string, pool *spool.Pool) launcher.Source {
		return &imap.Source{
			Addr: s.Addr, Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"), Spool: pool,
			Done: "Done", Rejected: "Rejected", Parallel: parallel, Limits: dial.Limits{Idle: time.Minute},
		}
	}
	f.left = func() int { return len(s.Folder("INBOX").Mails) }
	f.aside = func(string) (sums [][sha256.Size]byte) {
		for _, m := range s.Folder("Rejected").Mails {
			b := make([]byte, m.Size)
			m.Body.ReadAt(b, 0)
			sums = append(sums, sha256.Sum256(b))
		}
		return sums
	}
	f.conns = func() int { _, open := s.Conns(); return open }
}

func faultyPOP3(t *testing.T, f *faulty, mails [][]byte) {
	s := &mailtest.POP3Script{Caps: mailtest.ModernPOP3()}
	s.Fill(mails...)
	s.OnCommand = func(c *mailtest.Talk, name, args string) bool {
		if name != "RETR" && f.of(8) > 0 || name == "" || name == "CAPA" || name == "AUTH" || !f.strikes() {
			return false
		}
		switch f.of(5) {
		case 0:
			c.Say("-ERR [SYS/TEMP] not now")
		case 1:
			if name == "UIDL" {
				c.Drop() // without UIDL the mails would be others
				break
			}
			c.Say("-ERR not this one")
		case 2:
			c.Raw("+OK\r\nhalf")
			c.Drop()
		case 3:
			c.Say("what?")
		default:
			c.Drop()
		}
		return true
	}
	s.Start(t)
	f.source = func(dir string, pool *spool.Pool) launcher.Source {
		return &pop3.Source{
			Addr: s.Addr, Security: dial.Plaintext, User: "alice", Password: launcher.SecretText("x"), Spool: pool,
			Delete: true, Rejected: dir, Interval: -1, Limits: dial.Limits{Idle: time.Minute},
		}
	}
	f.left = func() int { return len(s.Mails()) }
	f.aside = func(dir string) (sums [][sha256.Size]byte) {
		paths, _ := filepath.Glob(filepath.Join(dir, "*.eml"))
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sums = append(sums, sha256.Sum256(b))
		}
		return sums
	}
	f.conns = func() int { _, open := s.Conns(); return open }
}

// TestRandomFaults: whatever a server and a Sink do wrong, and whenever a pass is
// ended, Poll returns, leaves nothing running and nothing in the spool, and no
// mail is lost, or handed over as another.
func TestRandomFaults(t *testing.T) {
	seeds := 30
	if testing.Short() {
		seeds = 6
	}
	for name, server := range map[string]func(*testing.T, *faulty, [][]byte){"imap": faultyIMAP, "pop3": faultyPOP3} {
		for seed := range seeds {
			t.Run(fmt.Sprint(name, seed), func(t *testing.T) { randomFaults(t, uint64(seed), server) })
		}
	}
}

func randomFaults(t *testing.T, seed uint64, server func(*testing.T, *faulty, [][]byte)) {
	f := &faulty{chance: chance{rnd: rand.New(rand.NewPCG(seed, 1))}}
	f.odds = 3 << f.of(6)
	var mails [][]byte
	whole := make(map[[sha256.Size]byte]bool)
	for i := range 1 + f.of(90) {
		m := fmt.Appendf(nil, "Subject: %d\r\n\r\n%s\r\n", i, strings.Repeat(fmt.Sprintf("%d, ", i), f.of(3<<f.of(13))))
		mails = append(mails, m)
		whole[sha256.Sum256(m)] = true
	}
	server(t, f, mails)
	dir := t.TempDir()
	temp := filepath.Join(t.TempDir(), "spool")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	pool := &spool.Pool{Dir: temp, PerBody: 16 << 10, Memory: 64 << 10}
	before := runtime.NumGoroutine()
	came := &arrivals{t: t, f: f, known: make(map[string][sha256.Size]byte)}
	source := f.source(filepath.Join(dir, "aside"), pool)
	passes := 0
	for ; f.left() > 0; passes++ {
		switch {
		case passes == 200:
			t.Fatalf("%d mails are left after %d passes, the last of them of a server that does nothing wrong", f.left(), passes)
		case passes == 6:
			f.healed.Store(true)
		}
		if f.of(3) == 0 {
			source = f.source(filepath.Join(dir, "aside"), pool) // of a new process
		}
		came.pass(source)
		for until := time.Now().Add(time.Minute); f.conns() > 0 || runtime.NumGoroutine() > before; runtime.Gosched() {
			if time.Now().After(until) {
				t.Fatalf("%d connections and %d goroutines are left after a pass\n%s", f.conns(), runtime.NumGoroutine()-before, stacks())
			}
		}
	}
	for _, sum := range came.known {
		if !whole[sum] {
			t.Error("a mail was handed over that is none, or handed over twice")
		}
		delete(whole, sum)
	}
	for _, sum := range f.aside(filepath.Join(dir, "aside")) {
		delete(whole, sum)
	}
	if len(whole) > 0 {
		t.Errorf("%d of %d mails were lost", len(whole), len(mails))
	}
	checkEmpty(t, pool, temp)
}

// checkEmpty fails the test unless the spool has all of its memory, and no file.
func checkEmpty(t *testing.T, pool *spool.Pool, temp string) {
	t.Helper()
	if err := os.Remove(temp); err != nil {
		t.Fatal(err)
	}
	for n := int64(0); n < pool.Memory; n += pool.PerBody {
		body, err := pool.Read(t.Context(), bytes.NewReader(make([]byte, pool.PerBody)))
		if err != nil {
			t.Fatalf("of %d bytes of memory %d are free: bodies were not closed", pool.Memory, n)
		}
		defer body.Close()
	}
	if body, err := pool.Read(t.Context(), strings.NewReader("x")); err == nil {
		body.Close()
		t.Error("there is a temporary file: bodies in it were not closed")
	}
}

func stacks() []byte {
	b := make([]byte, 1<<20)
	return b[:runtime.Stack(b, true)]
}

// Arrivals are what came in all passes.
type arrivals struct {
	t *testing.T
	f *faulty

	mu    sync.Mutex
	known map[string][sha256.Size]byte // by ID
}

// pass makes one pass with a Sink that may do anything, too.
func (a *arrivals) pass(source launcher.Source) {
	ctx, cancel := context.WithCancelCause(a.t.Context())
	defer cancel(nil)
	fatal := -1 // the Store at which the pass ends
	if !a.f.healed.Load() && a.f.of(2) == 0 {
		fatal = a.f.of(60)
	}
	var stored atomic.Int64
	var late sync.WaitGroup
	var offered sync.Map
	done := make(chan error, 1)
	go func() {
		done <- source.Poll(ctx, launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			if _, twice := offered.LoadOrStore(p.ID, nil); twice {
				a.t.Errorf("%s was offered twice in one pass", p.Origin)
			}
			if int(stored.Add(1)) == fatal {
				if a.f.of(2) == 0 {
					return launcher.Halt(errors.New("the database is down"))
				}
				cancel(errors.New("shutdown"))
			}
			return a.store(ctx, p, &late)
		}))
	}()
	select {
	case err := <-done:
		if err != nil {
			a.t.Logf("Poll: %v", err)
		}
	case <-time.After(5 * time.Minute):
		a.t.Fatalf("Poll does not return\n%s", stacks())
	}
	late.Wait()
}

func (a *arrivals) store(ctx context.Context, p *launcher.Parcel, late *sync.WaitGroup) error {
	a.mu.Lock()
	_, known := a.known[p.ID]
	a.mu.Unlock()
	if known {
		return nil
	}
	what := 99
	if !a.f.healed.Load() {
		what = a.f.of(100)
	}
	switch {
	case what < 5:
		return errors.New("no")
	case what < 8:
		return launcher.Reject(errors.New("not this one"))
	case what < 13: // has no patience
		c, cancel := context.WithCancel(ctx)
		defer cancel()
		late.Go(func() {
			for range a.f.of(1000) {
				runtime.Gosched()
			}
			cancel()
		})
		ctx = c
	case what < 18: // does not wait for what it began
		late.Go(func() { hashed(ctx, p) })
		return errors.New("no time")
	}
	got, err := hashed(ctx, p)
	switch {
	case err != nil:
		return err
	case what < 22:
		return errors.New("disk full")
	case what < 24:
		return launcher.Reject(errors.New("not this one after all"))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[p.ID] = got
	return nil
}

// hashed reads a mail.
func hashed(ctx context.Context, p *launcher.Parcel) (got [sha256.Size]byte, err error) {
	docs, err := p.Documents(ctx)
	if err != nil {
		return got, err
	}
	r, err := docs[0].Open(ctx)
	if err != nil {
		return got, err
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err == nil && n != docs[0].Size {
		err = fmt.Errorf("%d bytes, not %d", n, docs[0].Size)
	}
	h.Sum(got[:0])
	return got, err
}
