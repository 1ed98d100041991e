package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
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
	server() string                   // address that children connect to, in clear; "": none
}

// A place is where the documents of one child wait, each under a name.
type place interface {
	command(ctx context.Context, to target) (*exec.Cmd, error) // what is killed
	put(name string, body []byte) error
	kept() (map[string][]string, error) // hashes of what was handed over, by name
	settled(names []string) error       // an error unless exactly these were let go of
}

// newOrigin returns the origin that -source names, and what ends it.
func newOrigin(source string) (o origin, stop func(), err error) {
	switch source {
	case "dir", "deposits":
		return dirs(source), func() {}, nil
	case "imap", "pop3", "getmail":
		if source == "getmail" {
			if _, err := exec.LookPath("getmail"); err != nil {
				return nil, nil, fmt.Errorf("%w: %w", mailtest.ErrAbsent, err)
			}
		}
		kind := ""
		if source == "getmail" {
			kind = "-ascii"
		}
		server, err := mailtest.StartDovecot(users(kind)...)
		if err != nil {
			return nil, nil, err
		}
		return &mailboxes{mail: server, source: source}, func() { server.Stop() }, nil
	}
	return nil, nil, fmt.Errorf("-source is %q, want dir, deposits, imap, pop3 or getmail", source)
}

// dirs are directories of files, or of deposits.
type dirs string

func (d dirs) String() string {
	if d == "deposits" {
		return "deposits"
	}
	return "files"
}
func (dirs) span() time.Duration { return 60 * time.Millisecond }
func (dirs) server() string      { return "" }

func (d dirs) place(root string) (place, error) {
	return dirPlace{root, string(d)}, os.Mkdir(filepath.Join(root, "in"), 0o755)
}

type dirPlace struct{ root, source string }

func (d dirPlace) command(ctx context.Context, to target) (*exec.Cmd, error) {
	return self(ctx, d.root, to, "-source", d.source)
}

func (d dirPlace) put(name string, body []byte) error {
	if d.source == "dir" {
		return os.WriteFile(filepath.Join(d.root, "in", name), body, 0o644)
	}
	deposit := filepath.Join(d.root, name)
	meta := fmt.Sprintf(`{"acte_nature":"1","numero_de_lacte":%q,"objet":"x","arrete":[%[1]q]}`, name)
	return errors.Join(
		os.Mkdir(deposit, 0o755),
		os.WriteFile(filepath.Join(deposit, name), body, 0o644),
		os.WriteFile(filepath.Join(deposit, "metadata.json"), []byte(meta), 0o644),
		os.Rename(deposit, filepath.Join(d.root, "in", name)),
	)
}

func (d dirPlace) kept() (map[string][]string, error) { return keptIn(filepath.Join(d.root, "out")) }

func (d dirPlace) settled(names []string) error {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(d.root, "done", name)); err != nil {
			return fmt.Errorf("not settled: %w", err)
		}
	}
	return nil
}

// Mailboxes are the accounts of one server, each a place.
type mailboxes struct {
	mail   *mailtest.MailServer
	source string
	used   int
}

// users returns the names of accounts. A place is used again when all were.
func users(kind string) (names []string) {
	for i := range 100 {
		names = append(names, fmt.Sprintf("user%d%s", i, kind))
	}
	return names
}

func (m *mailboxes) String() string { return "mails" }
func (m *mailboxes) server() string {
	if m.source == "pop3" {
		return m.mail.POP3
	}
	return m.mail.IMAP
}
func (m *mailboxes) span() time.Duration {
	if m.source == "getmail" {
		return 1200 * time.Millisecond // it takes longer to begin
	}
	return 600 * time.Millisecond
}

func (m *mailboxes) place(root string) (place, error) {
	user := m.mail.Users[m.used%len(m.mail.Users)]
	if m.used++; m.used > len(m.mail.Users) {
		if err := m.mail.Empty(user); err != nil {
			return nil, err
		}
	}
	box := &mailbox{server: m.mail, source: m.source, user: user, root: root}
	if m.source == "getmail" {
		return newGetmail(box)
	}
	return box, nil
}

type mailbox struct {
	server             *mailtest.MailServer
	source, user, root string
}

func (m *mailbox) command(ctx context.Context, to target) (*exec.Cmd, error) {
	flags, addr := []string{"-source", m.source, "-user", m.user}, m.server.IMAPS
	if m.source == "pop3" {
		addr = m.server.POP3S
	}
	if to.addr != "" {
		return self(ctx, m.root, to, append(flags, "-addr", to.addr)...)
	}
	return self(ctx, m.root, to, append(flags, "-addr", addr, "-ca", m.server.CA())...)
}

func (m *mailbox) kept() (map[string][]string, error) { return keptIn(filepath.Join(m.root, "out")) }

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
	copies, err := filepath.Glob(filepath.Join(m.root, "backup/*/*/*/*/copy.json"))
	if err != nil {
		return err
	}
	if len(copies) != len(names) {
		return fmt.Errorf("the backup holds %d mails, want %d", len(copies), len(names))
	}
	if m.source == "pop3" { // which deletes
		left, err := m.server.Mails(m.user, "")
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("INBOX holds %d mails", len(left))
		}
		return err
	}
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
	if len(done) != len(names) {
		return fmt.Errorf("EZGED_OK holds %d mails, want %d", len(done), len(names))
	}
	return nil
}
