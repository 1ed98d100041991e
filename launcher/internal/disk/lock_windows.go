package disk

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile locks f until it is closed or the process ends.
func lockFile(f *os.File, how LockKind) error {
	var flags uint32
	if how != Shared {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	if how == Alone {
		flags |= windows.LOCKFILE_FAIL_IMMEDIATELY
	}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if err == windows.ERROR_LOCK_VIOLATION {
		return ErrBusy
	}
	return err
}
