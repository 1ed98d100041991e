//go:build !linux && !darwin

package folder

import (
	"errors"
	"os"
)

// renameExclusive is not available here.
func renameExclusive(*os.Root, string, string) error { return errors.ErrUnsupported }
