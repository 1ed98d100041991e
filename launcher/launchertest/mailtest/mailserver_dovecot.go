package mailtest

import (
	"encoding/base64"
	"fmt"
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
	bin, err := exec.LookPath("dovecot")
	if err != nil {
		bin = "/usr/sbin/dovecot"
	}
	if _, err := os.Stat(bin); err != nil || account() == nil {
		absent(t, "Dovecot is not installed")
	}
	if len(users) == 0 {
		users = []string{"alice"}
	}
	dir := home(t)
	addrs := ports(t, 4)
	s := &MailServer{
		IMAP: addrs[0], IMAPS: addrs[1], POP3: addrs[2], POP3S: addrs[3],
		TLS: authority(t, filepath.Join(dir, "tls")), Users: users, Dir: dir,
		Log: filepath.Join(dir, "log"), secret: []byte("mailtest-secret-of-tokens"),
	}
	var passwd strings.Builder
	for _, u := range users {
		fmt.Fprintf(&passwd, "%s:{PLAIN}%s::::::\n", u, Password(u))
		for _, sub := range []string{"cur", "new", "tmp"} {
			if err := os.MkdirAll(filepath.Join(s.maildir(u, ""), sub), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(t, filepath.Join(dir, "passwd"), passwd.String())
	write(t, filepath.Join(dir, "keys/default/HS256/default"), base64.StdEncoding.EncodeToString(s.secret))
	write(t, filepath.Join(dir, "oauth2.conf"), "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix="+
		dir+"/keys/\nusername_attribute = sub\n")
	write(t, filepath.Join(dir, "dovecot.conf"), s.dovecotConf())
	give(t, dir)
	cmd := exec.Command(bin, "-F", "-c", filepath.Join(dir, "dovecot.conf"))
	asAccount(cmd)
	start(t, s.IMAPS, cmd)
	return s
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
	dir := filepath.Join(s.maildir(user, ""), "new")
	old, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range mails {
		path := filepath.Join(dir, fmt.Sprintf("%010d.M%d.mailtest", 1_000_000_000+len(old)+i, i))
		if err := os.WriteFile(path, m, 0o644); err != nil {
			t.Fatal(err)
		}
		give(t, path)
	}
}

func (s *MailServer) dovecotConf() string {
	host, _, _ := net.SplitHostPort(s.IMAP)
	a := account()
	return strings.NewReplacer(
		"$DIR", s.Dir, "$HOST", host, "$USER", a.user, "$GROUP", a.group,
		"$IMAPS", portOf(s.IMAPS), "$IMAP", portOf(s.IMAP), "$POP3S", portOf(s.POP3S), "$POP3", portOf(s.POP3),
	).Replace(dovecotConf)
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
