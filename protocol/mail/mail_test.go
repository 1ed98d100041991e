package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
)

// A taken document is one that was read while its parcel was being stored.
type taken struct {
	launcher.Document
	body []byte
	sum  string // SHA-256, in hexadecimal
}

// takeApart returns what s makes of one message, and fails the test unless it
// makes the same of one that a spool lends.
func takeApart(t testing.TB, s *Source, name string, raw []byte) ([]taken, error) {
	t.Helper()
	docs, err := takeFrom(t, s, name, len(raw), inMemory(raw))
	body, spooled := new(spool.Pool).Read(t.Context(), bytes.NewReader(raw))
	if spooled != nil {
		t.Fatal(spooled)
	}
	defer body.Close()
	lent, failed := takeFrom(t, s, name, len(raw), body.Open)
	same := slices.EqualFunc(lent, docs, func(a, b taken) bool {
		return a.Name == b.Name && a.sum == b.sum && maps.Equal(a.Meta, b.Meta)
	})
	if !same || (failed == nil) != (err == nil) {
		t.Errorf("%q, lent by a spool, became %d documents, %v; read it is %d, %v", name, len(lent), failed, len(docs), err)
	}
	return docs, err
}

func takeFrom(t testing.TB, s *Source, name string, size int, open func(context.Context) (io.ReadCloser, error)) ([]taken, error) {
	t.Helper()
	c := *s
	c.From = offer(&launcher.Document{Name: name, MediaType: "message/rfc822", Size: int64(size), Role: "message", Open: open})
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
