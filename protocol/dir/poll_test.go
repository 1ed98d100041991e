package dir

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A keeper is a Sink that records what it was given.
type keeper struct {
	mu      sync.Mutex
	names   []string          // of parcels, in order: paths of their documents joined by "+"
	bodies  map[string]string // by path
	ids     []string
	waiting []string // why parcels were not ready
	answer  func(p *launcher.Parcel) error
}

func (k *keeper) Store(ctx context.Context, p *launcher.Parcel) error {
	docs, err := p.Documents(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.waiting = append(k.waiting, err.Error())
		return err
	}
	var names []string
	for _, d := range docs {
		body, err := read(ctx, d)
		if err != nil {
			return err
		}
		if k.bodies == nil {
			k.bodies = map[string]string{}
		}
		path := join(d.Dir, d.Name)
		k.bodies[path] = body
		names = append(names, path)
	}
	if k.answer != nil {
		if err := k.answer(p); err != nil {
			return err
		}
	}
	k.names = append(k.names, strings.Join(names, "+"))
	k.ids = append(k.ids, p.ID)
	return nil
}

func read(ctx context.Context, d *launcher.Document) (string, error) {
	r, err := d.Open(ctx)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

// put writes files, each a second younger than the one before, all of them
// more than an hour old. A name that ends in a slash is a folder.
func put(t *testing.T, root string, names ...string) {
	t.Helper()
	at := time.Now().Add(-2 * time.Hour)
	for i, name := range names {
		path := filepath.Join(root, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("body of "+name), 0o644); err != nil {
			t.Fatal(err)
		}
		age := at.Add(time.Duration(i) * time.Second)
		if err := os.Chtimes(path, age, age); err != nil {
			t.Fatal(err)
		}
	}
}

// tree returns the files below root, sorted.
func tree(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == root {
			return nil
		}
		if err != nil {
			return err
		}
		if !d.IsDir() {
			rel, _ := filepath.Rel(root, path)
			out = append(out, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func equal(t *testing.T, rule string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", rule, got, want)
	}
}

func TestPoll(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in")
	put(t, in, "b.pdf", "a.pdf", "sub/c.pdf", ".hidden", "x.tmp", "sub/Thumbs.db")
	src := &Source{Path: in, Recursive: true, Done: "done", Rejected: "../rejected"}
	k := &keeper{answer: func(p *launcher.Parcel) error {
		if p.Origin == "a.pdf" {
			return launcher.Reject(errors.New("bad"))
		}
		return nil
	}}
	if err := src.Poll(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	slices.Sort(k.names)
	equal(t, "what was stored", k.names, []string{"b.pdf", "sub/c.pdf"})
	equal(t, "what is left in place, and done", tree(t, in),
		[]string{".hidden", "done/b.pdf", "done/sub/c.pdf", "sub/Thumbs.db", "x.tmp"})
	equal(t, "what was set aside", tree(t, filepath.Join(in, "../rejected")), []string{"a.pdf"})
	k = &keeper{}
	if err := src.Poll(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	equal(t, "a second pass must find nothing, also not in Done", k.names, nil)
}
