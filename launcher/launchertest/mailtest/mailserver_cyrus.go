package mailtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Cyrus starts Cyrus IMAP 3.6 with the users given, or only "alice", until the
// test ends. It looks for it below the directory that the environment variable
// COLD_CYRUS names, into which the Debian packages cyrus-common, cyrus-imapd
// and cyrus-pop3d were unpacked with dpkg -x, for they cannot be installed
// beside Dovecot, and else below /. It skips the test where Cyrus or
// saslpasswd2 is not there, or fails it if COLD_REQUIRE_SERVERS is 1.
//
// The separator of folders is ".", and all of a user's lie below "INBOX.".
func Cyrus(t testing.TB, users ...string) *MailServer {
	t.Helper()
	return during(t, StartCyrus, users)
}

// StartCyrus is Cyrus outside a test: the caller calls Stop. The error wraps
// ErrAbsent where something is not installed.
func StartCyrus(users ...string) (*MailServer, error) {
	root := os.Getenv("COLD_CYRUS")
	bin := filepath.Join(root, "/usr/lib/cyrus/bin")
	saslpasswd, err := exec.LookPath("saslpasswd2")
	if err != nil {
		saslpasswd = "/usr/sbin/saslpasswd2"
	}
	for _, path := range []string{filepath.Join(bin, "master"), filepath.Join(bin, "imapd"), saslpasswd} {
		if _, err := os.Stat(path); err != nil || account() == nil {
			return nil, fmt.Errorf("%w: Cyrus, %s; see COLD_CYRUS", ErrAbsent, path)
		}
	}
	configure := func(s *MailServer) error { return s.configureCyrus(bin, saslpasswd) }
	return serve(users, configure, func(s *MailServer) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, "master"), "-D", "-C", filepath.Join(s.Dir, "imapd.conf"),
			"-M", filepath.Join(s.Dir, "cyrus.conf"), "-p", filepath.Join(s.Dir, "run/master.pid"))
		cmd.Env = append(os.Environ(), "CYRUS_VERBOSE=0")
		if libs, _ := filepath.Glob(filepath.Join(root, "/usr/lib/*-linux-gnu")); root != "" && len(libs) > 0 {
			cmd.Env = append(cmd.Env, fmt.Sprintf("LD_LIBRARY_PATH=%s", strings.Join(libs, ":")))
		}
		return cmd
	})
}

func (s *MailServer) configureCyrus(bin, saslpasswd string) error {
	for _, sub := range []string{"conf/socket", "conf/proc", "conf/db", "conf/log", "spool", "run", "sasl"} {
		if err := os.MkdirAll(filepath.Join(s.Dir, sub), 0o755); err != nil {
			return err
		}
	}
	r := strings.NewReplacer("$DIR", s.Dir, "$BIN", bin, "$USER", account().user,
		"$IMAPS", s.IMAPS, "$IMAP", s.IMAP, "$POP3S", s.POP3S, "$POP3", s.POP3)
	for name, text := range map[string]string{"imapd.conf": cyrusImapdConf, "cyrus.conf": cyrusConf} {
		if err := write(filepath.Join(s.Dir, name), r.Replace(text)); err != nil {
			return err
		}
	}
	for _, u := range s.Users {
		cmd := exec.Command(saslpasswd, "-p", "-c", "-f", filepath.Join(s.Dir, "sasl/sasldb2"), "-u", "localhost", u)
		cmd.Stdin = strings.NewReader(Password(u))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("saslpasswd2: %w: %s", err, out)
		}
	}
	return nil
}

const cyrusImapdConf = `
configdirectory: $DIR/conf
partition-default: $DIR/spool
defaultpartition: default
cyrus_user: $USER
unixhierarchysep: no
altnamespace: no
allowplaintext: yes
allowapop: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $DIR/sasl/sasldb2
sasl_mech_list: PLAIN LOGIN
virtdomains: no
servername: localhost
autocreate_quota: 0
autocreate_post: yes
tls_server_cert: $DIR/tls/server.crt
tls_server_key: $DIR/tls/server.key
tls_client_ca_file: $DIR/tls/ca.pem
tls_versions: tls1_2 tls1_3
tls_session_timeout: 0
lock_debugtime: 0
maxlogins_per_host: 0
maxlogins_per_user: 0
popminpoll: 0
poptimeout: 10
imapidlepoll: 1
duplicate_db_path: $DIR/conf/deliver.db
statuscache: 0
idlesocket: $DIR/run/idle
notifysocket: $DIR/run/notify
lmtpsocket: $DIR/run/lmtp
`

const cyrusConf = `
START {
  recover cmd="$BIN/ctl_cyrusdb -C $DIR/imapd.conf -r"
}
SERVICES {
  imap  cmd="$BIN/imapd -C $DIR/imapd.conf" listen="$IMAP" prefork=0 maxchild=100 proto=tcp4
  imaps cmd="$BIN/imapd -C $DIR/imapd.conf -s" listen="$IMAPS" prefork=0 maxchild=100 proto=tcp4
  pop3  cmd="$BIN/pop3d -C $DIR/imapd.conf" listen="$POP3" prefork=0 maxchild=50 proto=tcp4
  pop3s cmd="$BIN/pop3d -C $DIR/imapd.conf -s" listen="$POP3S" prefork=0 maxchild=50 proto=tcp4
}
EVENTS {
}
`
