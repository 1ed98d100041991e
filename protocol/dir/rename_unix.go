//go:build linux || darwin

package dir

import (
	"cmp"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// inFolders calls rename with the open folders of old and new.
func inFolders(from *os.Root, old string, to *os.Root, new string,
	rename func(a int, old string, b int, new string) error) error {
	a, name, err := openParent(from, old)
	if err != nil {
		return err
	}
	defer a.Close()
	b, newName, err := openParent(to, new)
	if err != nil {
		return err
	}
	defer b.Close()
	err = rename(int(a.Fd()), name, int(b.Fd()), newName)
	if errors.Is(err, errors.ErrUnsupported) {
		err = renameReserved(from, old, to, new, func() error {
			return unix.Renameat(int(a.Fd()), name, int(b.Fd()), newName)
		})
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: old, New: new, Err: err}
	}
	return nil
}

func openParent(root *os.Root, path string) (*os.File, string, error) {
	dir, name := split(path)
	f, err := root.OpenFile(cmp.Or(dir, "."), openFlags, 0)
	return f, name, err
}

func otherFileSystem(err error) bool { return errors.Is(err, unix.EXDEV) }

// syncFolder writes a folder out. Some file systems, of shares above all, cannot
// and say so.
func syncFolder(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
