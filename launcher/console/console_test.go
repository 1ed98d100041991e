package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/console"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/schedule"
)

const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>.pdf`

// A rig is a console with one launcher that has stored, refused, left and
// waiting parcels.
type rig struct {
	*launcher.Launcher
	src *launchertest.Script
	con *console.Handler
}

func allow(*http.Request, console.Action, string) error { return nil }

func newRig(t *testing.T) *rig {
	t.Helper()
	g := &rig{src: new(launchertest.Script)}
	g.Launcher = &launcher.Launcher{
		Name: "invoices", Source: g.src, Schedule: schedule.Must(schedule.Row("* * * * 3 0 0")),
		Filter: filter.Not(filter.Ext("db")), Routes: []launcher.Route{{Job: "87", Groups: []string{"pdf"}}},
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			if strings.HasPrefix(docs[0].Name, "bad") {
				return launcher.Reject(errors.New("is not a PDF: " + hostile))
			}
			rc, err := docs[0].Open(ctx)
			if err != nil {
				return err
			}
			defer rc.Close()
			_, err = io.Copy(io.Discard, rc)
			return err
		}),
		Explain: filter.Explain,
		Observe: func(context.Context, launcher.Event) {},
	}
	g.src.Add("good", launchertest.File("F-1.pdf", "12345"))
	g.src.Add("bad", launchertest.File("bad.pdf", "1"))
	g.src.Add("waits", launchertest.File("F-2.pdf", "1")).Fetch = func(context.Context) error {
		return launcher.Later(errors.New("lacks its xml " + hostile))
	}
	g.src.Add("rests", launchertest.File("F-3.pdf", "1")).Fetch = func(context.Context) error { return errors.New("broken " + hostile) }
	g.src.Add("unwanted", launchertest.File("Thumbs.db", "1"))
	if _, err := g.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.con = &console.Handler{
		Launchers: func() []*launcher.Launcher { return []*launcher.Launcher{g.Launcher} },
		Authorise: allow,
	}
	return g
}

// ask sends a request as a browser does, and returns the answer and its body.
func ask(t *testing.T, h http.Handler, method, target, lang string, form url.Values) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", lang)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), w.Body.String()
}

// pages are all addresses that a person sees.
func pages() []struct{ method, path string } {
	try := "/try?launcher=invoices&names=" + url.QueryEscape("a.pdf\n"+hostile) + "&rows=" + url.QueryEscape("* * * * * * 0")
	return []struct{ method, path string }{
		{"GET", "/"}, {"GET", "/launchers/invoices"}, {"GET", "/launchers/invoices?done=pause"},
		{"GET", "/launchers/invoices/preview"}, {"POST", "/launchers/invoices/preview"},
		{"GET", "/try"}, {"GET", try}, {"GET", "/try?patterns=%2F(%2F&names=x&rows=nonsense"}, {"GET", "/nowhere"},
		{"POST", "/launchers/invoices/requeue"},
	}
}

func TestPagesInBothLanguages(t *testing.T) {
	g := newRig(t)
	for _, lang := range []string{"fr", "en"} {
		for _, p := range pages() {
			res, body := ask(t, g.con, p.method, p.path, lang, nil)
			at := fmt.Sprintf("%s %s in %s", p.method, p.path, lang)
			if res.StatusCode >= 500 {
				t.Errorf("%s: %d\n%s", at, res.StatusCode, body)
			}
			if !strings.Contains(body, `<html lang="`+lang+`">`) || res.Header.Get("Content-Language") != lang {
				t.Errorf("%s: the answer is in another language", at)
			}
			for _, sign := range []string{"⟦", "%!", "ZgotmplZ"} {
				if strings.Contains(body, sign) {
					t.Errorf("%s: the page holds %q, which a text that is missing or misused leaves", at, sign)
				}
			}
			if strings.Contains(body, "<script>") || strings.Contains(body, "<img") {
				t.Errorf("%s: a name from outside became markup", at)
			}
			if strings.Contains(body, "style=") || strings.Contains(body, " onclick") || strings.Contains(body, "http://") && p.path != "/nowhere" {
				t.Errorf("%s: the page holds inline style, script or an address elsewhere", at)
			}
			csp := res.Header.Get("Content-Security-Policy")
			if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("%s: the content security policy is %q", at, csp)
			}
		}
	}
}

func TestLauncherPageSaysEverything(t *testing.T) {
	g := newRig(t)
	_, body := ask(t, g.con, "GET", "/launchers/invoices", "en", nil)
	body = html.UnescapeString(body)
	for _, want := range []string{
		"is not a PDF: " + hostile, // set aside, with the reason
		"lacks its xml " + hostile, // waits
		"broken " + hostile,        // rests
		"→ 87",                     // where the last item went
		"not extension db",         // the filter
		"at 03:00:00",              // the schedule
		"launchertest.Script",      // the source
		"after 10 failed attempts",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	_, body = ask(t, g.con, "GET", "/launchers/invoices", "fr", nil)
	if want := g.Schedule.(*schedule.Schedule).Describe("fr"); !strings.Contains(html.UnescapeString(body), want) {
		t.Errorf("the French page does not say %q", want)
	}
}

func TestPreview(t *testing.T) {
	g := newRig(t)
	g.src.Add("new", launchertest.File("F-9.pdf", "123"))
	_, body := ask(t, g.con, "POST", "/launchers/invoices/preview", "en", nil)
	for _, want := range []string{"F-9.pdf", ">take<", "not wanted by the filter", "not ready yet", "rests after a failure", "refuse"} {
		if !strings.Contains(body, want) {
			t.Errorf("the preview does not say %q", want)
		}
	}
	if st := g.Status(); st.Total.Stored != 1 {
		t.Errorf("after a preview %d parcels are stored, want the 1 from before", st.Total.Stored)
	}
	_, body = ask(t, g.con, "GET", "/launchers/invoices/preview", "en", nil)
	if strings.Contains(body, "F-9.pdf") {
		t.Error("a preview was made for a GET, which a browser may send by itself")
	}
}

func TestActions(t *testing.T) {
	g := newRig(t)
	id := ""
	if err := g.List(t.Context(), func(e launcher.Entry) error {
		if e.State == launcher.Rejected && e.Of == "" {
			id = e.ID
		}
		return nil
	}); err != nil || id == "" {
		t.Fatalf("no rejected parcel (%v)", err)
	}
	post := func(a, id string, status int, location string) {
		t.Helper()
		res, body := ask(t, g.con, "POST", "/launchers/invoices/"+a, "en", url.Values{"id": {id}})
		if res.StatusCode != status || res.Header.Get("Location") != location {
			t.Errorf("%s %q: %d to %q, want %d to %q\n%s", a, id, res.StatusCode, res.Header.Get("Location"), status, location, body)
		}
	}
	post("pause", "", 303, "../invoices?done=pause")
	if !g.Status().Paused {
		t.Error("not paused after pause")
	}
	post("resume", "", 303, "../invoices?done=resume")
	if g.Status().Paused {
		t.Error("paused after resume")
	}
	post("run", "", 303, "../invoices?done=run")
	post("requeue", "nonsense", 404, "")
	post("discard", "nonsense", 404, "")
	g.con.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/launchers/invoices", nil)) // remembers what is set aside
	res, body := ask(t, g.con, "POST", "/launchers/invoices/requeue", "en", url.Values{"id": {id}})
	if res.StatusCode != 200 && res.StatusCode != 303 {
		t.Errorf("requeue: %d\n%s", res.StatusCode, body)
	}
	if n := g.Status().SetAside; n != 0 {
		t.Errorf("after requeue %d are set aside, want none", n)
	}
	if _, body := ask(t, g.con, "GET", "/launchers/invoices", "en", nil); strings.Contains(body, "is not a PDF") && strings.Contains(body, `id="requeue-a0"`) {
		t.Error("what was requeued is still shown as set aside")
	}
	post("discard", id, 303, "../invoices?done=discard")
}

// Run is woken by the button.
func TestRunNow(t *testing.T) {
	g := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	passes := make(chan struct{}, 10)
	l := &launcher.Launcher{Name: "woken", Source: g.src, Sink: g.Sink, Schedule: g.Schedule,
		Observe: func(_ context.Context, e launcher.Event) {
			if e.Kind == launcher.EventPass {
				passes <- struct{}{}
			}
		}}
	g.con.Launchers = func() []*launcher.Launcher { return []*launcher.Launcher{l} }
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	ask(t, g.con, "POST", "/launchers/woken/run", "en", nil)
	select {
	case <-passes:
	case <-time.After(time.Minute):
		t.Error("no pass was made after run")
	}
	cancel()
	<-ended
}

func TestAuthoriser(t *testing.T) {
	g := newRig(t)
	actions := []console.Action{console.Pause, console.Resume, console.Run, console.Requeue, console.Discard, console.Preview}
	t.Run("none", func(t *testing.T) {
		g.con = &console.Handler{Launchers: g.con.Launchers}
		for _, a := range actions {
			res, _ := ask(t, g.con, "POST", "/launchers/invoices/"+string(a), "en", nil)
			if res.StatusCode != http.StatusForbidden {
				t.Errorf("%s without an authoriser: %d, want it refused", a, res.StatusCode)
			}
		}
		_, body := ask(t, g.con, "GET", "/launchers/invoices", "en", nil)
		if strings.Contains(body, "/pause") || strings.Contains(body, "/requeue") || !strings.Contains(body, "Read-only") {
			t.Error("a read-only page shows buttons, or does not say that it is read-only")
		}
	})
	t.Run("some", func(t *testing.T) {
		var asked []string
		g.con = &console.Handler{Launchers: g.con.Launchers, Authorise: func(r *http.Request, a console.Action, name string) error {
			if r.Method == "POST" {
				asked = append(asked, string(a)+" "+name)
			}
			if a != console.Pause {
				return errors.New("ask the operator")
			}
			return nil
		}}
		if res, body := ask(t, g.con, "POST", "/launchers/invoices/discard", "en", nil); res.StatusCode != 403 || !strings.Contains(body, "ask the operator") {
			t.Errorf("discard: %d, want 403 and the reason", res.StatusCode)
		}
		if res, _ := ask(t, g.con, "POST", "/launchers/invoices/pause", "en", nil); res.StatusCode != 303 {
			t.Errorf("pause: %d, want it done", res.StatusCode)
		}
		if asked[0] != "discard invoices" {
			t.Errorf("the authoriser was asked about %v", asked)
		}
		_, body := ask(t, g.con, "GET", "/launchers/invoices", "en", nil)
		if strings.Contains(body, "/discard") || !strings.Contains(body, "/resume") == strings.Contains(body, "/pause") {
			t.Error("the buttons shown are not those allowed")
		}
	})
}

func TestOtherSitesAreRefused(t *testing.T) {
	g := newRig(t)
	for name, change := range map[string]func(r *http.Request){
		"cross-site": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"same-site":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"origin":     func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
	} {
		for _, path := range []string{"/launchers/invoices/pause", "/launchers/invoices/preview", "/language"} {
			r := httptest.NewRequest("POST", path, strings.NewReader("lang=fr"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			change(r)
			w := httptest.NewRecorder()
			g.con.ServeHTTP(w, r)
			if w.Code != http.StatusForbidden || g.Status().Paused {
				t.Errorf("%s to %s: %d, want it refused", name, path, w.Code)
			}
		}
	}
	trusted := http.NewCrossOriginProtection()
	if err := trusted.AddTrustedOrigin("https://front.example"); err != nil {
		t.Fatal(err)
	}
	con := &console.Handler{Launchers: g.con.Launchers, Authorise: allow, CrossOrigin: trusted}
	r := httptest.NewRequest("POST", "/launchers/invoices/pause", nil)
	r.Header.Set("Origin", "https://front.example")
	w := httptest.NewRecorder()
	con.ServeHTTP(w, r)
	if w.Code != http.StatusSeeOther {
		t.Errorf("from a trusted origin: %d, want it done", w.Code)
	}
}

func TestMethods(t *testing.T) {
	g := newRig(t)
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/launchers/invoices/pause", 405}, {"POST", "/", 405}, {"DELETE", "/launchers/invoices", 405},
		{"HEAD", "/", 200}, {"GET", "/launchers/none", 404}, {"GET", "/launchers/invoices/nothing", 404},
		{"GET", "/web/page.html", 404}, {"GET", "/web/console.css", 200}, {"GET", "/launchers//invoices", 404},
		{"GET", "//evil.example/..", 404}, {"GET", "/healthz/dead", 404}, {"GET", "/status?launcher=none", 404},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(c.path, "?")
		w := httptest.NewRecorder()
		g.con.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.want)
		}
	}
}

// Links, redirects and the cookie work under any prefix that the handler does
// not know of.
func TestPrefix(t *testing.T) {
	g := newRig(t)
	mux := http.NewServeMux()
	mux.Handle("/a/b/", http.StripPrefix("/a/b", g.con))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	client := srv.Client()
	seen := make(map[string]bool)
	queue := []string{srv.URL + "/a/b/"}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		res, err := client.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != 200 {
			t.Errorf("%s: %d %v", at, res.StatusCode, err)
		}
		for _, attr := range []string{` href="`, ` src="`, ` data-status="`} {
			for _, rest := range strings.Split(string(body), attr)[1:] {
				ref, _, _ := strings.Cut(rest, `"`)
				to, err := res.Request.URL.Parse(html.UnescapeString(ref))
				if err != nil || !strings.HasPrefix(to.String(), srv.URL+"/a/b/") {
					t.Errorf("%s links to %s", at, ref)
					continue
				}
				to.Fragment = ""
				queue = append(queue, to.String())
			}
		}
	}
	if len(seen) < 7 {
		t.Errorf("only %d addresses were reached: %v", len(seen), seen)
	}
	res, err := client.PostForm(srv.URL+"/a/b/launchers/invoices/pause", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := res.Request.URL.String(); got != srv.URL+"/a/b/launchers/invoices?done=pause" {
		t.Errorf("after an action the browser is at %s", got)
	}
}

