//go:build unix && !android && !solaris && !illumos && !aix

package boltledger

import (
	"os"
	"syscall"
)

// unlock takes back the lock that bbolt put on f. Closing f would not: the
// mapping, which only bbolt can undo, keeps the lock too.
func unlock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
}
