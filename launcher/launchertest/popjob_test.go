package launchertest_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/backup"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/mail"
	"github.com/ezged/coldlauncher/protocol/pop3"
)

// A popJob is the main job on a mailbox that is read over POP3.
type popJob struct {
	mailJob
	drop *pop3.Source
}

func newPopJob(t testing.TB, server *mailtest.MailServer, user string) *popJob {
	t.Helper()
	j := &popJob{}
	j.server, j.user, j.root = server, user, t.TempDir()
	j.copies = filepath.Join(j.root, "backup")
	j.start(t, openLedger(t, j.root))
	return j
}

// start sets everything up as a new process does.
func (j *popJob) start(t testing.TB, ledger launcher.Ledger) {
	j.mailJob.start(t, ledger)
	j.drop = &pop3.Source{
		Addr: j.server.POP3S, TLSConfig: j.server.TLS, User: j.user,
		Password: launcher.SecretText(mailtest.Password(j.user)),
		Delete:   true, Rejected: filepath.Join(j.root, "rejected"), Interval: -1,
	}
	j.mails = &mail.Source{From: &backup.Source{From: j.drop, Path: j.copies}}
	j.sink = &folder.Sink{Path: filepath.Join(j.root, "out")}
	j.Source, j.Sink = j.mails, j.sink
}

// poll makes a pass, and another one as long as the server still has the
// mailbox open for a connection that was cut.
func (j *popJob) poll(ctx context.Context) (stats launcher.Stats, err error) {
	for stats, err = j.Poll(ctx); err != nil && strings.Contains(err.Error(), "IN-USE"); stats, err = j.Poll(ctx) {
	}
	return stats, err
}

// check is mailJob.check for a mailbox without folders.
func (j *popJob) check(t testing.TB, when string, attached []string, n int) {
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
	left, err := j.server.Mails(j.user, "")
	if err != nil {
		t.Fatal(err)
	}
	copies := 0
	for _, count := range j.backedUp(t) {
		copies += count
	}
	if len(handed) != len(attached) || len(left) != 0 || copies != n {
		t.Errorf("%s: %d documents, %d mails left, %d copies; want %d, none and %d", when, len(handed), len(left), copies, len(attached), n)
	}
}

// The same mails come to the same documents, by IMAP and by POP3.
func TestPOP3HandsOverWhatIMAPDoes(t *testing.T) {
	all := letters(t, 500)
	server := mailtest.Dovecot(t, "imap", "pop")
	over := newMailJob(t, server, "imap")
	pop := newPopJob(t, server, "pop")
	for _, l := range all {
		if !bytes.HasSuffix(l.body, []byte("\r\n")) { // POP3 cannot tell: it ends every mail so
			l.body = append(l.body, "\r\n"...)
		}
		l.body = bytes.ReplaceAll(l.body, []byte{0}, []byte("0")) // IMAP cannot carry NUL
		server.Drop(t, "imap", l.body)
		server.Drop(t, "pop", l.body)
	}
	got := make([]map[paper]int, 2)
	for i, j := range []*mailJob{over, &pop.mailJob} {
		j.mails.Pictures = mail.Pictures{Shown: -1, Small: -1}
		stats, err := j.Poll(t.Context())
		if err != nil || stats.Offered != len(all) || stats.Stored+stats.Skipped != len(all) || stats.Stored < len(all)/4 {
			t.Fatalf("%s: %+v, %v; want every mail stored, or skipped for want of documents", j.user, stats, err)
		}
		got[i] = make(map[paper]int)
		for _, papers := range j.papers(t) {
			for _, p := range papers {
				got[i][p]++
			}
		}
		left, err := server.Mails(j.user, "")
		if err != nil || len(left) != stats.Skipped {
			t.Errorf("%s: %d mails are left, %v; want the %d that were skipped", j.user, len(left), err, stats.Skipped)
		}
	}
	if n := differing(counted(got[0]), counted(got[1])); n != 0 || len(got[0]) == 0 {
		t.Errorf("%d of %d documents differ between IMAP and POP3", n, len(got[0]))
	}
	if n := differing(over.backedUp(t), pop.backedUp(t)); n != 0 {
		t.Errorf("%d mails differ between IMAP and POP3 as they were backed up", n)
	}
}

func counted(papers map[paper]int) map[string]int {
	n := make(map[string]int, len(papers))
	for p, count := range papers {
		if p.role == "message" {
			p.name = "" // the Source's own
		}
		n[p.name+"\x00"+p.role+"\x00"+p.sum] += count
	}
	return n
}

// The guarantee table over POP3: the process may die at any step of a pass, and
// before it sends anything to the server.
func TestPopJobCrashesAtEveryStep(t *testing.T) {
	users := make([]string, 120)
	for i := range users {
		users[i] = fmt.Sprintf("user%d", i)
	}
	server := mailtest.Dovecot(t, users...)
	stride := stride()
	n := 0
	for n < len(users) && crashPopAt(t, server, users[n], n) {
		n += stride
	}
	if n < 20 || n >= len(users) {
		t.Errorf("the pass ended after step %d, want it longer, and in the end to survive", n)
	}
	t.Logf("crashed at each %d. of %d steps", stride, n)
}

func crashPopAt(t *testing.T, server *mailtest.MailServer, user string, n int) (crashed bool) {
	const mails = 2
	j := newPopJob(t, server, user)
	attached := j.fill(t, mails)
	c := launchertest.Crash(n)
	ledger := j.Ledger
	j.Source, j.Sink, j.Ledger, j.Observe = c.Source(j.mails), c.Sink(j.sink), c.Ledger(ledger), quiet
	j.drop.Dial = mortal{c}.dial
	if _, err := j.Poll(t.Context()); err != nil && !c.Crashed() {
		t.Fatalf("step %d: %v", n, err)
	}
	j.start(t, ledger)
	j.Observe = quiet // the server may take a while to notice the death
	if _, err := j.poll(t.Context()); err != nil {
		t.Fatalf("step %d: the pass after the crash: %v", n, err)
	}
	j.check(t, fmt.Sprintf("crash at step %d", n), attached, mails)
	return c.Crashed()
}

// Mails that the server does not delete are reported, and stay; the next pass
// deletes them and stores nothing again.
func TestPopJobSettlesLater(t *testing.T) {
	const mails = 3
	j := newPopJob(t, mailtest.Dovecot(t), "alice")
	attached := j.fill(t, mails)
	c := launchertest.Crash(1 << 20)
	sink, stored := j.sink, 0
	j.drop.Dial = mortal{c}.dial
	j.Sink = launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		err := sink.Store(ctx, p)
		if stored++; err == nil && stored == mails {
			for c.Step() == nil { // what follows is not sent any more
			}
		}
		return err
	})
	stats, err := j.Poll(t.Context())
	if err == nil || stats.Stored != mails {
		t.Errorf("first pass: %+v, %v; want %d mails stored, and that they cannot be deleted", stats, err, mails)
	}
	if left, err := j.server.Mails(j.user, ""); err != nil || len(left) != mails {
		t.Errorf("%d mails are left, %v; want all %d", len(left), err, mails)
	}
	j.start(t, j.Ledger)
	j.Observe = quiet
	stats, err = j.poll(t.Context())
	if err != nil || stats.Stored != 0 || stats.Known != mails {
		t.Errorf("second pass: %+v, %v; want nothing stored, and %d mails known", stats, err, mails)
	}
	j.check(t, "in the end", attached, mails)
}
