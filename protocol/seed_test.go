package protocol_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/launchertest/mailtest"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol"
)

// settings returns what a source says, after change was made to it.
func settings[T any](t *testing.T, s scenario.Source, change func(*T)) json.RawMessage {
	t.Helper()
	form := new(T)
	if err := json.Unmarshal(s.Settings, form); err != nil {
		t.Fatal(err)
	}
	change(form)
	out, err := json.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// load reads a scenario of testdata that must have no faults.
func load(t *testing.T, name string, env scenario.Env) scenario.File {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	f, err := scenario.Load(text, env)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// jobs returns what reached the sink: "job: names", sorted.
func jobs(r *launchertest.Recorder) []string {
	var out []string
	for _, p := range r.Kept() {
		var names []string
		for _, d := range p.Documents {
			names = append(names, d.Name)
		}
		out = append(out, p.Job+": "+strings.Join(names, " "))
	}
	slices.Sort(out)
	return out
}

// The form of EzGED for a Gmail account, run against Dovecot.
func TestGmailForm(t *testing.T) {
	server := mailtest.Dovecot(t, "alice")
	t.Setenv("COLD_GMAIL", mailtest.Password("alice"))
	server.Drop(t, "alice", letter("facture.pdf", "pdf"), letter("Thumbs.db", "db"), letter("lettre.odt", "odt"))

	root := t.TempDir()
	sink := new(launchertest.Recorder)
	env := scenario.Env{Protocols: protocol.Builtin(), Sinks: map[string]launcher.Sink{"": sink}}
	f := load(t, "gmail.json", env)
	d := &f.Launchers[0]
	d.Backup.Path = filepath.Join(root, "backup")
	d.Source.Settings = settings(t, d.Source, func(form *protocol.IMAP) {
		host, port, err := net.SplitHostPort(server.IMAPS)
		if err != nil {
			t.Fatal(err)
		}
		form.Host, form.Account, form.CA = host, "alice", server.CA()
		form.Port, err = strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
	})
	ls, err := scenario.Build(f, env)
	if err != nil {
		t.Fatal(err)
	}
	l := ls[0]
	for pass := 1; pass <= 2; pass++ {
		if _, err := l.Poll(t.Context()); err != nil {
			t.Fatalf("pass %d: %v", pass, err)
		}
		want := []string{
			"12 - mails: INBOX-1.eml", "12 - mails: INBOX-2.eml", "12 - mails: INBOX-3.eml",
			"87 - cold facturesfournisseurs: facture.pdf", "99 - autres: lettre.odt",
		}
		if got := jobs(sink); !slices.Equal(got, want) {
			t.Errorf("pass %d: handed over\n%s\nwant\n%s", pass, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for folder, want := range map[string]int{"": 0, "EZGED_OK": 3, "EZGED_KO": 0} {
			if mails, err := server.Mails("alice", folder); err != nil || len(mails) != want {
				t.Errorf("pass %d: %d mails in %q, %v; want %d", pass, len(mails), folder, err, want)
			}
		}
		if n := count(t, d.Backup.Path, ".eml"); n != 3 {
			t.Errorf("pass %d: copies of %d mails, want one of each of the 3", pass, n)
		}
	}
}

// The tables of EzGED for envelopes of Chorus Pro, run on deposits.
func TestChorusTables(t *testing.T) {
	root := t.TempDir()
	sink := new(launchertest.Recorder)
	env := scenario.Env{Protocols: protocol.Builtin(), Sinks: map[string]launcher.Sink{"": sink}}
	f := load(t, "chorus.json", env)
	if got, want := f.Launchers[0].Schedule[0].Second, "*/15"; got != want {
		t.Errorf("seconds %q, want %q", got, want)
	}
	path := filepath.Join(root, "var")
	f.Launchers[0].Source.Settings = settings(t, f.Launchers[0].Source, func(form *protocol.Adullact) {
		if form.Path != `F:\nchp\var` {
			t.Errorf("the path is %q", form.Path)
		}
		form.Path = path
	})
	f.Launchers[0].Backup = &scenario.Backup{Path: filepath.Join(root, "backup")}
	deposit(t, path, "2024-001", map[string]string{
		"metadata.json": `{"id_facture_cpp":"4711","no_facture":"F-1","type_facture":"380","montant_ttc":"12.50","fichier_facture_pdf":["F-1.pdf"],"facture_pj_02":["annexe.pdf"]}`,
		"F-1.pdf":       "%PDF-1.7 invoice", "annexe.pdf": "%PDF-1.7 annex",
	})
	deposit(t, path, "2024-002", map[string]string{ // an act: no row wants it
		"metadata.json": `{"acte_nature":"1","numero_de_lacte":"2024_017","objet":"o","date_de_lacte":"2024-05-17","arrete":["a.pdf"]}`,
		"a.pdf":         "%PDF-1.7 act",
	})
	deposit(t, path, "2024-003", map[string]string{ // still arriving
		"metadata.json": `{"id_facture_cpp":"4712","no_facture":"F-2","fichier_facture_pdf":["F-2.pdf"]}`,
	})
	ls, err := scenario.Build(f, env)
	if err != nil {
		t.Fatal(err)
	}
	stats, err := ls[0].Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"87 - cold facturesfournisseurs: F-1.pdf annexe.pdf metadata.json"}
	got := jobs(sink)
	for i := range got {
		job, names, _ := strings.Cut(got[i], ": ")
		all := strings.Fields(names)
		slices.Sort(all)
		got[i] = job + ": " + strings.Join(all, " ")
	}
	if !slices.Equal(got, want) {
		t.Errorf("handed over %q, want %q", got, want)
	}
	if stats.Waiting != 1 {
		t.Errorf("%d wait, want the one whose invoice is not there yet: %+v", stats.Waiting, stats)
	}
	for _, name := range []string{"pris/2024-001/F-1.pdf", "var/2024-002/a.pdf", "var/2024-003/metadata.json"} {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	}
	if n := count(t, f.Launchers[0].Backup.Path, ".pdf"); n < 2 {
		t.Errorf("%d copies, want the files of the deposit as they came", n)
	}
}

// deposit writes the files of an envelope.
func deposit(t *testing.T, path, name string, files map[string]string) {
	t.Helper()
	for file, body := range files {
		full := filepath.Join(path, name, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(body), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// count returns how many files below a directory have an ending.
func count(t *testing.T, path, ending string) (n int) {
	t.Helper()
	err := filepath.WalkDir(path, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(path, ending) {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

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

// The same mailbox over POP3: mails stay on the server and are taken once.
func TestPOP3(t *testing.T) {
	server := mailtest.Dovecot(t, "alice")
	t.Setenv("COLD_POP", mailtest.Password("alice"))
	server.Drop(t, "alice", letter("facture.pdf", "pdf"))
	host, port, err := net.SplitHostPort(server.POP3S)
	if err != nil {
		t.Fatal(err)
	}
	sink := new(launchertest.Recorder)
	env := scenario.Env{Protocols: protocol.Builtin(), Sinks: map[string]launcher.Sink{"": sink}}
	f, err := scenario.Load([]byte(fmt.Sprintf(`{"launchers": [{
		"name": "pop", "schedule": "* * * * * */5 0",
		"source": {"protocol": "pop3", "server": %q, "port": %s, "ca_file": %q, "account": "alice", "password": {"env": "COLD_POP"}}
	}]}`, host, port, server.CA())), env)
	if err != nil {
		t.Fatal(err)
	}
	ls, err := scenario.Build(f, env)
	if err != nil {
		t.Fatal(err)
	}
	for pass := 1; pass <= 2; pass++ {
		if _, err := ls[0].Poll(t.Context()); err != nil {
			t.Fatalf("pass %d: %v", pass, err)
		}
		if got, want := jobs(sink), []string{": facture.pdf"}; !slices.Equal(got, want) {
			t.Errorf("pass %d: handed over %q, want %q", pass, got, want)
		}
	}
	if mails, err := server.Mails("alice", ""); err != nil || len(mails) != 1 {
		t.Errorf("%d mails on the server, %v; want the one that was there", len(mails), err)
	}
}
