package launchertest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A memory is a well-behaved Sink, but for its fault.
type memory struct {
	fault   string
	busy    atomic.Int32
	retain  *launcher.Document
	mu      *sync.Mutex
	parcels map[string][]string // bodies by ID
}

func newMemory(fault string) *memory {
	return &memory{fault: fault, mu: new(sync.Mutex), parcels: make(map[string][]string)}
}

func (m *memory) Store(ctx context.Context, p *launcher.Parcel) error {
	if m.busy.Add(1) > 1 && m.fault == "fails when busy" {
		defer m.busy.Add(-1)
		return errors.New("busy")
	}
	defer m.busy.Add(-1)
	if m.fault == "checks long before it keeps" {
		return m.storeLate(ctx, p)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known(p.ID) {
		if m.fault == "refuses a known ID" {
			return errors.New("duplicate key")
		}
		return nil
	}
	bodies, err := m.read(ctx, p)
	return m.keep(p.ID, bodies, err)
}

// storeLate does not lock between looking for an ID and keeping it.
func (m *memory) storeLate(ctx context.Context, p *launcher.Parcel) error {
	m.mu.Lock()
	known := m.known(p.ID)
	m.mu.Unlock()
	if known {
		return nil
	}
	bodies, err := m.read(ctx, p)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.keep(p.ID, bodies, err)
}

func (m *memory) key(id string) string {
	switch m.fault {
	case "folds IDs":
		return strings.ToLower(id)
	case "cuts IDs":
		return id[:min(len(id), 127)]
	}
	return id
}

func (m *memory) known(id string) bool {
	_, known := m.parcels[m.key(id)]
	return known && m.fault != "forgets IDs"
}

func (m *memory) keep(id string, bodies []string, err error) error {
	switch {
	case err == nil:
		m.parcels[m.key(id)] = append(m.parcels[m.key(id)], bodies...)
		return nil
	case m.fault == "keeps half" && len(bodies) > 0:
		m.parcels[id+" half"] = bodies
	case m.fault == "remembers failures":
		m.parcels[id] = nil
	case m.fault == "hides errors":
		return fmt.Errorf("store: %v", err)
	case m.fault == "drops marks":
		for _, cause := range []error{errSinkRead, io.ErrUnexpectedEOF, errSinkStop} {
			if errors.Is(err, cause) {
				return cause
			}
		}
	case m.fault == "blames the parcel":
		return launcher.Reject(err)
	case m.fault == "blames the parcel when stopped" && errors.Is(err, errSinkStop):
		return launcher.Reject(err)
	}
	return fmt.Errorf("store: %w", err)
}

func (m *memory) read(ctx context.Context, p *launcher.Parcel) ([]string, error) {
	docs, err := p.Documents(ctx)
	if err != nil {
		return nil, err
	}
	if m.fault == "sorts the documents" {
		slices.SortFunc(docs, func(a, b *launcher.Document) int { return strings.Compare(a.Name, b.Name) })
	}
	var bodies []string
	seen := make(map[string]bool)
	for _, d := range docs {
		body, err := m.body(ctx, d)
		if err != nil {
			return bodies, err
		}
		name := d.Name
		if m.fault == "keeps one of names that differ by case" {
			name = strings.ToLower(name)
		}
		if strings.HasPrefix(m.fault, "keeps one of") && seen[name] {
			continue
		}
		seen[name] = true
		bodies = append(bodies, body)
	}
	return bodies, nil
}

func (m *memory) body(ctx context.Context, d *launcher.Document) (string, error) {
	switch m.fault {
	case "reopens documents":
		if m.retain != nil {
			if r, err := m.retain.Open(ctx); err == nil {
				r.Close()
			}
		}
		m.retain = d
	case "writes into Meta":
		d.Meta["sink.seen"] = "yes"
	case "writes into a unit":
		d.Unit.Meta["sink.seen"] = "yes"
	case "renames documents":
		d.Name = "renamed"
	case "refuses names":
		if strings.HasPrefix(d.Name, "-") {
			return "", errors.New("looks like an option")
		}
	case "reads without context":
		ctx = context.WithoutCancel(ctx)
	}
	r, err := d.Open(ctx)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(r)
	if m.fault != "leaves readers open" && (m.fault != "leaves readers open on errors" || err == nil) {
		r.Close()
	}
	switch {
	case m.fault == "cuts bodies":
		b = b[:min(len(b), 1<<20)]
	case m.fault == "takes a short body for whole" && errors.Is(err, io.ErrUnexpectedEOF):
		err = nil
	case m.fault == "takes a failed body for whole":
		err = nil
	}
	return string(b), err
}

func (m *memory) kept() ([]string, error) {
	return slices.Concat(slices.Collect(maps.Values(m.parcels))...), nil
}

func (m *memory) reopen() (launcher.Sink, error) {
	r := newMemory(m.fault)
	if m.fault == "knows IDs until it ends" {
		for id, bodies := range m.parcels {
			m.parcels[id+" of old"] = bodies
			delete(m.parcels, id)
		}
	}
	r.mu, r.parcels = m.mu, m.parcels
	return r, nil
}

func (m *memory) store() Store { return Store{Sink: m, Kept: m.kept, Reopen: m.reopen} }

func TestSinkAcceptsAGoodSink(t *testing.T) {
	TestSink(t, func(t *testing.T) Store { return newMemory("").store() })
}

func TestSinkWithoutReopen(t *testing.T) {
	TestSink(t, func(t *testing.T) Store {
		m := newMemory("")
		return Store{Sink: m, Kept: m.kept}
	})
}

func TestSinkTellsFaultsApart(t *testing.T) {
	tests := []struct {
		fault string
		want  []string // the rules that fail
	}{
		{"", nil},
		{"cuts bodies", []string{"KeepsEveryByte"}},
		{"forgets IDs", []string{"SameIDTwiceKeptOnce", "SameIDAfterReopenKeptOnce", "ConcurrentSameID"}},
		{"refuses a known ID", []string{"SameIDTwiceKeptOnce", "SameIDAfterReopenKeptOnce", "ConcurrentSameID"}},
		{"knows IDs until it ends", []string{"SameIDAfterReopenKeptOnce"}},
		{"folds IDs", []string{"DistinctIDsBothKept"}},
		{"cuts IDs", []string{"DistinctIDsBothKept"}},
		{"keeps one of a name", []string{"SameNamesKeptApart"}},
		{"keeps one of names that differ by case", []string{"SameNamesKeptApart"}},
		{"refuses names", []string{"HostileNames"}},
		{"keeps half", []string{"FailedReadKeepsNothing", "CancelReturns"}},
		{"remembers failures", []string{"FailedReadKeepsNothing", "CancelReturns"}},
		{"takes a short body for whole", []string{"FailedReadKeepsNothing"}},
		{"takes a failed body for whole", []string{"FailedReadKeepsNothing", "MarksSurviveWrapping", "CancelReturns"}},
		{"hides errors", []string{"FailedReadKeepsNothing", "MarksSurviveWrapping"}},
		{"drops marks", []string{"MarksSurviveWrapping"}},
		{"blames the parcel", []string{"MarksSurviveWrapping", "CancelReturns"}},
		{"blames the parcel when stopped", []string{"CancelReturns"}},
		{"leaves readers open", []string{"ReadersClosed"}},
		{"leaves readers open on errors", []string{"ReadersClosed"}},
		{"reads without context", []string{"CancelReturns"}},
		{"fails when busy", []string{"Concurrent"}},
		{"checks long before it keeps", []string{"ConcurrentSameID"}},
		{"reopens documents", []string{"DoesNotRetain"}},
		{"writes into Meta", []string{"DoesNotModify"}},
		{"writes into a unit", []string{"DoesNotModify"}},
		{"renames documents", []string{"DoesNotModify"}},
		{"sorts the documents", []string{"DoesNotModify"}},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			hangs := ""
			if tt.fault == "reads without context" {
				hangs = "CancelReturns"
			}
			got := failing(t.Context(), hangs, func() Store { return newMemory(tt.fault).store() })
			slices.Sort(tt.want)
			if !slices.Equal(got, tt.want) {
				t.Errorf("a sink that %s fails %v, want exactly %v", tt.fault, got, tt.want)
			}
		})
	}
}

