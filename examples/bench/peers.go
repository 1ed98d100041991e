package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
)

// A peer is another mail fetcher. Its settings have $HOST, $PORT, $USER, $PASS,
// $CA and $DIR, where it works; a Maildir is below.
type peer struct {
	name, debian  string // package
	program, args string
	imap, pop3    string // settings; "": it does not know the protocol
}

var peers = []peer{
	{
		name: "getmail6", debian: "getmail6", program: "getmail", args: "--getmaildir=$DIR --rcfile=$DIR/rc",
		imap: "[retriever]\ntype = SimpleIMAPSSLRetriever\nmailboxes = (\"INBOX\",)\n" + getmail,
		pop3: "[retriever]\ntype = SimplePOP3SSLRetriever\n" + getmail,
	},
	{
		name: "fetchmail", debian: "fetchmail", program: "fetchmail", args: "--silent --pidfile $DIR/pid --fetchmailrc $DIR/rc",
		imap: "poll $HOST service $PORT protocol IMAP auth password " + fetchmail,
		pop3: "poll $HOST service $PORT protocol POP3 auth password " + fetchmail,
	},
	{
		name: "mbsync", debian: "isync", program: "mbsync", args: "--quiet --config $DIR/rc all",
		imap: `IMAPAccount a
Host $HOST
Port $PORT
User $USER
Pass $PASS
SSLType IMAPS
CertificateFile $CA

IMAPStore far
Account a

MaildirStore near
Path $DIR/
Inbox $DIR/Maildir

Channel all
Far :far:
Near :near:
Sync Pull
SyncState $DIR/state/
`,
	},
	{
		name: "fdm", debian: "fdm", program: "fdm", args: "-q -f $DIR/rc fetch",
		imap: `account "a" imaps server "$HOST" port $PORT user "$USER" pass "$PASS" folder "INBOX" keep` + fdm,
		pop3: `account "a" pop3s server "$HOST" port $PORT user "$USER" pass "$PASS" keep` + fdm,
	},
	{
		name: "mpop", debian: "mpop", program: "mpop", args: "--quiet --file=$DIR/rc a",
		pop3: `account a
host $HOST
port $PORT
user $USER
auth user
password $PASS
tls on
tls_starttls off
tls_trust_file $CA
delivery maildir $DIR/Maildir
uidls_file $DIR/uidls
keep on
received_header off
`,
	},
}

const (
	getmail = `server = $HOST
port = $PORT
username = $USER
password = $PASS
timeout = 20
ca_certs = $CA

[destination]
type = Maildir
path = $DIR/Maildir/

[options]
read_all = true
delete = false
verbose = 0
`
	fetchmail = `user "$USER" password "$PASS" ssl sslcertck sslcertfile "$CA" fetchall keep bsmtp "$DIR/bsmtp"` + "\n"
	fdm       = `
set lock-file "$DIR/lock"
set maximum-size 512M
action "box" maildir "$DIR/Maildir"
match all action "box"
`
)

// fetchers returns the others that know the protocol of a task.
func (b *bench) fetchers(t task) (all []contender) {
	for _, p := range b.peers {
		settings := p.imap
		if t.Do == "pop3" {
			settings = p.pop3
		}
		if settings == "" {
			continue
		}
		all = append(all, contender{
			name: p.name, peer: true,
			command: func(ctx context.Context, dir string) (*exec.Cmd, error) { return p.command(ctx, dir, settings, t) },
			check: func(dir string, _ answer) error {
				n, err := fetched(dir)
				if err == nil && n != t.N {
					err = fmt.Errorf("%d mails, want %d", n, t.N)
				}
				return err
			},
		})
	}
	return all
}

func (p *peer) command(ctx context.Context, dir, settings string, t task) (*exec.Cmd, error) {
	_, port, err := net.SplitHostPort(t.Addr)
	if err != nil {
		return nil, err
	}
	fillIn := strings.NewReplacer("$HOST", "localhost", "$PORT", port, "$USER", t.User, "$PASS", mailtest.Password(t.User), "$CA", t.CA, "$DIR", dir)
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, "Maildir", sub), 0o700); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "rc"), []byte(fillIn.Replace(settings)), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, p.program, strings.Fields(fillIn.Replace(p.args))...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "FETCHMAILHOME="+dir)
	return cmd, mailtest.AsAccount(cmd, dir)
}

// fetched returns how many mails a peer has fetched.
func fetched(dir string) (n int, err error) {
	for _, sub := range []string{"cur", "new"} {
		entries, err := os.ReadDir(filepath.Join(dir, "Maildir", sub))
		if err != nil {
			return n, err
		}
		n += len(entries)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "bsmtp")); err == nil {
		n += bytes.Count(b, []byte("MAIL FROM:"))
	}
	return n, nil
}
