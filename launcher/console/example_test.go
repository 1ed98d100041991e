package console_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/console"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A console below /cold/, in which operators may act and others look.
func ExampleHandler() {
	invoices := &launcher.Launcher{Name: "invoices", Source: new(launchertest.Script), Sink: new(launchertest.Recorder)}
	con := &console.Handler{
		Title:     "Town hall",
		Launchers: func() []*launcher.Launcher { return []*launcher.Launcher{invoices} },
		Authorise: func(r *http.Request, a console.Action, name string) error {
			if r.Header.Get("X-Remote-User") != "operator" { // as a proxy sets it
				return errors.New("operators only")
			}
			return nil
		},
	}
	mux := http.NewServeMux()
	mux.Handle("/cold/", http.StripPrefix("/cold", con))

	post := func(user string) {
		r := httptest.NewRequest("POST", "/cold/launchers/invoices/pause", nil)
		r.Header.Set("X-Remote-User", user)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Printf("%s: %d %s, paused: %v\n", user, w.Code, w.Header().Get("Location"), invoices.Status().Paused)
	}
	post("visitor")
	post("operator")
	// Output:
	// visitor: 403 , paused: false
	// operator: 303 ../invoices?done=pause, paused: true
}

// What a supervisor asks.
func ExampleHandler_health() {
	broken := &launcher.Launcher{Name: "mails", Source: new(launchertest.Script), Sink: new(launchertest.Recorder)}
	con := &console.Handler{Launchers: func() []*launcher.Launcher { return []*launcher.Launcher{broken} }}
	for _, path := range []string{"/healthz/live", "/healthz/ready", "/healthz/fresh"} {
		w := httptest.NewRecorder()
		con.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, w.Code)
	}
	// Output:
	// /healthz/live 200
	// /healthz/ready 503
	// /healthz/fresh 200
}

// What Prometheus is told.
func ExampleHandler_metrics() {
	src := new(launchertest.Script)
	src.Add("1", launchertest.File("a.pdf", "12345"))
	l := &launcher.Launcher{Name: "invoices", Source: src, Sink: new(launchertest.Recorder), Observe: func(context.Context, launcher.Event) {}}
	if _, err := l.Poll(context.Background()); err != nil {
		fmt.Println(err)
	}
	con := &console.Handler{Launchers: func() []*launcher.Launcher { return []*launcher.Launcher{l} }}
	w := httptest.NewRecorder()
	con.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, _ := io.ReadAll(w.Body)
	for line := range strings.Lines(string(body)) {
		if strings.Contains(line, "bytes_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// # HELP coldlauncher_bytes_total Bytes read by the Sink.
	// # TYPE coldlauncher_bytes_total counter
	// coldlauncher_bytes_total{launcher="invoices"} 5
}
