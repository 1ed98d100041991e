//go:build unix

package backup

import (
	"fmt"
	"syscall"
)

// writable reports why nothing can be created in a folder.
func writable(folder string) error {
	const writeAndSearch = 0x2 | 0x1
	if err := syscall.Access(folder, writeAndSearch); err != nil {
		return fmt.Errorf("%q is not writable: %w", folder, err)
	}
	return nil
}
