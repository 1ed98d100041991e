package folder

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// syncDir makes the entries of a directory durable where the system can: not
// on Windows, and not on every network file system.
func syncDir(dir *os.File) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	err := dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
