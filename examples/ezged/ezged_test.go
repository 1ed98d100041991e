package main

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol"
)

// The demonstration hands over what it says.
func TestDemonstration(t *testing.T) {
	if testing.Short() {
		t.Skip("takes three seconds")
	}
	var out strings.Builder
	if err := demonstrate(t.Context(), &out, 3*time.Second); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Console, for the next 3s: http://127.0.0.1:", "wait/12 - courrier/lettre.pdf", "wait/88 - chorus/F-17.pdf",
		"F2026-1.pdf", "pris/lettre.pdf", "pris/2026-017/F-17.pdf", "in/courrier/Thumbs.db",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not say %q", want)
		}
	}
	if n := len(regexp.MustCompile(`ezged/ocr/wait/87 - factures/`).FindAllString(out.String(), -1)); n != 2 {
		t.Errorf("EzGED got %d files of the invoice, want 2", n)
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func server(t *testing.T) (*standin, *Upload) {
	sum := md5.Sum([]byte("sésame"))
	s := &standin{dir: t.TempDir(), user: "cold", password: hex.EncodeToString(sum[:])}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return s, &Upload{URL: web.URL + "/data/", User: "cold", Password: launcher.SecretText("sésame"), Client: web.Client()}
}

func parcel(job string, docs ...*launcher.Document) *launcher.Parcel {
	return &launcher.Parcel{ID: "a/1", Job: job, Documents: func(context.Context) ([]*launcher.Document, error) { return docs, nil }}
}

// Documents reach the waiting directory of the job, byte for byte, whatever
// their names; a session that has ended is renewed.
func TestUpload(t *testing.T) {
	s, u := server(t)
	big := strings.Repeat("0123456789", 100_000)
	for range 2 {
		s.expire()
		if err := u.Store(t.Context(), parcel("87 & é", launchertest.File(`fac"ture é.pdf`, "pdf"), launchertest.File("big.pdf", big))); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "ocr", "wait", "87 & é", "*"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%v, %v; want each document twice: at least once is what is promised", files, err)
	}
	var bodies []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(b))
	}
	slices.Sort(bodies)
	if !slices.Equal(bodies, []string{big, big, "pdf", "pdf"}) {
		t.Error("the documents are not as they were")
	}
	if s.logins != 2 {
		t.Errorf("%d logins, want one for each session", s.logins)
	}
}

// What goes wrong is blamed on whom it is due to, and tells neither password
// nor session.
func TestUploadFaults(t *testing.T) {
	broken := launchertest.File("a.pdf", "pdf")
	broken.Open = func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("pd"), failing{})), nil
	}
	refusing := func(answer string, status int) func(*Upload) {
		return func(u *Upload) {
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				if strings.HasSuffix(r.URL.Path, "service.php") {
					io.WriteString(w, `{"sessionid": "5e5510n"}`)
					return
				}
				w.WriteHeader(status)
				io.WriteString(w, answer)
			}))
			t.Cleanup(web.Close)
			u.URL = web.URL + "/data"
		}
	}
	for _, test := range []struct {
		name string
		set  func(*Upload)
		p    *launcher.Parcel
		want launcher.Outcome
		says string
	}{
		{"wrong password", func(u *Upload) { u.Password = launcher.SecretText("wr0ng") }, nil, launcher.Stop, "refused"},
		{"no password", func(u *Upload) { u.Password = launcher.SecretEnv("COLD_NOT_SET") }, nil, launcher.Stop, "COLD_NOT_SET"},
		{"server down", func(u *Upload) { u.URL = "http://127.0.0.1:1/data" }, nil, launcher.Stop, "refused"},
		{"server down after the login", func(u *Upload) { u.session, u.used, u.URL = "5e5510n", time.Now(), "http://127.0.0.1:1/data" }, nil, launcher.Stop, "refused"},
		{"server in trouble", refusing("", 500), nil, launcher.Stop, "500"},
		{"not EzGED", refusing("<html>", 200), nil, launcher.Stop, "no JSON"},
		{"too large", refusing("", 413), nil, launcher.SetAside, "too large"},
		{"refused", refusing(`{"success": false, "message": "no such\nwaitdir"}`, 200), nil, launcher.Left, `"no such\nwaitdir"`},
		{"no job", nil, parcel("", launchertest.File("a.pdf", "pdf")), launcher.Stop, "without a job"},
		{"document that cannot be read", nil, parcel("87", broken), launcher.SetAside, "damaged"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, u := server(t)
			if test.set != nil {
				test.set(u)
			}
			p := test.p
			if p == nil {
				p = parcel("87", launchertest.File("a.pdf", "pdf"))
			}
			err := u.Store(t.Context(), p)
			if launcher.OutcomeOf(err) != test.want || err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v (%v), want %v and %q", err, launcher.OutcomeOf(err), test.want, test.says)
			}
			if err != nil && (strings.Contains(err.Error(), "5e5510n") || strings.Contains(err.Error(), "wr0ng")) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, launcher.Reject(errors.New("damaged")) }

