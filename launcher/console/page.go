package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A page is what every template is given.
type page struct {
	Lang   string
	Host   string // Handler.Title
	Title  string // of the page; "": the first
	Base   string // from here to the root of the console
	Here   string // address of the page from there
	Watch  string // what of /status the page follows: "all", the name of a launcher, or "" for nothing
	Name   string // template of the content
	Now    time.Time
	Notice notice
	Body   any

	ReadOnly bool
}

// A notice is said at the top of a page.
type notice struct {
	Bad          bool
	Text, Detail string
}

func (h *Handler) page(r *http.Request, name string) *page {
	p := &page{
		Lang: languageOf(r), Host: h.Title, Name: name, Now: time.Now(), ReadOnly: h.Authorise == nil,
		Here: strings.TrimPrefix(r.URL.Path, "/"),
	}
	if p.Host == "" {
		p.Host = "coldlauncher"
	}
	if r.URL.RawQuery != "" {
		q := r.URL.Query()
		q.Del("done")
		if len(q) > 0 {
			p.Here += "?" + q.Encode()
		}
	}
	p.Base = "./" + strings.Repeat("../", max(strings.Count(r.URL.Path, "/")-1, 0))
	return p
}

var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"parcel": parcelOf,
		"state":  func(key, tone string) map[string]string { return map[string]string{"State": key, "Tone": tone} },
	}).ParseFS(web, "web/*.html"))
})

// versions are parts of the addresses of assets that change with them.
var versions = sync.OnceValue(func() map[string]string {
	v := make(map[string]string)
	for _, name := range []string{"console.css", "console.js", "icon.svg"} {
		b, _ := web.ReadFile("web/" + name)
		sum := sha256.Sum256(b)
		v[name] = hex.EncodeToString(sum[:6])
	}
	return v
})

func (p *page) write(w http.ResponseWriter, status int) {
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, "page", p); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", p.Lang)
	w.Header().Set("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// fault answers with an error: a page for a browser, otherwise a line.
func (h *Handler) fault(w http.ResponseWriter, r *http.Request, status int, key string) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Error(w, say(english, key), status)
		return
	}
	p := h.page(r, "fault")
	p.Here = ""
	p.Title = say(p.Lang, "fault")
	p.Notice = notice{Bad: true, Text: say(p.Lang, key)}
	p.write(w, status)
}

// T says key in the page's language.
func (p *page) T(key string, args ...any) string { return say(p.Lang, key, args...) }

// N says key about n of something.
func (p *page) N(key string, n int) string { return sayN(p.Lang, key, n) }

// Count writes a number.
func (p *page) Count(n int) string { return grouped(p.Lang, n) }

// Size writes a number of bytes.
func (p *page) Size(n int64) string { return size(p.Lang, n) }

// Full writes a date and time.
func (p *page) Full(t time.Time) string { return moment(p.Lang, t) }

// Machine writes a time for machines.
func (p *page) Machine(t time.Time) string { return t.Format(time.RFC3339) }

// Relative writes when t is, seen from now.
func (p *page) Relative(t time.Time) string { return relative(p.Lang, t, p.Now) }

// Asset returns the address of an asset.
func (p *page) Asset(name string) string { return p.Base + "web/" + name + "?v=" + versions()[name] }

// OtherLang is the language to switch to.
func (p *page) OtherLang() string {
	if p.Lang == french {
		return english
	}
	return french
}

// With pairs the page with something for a nested template.
func (p *page) With(x any) with { return with{p, x} }

type with struct {
	*page
	It any
}

// A line is a launcher as the overview shows it.
type line struct {
	Name   string
	St     launcher.Status
	State  string // key of words
	Tone   string // class of the style sheet
	Report string // of the last pass
}

func (p *page) line(l *launcher.Launcher) line {
	st := l.Status()
	x := line{Name: l.Name, St: st, Report: report(p.Lang, st.Last)}
	x.State, x.Tone = stateOf(st)
	return x
}

func stateOf(st launcher.Status) (key, tone string) {
	switch {
	case !st.Healthy():
		return "state.trouble", "bad"
	case !st.Running:
		return "state.stopped", "off"
	case st.Polling:
		return "state.polling", "busy"
	case st.Paused:
		return "state.paused", "off"
	case st.Failures > 0:
		return "state.failing", "warn"
	}
	return "state.ok", "good"
}

// Waits is how many parcels the last pass left.
func (x line) Waits() int { return x.St.Last.Left + x.St.Last.Waiting }

// report says what became of the parcels of a pass.
func report(lang string, s launcher.Stats) string {
	var parts []string
	for _, c := range []struct {
		key string
		n   int
	}{
		{"n.stored", s.Stored}, {"n.left", s.Left}, {"n.waiting", s.Waiting},
		{"n.rejected", s.Rejected}, {"n.known", s.Known}, {"n.skipped", s.Skipped},
	} {
		if c.n > 0 {
			parts = append(parts, sayN(lang, c.key, c.n))
		}
	}
	if len(parts) == 0 {
		return say(lang, "nothing")
	}
	return strings.Join(parts, " · ")
}

type overviewBody struct {
	Lines      []line
	Bad, Aside int
}

func (h *Handler) overview(w http.ResponseWriter, r *http.Request) {
	p := h.page(r, "overview")
	p.Watch = "all"
	var body overviewBody
	for _, l := range h.launchers() {
		x := p.line(l)
		body.Lines = append(body.Lines, x)
		body.Aside += x.St.SetAside
		if x.Tone == "bad" || x.Tone == "warn" {
			body.Bad++
		}
	}
	p.Body = body
	p.write(w, http.StatusOK)
}

type launcherBody struct {
	line
	Scenario scenario
	Aside    []launcher.Entry
	AsideErr string
	Left     []launcher.Decision
	Recent   []launcher.Event
	Can      map[string]bool
}

// A parcel is what the buttons of a row act on.
type parcel struct {
	Launcher, ID, Origin, Key string
	Can                       map[string]bool
}

func parcelOf(b launcherBody, id, origin string, i int, table string) parcel {
	return parcel{Launcher: b.Name, ID: id, Origin: origin, Key: table + strconv.Itoa(i), Can: b.Can}
}

func (h *Handler) launcher(w http.ResponseWriter, r *http.Request, l *launcher.Launcher) {
	var n notice
	if done := r.URL.Query().Get("done"); words["done."+done][0] != "" {
		n.Text = say(languageOf(r), "done."+done)
	}
	h.showLauncher(w, r, l, http.StatusOK, n)
}

func (h *Handler) showLauncher(w http.ResponseWriter, r *http.Request, l *launcher.Launcher, status int, n notice) {
	p := h.page(r, "launcher")
	p.Title, p.Watch, p.Notice = l.Name, l.Name, n
	p.Here = "launchers/" + l.Name
	body := launcherBody{line: p.line(l), Scenario: h.scenario(l, p.Lang), Left: l.Left(), Recent: l.Recent(), Can: h.allowed(r, l)}
	aside, err := h.desk(l).shelf.setAside(r.Context(), l)
	body.Aside = aside
	if err != nil {
		body.AsideErr = clip(err.Error(), 2000)
	}
	p.Body = body
	p.write(w, status)
}

// allowed tells which buttons to show.
func (h *Handler) allowed(r *http.Request, l *launcher.Launcher) map[string]bool {
	can := make(map[string]bool)
	for _, a := range []Action{Pause, Resume, Run, Requeue, Discard, Preview} {
		can[string(a)] = h.may(r, a, l) == nil
	}
	return can
}
