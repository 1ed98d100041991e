package disk_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
	"github.com/ezged/coldlauncher/launcher/internal/disk/disktest"
)

func mustOpen(t *testing.T, dir string, open func(string, bool) (disk.Disk, error)) disk.Disk {
	t.Helper()
	d, err := open(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func mustWrite(t *testing.T, d disk.Disk, name, body string) {
	t.Helper()
	if err := disk.WriteFile(d, name, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatOnlyOneFileIsToBlameFor(t *testing.T) {
	for _, own := range []error{syscall.ENAMETOOLONG, syscall.EFBIG} {
		err := disk.Blame(&os.PathError{Op: "open", Path: "x", Err: own})
		if disk.IsFault(err) {
			t.Errorf("%v halts the launcher, want it to concern one parcel", own)
		}
	}
	if err := disk.Blame(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}); !disk.IsFault(err) {
		t.Errorf("%v concerns one parcel, want it to halt the launcher", err)
	}
	if err := disk.Blame(nil); err != nil {
		t.Errorf("Blame(nil) = %v, want nil", err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	if _, err := disk.Open(missing, false); !errors.Is(err, fs.ErrNotExist) || !disk.IsFault(err) {
		t.Errorf("a directory that is missing: %v, want a fault that says so", err)
	}
	if _, err := disk.Open(filepath.Join(missing, "x"), true); !errors.Is(err, fs.ErrNotExist) || !disk.IsFault(err) {
		t.Errorf("a directory whose parent is missing: %v, want a fault: it is not created", err)
	}
	if _, err := disk.Open("", true); !disk.IsFault(err) {
		t.Errorf("no path: %v, want a fault", err)
	}
	mustOpen(t, missing+string(filepath.Separator), disk.Open)
	if info, err := os.Stat(missing); err != nil || !info.IsDir() {
		t.Errorf("a directory to be created: %v", err)
	}
}

func TestNothingLeadsOut(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	d := mustOpen(t, dir, disk.Open)
	mustWrite(t, d, "a", "")
	for _, name := range []string{"link/x", "../x", filepath.Join(outside, "x")} {
		if err := disk.WriteFile(d, name, nil); err == nil {
			t.Errorf("created %q, want an error", name)
		}
		if d.Rename("a", name) == nil || d.Publish("a", name) == nil {
			t.Errorf("moved a file to %q, want an error", name)
		}
	}
	if entries, err := os.ReadDir(outside); len(entries) > 0 || err != nil {
		t.Errorf("outside are %v, %v, want nothing", entries, err)
	}
}

func TestPublishReplacesNothing(t *testing.T) {
	for name, open := range map[string]func(string, bool) (disk.Disk, error){"rename": disk.Open, "link": disktest.LinkOnly} {
		t.Run(name, func(t *testing.T) {
			d := mustOpen(t, t.TempDir(), open)
			mustWrite(t, d, "theirs", "theirs")
			mustWrite(t, d, "ours", "ours")
			if err := d.Publish("ours", "theirs"); !errors.Is(err, fs.ErrExist) {
				t.Errorf("to a name that is taken: %v, want fs.ErrExist", err)
			}
			if err := d.Publish("ours", "free"); err != nil {
				t.Errorf("to a free name: %v", err)
			}
			for name, want := range map[string]string{"theirs": "theirs", "free": "ours"} {
				if got, err := d.Read(name); string(got) != want {
					t.Errorf("%s holds %q, %v, want %q", name, got, err, want)
				}
			}
			if err := d.Publish("ours", "other"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("what was published before: %v, want fs.ErrNotExist", err)
			}
		})
	}
}

func TestLockAlone(t *testing.T) {
	for _, held := range []disk.LockKind{disk.Shared, disk.Exclusive, disk.Alone} {
		d := mustOpen(t, t.TempDir(), disk.Open)
		unlock, err := d.Lock("lock", held)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip("no locks here")
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Lock("lock", disk.Alone); err != disk.ErrBusy {
			t.Errorf("while another has it, kind %v: %v, want ErrBusy", held, err)
		}
		unlock()
		unlock, err = d.Lock("lock", disk.Alone)
		if err != nil {
			t.Fatalf("once it is free: %v", err)
		}
		unlock()
	}
}

func TestNamesDiffer(t *testing.T) {
	tests := []struct{ name, want string }{
		{"a.pdf", "a.pdf"},
		{"A.PDF", "A (2).PDF"},
		{"a (2).pdf", "a (2) (2).pdf"},
		{"A (3).pdf", "A (3).pdf"},
		{"a.pdf", "a (4).pdf"},
		{"kept.json", "kept (2).json"},
		{"there", "there (2)"},
		{".profile", ".profile"},
		{".profile", ".profile (2)"},
		{"x." + strings.Repeat("y", 16), "x." + strings.Repeat("y", 16)},
		{"x." + strings.Repeat("y", 16), "x." + strings.Repeat("y", 16) + " (2)"},
	}
	d := mustOpen(t, t.TempDir(), disktest.Calm)
	mustWrite(t, d, "there", "")
	names := disk.NewNames("Kept.json")
	for _, tt := range tests {
		f, got, err := names.Create(d, ".", tt.name)
		if err != nil || got != tt.want {
			t.Fatalf("%q is named %q, %v, want %q", tt.name, got, err, tt.want)
		}
		f.Close()
	}
}

func TestPump(t *testing.T) {
	const sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of "hello"
	broken := errors.New("broken")
	stopped, stop := context.WithCancelCause(t.Context())
	stop(broken)
	tests := []struct {
		name string
		ctx  context.Context
		r    io.Reader
		size int64
		err  error // or one without a name, if longer
	}{
		{"as announced", t.Context(), strings.NewReader("hello"), 5, nil},
		{"not announced", t.Context(), strings.NewReader("hello"), -1, nil},
		{"end and data at once", t.Context(), iotest.DataErrReader(strings.NewReader("hello")), 5, nil},
		{"shorter", t.Context(), strings.NewReader("hello"), 6, io.ErrUnexpectedEOF},
		{"broken", t.Context(), io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(broken)), 5, broken},
		{"stopped", stopped, strings.NewReader("hello"), 5, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var w strings.Builder
			n, got, err := disk.Pump(tt.ctx, &w, tt.r, tt.size, make([]byte, 2))
			if !errors.Is(err, tt.err) {
				t.Fatalf("Pump = %v, want %v", err, tt.err)
			}
			if err == nil && (n != 5 || got != sum || w.String() != "hello") {
				t.Errorf("copied %q: %d bytes, %s; want all of it, 5, %s", &w, n, got, sum)
			}
		})
	}
	if n, _, err := disk.Pump(t.Context(), io.Discard, strings.NewReader("hello, world"), 5, make([]byte, 2)); err == nil || n > 7 {
		t.Errorf("longer than announced: %v after %d bytes, want an error at once", err, n)
	}
}

// What is written is complete or reported.
func TestWriteFileInTrouble(t *testing.T) {
	disktest.Each(t, 5, func(t *testing.T, tr *disktest.Trouble) {
		dir := t.TempDir()
		err := func() error {
			d, err := tr.Open(dir, true)
			if err != nil {
				return err
			}
			defer d.Close()
			return disk.WriteJSON(d, "x", map[string]string{"<": ">"})
		}()
		got, _ := os.ReadFile(filepath.Join(dir, "x"))
		if want := "{\n  \"<\": \">\"\n}\n"; err == nil && string(got) != want {
			t.Errorf("%v: WriteJSON = nil, and the file holds %q, want %q", tr, got, want)
		}
		if (err != nil) != tr.Struck() || err != nil && !disk.IsFault(err) {
			t.Errorf("%v: WriteJSON = %v, want a fault", tr, err)
		}
	})
}
