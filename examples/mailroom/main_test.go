package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// letter returns a mail with one attachment.
func letter(name, body string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: sender@example.org
Subject: %[1]s
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Please find attached.
--b
Content-Type: application/octet-stream; name=%[1]s
Content-Disposition: attachment

%[2]s
--b--
`, name, body), "\n", "\r\n"))
}

// A room is a mailbox on Dovecot and directories for what is in it.
type room struct {
	server *mailtest.MailServer
	dir    string
}

// run runs the command with the form's settings and more, and returns what it
// prints.
func (r *room) run(t *testing.T, more ...string) (string, error) {
	t.Helper()
	var out, log strings.Builder
	err := run(t.Context(), append([]string{
		"-addr", r.server.IMAPS, "-ca", r.server.CA(), "-user", "alice", "-folder", "inbox",
		"-done", "EZGED_OK", "-rejected", "EZGED_KO", "-names", "*.pdf",
		"-backup", filepath.Join(r.dir, "backup"), "-out", filepath.Join(r.dir, "cold"),
	}, more...), &out, &log)
	if t.Failed() || testing.Verbose() {
		t.Logf("mailroom %s\n%s%s", strings.Join(more, " "), out.String(), log.String())
	}
	return out.String(), err
}

// files returns the names of all files with that ending below a directory.
func (r *room) files(t *testing.T, dir, ending string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(r.dir, dir), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(path, ending) {
			names = append(names, filepath.Base(path))
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// count returns how many mails are in a folder.
func (r *room) count(t *testing.T, folder string) int {
	t.Helper()
	mails, err := r.server.Mails("alice", folder)
	if err != nil {
		t.Fatal(err)
	}
	return len(mails)
}

func TestMailroom(t *testing.T) {
	r := &room{server: mailtest.Dovecot(t, "alice"), dir: t.TempDir()}
	r.server.Drop(t, "alice", letter("a.pdf", "pdf a"), letter("b.pdf", "pdf b"), letter("notes.txt", "text"), mailtest.Message(4))

	t.Setenv("COLD_PASSWORD", mailtest.Password("alice"))
	if out, err := r.run(t, "-check"); err != nil || out != "the settings are good\n" {
		t.Errorf("check: %q, %v", out, err)
	}
	out, err := r.run(t, "-preview")
	if err != nil {
		t.Errorf("preview: %v", err)
	}
	for _, want := range []string{"store     INBOX uid 1          a.pdf", "store     INBOX uid 2          b.pdf", "filtered  INBOX uid 3          notes.txt"} {
		if !strings.Contains(out, want) {
			t.Errorf("preview does not say %q:\n%s", want, out)
		}
	}
	entries, err := os.ReadDir(r.dir)
	if err != nil || len(entries) != 0 || r.count(t, "") != 4 {
		t.Errorf("after check and preview: %v, %v, and %d mails; want nothing made and all 4 in place", entries, err, r.count(t, ""))
	}

	for pass := 1; pass <= 2; pass++ {
		want := []string{1: "2 mails taken with 2 documents", 2: "0 mails taken with 0 documents"}[pass]
		if out, err := r.run(t); err != nil || !strings.HasPrefix(out, want) || !strings.HasSuffix(out, "0 refused, 0 failed, 2 with nothing that is wanted\n") {
			t.Errorf("pass %d: %q, %v, want it to say %q", pass, out, err, want)
		}
		if got := r.files(t, "cold", ".pdf"); !slices.Equal(got, []string{"a.pdf", "b.pdf"}) {
			t.Errorf("pass %d: %v were handed over, want a.pdf and b.pdf, once", pass, got)
		}
		if got := r.files(t, "backup", ".eml"); len(got) != 4 {
			t.Errorf("pass %d: copies %v, want one of each of the 4 mails", pass, got)
		}
		if done, left, refused := r.count(t, "EZGED_OK"), r.count(t, ""), r.count(t, "EZGED_KO"); done != 2 || left != 2 || refused != 0 {
			t.Errorf("pass %d: %d mails in EZGED_OK, %d left, %d in EZGED_KO; want 2, the 2 of which nothing is wanted, and 0", pass, done, left, refused)
		}
	}
	if out, err := r.run(t, "-preview"); err != nil || strings.Contains(out, "store") {
		t.Errorf("preview in the end: %v, want nothing to store:\n%s", err, out)
	}
	t.Setenv("COLD_PASSWORD", "wrong")
	if _, err := r.run(t, "-check"); err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("check with a wrong password: %v, want an error that does not tell it", err)
	}
}

// What is written to a terminal does not run into the line of progress.
func TestScreen(t *testing.T) {
	var out strings.Builder
	s := &screen{out: &out}
	s.draw("bar 1")
	fmt.Fprintln(s, "a line")
	s.draw("")
	if got := out.String(); got != clearLine+"bar 1"+clearLine+"a line\nbar 1"+clearLine {
		t.Errorf("%q, want each line above the bar, and none in the end", got)
	}
}

// Settings that cannot work are told before anything is made or dialled.
func TestFaults(t *testing.T) {
	for _, tt := range []struct{ flag, value, want string }{
		{"-security", "ssl", `"ssl"`},
		{"-names", "/(/", "/(/"},
		{"-schedule", "every day", "every day"},
		{"-ca", "none.pem", "none.pem"},
	} {
		t.Run(tt.flag, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "cold")
			args := []string{tt.flag, tt.value, "-check", "-addr", "127.0.0.1:1", "-user", "a", "-out", out}
			err := run(t.Context(), args, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want an error about %s", err, tt.want)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("the output directory was made")
			}
		})
	}
}