// failing returns the names of the rules that a Sink breaks, sorted. It breaks
// the rule named hangs by not returning, and is not waited for long.
func failing(ctx context.Context, hangs string, open func() Store) []string {
	var names []string
	for _, r := range sinkRules() {
		c := &sinkCase{Store: open(), patience: time.Minute}
		if r.name == hangs {
			c.patience = 50 * time.Millisecond
		}
		if r.reopens && c.Reopen == nil {
			continue
		}
		if r.check(ctx, c) != nil {
			names = append(names, r.name)
		}
	}
	slices.Sort(names)
	return names
}

// A naive Sink is the first that comes to mind: it writes each document under
// its name into a directory.
type naive struct{ dir string }

func (n naive) Store(ctx context.Context, p *launcher.Parcel) error {
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
		f, err := os.Create(filepath.Join(n.dir, d.Name))
		if err != nil {
			return err
		}
		if _, err := io.Copy(f, r); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (n naive) kept() ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(n.dir, "*"))
	var bodies []string
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, string(b))
	}
	return bodies, err
}

func TestSinkRefusesANaiveOne(t *testing.T) {
	got := failing(t.Context(), "", func() Store { n := naive{t.TempDir()}; return Store{Sink: n, Kept: n.kept} })
	for _, want := range []string{"SameNamesKeptApart", "DistinctIDsBothKept", "FailedReadKeepsNothing"} {
		if !slices.Contains(got, want) {
			t.Errorf("writing into a folder without more ado fails %v, want %s among it", got, want)
		}
	}
}

func TestSinkReadersFollowTheContract(t *testing.T) {
	body := bodyOf(100_000)
	p := newParcel("a/1", "a.bin").withBody(body)
	r, err := p.documents()[0].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || sha256.Sum256(got) != sha256.Sum256([]byte(body)) {
		t.Errorf("the kit's own reader yields %d bytes, %v; want the %d of the body", len(got), err, len(body))
	}
}
