package dir

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A bench is a directory as the far side of the kit.
type bench struct {
	root   string
	src    *Source
	added  int
	folder string // where items go, below the root of the Source
	broken error
	shape  func(name string) (primary string, others []string) // nil: the name itself
}

func newBench(t *testing.T, src *Source) *bench {
	b := &bench{root: filepath.Join(t.TempDir(), "in")}
	if err := os.Mkdir(b.root, 0o755); err != nil {
		t.Fatal(err)
	}
	src.Path = b.root
	b.arm(src)
	return b
}

func (b *bench) arm(src *Source) {
	src.ops.before = func(op, path string) error {
		if op == "rename" {
			return b.broken
		}
		return nil
	}
	b.src = src
}

func (b *bench) files(name string) (primary string, others []string) {
	if b.shape != nil {
		return b.shape(name)
	}
	return name, nil
}

func (b *bench) add(t *testing.T, name string, body []byte) {
	primary, others := b.files(name)
	b.added++
	at := time.Now().Add(time.Duration(b.added)*time.Second - time.Hour)
	for i, file := range append(others, primary) {
		path := filepath.Join(b.root, b.folder, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		contents := body
		if i < len(others) {
			contents = []byte("companion")
		}
		if err := os.WriteFile(path, contents, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// there returns the items whose files are all in a folder, and fails if there
// are others that hold only some.
func (b *bench) there(t *testing.T, folder string) []string {
	var names []string
	seen := map[string]int{}
	for _, path := range tree(t, folder) {
		seen[path]++
	}
	for name := range b.names(t, seen) {
		names = append(names, name)
	}
	return names
}

func (b *bench) names(t *testing.T, seen map[string]int) map[string]bool {
	out := map[string]bool{}
	for path := range seen {
		name := path
		if b.shape != nil {
			name = item(path)
		}
		primary, others := b.files(name)
		for _, file := range append(others, primary) {
			if seen[file] == 0 {
				t.Errorf("half of a parcel: %q is there, %q is not", path, file)
			}
		}
		out[name] = true
	}
	return out
}

// item returns the name of the item that a file of a shape belongs to.
func item(path string) string {
	if dir, below := top(path); below {
		return dir
	}
	if name, ok := strings.CutSuffix(path, ".ok"); ok {
		return name
	}
	return stem(path) + ".pdf"
}

func (b *bench) origin(t *testing.T) *launchertest.Origin {
	o := &launchertest.Origin{
		Source:        b.src,
		Add:           b.add,
		Keeps:         b.src.Done == "" && !b.src.Delete,
		Waiting:       func(t *testing.T) []string { return b.there(t, filepath.Join(b.root, b.folder)) },
		Break:         func(t *testing.T) { rename(t, b.root, b.root+"-gone") },
		Repair:        func(t *testing.T) { rename(t, b.root+"-gone", b.root) },
		BreakSettling: func(*testing.T) { b.broken = errors.New("the disk is full") },
		RepairSettling: func(*testing.T) {
			b.broken = nil
		},
		Reopen: func(*testing.T) launcher.Source {
			again := fields(b.src)
			b.arm(again)
			return again
		},
		Faulty: func(t *testing.T) (launcher.Source, []string) {
			return &Source{Path: b.root, Done: ".", Rejected: "", Delete: true, Marker: "x", Limit: -1},
				[]string{"Done", "Delete", "Marker", "Limit"}
		},
		Name: func(p *launcher.Parcel, docs []*launcher.Document) string {
			if name := docs[0].Meta[launcher.MetaName]; name != "" {
				return name
			}
			if b.shape != nil && docs[0].Dir != "" {
				return docs[0].Dir
			}
			return docs[0].Name
		},
		Hostile: hostile(t),
	}
	if b.src.Rejected != "" {
		o.Rejected = func(t *testing.T) []string {
			return b.there(t, filepath.Join(b.root, b.src.Rejected, b.folder))
		}
	}
	return o
}

// fields returns a Source that is set up as another, without its memory.
func fields(s *Source) *Source {
	return &Source{Path: s.Path, Recursive: s.Recursive, Depth: s.Depth, Ignore: s.Ignore, MaxSize: s.MaxSize,
		Quiet: s.Quiet, Marker: s.Marker, Group: s.Group, Deadline: s.Deadline, Partial: s.Partial,
		Done: s.Done, Delete: s.Delete, Rejected: s.Rejected, Collision: s.Collision, Limit: s.Limit, Parallel: s.Parallel}
}

func rename(t *testing.T, from, to string) {
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// hostile returns the names of the kit that files may have here.
func hostile(t *testing.T) []string {
	if runtime.GOOS == "windows" {
		return []string{"$(reboot).pdf", "50%s%n.pdf", "-rf"}
	}
	dir := t.TempDir()
	return slices.DeleteFunc(launchertest.HostileNames(), func(name string) bool {
		return Ignored(name) || os.WriteFile(filepath.Join(dir, name), nil, 0o644) != nil
	})
}

func TestSource(t *testing.T) {
	pair := func(name string) (string, []string) { return name, []string{stem(name) + ".xml"} }
	deposit := func(name string) (string, []string) { return name + "/a.pdf", []string{name + "/b/c.xml"} }
	marked := func(name string) (string, []string) { return name, []string{name + ".ok"} }
	tests := []struct {
		name   string
		src    Source
		folder string
		shape  func(string) (string, []string)
	}{
		{name: "moves", src: Source{Done: "../done", Rejected: "../rejected"}},
		{name: "moves below Path", src: Source{Done: "done", Rejected: "rejected", Recursive: true}, folder: "sub/dir"},
		{name: "leaves", src: Source{}},
		{name: "deletes", src: Source{Delete: true, Rejected: "../rejected"}},
		{name: "one at a time", src: Source{Done: "../done", Rejected: "../rejected", Parallel: 1}},
		{name: "stems", src: Source{Done: "../done", Rejected: "../rejected", Group: Stems("pdf", "xml")}, shape: pair},
		{name: "stems deleted", src: Source{Delete: true, Group: Stems("pdf", "xml")}, shape: pair},
		{name: "folders", src: Source{Done: "../done", Rejected: "../rejected", Group: Folders()}, shape: deposit},
		{name: "folders, recursive", src: Source{Recursive: true, Done: "../done", Group: Folders()}, shape: deposit},
		{name: "folders deleted", src: Source{Delete: true, Group: Folders()}, shape: deposit},
		{name: "markers", src: Source{Done: "../done", Rejected: "../rejected", Marker: "{name}.ok"}, shape: marked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			launchertest.TestSource(t, func(t *testing.T) *launchertest.Origin {
				b := newBench(t, fields(&tt.src))
				b.folder, b.shape = tt.folder, tt.shape
				o := b.origin(t)
				if tt.shape != nil {
					o.Hostile = nil
				}
				return o
			})
		})
	}
}
