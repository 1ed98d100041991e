package launchertest_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/backup"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/mail"
)

// A mailJob is the main job on a mailbox: a copy of each mail, its attachments
// into a folder Sink, a durable ledger.
type mailJob struct {
	job
	server *mailtest.MailServer
	user   string
	box    *imap.Source
	mails  *mail.Source
	copies string
}

func newMailJob(t testing.TB, server *mailtest.MailServer, user string) *mailJob {
	t.Helper()
	j := &mailJob{server: server, user: user}
	j.root = t.TempDir()
	j.copies = filepath.Join(j.root, "backup")
	j.start(t, openLedger(t, j.root))
	return j
}

// start sets everything up as a new process does.
func (j *mailJob) start(t testing.TB, ledger launcher.Ledger) {
	j.sink = &folder.Sink{Path: filepath.Join(j.root, "out")}
	j.box = &imap.Source{
		Addr: j.server.IMAPS, TLSConfig: j.server.TLS, User: j.user,
		Password: launcher.SecretText(mailtest.Password(j.user)),
		Folder:   "inbox", Done: "EZGED_OK", Rejected: "EZGED_KO",
	}
	j.mails = &mail.Source{From: &backup.Source{From: j.box, Path: j.copies}}
	j.Launcher = &launcher.Launcher{
		Name: "mailjob", Source: j.mails, Sink: j.sink, Ledger: ledger,
		Observe: func(_ context.Context, e launcher.Event) {
			if e.Kind == launcher.EventFailed || e.Kind == launcher.EventRejected || e.Kind == launcher.EventWarning {
				t.Errorf("%s %s: %v", e.Kind, e.Origin, e.Err)
			}
		},
	}
}

