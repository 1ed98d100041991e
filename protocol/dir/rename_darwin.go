package dir

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameNew moves old to new, which must not exist. The kernel sees to that in
// one step, and the folders are held open, so that no symbolic link put in
// their way leads elsewhere. File systems that cannot get new reserved first.
func renameNew(from *os.Root, old string, to *os.Root, new string) error {
	return inFolders(from, old, to, new, func(a int, old string, b int, new string) error {
		err := unix.RenameatxNp(a, old, b, new, unix.RENAME_EXCL)
		if err == unix.EINVAL || err == unix.ENOTSUP {
			return errors.ErrUnsupported
		}
		return err
	})
}
