package dir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// TestRenameNew holds both ways of renaming, where the system has two, to
// replacing nothing.
func TestRenameNew(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no reservations there")
	}
	ways := map[string]func(from *os.Root, old string, to *os.Root, new string) error{
		"of this system": renameNew,
		"with a reservation": func(from *os.Root, old string, to *os.Root, new string) error {
			return renameReserved(from, old, to, new, func() error {
				return syscall.Rename(filepath.Join(from.Name(), old), filepath.Join(to.Name(), new))
			})
		},
	}
	for name, rename := range ways {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			put(t, base, "a/file", "a/folder/x", "b/taken", "b/full/y", "b/empty/")
			from, err := os.OpenRoot(filepath.Join(base, "a"))
			if err != nil {
				t.Fatal(err)
			}
			defer from.Close()
			to, err := os.OpenRoot(filepath.Join(base, "b"))
			if err != nil {
				t.Fatal(err)
			}
			defer to.Close()
			for _, taken := range [][2]string{{"file", "taken"}, {"file", "empty"}, {"folder", "full"}, {"folder", "empty"}, {"folder", "taken"}} {
				if err := rename(from, taken[0], to, taken[1]); !errors.Is(err, fs.ErrExist) {
					t.Errorf("%s onto %s: %v, want fs.ErrExist", taken[0], taken[1], err)
				}
			}
			if err := rename(from, "nothing", to, "new"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file that is not there: %v, want fs.ErrNotExist", err)
			}
			if err := rename(from, "../b/taken", to, "new"); err == nil {
				t.Error("a path that leads out of the root was moved")
			}
			for _, free := range [][2]string{{"file", "new"}, {"folder", "new folder"}} {
				if err := rename(from, free[0], to, free[1]); err != nil {
					t.Errorf("%s onto %s: %v", free[0], free[1], err)
				}
			}
			equal(t, "afterwards", tree(t, base), []string{"b/full/y", "b/new", "b/new folder/x", "b/taken"})
		})
	}
}

func TestRenameThatFailsLeavesNoReservation(t *testing.T) {
	base := t.TempDir()
	put(t, base, "file", "folder/x")
	root, err := os.OpenRoot(base)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	broken := errors.New("broken")
	for _, old := range []string{"file", "folder"} {
		if err := renameReserved(root, old, root, "new", func() error { return broken }); !errors.Is(err, broken) {
			t.Errorf("%s: %v, want the error of the rename", old, err)
		}
	}
	equal(t, "afterwards", tree(t, base), []string{"file", "folder/x"})
	if _, err := root.Lstat("new"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the reservation is still there")
	}
}