// client logs in as another mail program would.
func (j *mailJob) client(t testing.TB) *imapclient.Client {
	t.Helper()
	config := j.server.TLS.Clone()
	config.ServerName = "localhost"
	conn, err := tls.Dial("tcp", j.server.IMAPS, config)
	if err != nil {
		t.Fatal(err)
	}
	c := imapclient.New(conn, nil)
	if err := c.Login(j.user, mailtest.Password(j.user)).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// put appends mails to the INBOX and returns those that the server takes.
func (j *mailJob) put(t testing.TB, letters []letter) (taken []letter) {
	t.Helper()
	c := j.client(t)
	defer c.Close()
	for _, l := range letters {
		cmd := c.Append("INBOX", int64(len(l.body)), nil)
		_, err := cmd.Write(l.body)
		if err := errors.Join(err, cmd.Close()); err != nil {
			t.Fatal(err)
		}
		var refused *goimap.Error
		switch _, err := cmd.Wait(); {
		case errors.As(err, &refused):
			t.Logf("the server does not take %s: %v", l.name, err)
		case err != nil:
			t.Fatal(err)
		default:
			taken = append(taken, l)
		}
	}
	return taken
}

// in returns the SHA-256 of each mail in a folder by its UID; a folder that
// is not there is empty.
func (j *mailJob) in(t testing.TB, name string) map[string]string {
	t.Helper()
	c := j.client(t)
	defer c.Close()
	if space, err := c.Namespace().Wait(); err == nil && len(space.Personal) > 0 && name != "INBOX" {
		name = space.Personal[0].Prefix + name
	}
	box, err := c.Select(name, &goimap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || box.NumMessages == 0 {
		return map[string]string{}
	}
	whole := &goimap.FetchItemBodySection{Peek: true}
	all := goimap.SeqSet{}
	all.AddRange(1, 0)
	found, err := c.Fetch(all, &goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{whole}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	sums := make(map[string]string, len(found))
	for _, m := range found {
		sums[strconv.Itoa(int(m.UID))] = sum(m.FindBodySection(whole))
	}
	return sums
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// A paper is a document as the folder Sink holds it.
type paper struct {
	name, role string
	sum, lfSum string // SHA-256, also with LF for CRLF
}

// papers returns the documents that were handed over, by the UID of their mail.
func (j *mailJob) papers(t testing.TB) map[string][]paper {
	t.Helper()
	manifests, err := filepath.Glob(filepath.Join(j.sink.Path, "*", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]paper)
	for _, name := range manifests {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var m folder.Manifest
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		uid := m.Meta["imap.uid"]
		for _, f := range m.Files {
			b, err := os.ReadFile(filepath.Join(filepath.Dir(name), f.Name))
			if err != nil {
				t.Fatal(err)
			}
			lf := bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
			found[uid] = append(found[uid], paper{f.Name, f.Role, sum(b), sum(lf)})
		}
	}
	return found
}

// backedUp counts the copies of mails by their SHA-256.
func (j *mailJob) backedUp(t testing.TB) map[string]int {
	t.Helper()
	files := hashes(t, j.copies)
	maps.DeleteFunc(files, func(name, _ string) bool { return !strings.HasSuffix(name, ".eml") })
	return counts(files)
}

// counts returns how often each value occurs in all the maps.
func counts(all ...map[string]string) map[string]int {
	n := make(map[string]int)
	for _, m := range all {
		for _, v := range m {
			n[v]++
		}
	}
	return n
}

// A letter is a mail of the samples.
type letter struct {
	name     string
	body     []byte   // with the line ends that IMAP has
	lf       bool     // it had others
	attached []string // SHA-256 of the attachments, where there is no doubt
}

// letters returns n mails of the samples, some of them more than once.
func letters(t testing.TB, n int) []letter {
	t.Helper()
	samples := launchertest.Samples(t)
	b, err := os.ReadFile(filepath.Join(samples, "mail", "oracle.json"))
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		Mails map[string]struct {
			Doubtful    []string
			Attachments []struct{ SHA256, Path string }
		}
	}
	if err := json.Unmarshal(b, &oracle); err != nil {
		t.Fatal(err)
	}
	var all []letter
	for _, name := range slices.Sorted(maps.Keys(oracle.Mails)) {
		b, err := os.ReadFile(filepath.Join(samples, "mail", "eml", name))
		if err != nil {
			t.Fatal(err)
		}
		l := letter{name: name, body: bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))}
		l.lf = !bytes.Equal(b, l.body)
		for _, a := range oracle.Mails[name].Attachments {
			// Of the other one Python does not undo the encoding.
			if len(oracle.Mails[name].Doubtful) == 0 && name+" "+a.Path != "mime4j-twopart.eml 2" {
				l.attached = append(l.attached, a.SHA256)
			}
		}
		all = append(all, l)
	}
	for i := 0; len(all) < n; i++ {
		all = append(all, all[i])
	}
	return all[:n]
}

// Real mails arrive in a mailbox: what is attached to them is handed over once,
// with the bytes that it had, a copy is kept of each, and those that were taken
// are moved; a second pass takes nothing.
func TestMailJob(t *testing.T) {
	drop := func(t *testing.T, j *mailJob, all []letter) []letter {
		for _, l := range all {
			j.server.Drop(t, j.user, l.body)
		}
		return all
	}
	tests := []struct {
		name  string
		start func(testing.TB, ...string) *mailtest.MailServer
		mails int
		load  func(*testing.T, *mailJob, []letter) []letter
		set   func(*testing.T, *mailJob)
	}{
		{"Dovecot, TLS", mailtest.Dovecot, 500, drop, func(*testing.T, *mailJob) {}},
		{"Dovecot, TLS, with the mails themselves", mailtest.Dovecot, 328, drop, func(_ *testing.T, j *mailJob) {
			j.mails.Raw, j.Parallel = true, 4
		}},
		{"Dovecot, XOAUTH2", mailtest.Dovecot, 60, drop, func(t *testing.T, j *mailJob) {
			j.box.Password, j.box.Token = nil, launcher.SecretText(j.server.Token(t, j.user, time.Hour))
		}},
		{"Cyrus, STARTTLS", mailtest.Cyrus, 200, func(t *testing.T, j *mailJob, all []letter) []letter { return j.put(t, all) }, func(_ *testing.T, j *mailJob) {
			j.box.Addr, j.box.Security = j.server.IMAP, dial.StartTLS
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all := letters(t, tt.mails)
			j := newMailJob(t, tt.start(t, "alice"), "alice")
			// Every picture is handed over, for the oracle has them too.
			j.mails.Pictures = mail.Pictures{Shown: -1, Small: -1}
			tt.set(t, j)
			all = tt.load(t, j, all)
			if len(all) < tt.mails*9/10 {
				t.Fatalf("the server took %d of %d mails", len(all), tt.mails)
			}
			testMailJob(t, j, all)
		})
	}
}

func testMailJob(t *testing.T, j *mailJob, all []letter) {
	before := j.in(t, "INBOX")
	arrived := byUID(t, before, all)
	stats, err := j.Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if stats.Stored+stats.Skipped != len(all) || stats.Offered != len(all) {
		t.Errorf("first pass: %+v, want each of %d mails stored, or skipped for want of documents", stats, len(all))
	}

	left, done, rejected := j.in(t, "INBOX"), j.in(t, "EZGED_OK"), j.in(t, "EZGED_KO")
	if len(done) != stats.Stored || len(left) != stats.Skipped || len(rejected) != 0 {
		t.Errorf("EZGED_OK holds %d, INBOX %d and EZGED_KO %d mails, want the %d stored, the %d skipped and none",
			len(done), len(left), len(rejected), stats.Stored, stats.Skipped)
	}
	if j.mails.Raw && len(left) != 0 {
		t.Errorf("%d mails are left, want all taken: each is a document itself", len(left))
	}
	if n := differing(counts(left, done), counts(before)); n != 0 {
		t.Errorf("%d mails in INBOX and EZGED_OK are not what came", n)
	}
	if n := differing(j.backedUp(t), counts(before)); n != 0 {
		t.Errorf("%d mails are not in the backup byte for byte, once", n)
	}
	j.checkPapers(t, arrived, before, left)

	stats, err = j.Poll(t.Context())
	if err != nil || stats.Stored != 0 || stats.Documents != 0 || stats.Offered != len(left) {
		t.Errorf("second pass: %+v, %v; want nothing but the %d mails that were left, and nothing stored", stats, err, len(left))
	}
}

// byUID returns which mail got which UID: they were put in one after the other.
// Servers change some, such as those with NULs or 8-bit headers: what is to be
// handed over is what the server has.
func byUID(t *testing.T, in map[string]string, all []letter) map[string]letter {
	t.Helper()
	if len(in) != len(all) {
		t.Fatalf("the server has %d mails, want %d", len(in), len(all))
	}
	uids := slices.SortedFunc(maps.Keys(in), func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	arrived := make(map[string]letter, len(all))
	changed := 0
	for i, uid := range uids {
		arrived[uid] = all[i]
		if in[uid] != sum(all[i].body) {
			changed++
		}
	}
	if changed > len(all)/5 {
		t.Fatalf("%d of %d mails are not the ones expected under their UIDs", changed, len(all))
	}
	t.Logf("the server changed %d mails", changed)
	return arrived
}

// checkPapers compares what was handed over with what the mails hold.
func (j *mailJob) checkPapers(t *testing.T, arrived map[string]letter, before, left map[string]string) {
	t.Helper()
	papers := j.papers(t)
	same := 0
	for uid, l := range arrived {
		got := papers[uid]
		if _, stays := left[uid]; stays != (len(got) == 0) {
			t.Errorf("%s: %d documents were handed over, and the mail is left: %t", l.name, len(got), stays)
		}
		if j.mails.Raw && !slices.ContainsFunc(got, func(p paper) bool { return p.role == "message" && p.sum == before[uid] }) {
			t.Errorf("%s: the mail itself is not among %v", l.name, got)
		}
		for _, want := range l.attached {
			i := slices.IndexFunc(got, func(p paper) bool { return p.sum == want || l.lf && p.lfSum == want })
			if i < 0 {
				t.Errorf("%s: the attachment of SHA-256 %s is not among %v", l.name, want, got)
				continue
			}
			got = slices.Delete(slices.Clone(got), i, i+1)
			same++
		}
	}
	if same < len(arrived)/5 {
		t.Errorf("%d attachments in %d mails were compared, want more", same, len(arrived))
	}
	t.Logf("%d mails: %d attachments as they were sent, %d mails left", len(before), same, len(left))
}

// differing returns how many values occur not as often in one as in the other.
func differing(a, b map[string]int) (n int) {
	for v := range a {
		if a[v] != b[v] {
			n++
		}
	}
	for v := range b {
		if _, ok := a[v]; !ok {
			n++
		}
	}
	return n
}
