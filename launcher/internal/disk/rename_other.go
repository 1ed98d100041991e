//go:build !linux && !darwin

package disk

import (
	"errors"
	"os"
)

// renameExclusive is not available here.
func renameExclusive(*os.Root, string, string) error { return errors.ErrUnsupported }
