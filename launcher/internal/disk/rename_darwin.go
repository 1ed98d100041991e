package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameExclusive renames a file unless to is there.
func renameExclusive(root *os.Root, from, to string) error {
	return inFolders(root, from, to, func(fromDir int, from string, toDir int, to string) error {
		return unix.RenameatxNp(fromDir, from, toDir, to, unix.RENAME_EXCL)
	})
}
