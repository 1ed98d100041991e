package launcher_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A Sink that prints, and a Source in memory. Real ones are in packages folder,
// dir and imap.
func Example() {
	var source launchertest.Script
	source.Add("1", launchertest.File("facture.pdf", "%PDF"))
	source.Add("2", launchertest.File("notes.txt", "hello"))

	l := &launcher.Launcher{
		Name:   "example",
		Source: &source,
		Routes: []launcher.Route{{Job: "87", Groups: []string{"pdf"}}},
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			for _, d := range docs {
				fmt.Printf("job %s: %s, %d bytes, from %s\n", p.Job, d.Name, d.Size, p.Origin)
			}
			return nil
		}),
		Observe: func(context.Context, launcher.Event) {}, // without it, slog.Default
	}
	stats, err := l.Poll(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stored", stats.Stored, "left in place", source.Waiting())
	// Output:
	// job 87: facture.pdf, 4 bytes, from script 1
	// stored 1 left in place [2]
}

// Preview tells what a pass would do, and changes nothing.
func ExampleLauncher_Preview() {
	var source launchertest.Script
	source.Add("1", launchertest.File("facture.pdf", "%PDF"), launchertest.File("facture.xml", "<x/>"))
	l := &launcher.Launcher{
		Name: "example", Source: &source, Sink: new(launchertest.Recorder),
		Routes: []launcher.Route{{Job: "87", Groups: []string{"pdf"}}},
	}
	list, err := l.Preview(context.Background(), 10)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range list {
		fmt.Printf("%s: %s %s\n", d.Name, d.Verdict, d.Job+d.Reason)
	}
	// Output:
	// facture.pdf: store 87
	// facture.xml: unrouted no route takes group "xml"
}

// A Sink in front of a Sink adds a check of the host's own. What it refuses is
// set aside at the origin.
func ExampleReject() {
	var kept launchertest.Recorder
	pdfsOnly := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		for _, d := range docs {
			r, err := d.Open(ctx)
			if err != nil {
				return err
			}
			defer r.Close()
			head, err := io.ReadAll(io.LimitReader(r, 5))
			if err != nil {
				return err
			}
			if string(head) != "%PDF-" {
				return launcher.Reject(fmt.Errorf("%q is not a PDF", d.Name))
			}
		}
		return kept.Store(ctx, p)
	})

	var source launchertest.Script
	source.Add("1", launchertest.File("good.pdf", "%PDF-1.7 …"))
	source.Add("2", launchertest.File("bad.pdf", "<html>"))
	l := &launcher.Launcher{Name: "example", Source: &source, Sink: pdfsOnly, Observe: func(context.Context, launcher.Event) {}}
	if _, err := l.Poll(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("kept", kept.Names())
	err := l.List(context.Background(), func(e launcher.Entry) error {
		if e.State == launcher.Rejected {
			fmt.Printf("%s: %s\n", e.Origin, e.Err)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// kept [good.pdf]
	// script 2: "bad.pdf" is not a PDF
}

func ExampleOutcomeOf() {
	err := fmt.Errorf("store: %w", launcher.Halt(errors.New("database is down")))
	fmt.Println(launcher.OutcomeOf(err), launcher.OutcomeOf(nil), launcher.OutcomeOf(errors.New("timeout")))
	// Output: stop taken left
}

func ExampleCleanName() {
	fmt.Println(launcher.CleanName("../../etc/passwd"))
	fmt.Println(launcher.CleanName(`C:\Temp\relevé: mai.pdf`))
	fmt.Println(launcher.CleanName("nul.txt"), len(launcher.CleanName(strings.Repeat("x", 300)+".pdf")))
	// Output:
	// passwd
	// relevé_ mai.pdf
	// _nul.txt 200
}
