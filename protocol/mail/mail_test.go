package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

// A taken document is one that was read while its parcel was being stored.
type taken struct {
	launcher.Document
	body []byte
	sum  string // SHA-256, in hexadecimal
}

// takeApart returns what s makes of one message.
func takeApart(t testing.TB, s *Source, name string, raw []byte) ([]taken, error) {
	t.Helper()
	c := *s
	c.From = offer(&launcher.Document{Name: name, MediaType: "message/rfc822", Size: int64(len(raw)), Role: "message", Open: inMemory(raw)})
	var docs []taken
	err := c.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		found, err := p.Documents(ctx)
		for _, d := range found {
			body := read(t, d)
			sum := sha256.Sum256(body)
			docs = append(docs, taken{*d, body, hex.EncodeToString(sum[:])})
		}
		return err
	}))
	return docs, err
}

func read(t testing.TB, d *launcher.Document) []byte {
	t.Helper()
	r, err := d.Open(t.Context())
	if err != nil {
		t.Fatalf("open %q: %v", d.Name, err)
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	if err != nil || int64(len(body)) != d.Size {
		t.Errorf("%q yields %d bytes, %v; Size says %d", d.Name, len(body), err, d.Size)
	}
	return body
}

type sourceFunc func(ctx context.Context, sink launcher.Sink) error

func (f sourceFunc) Poll(ctx context.Context, sink launcher.Sink) error { return f(ctx, sink) }

// offer is a Source of one parcel.
func offer(docs ...*launcher.Document) launcher.Source {
	return sourceFunc(func(ctx context.Context, sink launcher.Sink) error {
		return sink.Store(ctx, &launcher.Parcel{ID: "1", Documents: func(context.Context) ([]*launcher.Document, error) { return docs, nil }})
	})
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

func inMemory(raw []byte) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return memory{bytes.NewReader(raw)}, nil }
}
