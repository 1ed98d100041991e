package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk/disktest"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A bench is a Script behind a Source, with a clock of its own, and a Recorder
// before it.
type bench struct {
	script launchertest.Script
	src    *Source
	rec    launchertest.Recorder
	at     reading
}

func newBench(t *testing.T) *bench {
	b := &bench{at: reading{wall: time.Date(2026, 11, 23, 9, 0, 0, 0, time.Local)}}
	b.src = &Source{From: &b.script, Path: filepath.Join(t.TempDir(), "copies"), clock: b.read, open: disktest.Calm}
	return b
}

func (b *bench) read() reading { return b.at }

// pass lets time pass, for the clock too.
func (b *bench) pass(d time.Duration) {
	b.at.wall = b.at.wall.Add(d)
	b.at.up += d
}

// restart replaces the Source as a new process would.
func (b *bench) restart() {
	b.src = &Source{From: &b.script, Path: b.src.Path, KeepFor: b.src.KeepFor, clock: b.read, open: b.src.open}
	b.at.up = 0
}

func (b *bench) mustPoll(t *testing.T) {
	t.Helper()
	if err := b.src.Poll(t.Context(), &b.rec); err != nil {
		t.Fatalf("Poll = %v, want nil", err)
	}
}

// wantCopies checks that the tree holds these copies, each as "day: name=body
// name=body", and nothing else but whole ones.
func (b *bench) wantCopies(t *testing.T, want ...string) {
	t.Helper()
	got, err := copies(b.src.Path)
	if err != nil {
		t.Fatalf("a copy is not whole: %v", err)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("copies:\n%q, want\n%q", got, want)
	}
}

// copies returns what the tree holds, sorted. It fails if a copy is not what
// its manifest says, or if there is anything else.
func copies(dir string) ([]string, error) {
	var all []string
	found := make(map[string]bool)
	fsys := os.DirFS(dir)
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return fs.SkipAll // nothing was copied yet
		case err != nil:
			return err
		case name == hidden:
			return fs.SkipDir
		case strings.Count(name, "/") < 3:
			if !e.IsDir() || name != "." && len(name) <= 10 && !isDay(name+"2026/01/01"[len(name):]) {
				return fmt.Errorf("%s does not belong there", name)
			}
			return nil
		}
		s, err := readCopy(fsys, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if hash, _ := hashIn(name); found[hash] {
			return fmt.Errorf("%s is a second copy", name)
		} else {
			found[hash] = true
		}
		all = append(all, strings.Join(strings.Split(name, "/")[:3], "/")+": "+s)
		return fs.SkipDir
	})
	slices.Sort(all)
	return all, err
}

// readCopy checks a copy against its manifest and returns names and bodies.
func readCopy(fsys fs.FS, dir string) (string, error) {
	b, err := fs.ReadFile(fsys, dir+"/"+manifestName)
	if err != nil {
		return "", err
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return "", err
	}
	if hash, _ := hashIn(dir); hash != hashOf(m.ID) {
		return "", fmt.Errorf("it holds %q", m.ID)
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return "", err
	}
	if len(entries) != len(m.Files)+1 {
		return "", fmt.Errorf("%d entries for %d documents", len(entries), len(m.Files))
	}
	var parts []string
	for _, f := range m.Files {
		b, err := fs.ReadFile(fsys, dir+"/"+f.Name)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256(b)
		if int64(len(b)) != f.Size || hex.EncodeToString(sum[:]) != f.SHA256 {
			return "", fmt.Errorf("%s has %d bytes, or others than %+v", f.Name, len(b), f)
		}
		parts = append(parts, f.Name+"="+string(b))
	}
	return strings.Join(parts, " "), nil
}

// left returns what is in staging, and what of the index leads nowhere.
func left(t *testing.T, dir string) (staged, dangling []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, filepath.FromSlash(staging)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		staged = append(staged, e.Name())
	}
	names, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(index), "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		at := parseMarker(b, filepath.Base(name))
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(at), manifestName)); at == "" || err != nil {
			dangling = append(dangling, name)
		}
	}
	return staged, dangling
}

// tree returns every path below dir with what is there.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		all[name] = ""
		if e.Type().IsRegular() {
			b, err := os.ReadFile(name)
			all[name] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		lines = append(lines, name+" "+all[name])
	}
	return lines
}

func quiet(context.Context, launcher.Event) {}
