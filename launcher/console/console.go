package console

import (
	"embed"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

// A Handler serves the console. Its zero value but for Launchers is read-only.
// Its fields must not change once it has served a request. It is safe for
// concurrent use and must not be copied.
//
// Requests are expected with paths from "/" on: mount it with http.StripPrefix
// anywhere else.
type Handler struct {
	// Launchers returns the launchers to show, in that order, each with another
	// Name. It is asked on each request, so that a host may add and remove
	// launchers, and must be safe for concurrent use. Nil shows none.
	Launchers func() []*launcher.Launcher

	// Authorise is asked whether the sender of r may do a to the launcher of
	// that name, and returns nil if so; otherwise its text is shown. It is also
	// asked, with a GET, which buttons to show, and must have no effect of its
	// own. Nil refuses everything.
	Authorise func(r *http.Request, a Action, name string) error

	// Title heads every page; "" is "coldlauncher".
	Title string

	// Describe returns what is worth knowing of the Source of l, in lang, "en"
	// or "fr". Nil, or a nil answer, describes it by its type and by those of
	// its exported fields that Sources of this module have, such as Path, Addr,
	// Folder, Done and From. Secrets are never among them.
	Describe func(l *launcher.Launcher, lang string) []Fact

	// CrossOrigin refuses requests from other sites. Nil trusts no other
	// origin; a host whose proxy changes the Host header adds its own.
	CrossOrigin *http.CrossOriginProtection

	state
}

// A Fact is a line about something: what, and how it is.
type Fact struct{ Label, Value string }

type state struct {
	mu    sync.Mutex
	desks map[*launcher.Launcher]*desk
	once  sync.Once
	trial chan struct{} // holds one token: the right to try a filter
}

// A desk is what the console keeps of one launcher.
type desk struct {
	shelf   shelf
	preview sync.Mutex // held by the one preview at a time
}

// An Action is something that Authorise decides about.
type Action string

const (
	Pause   Action = "pause"   // launcher.Pause
	Resume  Action = "resume"  // launcher.Resume
	Run     Action = "run"     // launcher.Wake
	Requeue Action = "requeue" // launcher.Requeue
	Discard Action = "discard" // launcher.Discard
	Preview Action = "preview" // launcher.Preview
)

//go:embed web
var web embed.FS

// headers of every answer.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
		"img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
	"X-Content-Type-Options": "nosniff",
	"Referrer-Policy":        "same-origin",
	"Cache-Control":          "no-store",
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for k, v := range headers {
		w.Header().Set(k, v)
	}
	if p := h.CrossOrigin; p != nil {
		if err := p.Check(r); err != nil {
			h.fault(w, r, http.StatusForbidden, "fault.origin")
			return
		}
	} else if err := new(http.CrossOriginProtection).Check(r); err != nil {
		h.fault(w, r, http.StatusForbidden, "fault.origin")
		return
	}
	serve, methods := h.route(r)
	switch {
	case serve == nil:
		h.fault(w, r, http.StatusNotFound, "fault.unknown")
	case r.Method == http.MethodHead && strings.Contains(methods, "GET"), strings.Contains(methods, r.Method):
		serve(w, r)
	default:
		w.Header().Set("Allow", methods)
		h.fault(w, r, http.StatusMethodNotAllowed, "fault.method")
	}
}

type serve = func(w http.ResponseWriter, r *http.Request)

// route returns what serves the path of r, and the methods that it knows.
func (h *Handler) route(r *http.Request) (serve, string) {
	if path.Clean(r.URL.Path) != r.URL.Path {
		return nil, ""
	}
	switch r.URL.Path {
	case "/":
		return h.overview, "GET"
	case "/try":
		return h.try, "GET"
	case "/status":
		return h.serveStatus, "GET"
	case "/metrics":
		return h.metrics, "GET"
	case "/language":
		return h.language, "POST"
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "healthz" && len(parts) <= 2:
		return h.health(parts[1:])
	case parts[0] == "web" && len(parts) == 2:
		return asset(parts[1])
	case parts[0] == "launchers" && len(parts) > 1:
		return h.routeLauncher(parts[1], parts[2:])
	}
	return nil, ""
}

func (h *Handler) routeLauncher(name string, rest []string) (serve, string) {
	l := h.find(name)
	if l == nil || len(rest) > 1 {
		return nil, ""
	}
	with := func(f func(http.ResponseWriter, *http.Request, *launcher.Launcher)) serve {
		return func(w http.ResponseWriter, r *http.Request) { f(w, r, l) }
	}
	if len(rest) == 0 {
		return with(h.launcher), "GET"
	}
	switch a := Action(rest[0]); a {
	case Preview:
		return with(h.preview), "GET, POST"
	case Pause, Resume, Run, Requeue, Discard:
		return func(w http.ResponseWriter, r *http.Request) { h.act(w, r, l, a) }, "POST"
	}
	return nil, ""
}

// launchers returns what there is to show.
func (h *Handler) launchers() []*launcher.Launcher {
	if h.Launchers == nil {
		return nil
	}
	return h.Launchers()
}

func (h *Handler) find(name string) *launcher.Launcher {
	for _, l := range h.launchers() {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// desk returns what is kept of l, and forgets launchers that are gone.
func (h *Handler) desk(l *launcher.Launcher) *desk {
	all := h.launchers()
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.desks[l]; d != nil {
		return d
	}
	kept := make(map[*launcher.Launcher]*desk)
	for _, other := range all {
		if d := h.desks[other]; d != nil {
			kept[other] = d
		}
	}
	d := new(desk)
	kept[l] = d
	h.desks = kept
	return d
}

var errReadOnly = errors.New("this console is read-only")

// may reports whether the sender of r may do a.
func (h *Handler) may(r *http.Request, a Action, l *launcher.Launcher) error {
	if h.Authorise == nil {
		return errReadOnly
	}
	return h.Authorise(r, a, l.Name)
}

func asset(name string) (serve, string) {
	kind := map[string]string{".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}[path.Ext(name)]
	body, err := web.ReadFile("web/" + name)
	if kind == "" || err != nil {
		return nil, ""
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind+"; charset=utf-8")
		w.Header().Set("Cache-Control", "max-age=31536000, immutable") // the address changes with the contents
		fmt.Fprintf(w, "%s", body)
	}, "GET"
}
