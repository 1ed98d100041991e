package imap_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// A rawlog is where Dovecot writes down what clients send, a file for each
// session.
type rawlog string

// settings for mailtest.DovecotWith.
const rawlogs = "protocol imap {\n  rawlog_dir = $DIR/rawlog\n}\n"

func openRawlog(t *testing.T, server *mailtest.MailServer) rawlog {
	t.Helper()
	dir := filepath.Join(server.Dir, "rawlog")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil { // the server's account is another
		t.Fatal(err)
	}
	return rawlog(dir)
}

func (dir rawlog) sessions(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(string(dir), "*.in"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// commands returns what was sent while f ran, without tags, in capitals.
func (dir rawlog) commands(t *testing.T, f func()) (commands []string) {
	t.Helper()
	before := dir.sessions(t)
	f()
	for _, file := range dir.sessions(t) {
		if slices.Contains(before, file) {
			continue
		}
		var text string
		for until := time.Now().Add(30 * time.Second); !strings.Contains(text, "LOGOUT"); time.Sleep(5 * time.Millisecond) {
			b, err := os.ReadFile(file)
			if text = strings.ToUpper(string(b)); err != nil || time.Now().After(until) {
				t.Fatalf("the log of a session does not end: %v\n%s", err, text)
			}
		}
		for line := range strings.Lines(text) {
			// A time, the tag, and the command.
			if words := strings.Fields(line); len(words) > 2 {
				commands = append(commands, strings.Join(words[2:], " "))
			}
		}
	}
	return commands
}

// TestPeopleMayRead: with ReadOnly, mails are taken whether a person has marked
// them as read or not, each once, and the log of the server shows that folders
// were examined and nothing was changed in them.
func TestPeopleMayRead(t *testing.T) {
	server := mailtest.DovecotWith(t, rawlogs)
	log := openRawlog(t, server)
	person := (&hand{server.IMAP, "alice", mailtest.Password("alice")}).client(t)
	defer person.Close()
	mark := func(op goimap.StoreFlagsOp, uids ...goimap.UID) {
		t.Helper()
		if _, err := person.Select("INBOX", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		store := &goimap.StoreFlags{Op: op, Flags: []goimap.Flag{goimap.FlagSeen}}
		if err := person.Store(goimap.UIDSetNum(uids...), store, nil).Close(); err != nil {
			t.Fatal(err)
		}
	}
	read := func() (uids []goimap.UID) {
		t.Helper()
		found, err := person.UIDSearch(&goimap.SearchCriteria{Flag: []goimap.Flag{goimap.FlagSeen}}, nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		return found.AllUIDs()
	}
	var ledger launcher.MemoryLedger
	var got shelf
	stored := 0
	for pass, step := range []struct {
		arrive int // mails
		person func()
		stored int
		read   []goimap.UID
	}{
		{3, func() { mark(goimap.StoreFlagsAdd, 1, 2, 3) }, 3, []goimap.UID{1, 2, 3}}, // before the first pass
		{2, func() { mark(goimap.StoreFlagsAdd, 4); mark(goimap.StoreFlagsDel, 2) }, 2, []goimap.UID{1, 3, 4}},
		{0, func() { mark(goimap.StoreFlagsAdd, 2, 5) }, 0, []goimap.UID{1, 2, 3, 4, 5}},
	} {
		for range step.arrive {
			stored++
			server.Drop(t, "alice", mailtest.Message(stored))
		}
		step.person()
		source := sourceOf(server, "alice") // as after a restart
		source.ReadOnly = true
		l := &launcher.Launcher{Name: "x", Source: source, Sink: &got, Ledger: &ledger, Observe: func(context.Context, launcher.Event) {}}
		commands := log.commands(t, func() {
			stats, err := l.Poll(t.Context())
			if err != nil || stats.Stored != step.stored || stats.Stored+stats.Known != stored {
				t.Errorf("pass %d: %+v, %v, want %d new mails of %d, read or not", pass, stats, err, step.stored, stored)
			}
		})
		if !slices.ContainsFunc(commands, func(c string) bool { return strings.HasPrefix(c, "EXAMINE ") }) {
			t.Errorf("pass %d: the server's log shows no EXAMINE:\n%s", pass, strings.Join(commands, "\n"))
		}
		for _, c := range commands {
			if !slices.ContainsFunc(harmless, func(h string) bool { return strings.HasPrefix(c, h) }) {
				t.Errorf("pass %d: the server's log shows %q, want nothing that can change something", pass, c)
			}
		}
		if marked := read(); !slices.Equal(marked, step.read) {
			t.Errorf("pass %d: mails %v are marked as read, want %v as the person left them", pass, marked, step.read)
		}
	}
	if got.missing(messages(stored)) != 0 || len(got.order) != stored {
		t.Errorf("mails were taken %d times, want each of %d once", len(got.order), stored)
	}
}
