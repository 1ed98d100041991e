//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package backup

import (
	"os"
	"syscall"
)

// lockFile locks f until it is closed or the process ends.
func lockFile(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch err {
		case nil:
			return nil
		case syscall.EINTR:
			continue
		case syscall.EWOULDBLOCK:
			return errBusy
		}
		return err
	}
}
