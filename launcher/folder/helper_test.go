package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

// parcelOf returns a parcel with a document for each pair of name and body.
func parcelOf(id string, namesAndBodies ...string) *launcher.Parcel {
	var docs []*launcher.Document
	for i := 0; i < len(namesAndBodies); i += 2 {
		docs = append(docs, docOf(namesAndBodies[i], namesAndBodies[i+1]))
	}
	return &launcher.Parcel{
		ID: id,
		Documents: func(context.Context) ([]*launcher.Document, error) {
			return docs, nil
		},
	}
}

func docOf(name, body string) *launcher.Document {
	return &launcher.Document{
		Name: name,
		Size: int64(len(body)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil },
	}
}

// unread returns a parcel that must not be asked for its documents.
func unread(t *testing.T, id string) *launcher.Parcel {
	return &launcher.Parcel{ID: id, Documents: func(context.Context) ([]*launcher.Document, error) {
		t.Errorf("the documents of %q were asked for, though the Sink holds it", id)
		return nil, nil
	}}
}

func mustStore(t *testing.T, s *Sink, parcels ...*launcher.Parcel) {
	t.Helper()
	for _, p := range parcels {
		if err := s.Store(t.Context(), p); err != nil {
			t.Fatalf("Store of %q = %v, want nil", p.ID, err)
		}
	}
}

// visible returns the files below dir, by path, that a user of it sees:
// nothing hidden, and no manifests.
func visible(dir string) (map[string]string, error) {
	files := make(map[string]string)
	fsys := os.DirFS(dir)
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == hidden && e.IsDir():
			return fs.SkipDir
		case e.IsDir():
			return nil
		}
		b, err := fs.ReadFile(fsys, name)
		if path.Base(name) != manifestName || !strings.HasPrefix(string(b), "{\n  \"id\"") {
			files[name] = string(b)
		}
		return err
	})
	return files, err
}

func mustSee(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := visible(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// bodies returns the values of files, sorted.
func bodies(files map[string]string) []string {
	var all []string
	for _, body := range files {
		all = append(all, body)
	}
	slices.Sort(all)
	return all
}

// names returns the keys of files, sorted.
func namesOf(files map[string]string) []string {
	var all []string
	for name := range files {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// checkParcels reports a directory below dir that is not what its manifest
// says.
func checkParcels(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == hidden {
			continue
		}
		if err := checkParcel(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("%s: %w", e.Name(), err)
		}
	}
	return nil
}

func checkParcel(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return err
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) != len(m.Files)+1 {
		return fmt.Errorf("%d entries for %d documents", len(entries), len(m.Files))
	}
	for _, f := range m.Files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		if int64(len(b)) != f.Size || hex.EncodeToString(sum[:]) != f.SHA256 {
			return fmt.Errorf("%s has %d bytes, or others than the manifest says: %+v", f.Name, len(b), f)
		}
	}
	return nil
}

// underWay returns what is in the Sink's own folders that should be gone when
// no Store is under way.
func underWay(t *testing.T, dir string) []string {
	t.Helper()
	var left []string
	for _, sub := range []string{staging, pending} {
		entries, err := os.ReadDir(filepath.Join(dir, filepath.FromSlash(sub)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for _, e := range entries {
			left = append(left, sub+"/"+e.Name())
		}
	}
	return left
}
