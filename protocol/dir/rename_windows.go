package dir

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// renameNew moves old to new, which must not exist. MoveFileEx sees to that
// unless it is told to replace. A file that somebody holds open without
// sharing it is not moved; the next pass tries again.
func renameNew(from *os.Root, old string, to *os.Root, new string) error {
	a, err := windows.UTF16PtrFromString(filepath.Join(from.Name(), filepath.FromSlash(old)))
	if err != nil {
		return err
	}
	b, err := windows.UTF16PtrFromString(filepath.Join(to.Name(), filepath.FromSlash(new)))
	if err != nil {
		return err
	}
	if err := windows.MoveFileEx(a, b, 0); err != nil {
		return &os.LinkError{Op: "rename", Old: old, New: new, Err: err}
	}
	return nil
}

func otherFileSystem(err error) bool { return errors.Is(err, windows.ERROR_NOT_SAME_DEVICE) }

// syncFolder does nothing: Windows does not flush folders.
func syncFolder(f *os.File) error { return nil }
