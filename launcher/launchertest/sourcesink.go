package launchertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

// A clerk is the Sink that TestSource hands to a Source: it reads what it is
// given, compares it with what was added, notes it, and answers as told.
type clerk struct {
	c      *sourceCase
	answer func(name string) error // nil: every parcel is stored

	mu     sync.Mutex
	seen   []string          // names in the order of Store
	ids    map[string]string // by name
	stored []string
	faults []error
	active int
}

func (c *sourceCase) clerk(answer func(name string) error) *clerk {
	return &clerk{c: c, answer: answer, ids: map[string]string{}}
}

// Store implements launcher.Sink.
func (k *clerk) Store(ctx context.Context, p *launcher.Parcel) error {
	k.mu.Lock()
	k.active++
	k.mu.Unlock()
	name, err := k.read(ctx, p)
	if err == nil && k.answer != nil {
		err = k.answer(name)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.active--
	k.seen = append(k.seen, name)
	k.ids[name] = p.ID
	if err == nil {
		k.stored = append(k.stored, name)
	}
	return err
}

// read returns the name of a parcel, having compared its body.
func (k *clerk) read(ctx context.Context, p *launcher.Parcel) (string, error) {
	if p.ID == "" || p.Documents == nil {
		return "", k.fault("a parcel has no ID, or no Documents")
	}
	docs, err := p.Documents(ctx)
	if err != nil {
		return "", k.fault("Documents of %q: %w", p.ID, err)
	}
	if len(docs) == 0 {
		return "", k.fault("Documents of %q: none", p.ID)
	}
	name := k.c.name(p, docs)
	want, known := k.c.added[name]
	if !known {
		return name, k.fault("a parcel is named %q, as nothing that was added", name)
	}
	got, err := readBody(ctx, k.c.body(docs))
	if err != nil {
		return name, k.fault("read %q: %w", name, err)
	}
	if !bytes.Equal(got, want) {
		return name, k.fault("%q has the body %s, want %s", name, brief(string(got)), brief(string(want)))
	}
	return name, nil
}

func (k *clerk) fault(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.faults = append(k.faults, err)
	return err
}

// names returns what was offered, sorted.
func (k *clerk) names() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(slices.Values(k.seen))
}

// offered checks that these were offered, each once, and could be read.
func (k *clerk) offered(want ...string) error {
	if err := errors.Join(k.faults...); err != nil {
		return err
	}
	return sameSet("offered", k.names(), want)
}

func sameSet(what string, got, want []string) error {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s: %q, want %q", what, got, want)
	}
	return nil
}

func (c *sourceCase) name(p *launcher.Parcel, docs []*launcher.Document) string {
	if c.Name != nil {
		return c.Name(p, docs)
	}
	return docs[0].Name
}

func (c *sourceCase) body(docs []*launcher.Document) *launcher.Document {
	if c.Body != nil {
		return c.Body(docs)
	}
	return docs[0]
}

func readBody(ctx context.Context, d *launcher.Document) ([]byte, error) {
	r, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	if d.Size >= 0 && d.Size != int64(len(body)) {
		return nil, fmt.Errorf("%d bytes, but Size is %d", len(body), d.Size)
	}
	return body, nil
}

// waits checks what is in its place at the origin.
func (c *sourceCase) waits(want ...string) error {
	return sameSet("in its place", c.Waiting(c.t), want)
}

// gone checks that what was taken is where it belongs.
func (c *sourceCase) gone(taken []string, left ...string) error {
	if c.Keeps {
		left = append(slices.Clone(taken), left...)
	}
	return c.waits(left...)
}
