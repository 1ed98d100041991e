package launcher_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

// A blank is a Ledger that knows nothing and keeps nothing.
type blank struct{}

func (blank) Load(context.Context, string) (launcher.Entry, error)           { return launcher.Entry{}, nil }
func (blank) Save(context.Context, ...launcher.Entry) error                  { return nil }
func (blank) Walk(context.Context, string, func(launcher.Entry) error) error { return nil }
func (blank) Delete(context.Context, ...string) error                        { return nil }

// A counter is a Source of so many parcels of one small document.
type counter int

func (n counter) Poll(ctx context.Context, sink launcher.Sink) error {
	open := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("body")), nil }
	docs := []*launcher.Document{{Name: "facture.pdf", Dir: "2026", Size: 4, Role: "file", Open: open}}
	for i := range int(n) {
		p := &launcher.Parcel{ID: fmt.Sprint(i), Origin: "2026/facture.pdf",
			Documents: func(context.Context) ([]*launcher.Document, error) { return docs, nil }}
		if err := sink.Store(launcher.Turn(ctx), p); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkParcel is what the engine itself does for a parcel.
func BenchmarkParcel(b *testing.B) {
	b.ReportAllocs()
	drain := func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		r, err := docs[0].Open(ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	}
	l := &launcher.Launcher{Name: "bench", Source: counter(b.N), Ledger: blank{}, Sink: launcher.SinkFunc(drain), Parallel: 8, Observe: quiet}
	stats, err := l.Poll(b.Context())
	if err != nil || stats.Stored != b.N {
		b.Fatal(stats, err)
	}
}