func TestLanguage(t *testing.T) {
	g := newRig(t)
	for header, want := range map[string]string{
		"": "en", "fr": "fr", "fr-CA,en;q=0.5": "fr", "de,fr;q=0.4": "fr", "de": "en", "en-GB,fr;q=0.9": "en",
		";;;=": "en", strings.Repeat("fr,", 5000): "en",
	} {
		res, _ := ask(t, g.con, "GET", "/", header, nil)
		if got := res.Header.Get("Content-Language"); got != want {
			t.Errorf("Accept-Language %.40q: %s, want %s", header, got, want)
		}
	}
	for back, want := range map[string]string{
		"launchers/invoices": "./launchers/invoices", "": "./", "//evil.example": "./", "/evil.example": "./",
		"../../x": "./", `\\evil.example`: `./%5C%5Cevil.example`, "https://evil.example/": "./",
		"try?names=a%0D%0AX-Y: z": "./try?names=a%0D%0AX-Y%3A+z",
	} {
		res, _ := ask(t, g.con, "POST", "/language", "en", url.Values{"lang": {"fr"}, "back": {back}})
		if got := res.Header.Get("Location"); got != want {
			t.Errorf("back to %q: %q, want %q", back, got, want)
		}
		if len(res.Cookies()) != 1 || res.Cookies()[0].Value != "fr" {
			t.Errorf("the choice of French left the cookies %v", res.Cookies())
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Language", "en")
	r.AddCookie(&http.Cookie{Name: "coldlauncher_language", Value: "fr"})
	w := httptest.NewRecorder()
	g.con.ServeHTTP(w, r)
	if w.Header().Get("Content-Language") != "fr" {
		t.Error("the language that was chosen is not kept")
	}
}

func TestStatus(t *testing.T) {
	g := newRig(t)
	_, body := ask(t, g.con, "GET", "/status?launcher=invoices", "en", nil)
	var got console.Statuses
	dec := json.NewDecoder(strings.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Launchers) != 1 {
		t.Fatalf("/status tells of %d launchers, want 1", len(got.Launchers))
	}
	s := got.Launchers[0]
	want := console.Stats{Offered: 5, Stored: 1, Left: 1, Waiting: 1, Rejected: 1, Skipped: 1, Documents: 1, Bytes: 5}
	if s.Name != "invoices" || s.Last != want || s.SetAside != 1 || s.Passes != 1 || !s.Healthy {
		t.Errorf("/status says %+v", s)
	}
}

func TestHealth(t *testing.T) {
	g := newRig(t)
	var broken error
	l := &launcher.Launcher{Name: "mails", Sink: g.Sink, Source: pollFunc(func(context.Context, launcher.Sink) error { return broken }),
		Schedule: nextFunc(func(t time.Time) time.Time { return t.Add(time.Millisecond) }),
		Overdue:  time.Millisecond, Cooldown: -1, Observe: func(context.Context, launcher.Event) {}}
	g.con.Launchers = func() []*launcher.Launcher { return []*launcher.Launcher{l} }
	check := func(when, path string, want int) string {
		t.Helper()
		res, body := ask(t, g.con, "GET", path, "en", nil)
		if res.StatusCode != want {
			t.Errorf("%s: %s is %d, want %d\n%s", when, path, res.StatusCode, want, body)
		}
		return body
	}
	check("before Run", "/healthz/live", 200)
	check("before Run", "/healthz/ready", 503)
	check("before Run", "/healthz", 503)
	broken = errors.New("server mail.example is down")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	for !strings.Contains(l.Status().Trouble, "mail.example") {
		time.Sleep(time.Millisecond)
	}
	check("while the server is down", "/healthz/live", 200)
	check("while the server is down", "/healthz/ready", 200)
	check("while the server is down", "/healthz/fresh", 503)
	if body := check("while the server is down", "/healthz", 503); !strings.Contains(body, "mail.example") || !strings.Contains(body, `"mails"`) {
		t.Errorf("the health check does not name the launcher and the reason: %s", body)
	}
	cancel()
	<-ended
}

type pollFunc func(context.Context, launcher.Sink) error

func (f pollFunc) Poll(ctx context.Context, sink launcher.Sink) error { return f(ctx, sink) }

type nextFunc func(time.Time) time.Time

func (f nextFunc) Next(t time.Time) time.Time { return f(t) }

// A ledger that cannot be read is said, and does not take the page down.
func TestLedgerFails(t *testing.T) {
	g := newRig(t)
	l := &launcher.Launcher{Name: "x", Source: g.src, Sink: g.Sink, Ledger: brokenLedger{}, Observe: g.Observe}
	g.con.Launchers = func() []*launcher.Launcher { return []*launcher.Launcher{l} }
	res, body := ask(t, g.con, "GET", "/launchers/x", "en", nil)
	if res.StatusCode != 200 || !strings.Contains(body, "the ledger is on fire") {
		t.Errorf("%d, want a page that says why:\n%s", res.StatusCode, body)
	}
}

type brokenLedger struct{}

func (brokenLedger) Walk(context.Context, string, func(launcher.Entry) error) error {
	return errors.New("the ledger is on fire")
}
func (brokenLedger) Load(context.Context, string) (launcher.Entry, error) {
	return launcher.Entry{}, nil
}
func (brokenLedger) Save(context.Context, ...launcher.Entry) error { return nil }
func (brokenLedger) Delete(context.Context, ...string) error       { return nil }
