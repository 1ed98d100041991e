package launchertest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A Source and a Sink in memory, for tests of what lies between them.
func Example() {
	source := new(launchertest.Script)
	source.Add("1", launchertest.File("facture.pdf", "%PDF-1.7"))
	source.Add("2", launchertest.File("virus.exe", "MZ"))
	sink := &launchertest.Recorder{Before: func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err == nil && docs[0].Name == "virus.exe" {
			err = launcher.Reject(errors.New("no programs"))
		}
		return err
	}}
	l := &launcher.Launcher{Name: "a", Source: source, Sink: sink, Observe: func(context.Context, launcher.Event) {}}
	if _, err := l.Poll(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println("kept", sink.Names())
	fmt.Println("let go", source.Taken())
	fmt.Println("set aside", source.SetAside())
	// Output:
	// kept [facture.pdf]
	// let go [1]
	// set aside [2]
}
