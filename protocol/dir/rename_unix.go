//go:build linux || darwin

package dir

import (
	"cmp"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameNew moves old to new, which must not exist. The folders are held open,
// so that no symbolic link put in their way leads elsewhere.
func renameNew(from *os.Root, old string, to *os.Root, new string) error {
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
	return renameBetween(a, name, b, newName, func(rename func() error) error {
		return renameReserved(from, old, to, new, rename)
	})
}

// renameHeld is renameNew between folders that are open already.
func renameHeld(from *held, old string, to *held, new string) error {
	a, err := from.dir()
	if err != nil {
		return err
	}
	b, err := to.dir()
	if err != nil {
		return err
	}
	return renameBetween(a, old, b, new, func(rename func() error) error {
		return renameReserved(from.root, old, to.root, new, rename)
	})
}

// renameBetween moves old in folder a to new in folder b. File systems that
// cannot do so without replacing get new reserved first.
func renameBetween(a *os.File, old string, b *os.File, new string, reserved func(rename func() error) error) error {
	err := renameAt(int(a.Fd()), old, int(b.Fd()), new)
	if errors.Is(err, errors.ErrUnsupported) {
		err = reserved(func() error { return unix.Renameat(int(a.Fd()), old, int(b.Fd()), new) })
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
