package dir

import (
	"errors"

	"golang.org/x/sys/unix"
)

// renameAt moves old in folder a to new in folder b, which must not exist. The
// kernel sees to that in one step; file systems that cannot are unsupported.
func renameAt(a int, old string, b int, new string) error {
	err := unix.RenameatxNp(a, old, b, new, unix.RENAME_EXCL)
	if err == unix.EINVAL || err == unix.ENOTSUP {
		return errors.ErrUnsupported
	}
	return err
}
