//go:build unix

package dir

import (
	"fmt"
	"syscall"
)

// writable reports why files cannot be made in, or moved out of, a folder.
func writable(folder string) error {
	const writeAndSearch = 0x2 | 0x1
	if err := syscall.Access(folder, writeAndSearch); err != nil {
		return fmt.Errorf("not writable: %w", err)
	}
	return nil
}
