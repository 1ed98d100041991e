package mailtest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Dovecot starts Dovecot 2.3 with the users given, or only "alice", until the
// test ends. It skips the test where Dovecot is not installed (Debian:
// dovecot-imapd, dovecot-pop3d), or fails it if COLD_REQUIRE_SERVERS is 1.
//
// It offers PLAIN, LOGIN, XOAUTH2, OAUTHBEARER and COMPRESS, MOVE, UIDPLUS,
// ESEARCH and IDLE. The separator of folders is "/".
func Dovecot(t testing.TB, users ...string) *MailServer {
	t.Helper()
	return during(t, StartDovecot, users)
}

// DovecotWith is Dovecot with settings that come after the others in its
// configuration file. In them $DIR stands for MailServer.Dir.
func DovecotWith(t testing.TB, settings string, users ...string) *MailServer {
	t.Helper()
	return during(t, func(users ...string) (*MailServer, error) { return startDovecot(settings, users) }, users)
}

// ACL are settings for DovecotWith, with which the server offers ACL and keeps
// to it.
const ACL = `
protocol imap {
  mail_plugins = zlib imap_zlib acl imap_acl
}
plugin {
  acl = vfile
}
`

// StartDovecot is Dovecot outside a test: the caller calls Stop. The error
// wraps ErrAbsent where Dovecot is not installed.
func StartDovecot(users ...string) (*MailServer, error) { return startDovecot("", users) }

func startDovecot(settings string, users []string) (*MailServer, error) {
	bin, err := exec.LookPath("dovecot")
	if err != nil {
		bin = "/usr/sbin/dovecot"
	}
	if _, err := os.Stat(bin); err != nil || account() == nil {
		return nil, fmt.Errorf("%w: Dovecot, %s", ErrAbsent, bin)
	}
	return serve(users, func(s *MailServer) error { return s.configureDovecot(settings) }, func(s *MailServer) *exec.Cmd {
		return exec.Command(bin, "-F", "-c", filepath.Join(s.Dir, "dovecot.conf"))
	})
}

func (s *MailServer) configureDovecot(settings string) error {
	s.Log, s.secret = filepath.Join(s.Dir, "log"), []byte("mailtest-secret-of-tokens")
	var passwd strings.Builder
	for _, u := range s.Users {
		fmt.Fprintf(&passwd, "%s:{PLAIN}%s::::::\n", u, Password(u))
		if err := s.makeMaildir(u); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"passwd":                     passwd.String(),
		"keys/default/HS256/default": base64.StdEncoding.EncodeToString(s.secret),
		"oauth2.conf": "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=" +
			s.Dir + "/keys/\nusername_attribute = sub\n",
		"dovecot.conf": s.dovecotConf(settings),
	} {
		if err := write(filepath.Join(s.Dir, name), text); err != nil {
			return err
		}
	}
	return nil
}

// maildir returns where Dovecot keeps a folder, "" being INBOX.
func (s *MailServer) maildir(user, folder string) string {
	dir := filepath.Join(s.Dir, "home", user, "Maildir")
	if folder != "" {
		dir = filepath.Join(dir, "."+strings.ReplaceAll(folder, "/", "."))
	}
	return dir
}

// Drop puts mails straight into the INBOX of a user of Dovecot.
func (s *MailServer) Drop(t testing.TB, user string, mails ...[]byte) {
	t.Helper()
	if err := s.Deliver(user, mails...); err != nil {
		t.Fatal(err)
	}
}

// Deliver is Drop outside a test.
func (s *MailServer) Deliver(user string, mails ...[]byte) error {
	box := s.maildir(user, "")
	for _, m := range mails {
		s.delivered++
		name := fmt.Sprintf("%010d.M%d.mailtest", 1_000_000_000+s.delivered, s.delivered)
		// By way of tmp: the server must not see half a mail, or one that it
		// may not read yet.
		path := filepath.Join(box, "tmp", name)
		err := os.WriteFile(path, m, 0o644)
		if err == nil {
			err = give(path)
		}
		if err == nil {
			err = os.Rename(path, filepath.Join(box, "new", name))
		}
		if err != nil {
			return fmt.Errorf("mailtest: %w", err)
		}
	}
	return nil
}

// Mails returns the mails in a folder of a user of Dovecot, "" being INBOX, as
// they lie on the disk. A folder that is not there is empty.
func (s *MailServer) Mails(user, folder string) (mails [][]byte, err error) {
	for _, sub := range []string{"new", "cur"} {
		dir := filepath.Join(s.maildir(user, folder), sub)
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("mailtest: %w", err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, fmt.Errorf("mailtest: %w", err)
			}
			mails = append(mails, b)
		}
	}
	return mails, nil
}

// Empty removes every folder and mail of a user of Dovecot, who is not
// connected.
func (s *MailServer) Empty(user string) error {
	box := s.maildir(user, "")
	if err := os.RemoveAll(box); err != nil {
		return fmt.Errorf("mailtest: %w", err)
	}
	return s.makeMaildir(user)
}

func (s *MailServer) makeMaildir(user string) error {
	box := s.maildir(user, "")
	for _, dir := range []string{filepath.Join(box, "cur"), filepath.Join(box, "new"), filepath.Join(box, "tmp"), box} {
		err := os.MkdirAll(dir, 0o755)
		if err == nil {
			err = give(dir)
		}
		if err != nil {
			return fmt.Errorf("mailtest: %w", err)
		}
	}
	return nil
}

func (s *MailServer) dovecotConf(settings string) string {
	host, _, _ := net.SplitHostPort(s.IMAP)
	a := account()
	return strings.NewReplacer(
		"$DIR", s.Dir, "$HOST", host, "$USER", a.user, "$GROUP", a.group,
		"$IMAPS", portOf(s.IMAPS), "$IMAP", portOf(s.IMAP), "$POP3S", portOf(s.POP3S), "$POP3", portOf(s.POP3),
	).Replace(dovecotConf + settings)
}

const dovecotConf = `
protocols = imap pop3
listen = $HOST
base_dir = $DIR/run
state_dir = $DIR/run
log_path = $DIR/log
info_log_path = $DIR/log
auth_verbose = yes
default_internal_user = $USER
default_internal_group = $GROUP
default_login_user = $USER
first_valid_uid = 1
first_valid_gid = 1
disable_plaintext_auth = no
ssl = yes
ssl_cert = <$DIR/tls/server.crt
ssl_key = <$DIR/tls/server.key
ssl_min_protocol = TLSv1.2
auth_mechanisms = plain login oauthbearer xoauth2
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mailbox_list_index = yes
mail_fsync = never
mail_max_userip_connections = 50
mail_plugins = $mail_plugins zlib
namespace inbox {
  inbox = yes
  separator = /
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $DIR/oauth2.conf
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u $DIR/passwd
}
userdb {
  driver = static
  args = home=$DIR/home/%u allow_all_users=yes
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  chroot =
  client_limit = 200
  process_min_avail = 1
  service_count = 0
  inet_listener imap {
    port = $IMAP
  }
  inet_listener imaps {
    port = $IMAPS
    ssl = yes
  }
}
service pop3-login {
  chroot =
  client_limit = 200
  process_min_avail = 1
  service_count = 0
  inet_listener pop3 {
    port = $POP3
  }
  inet_listener pop3s {
    port = $POP3S
    ssl = yes
  }
}
protocol imap {
  mail_plugins = $mail_plugins imap_zlib
}
protocol pop3 {
  pop3_uidl_format = %08Xu%08Xv
  pop3_lock_session = yes
}
`
