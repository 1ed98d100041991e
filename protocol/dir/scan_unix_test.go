//go:build unix

package dir

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestNotRegular(t *testing.T) {
	base := t.TempDir()
	in := filepath.Join(base, "in")
	put(t, base, "outside/secret.pdf", "in/a.pdf", "in/sub/b.pdf")
	for link, target := range map[string]string{
		"file-out.pdf": "../outside/secret.pdf",
		"file-in.pdf":  "a.pdf",
		"dir-out":      "../outside",
		"dir-in":       "sub",
		"loop":         ".",
		"dangling.pdf": "nowhere",
	} {
		if err := os.Symlink(target, filepath.Join(in, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(in, "fifo.pdf"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(in, "socket"))
	if err == nil {
		defer l.Close()
	}
	k, ended := &keeper{}, make(chan error, 1)
	go func() {
		ended <- (&Source{Path: in, Recursive: true, Done: "../done", Parallel: 1}).Poll(t.Context(), k)
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
		equal(t, "only regular files are taken", k.names, []string{"a.pdf", "sub/b.pdf"})
		equal(t, "others are not even offered", k.waiting, nil)
	case <-time.After(time.Minute):
		t.Fatal("the pass hangs: it must not open what is no regular file")
	}
	equal(t, "what lies outside", tree(t, filepath.Join(base, "outside")), []string{"secret.pdf"})
}

// TestSwapped puts something else in place of a file or folder after it was
// listed.
func TestSwapped(t *testing.T) {
	tests := []struct {
		name string
		swap func(path, outside string) error
	}{
		{"a FIFO", func(path, outside string) error { return syscall.Mkfifo(path, 0o644) }},
		{"a link out", func(path, outside string) error { return os.Symlink(filepath.Join(outside, "secret.pdf"), path) }},
		{"a link within", func(path, outside string) error { return os.Symlink("b.pdf", path) }},
		{"a folder", func(path, outside string) error { return os.Mkdir(path, 0o755) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := t.TempDir()
			in, outside := filepath.Join(base, "in"), filepath.Join(base, "outside")
			put(t, base, "outside/secret.pdf", "in/a.pdf", "in/b.pdf")
			src := &Source{Path: in, Done: "../done", Parallel: 1}
			src.ops.before = func(op, path string) error {
				if op != "open" || path != "a.pdf" {
					return nil
				}
				if err := os.Remove(filepath.Join(in, "a.pdf")); err != nil {
					return err
				}
				return tt.swap(filepath.Join(in, "a.pdf"), outside)
			}
			k := &keeper{}
			src.Poll(t.Context(), k)
			equal(t, "stored", k.names, []string{"b.pdf"})
			equal(t, "in Done", tree(t, filepath.Join(base, "done")), []string{"b.pdf"})
		})
	}
	for target, want := range map[string][]string{"../outside": {"other/b.pdf"}, "other": {"other/b.pdf"}} {
		t.Run("a folder for a link to "+target, func(t *testing.T) {
			base := t.TempDir()
			in := filepath.Join(base, "in")
			put(t, base, "outside/secret.pdf", "in/sub/a.pdf", "in/other/b.pdf")
			src := &Source{Path: in, Recursive: true}
			src.ops.before = func(op, path string) error {
				if op == "open" && path == "sub" {
					rename(t, filepath.Join(in, "sub"), filepath.Join(in, ".was"))
					return os.Symlink(target, filepath.Join(in, "sub"))
				}
				return nil
			}
			k := &keeper{}
			src.Poll(t.Context(), k)
			equal(t, "stored", k.names, want)
		})
	}
}
