package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// A getmail is a mailbox that getmail6 fetches from, into a Maildir. It deletes
// what it has fetched.
type getmail struct {
	*mailbox
	maildir string
}

// nobody is the user as whom getmail delivers that root has started: it
// delivers nothing as root.
const nobody = "nobody"

func newGetmail(m *mailbox) (place, error) {
	g := &getmail{m, filepath.Join(m.root, "Maildir")}
	for _, sub := range []string{"", "cur", "new", "tmp"} {
		dir := filepath.Join(g.maildir, sub)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if os.Getuid() != 0 {
			continue
		}
		u, err := user.Lookup(nobody)
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
	}
	return g, os.Chmod(m.root, 0o755)
}

func (g *getmail) command(ctx context.Context, to target) (*exec.Cmd, error) {
	addr := to.addr
	if addr == "" {
		addr = g.server.IMAP
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	as := ""
	if os.Getuid() == 0 {
		as = "user = " + nobody + "\n"
	}
	rc := fmt.Sprintf(`[retriever]
type = SimpleIMAPRetriever
server = %s
port = %s
username = %s
password = %s
mailboxes = ("INBOX",)
timeout = 5

[destination]
type = Maildir
path = %s/
%s
[options]
delete = true
read_all = false
verbose = 1
delivered_to = false
received = false
`, host, port, g.user, mailtest.Password(g.user), g.maildir, as)
	file := filepath.Join(g.root, "rc")
	if err := os.WriteFile(file, []byte(rc), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "getmail", "--getmaildir="+g.root, "--rcfile="+file)
	cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=1", "PYTHONIOENCODING=utf-8")
	return cmd, nil
}

// kept returns the hashes of what is attached to the mails in the Maildir.
func (g *getmail) kept() (map[string][]string, error) {
	kept := make(map[string][]string)
	for _, sub := range []string{"new", "cur"} {
		files, err := filepath.Glob(filepath.Join(g.maildir, sub, "*"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			name, hash, err := attached(b)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			kept[name] = append(kept[name], hash)
		}
	}
	return kept, nil
}

// attached returns the name and the hash of the document in a mail of put.
func attached(m []byte) (name, hash string, err error) {
	m = bytes.ReplaceAll(m, []byte("\r\n"), []byte("\n"))
	at := bytes.Index(m, []byte(subject))
	head, body, ok := bytes.Cut(m, []byte("\n\n"))
	if at < 0 || at > len(head) || !ok {
		return "", "", fmt.Errorf("no mail of this test: %.40q", m)
	}
	name, _, _ = strings.Cut(string(m[at+len(subject):]), "\n")
	text, err := base64.StdEncoding.DecodeString(string(body)) // line ends are ignored
	if err != nil {
		return name, "damaged", nil
	}
	return name, fmt.Sprintf("%x", sha256.Sum256(text)), nil
}

// settled reports that the mailbox is not empty.
func (g *getmail) settled([]string) error {
	left, err := g.server.Mails(g.user, "")
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("INBOX holds %d mails", len(left))
	}
	return err
}
