package launchertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

// A Recorder is a Sink that keeps in memory what it is given, once per ID. Its
// zero value is ready for use.
type Recorder struct {
	// Before, if not nil, is called first in every Store; an error from it is
	// what Store returns, and nothing is kept.
	Before func(ctx context.Context, p *launcher.Parcel) error

	mu    sync.Mutex
	calls []string
	kept  []Kept
	ids   map[string]bool
}

// Kept is a parcel that a Sink has taken.
type Kept struct {
	ID        string
	Job       string
	Origin    string
	Meta      map[string]string
	Documents []KeptDocument
}

// A KeptDocument is a document of a parcel that a Sink has taken.
type KeptDocument struct {
	Name   string
	Dir    string
	Size   int64
	SHA256 string // hexadecimal
}

var _ launcher.Sink = (*Recorder)(nil)

// Store implements [launcher.Sink].
func (r *Recorder) Store(ctx context.Context, p *launcher.Parcel) error {
	r.mu.Lock()
	r.calls = append(r.calls, p.ID)
	r.mu.Unlock()
	if r.Before != nil {
		if err := r.Before(ctx, p); err != nil {
			return err
		}
	}
	k, err := read(ctx, p)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids[p.ID] {
		return nil
	}
	if r.ids == nil {
		r.ids = make(map[string]bool)
	}
	r.ids[p.ID] = true
	r.kept = append(r.kept, k)
	return nil
}

// read reads a parcel to the end.
func read(ctx context.Context, p *launcher.Parcel) (Kept, error) {
	k := Kept{ID: p.ID, Job: p.Job, Origin: p.Origin, Meta: maps.Clone(p.Meta)}
	docs, err := p.Documents(ctx)
	if err != nil {
		return Kept{}, fmt.Errorf("documents: %w", err)
	}
	for _, d := range docs {
		kd, err := readDocument(ctx, d)
		if err != nil {
			return Kept{}, fmt.Errorf("read %q: %w", d.Name, err)
		}
		k.Documents = append(k.Documents, kd)
	}
	return k, nil
}

func readDocument(ctx context.Context, d *launcher.Document) (KeptDocument, error) {
	r, err := d.Open(ctx)
	if err != nil {
		return KeptDocument{}, err
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err != nil {
		return KeptDocument{}, err
	}
	return KeptDocument{Name: d.Name, Dir: d.Dir, Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

// Kept returns what was kept, in the order in which it came.
func (r *Recorder) Kept() []Kept {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.kept)
}

// Names returns the names of the documents kept, in the order in which they
// came.
func (r *Recorder) Names() []string {
	var names []string
	for _, k := range r.Kept() {
		for _, d := range k.Documents {
			names = append(names, d.Name)
		}
	}
	return names
}

// Calls returns the ID of every call of Store, also those that failed.
func (r *Recorder) Calls() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}