// lines collects what is logged.
type lines struct {
	mu  sync.Mutex
	all []string
	new chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(p))
	select {
	case l.new <- struct{}{}:
	default:
	}
	return len(p), nil
}

// await waits until a line says something.
func (l *lines) await(t *testing.T, what string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		l.mu.Lock()
		found := slices.ContainsFunc(l.all, func(s string) bool { return strings.Contains(s, what) })
		l.mu.Unlock()
		if found {
			return
		}
		select {
		case <-l.new:
		case <-deadline:
			t.Fatalf("nobody said %q:\n%s", what, strings.Join(l.all, ""))
		}
	}
}

// A scenario that changed is gone over to, one with faults is not, and the
// console is there all the while; the end is orderly.
func TestReloadAndStop(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	quoted, err := json.Marshal(filepath.Join(root, "in"))
	if err != nil {
		t.Fatal(err)
	}
	says := func(job string) string {
		return `{"launchers": [{"name": "a", "source": {"protocol": "directory", "path": ` + string(quoted) + `, "done": "../done"}, "routes": [{"job": "` + job + `"}], "schedule": "* * * * * * *"}]}`
	}
	write("in/1.pdf", "1")
	write("scenario.json", says("old"))
	t.Setenv("COLD_CONSOLE_PASSWORD", "sésame")
	log := &lines{new: make(chan struct{}, 1)}
	address := make(chan string, 1)
	h := host{
		scenario: filepath.Join(root, "scenario.json"), wait: filepath.Join(root, "wait"), ledger: filepath.Join(root, "ledger.db"),
		listen: "127.0.0.1:0", log: slog.New(slog.NewJSONHandler(log, nil)), reload: make(chan os.Signal),
		ready: func(console string) { address <- console },
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.run(ctx) }()
	log.await(t, `"job":"old"`)

	write("scenario.json", `{"launchers": [{"name": "a", "sauce": {}}]}`)
	h.reload <- os.Interrupt
	log.await(t, "unknown key: is \\\"source\\\" meant?")
	write("scenario.json", says("new"))
	h.reload <- os.Interrupt
	log.await(t, "was read again")
	write("in/2.pdf", "2")
	log.await(t, `"job":"new"`)

	url := <-address
	for _, c := range []struct {
		path, password string
		want           int
	}{{"", "", 401}, {"", "wrong", 401}, {"", "sésame", 200}, {"healthz", "", 200}, {"status", "sésame", 200}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("x", c.password)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("GET /%s with password %q: %d, want %d", c.path, c.password, res.StatusCode, c.want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopped: %v", err)
	}
	for _, name := range []string{"wait/old/1.pdf", "wait/new/2.pdf", "done/1.pdf", "done/2.pdf"} {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
			t.Error(err)
		}
	}
}

// The scenario that is given as a model has no faults, and -check tells those
// that there are.
func TestModelScenario(t *testing.T) {
	for _, name := range []string{"COLD_GMAIL", "COLD_M365", "EZGED_PASSWORD"} {
		t.Setenv(name, "x")
	}
	text, err := os.ReadFile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	h := host{ezged: "http://127.0.0.1/data/"}
	if _, err := scenario.Load(text, h.env(nil)); err != nil {
		t.Error(err)
	}
	var out strings.Builder
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"launchers": [{"name": "a"}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"-scenario", bad, "-check"}, &out, &out); err == nil || !strings.Contains(err.Error(), `launcher "a": source: missing`) {
		t.Errorf("-check: %v", err)
	}
}

// Every key that the README names in a table is one.
func TestReadmeKeys(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := scenario.Schema(scenario.Env{Protocols: protocol.Builtin()})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, row := range regexp.MustCompile(`(?m)^\| «.*$`).FindAllString(string(readme), -1) {
		cells := strings.Split(row, "|")
		for _, key := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[2], -1) {
			n++
			if !strings.Contains(string(schema), `"`+key[1]+`": {`) {
				t.Errorf("the table names the key %s, which is none", key[1])
			}
		}
	}
	if n < 15 {
		t.Errorf("%d keys in the table, want one for each field of the forms", n)
	}
}
