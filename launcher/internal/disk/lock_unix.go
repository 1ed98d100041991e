//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package disk

import (
	"os"
	"syscall"
)

// lockFile locks f until it is closed or the process ends.
func lockFile(f *os.File, how LockKind) error {
	flags := syscall.LOCK_EX
	switch how {
	case Shared:
		flags = syscall.LOCK_SH
	case Alone:
		flags |= syscall.LOCK_NB
	}
	for {
		err := syscall.Flock(int(f.Fd()), flags)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EWOULDBLOCK:
			return ErrBusy
		}
		return err
	}
}
