package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// An origin makes places where documents wait. Its String is what they are
// called there.
type origin interface {
	fmt.Stringer
	place(root string) (place, error) // a new one
	span() time.Duration              // how long a child may live
}

// A place is where the documents of one child wait, each under a name.
type place interface {
	flags() []string // tell a child where it is
	put(name string, body []byte) error
	settled(names []string) error // an error unless exactly these were let go of
}

// newOrigin returns the origin that -source names, and what ends it.
func newOrigin(source string) (o origin, stop func(), err error) {
	switch source {
	case "dir":
		return dirs{}, func() {}, nil
	case "imap":
		server, err := mailtest.StartDovecot(users()...)
		if err != nil {
			return nil, nil, err
		}
		return &mailboxes{server: server}, func() { server.Stop() }, nil
	}
	return nil, nil, fmt.Errorf("-source is %q, want dir or imap", source)
}

type dirs struct{}

func (dirs) String() string      { return "files" }
func (dirs) span() time.Duration { return 60 * time.Millisecond }

func (dirs) place(root string) (place, error) {
	return dirPlace(root), os.Mkdir(filepath.Join(root, "in"), 0o755)
}

type dirPlace string

func (dirPlace) flags() []string { return nil }

func (d dirPlace) put(name string, body []byte) error {
	return os.WriteFile(filepath.Join(string(d), "in", name), body, 0o644)
}

func (d dirPlace) settled(names []string) error {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(string(d), "done", name)); err != nil {
			return fmt.Errorf("not settled: %w", err)
		}
	}
	return nil
}

// Mailboxes are the accounts of one server, each a place.
type mailboxes struct {
	server *mailtest.MailServer
	used   int
}

// users returns more accounts than a small pass has steps.
func users() (names []string) {
	for i := range 100 {
		names = append(names, fmt.Sprintf("user%d", i))
	}
	return names
}

func (*mailboxes) String() string      { return "mails" }
func (*mailboxes) span() time.Duration { return 600 * time.Millisecond }

func (m *mailboxes) place(root string) (place, error) {
	if m.used == len(m.server.Users) {
		return nil, fmt.Errorf("all %d accounts are used", m.used)
	}
	m.used++
	return &mailbox{server: m.server, user: m.server.Users[m.used-1], root: root}, nil
}

type mailbox struct {
	server     *mailtest.MailServer
	user, root string
}

func (m *mailbox) flags() []string {
	return []string{"-addr", m.server.IMAPS, "-user", m.user, "-ca", m.server.CA()}
}

const subject = "Subject: "

func (m *mailbox) put(name string, body []byte) error {
	text := fmt.Sprintf("%s%s\nMIME-Version: 1.0\nContent-Type: application/octet-stream; name=%[2]s\n"+
		"Content-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n", subject, name)
	for s := base64.StdEncoding.EncodeToString(body); s != ""; {
		n := min(76, len(s))
		text += s[:n] + "\n"
		s = s[n:]
	}
	return m.server.Deliver(m.user, []byte(strings.ReplaceAll(text, "\n", "\r\n")))
}

func (m *mailbox) settled(names []string) error {
	done, err := m.server.Mails(m.user, "EZGED_OK")
	if err != nil {
		return err
	}
	count := make(map[string]int)
	for _, b := range done {
		first, _, _ := bytes.Cut(b, []byte("\r\n"))
		count[strings.TrimPrefix(string(first), subject)]++
	}
	for _, name := range names {
		if count[name] != 1 {
			return fmt.Errorf("EZGED_OK holds the mail %s %d times", name, count[name])
		}
	}
	copies, err := filepath.Glob(filepath.Join(m.root, "backup/*/*/*/*/copy.json"))
	if err != nil {
		return err
	}
	if len(done) != len(names) || len(copies) != len(names) {
		return fmt.Errorf("EZGED_OK holds %d mails and the backup %d, want %d", len(done), len(copies), len(names))
	}
	return nil
}
