// Command customprotocol is a host with a protocol of its own: it starts an
// outbox with three documents in its own process, takes them by outbox.Source,
// and prints what came.
//
//	go run ./examples/customprotocol
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/ezged/coldlauncher/examples/customprotocol/outbox"
	"github.com/ezged/coldlauncher/launcher"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "customprotocol:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	far := new(outbox.Server)
	far.Add("facture.pdf", []byte("%PDF-1.7"))
	far.Add("virus.exe", []byte("MZ"))
	far.Add("lettre.txt", []byte("bonjour"))
	web := httptest.NewServer(far)
	defer web.Close()

	l := &launcher.Launcher{
		Name:    "outbox",
		Source:  &outbox.Source{URL: web.URL},
		Sink:    launcher.SinkFunc(show),
		Observe: func(context.Context, launcher.Event) {},
	}
	if _, err := l.Poll(ctx); err != nil {
		return err
	}
	fmt.Printf("waiting  %q\n", far.Waiting())
	fmt.Printf("rejected %q\n", far.Rejected())
	return nil
}

func show(ctx context.Context, p *launcher.Parcel) error {
	docs, err := p.Documents(ctx)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if strings.HasSuffix(d.Name, ".exe") {
			return launcher.Reject(errors.New("programs are not kept"))
		}
		fmt.Printf("%s: %q, %d bytes\n", p.Origin, d.Name, d.Size)
	}
	return nil
}
