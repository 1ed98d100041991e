//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package folder

import (
	"os"
	"syscall"
)

// lockFile locks f until it is closed or the process ends.
func lockFile(f *os.File, how lockKind) error {
	flags := syscall.LOCK_EX
	switch how {
	case shared:
		flags = syscall.LOCK_SH
	case alone:
		flags |= syscall.LOCK_NB
	}
	for {
		err := syscall.Flock(int(f.Fd()), flags)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EWOULDBLOCK:
			return errBusy
		}
		return err
	}
}
