//go:build unix && !linux && !darwin

package dir

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// renameNew moves old to new, which must not exist and is reserved first.
func renameNew(from *os.Root, old string, to *os.Root, new string) error {
	return renameReserved(from, old, to, new, func() error {
		return syscall.Rename(filepath.Join(from.Name(), old), filepath.Join(to.Name(), new))
	})
}

func otherFileSystem(err error) bool { return errors.Is(err, syscall.EXDEV) }

func syncFolder(f *os.File) error { return f.Sync() }
