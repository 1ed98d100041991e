// Command quickstart shows the main job in a few seconds, with nothing to
// install or configure: files arrive in directories and mails in a mailbox (an
// IMAP server in this process), three launchers take them by schedule and hand
// them to a folder Sink, and a second pass takes nothing.
//
//	go run ./examples/quickstart
//
// On a terminal a bar shows how far they have come. What it made stays in a temporary directory, to be looked at. A directory to
// use instead may be given as an argument.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/boltledger"
	"github.com/ezged/coldlauncher/launcher/folder"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/dir"
	"github.com/ezged/coldlauncher/protocol/imap"
	"github.com/ezged/coldlauncher/protocol/mail"
	"github.com/ezged/coldlauncher/schedule"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, args []string) (err error) {
	root, err := workplace(args)
	if err != nil {
		return err
	}
	if err := arrive(root, early); err != nil {
		return err
	}
	fmt.Fprintf(out, "Working in %s: look into it while this runs.\n\n", root)

	ledger, err := boltledger.Open(filepath.Join(root, "ledger.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	box, err := openMailbox()
	if err != nil {
		return err
	}
	defer box.close()
	t := &table{out: out, bar: isTerminal(out)}
	ls, err := launchers(root, box.addr, ledger, t)
	if err != nil {
		return err
	}

	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	time.AfterFunc(1500*time.Millisecond, func() { arrive(root, late) })
	stopBar := func() {}
	if t.bar {
		stopBar = showProgress(t, ls)
	}
	err = launcher.Run(ctx, ls...)
	stopBar()
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return report(out, root, box, ls)
}

func workplace(args []string) (string, error) {
	if len(args) > 0 {
		return args[0], os.MkdirAll(args[0], 0o755)
	}
	return os.MkdirTemp("", "coldlauncher-quickstart-")
}

// launchers returns the three of this example: one takes invoices with their
// XML, as one parcel each; one takes what lies in « courrier »; and one takes
// the attachments of mails.
func launchers(root, mailServer string, ledger launcher.Ledger, t *table) ([]*launcher.Launcher, error) {
	everySecond, err := schedule.Row("* * * * * * *")
	if err != nil {
		return nil, err
	}
	every2s, err := schedule.Row("* * * * * * */2")
	if err != nil {
		return nil, err
	}
	noDB, err := filter.Regexp(`/.*\.(?!db).*/`)
	if err != nil {
		return nil, err
	}
	sink := pdfsOnly(&folder.Sink{Path: filepath.Join(root, "cold"), ByJob: true})
	return []*launcher.Launcher{{
		Name: "factures",
		Source: &dir.Source{
			Path: filepath.Join(root, "in", "factures"), Group: dir.Stems("pdf", "xml"),
			Done: "../../done/factures", Rejected: "../../rejected/factures",
		},
		Routes:   []launcher.Route{{Job: "87"}},
		Sink:     sink,
		Ledger:   ledger,
		Schedule: everySecond,
		Observe:  t.observe,
	}, {
		Name: "courrier",
		Source: &dir.Source{
			Path: filepath.Join(root, "in", "courrier"), Recursive: true,
			Done: "../../done/courrier", Rejected: "../../rejected/courrier",
		},
		Filter: noDB,
		Routes: []launcher.Route{
			{Job: "12", Groups: []string{"pdf", "tif"}},
			{Job: "13", Groups: []string{"csv"}},
		},
		Sink:     sink,
		Ledger:   ledger,
		Schedule: every2s,
		Observe:  t.observe,
	}, {
		Name: "mails",
		Source: &mail.Source{From: &imap.Source{
			Addr: mailServer, Security: dial.Plaintext, // on loopback; elsewhere leave the default, TLS
			User: account, Password: launcher.SecretText(password),
			Folder: "inbox", Done: "EZGED_OK", Rejected: "EZGED_KO",
		}},
		Routes:   []launcher.Route{{Job: "12", Groups: []string{"pdf"}}, {Job: "13", Groups: []string{"csv"}}},
		Sink:     sink,
		Ledger:   ledger,
		Schedule: every2s,
		Observe:  t.observe,
	}}, nil
}

// pdfsOnly refuses what is called a PDF and is not one. A Sink in front of a
// Sink is how a host adds checks of its own.
func pdfsOnly(next launcher.Sink) launcher.Sink {
	return launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		for _, d := range docs {
			if filepath.Ext(d.Name) != ".pdf" {
				continue
			}
			if err := checkPDF(ctx, d); err != nil {
				return err
			}
		}
		return next.Store(ctx, p)
	})
}

