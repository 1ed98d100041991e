//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package backup

import (
	"errors"
	"os"
)

// lockFile is not available here.
func lockFile(*os.File) error { return errors.ErrUnsupported }
