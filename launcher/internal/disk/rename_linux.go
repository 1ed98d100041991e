package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameExclusive renames a file unless to is there.
func renameExclusive(root *os.Root, from, to string) error {
	return inFolders(root, from, to, func(fromDir int, from string, toDir int, to string) error {
		err := unix.Renameat2(fromDir, from, toDir, to, unix.RENAME_NOREPLACE)
		if err == unix.EINVAL { // the system knows the flag, this file system does not
			return errors.ErrUnsupported
		}
		return err
	})
}
