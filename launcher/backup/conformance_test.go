package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/backup"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/dir"
)

// A Source with a backup is a Source, and what the kit adds is then in the
// backup.
func TestSource(t *testing.T) {
	launchertest.TestSource(t, func(t *testing.T) *launchertest.Origin {
		tmp := t.TempDir()
		in, done, rejected, kept := filepath.Join(tmp, "in"), filepath.Join(tmp, "done"), filepath.Join(tmp, "rejected"), filepath.Join(tmp, "copies")
		must(t, os.Mkdir(in, 0o755))
		open := func() *backup.Source {
			return &backup.Source{From: &dir.Source{Path: in, Done: done, Rejected: rejected}, Path: kept, KeepFor: time.Hour}
		}
		begun := time.Now().Add(-time.Hour)
		added := 0
		return &launchertest.Origin{
			Source: open(),
			Add: func(t *testing.T, name string, body []byte) {
				path := filepath.Join(in, name)
				must(t, os.WriteFile(path, body, 0o644))
				added++
				at := begun.Add(time.Duration(added) * time.Second)
				must(t, os.Chtimes(path, at, at))
			},
			Waiting:  func(t *testing.T) []string { return namesIn(t, in) },
			Rejected: func(t *testing.T) []string { return namesIn(t, rejected) },
			Name: func(p *launcher.Parcel, docs []*launcher.Document) string {
				if name := docs[0].Meta[launcher.MetaName]; name != "" {
					return name
				}
				return docs[0].Name
			},
			Reopen:         func(*testing.T) launcher.Source { return open() },
			Break:          func(t *testing.T) { must(t, os.Rename(in, in+"-gone")) },
			Repair:         func(t *testing.T) { must(t, os.Rename(in+"-gone", in)) },
			BreakSettling:  func(t *testing.T) { must(t, os.WriteFile(done, nil, 0o644)) },
			RepairSettling: func(t *testing.T) { must(t, os.Remove(done)) },
			Faulty: func(t *testing.T) (launcher.Source, []string) {
				return &backup.Source{From: &dir.Source{Path: in, Done: done, Delete: true}, Path: filepath.Join(tmp, "no", "copies"), KeepFor: -1},
					[]string{"Path", "KeepFor", "Delete"}
			},
			Hostile: hostile(),
		}
	})
}

func hostile() []string {
	var names []string
	for _, name := range launchertest.HostileNames() {
		if filepath.Separator == '/' && !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	return names
}

// What goes through a Launcher is byte for byte in the backup, also what is
// rejected.
func TestThroughALauncher(t *testing.T) {
	tmp := t.TempDir()
	in, kept := filepath.Join(tmp, "in"), filepath.Join(tmp, "copies")
	must(t, os.Mkdir(in, 0o755))
	want := make(map[string]bool)
	for i := range 20 {
		body := fmt.Sprintf("body %d\r\n\x00\xff", i)
		must(t, os.WriteFile(filepath.Join(in, fmt.Sprintf("%02d.pdf", i)), []byte(body), 0o644))
		want[body] = true
	}
	rec := launchertest.Recorder{}
	l := &launcher.Launcher{
		Name:   "l",
		Source: &backup.Source{From: &dir.Source{Path: in, Delete: true}, Path: kept},
		Sink:   &rec, Parallel: 4,
		Filter: launcher.FilterFunc(func(_ context.Context, d *launcher.Document) (bool, error) {
			if d.Name == "07.pdf" {
				return false, launcher.Reject(errors.New("bad"))
			}
			return true, nil
		}),
		Observe: func(context.Context, launcher.Event) {},
	}
	for range 2 {
		if _, err := l.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(rec.Kept()); got != 19 {
		t.Errorf("%d parcels were stored, want 19", got)
	}
	copies := 0
	must(t, filepath.WalkDir(kept, func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".pdf" {
			return err
		}
		b, err := os.ReadFile(path)
		copies++
		if !want[string(b)] {
			t.Errorf("%s holds %q, which nobody wrote", path, b)
		}
		delete(want, string(b))
		return err
	}))
	if copies != 20 || len(want) > 0 {
		t.Errorf("%d copies, and none of %v", copies, want)
	}
}

func namesIn(t *testing.T, dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
