package browsertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/backup"
	"github.com/ezged/coldlauncher/launcher/console"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/dir"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/mail"
	"github.com/ezged/coldlauncher/schedule"
)

const (
	prefix  = "/ged/cold"
	hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
)

var longName = "releve-" + strings.Repeat("tresLongSansAucunBlanc", 6) + ".pdf"

// A host is a program with launchers in every state, and their console.
type host struct {
	url      string
	factures *launcher.Launcher
	source   *launchertest.Script
	stored   chan string // IDs, as the Sink of factures takes them
	release  func()      // lets the pass of actes end
}

// quiet observes and says nothing.
func quiet(context.Context, launcher.Event) {}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{stored: make(chan string, 100)}
	h.factures = h.newFactures(t)
	folder := newFolder(t)
	box := newMailbox(t)
	long := h.newLong(t)
	all := []*launcher.Launcher{h.factures, folder, box, long}

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- launcher.Run(ctx, all...) }()
	t.Cleanup(func() {
		h.release()
		cancel()
		<-ended
	})
	folder.Pause()
	long.Wake()
	until(t, "the long pass is under way", func() bool { return long.Status().PassBytes > 0 })

	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, &console.Handler{
		Title:     "GED de Saint-Rémy",
		Launchers: func() []*launcher.Launcher { return all },
		Authorise: func(*http.Request, console.Action, string) error { return nil },
	}))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	h.url = srv.URL + prefix
	return h
}

// newFactures has made a pass that stored, refused and left parcels.
func (h *host) newFactures(t *testing.T) *launcher.Launcher {
	h.source = new(launchertest.Script)
	l := &launcher.Launcher{
		Name: "factures", Source: h.source, Observe: quiet, Explain: filter.Explain,
		Schedule: schedule.Must(schedule.Rows("* * mon-fri * 7-19 */15 0", "* * sat * 10 0 0")),
		Filter:   filter.All(filter.Ext("pdf", "xml"), filter.Not(filter.Prefix("brouillon")), filter.Not(filter.Temporary())),
		Routes:   []launcher.Route{{Job: "87", Groups: []string{"pdf"}}, {Job: "112", Groups: []string{"xml", "chorus_fact"}, Split: true}},
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			for _, d := range docs {
				if strings.HasPrefix(d.Name, "scan") || strings.HasPrefix(d.Name, "releve") {
					return launcher.Reject(fmt.Errorf("%q is not a PDF: it begins with %q", d.Name, "<html>"))
				}
				if err := readAll(ctx, d); err != nil {
					return err
				}
			}
			h.stored <- p.ID
			return nil
		}),
	}
	for i := range 6 {
		h.source.Add(fmt.Sprintf("F2026-%03d", i+1), launchertest.File(fmt.Sprintf("F2026-%03d.pdf", i+1), strings.Repeat("x", 40_000*(i+1))))
	}
	h.source.Add("scan-"+hostile, launchertest.File("scan.pdf", "<html>"))
	h.source.Add(longName, launchertest.File(longName, "<html>"))
	waits := h.source.Add("F2026-007", launchertest.File("F2026-007.pdf", "x"))
	waits.Time = time.Now().Add(-26 * time.Minute)
	waits.Fetch = func(context.Context) error { return launcher.Later(errors.New(`"F2026-007.pdf" lacks its xml`)) }
	h.source.Add("F2026-008", launchertest.File("F2026-008.pdf", "x")).Fetch = func(context.Context) error {
		return errors.New("read: connection reset by peer")
	}
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		<-h.stored
	}
	h.source.Add("F2026-009", launchertest.File("F2026-009.pdf", "xyz"))
	h.source.Add("brouillon", launchertest.File("brouillon.pdf", "x"))
	return l
}

func readAll(ctx context.Context, d *launcher.Document) error {
	rc, err := d.Open(ctx)
	if err != nil {
		return err
	}
	defer rc.Close()
	_, err = io.Copy(io.Discard, rc)
	return err
}

func newFolder(t *testing.T) *launcher.Launcher {
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "lettre.pdf"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &launcher.Launcher{
		Name:   "courrier-arrive",
		Source: &dir.Source{Path: path, Recursive: true, Quiet: 10 * time.Second, Done: "../traite", Rejected: "../rejete"},
		Sink:   new(launchertest.Recorder), Observe: quiet, Schedule: schedule.Must(schedule.Row("* * * * * * */15")),
	}
}

// newMailbox reads from a server that is not there.
func newMailbox(t *testing.T) *launcher.Launcher {
	box := &imap.Source{Addr: "127.0.0.1:1", User: "cold@example.org", Password: launcher.SecretText("hunter2"),
		Folder: "inbox", Recursive: true, Done: "EZGED_OK", Rejected: "EZGED_KO"}
	l := &launcher.Launcher{
		Name:   "mails",
		Source: &mail.Source{From: &backup.Source{From: box, Path: t.TempDir(), KeepFor: 90 * 24 * time.Hour}},
		Sink:   new(launchertest.Recorder), Observe: quiet, Schedule: schedule.Must(schedule.Row("* * * * * */5 0")),
	}
	if _, err := l.Poll(t.Context()); err == nil {
		t.Fatal("a pass on a server that is not there succeeded")
	}
	return l
}

// newLong makes a pass that lasts until release.
func (h *host) newLong(t *testing.T) *launcher.Launcher {
	src := new(launchertest.Script)
	end := make(chan struct{})
	h.release = sync.OnceFunc(func() { close(end) })
	for i := range 3 {
		src.Add(fmt.Sprintf("acte-%d", i), launchertest.File("acte.pdf", strings.Repeat("x", 1000)))
	}
	src.Add("acte-long", launchertest.File("acte.pdf", "x")).Fetch = func(ctx context.Context) error {
		launcher.Progress(ctx, 4_300_000)
		select {
		case <-end:
		case <-ctx.Done():
		}
		return nil
	}
	return &launcher.Launcher{Name: "actes", Source: src, Observe: quiet, Sink: new(launchertest.Recorder),
		Schedule: schedule.Must(schedule.Row("* * * * 3 0 0"))}
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("20 s have passed, and not yet: %s", what)
		}
	}
}