func checkPDF(ctx context.Context, d *launcher.Document) error {
	r, err := d.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	head := make([]byte, 5)
	_, err = io.ReadFull(r, head)
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return fmt.Errorf("read %q: %w", d.Name, err)
	case string(head) != "%PDF-":
		return launcher.Reject(fmt.Errorf("%q is not a PDF", d.Name))
	}
	return nil
}

// What lies there from the beginning, and what comes while the launchers run.
var (
	early = map[string]string{
		"factures/F2026-001.pdf":       "%PDF-1.7 invoice 1",
		"factures/F2026-001.xml":       "<invoice id='1'/>",
		"factures/F2026-002.pdf":       "%PDF-1.7 invoice 2",
		"courrier/2026/lettre été.pdf": "%PDF-1.7 letter",
		"courrier/2026/relevés.csv":    "date;amount\n2026-11-23;12,50\n",
		"courrier/scan.pdf":            "this is a text that calls itself a PDF",
		"courrier/photo.tif.part":      "half of a picture, still being written",
		"courrier/Thumbs.db":           "what Windows leaves everywhere",
		"courrier/notes.txt":           "no route takes this",
	}
	late = map[string]string{"factures/F2026-002.xml": "<invoice id='2'/>"}
)

func arrive(root string, files map[string]string) error {
	for name, body := range files {
		path := filepath.Join(root, "in", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		// Written under a name that is ignored, and renamed when complete.
		if err := os.WriteFile(path+".tmp", []byte(body), 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			return err
		}
	}
	return nil
}

// A table prints events as rows.
type table struct {
	out  io.Writer
	mu   sync.Mutex
	rows int
	bar  bool            // a bar is drawn below the rows
	told map[string]bool // waiting parcels already shown
}

func (t *table) observe(_ context.Context, e launcher.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	what, why := string(e.Kind), ""
	switch e.Kind {
	case launcher.EventStored:
		what, why = "stored", fmt.Sprintf("%d document(s), %d bytes", e.Count, e.Bytes)
	case launcher.EventRejected, launcher.EventFailed:
		why = e.Err.Error()
	case launcher.EventWaiting:
		if t.told[e.Parcel] {
			return
		}
		if t.told == nil {
			t.told = make(map[string]bool)
		}
		t.told[e.Parcel] = true
		why = e.Err.Error()
	case launcher.EventUnrouted:
		why = "no route: left in place"
	case launcher.EventPass:
		if e.Err == nil {
			return
		}
		why = e.Err.Error()
	default:
		return
	}
	if t.bar {
		fmt.Fprint(t.out, clearLine)
	}
	if t.rows == 0 {
		fmt.Fprintf(t.out, "%-9s  %-10s  %-24s  %-4s  %s\n", "LAUNCHER", "WHAT", "FROM", "JOB", "")
	}
	t.rows++
	fmt.Fprintf(t.out, "%-9s  %-10s  %-24s  %-4s  %s\n", e.Launcher, what, e.Origin, e.Job, why)
}

// draw draws the bar anew.
func (t *table) draw(bar string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprint(t.out, clearLine+bar)
}

// report makes one more pass, which takes nothing, and lists what the Sink has.
func report(out io.Writer, root string, box *mailbox, ls []*launcher.Launcher) error {
	fmt.Fprintln(out, "\nA second pass takes nothing:")
	for _, l := range ls {
		stats, err := l.Poll(context.Background())
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %-9s  stored %d, left in place %d\n", l.Name, stats.Stored, stats.Skipped+stats.Left+stats.Waiting)
		if stats.Stored != 0 {
			return fmt.Errorf("%s took %d parcels again", l.Name, stats.Stored)
		}
	}
	fmt.Fprintln(out, "\nWhat is where now:")
	for _, name := range []string{"INBOX", "EZGED_OK"} {
		n, err := box.count(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  mailbox %s: %d mail(s)\n", name, n)
	}
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".coldlauncher") {
			return fs.SkipDir
		}
		if e.IsDir() {
			return nil
		}
		name, err := filepath.Rel(root, path)
		fmt.Fprintln(out, "  "+filepath.ToSlash(name))
		return err
	})
}
