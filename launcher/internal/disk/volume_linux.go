package disk

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// volumeSyncs returns nil for a file on ext4 or XFS, if syncfs(2) tells of errors,
// which it does since Linux 5.8. Others are left out: btrfs for what a commit of all
// costs, network and stacked file systems for what they do not pass on.
func volumeSyncs(f *os.File) error {
	if !tellsErrors() {
		return errors.ErrUnsupported
	}
	var stat unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &stat); err != nil {
		return &os.PathError{Op: "statfs", Path: f.Name(), Err: err}
	}
	switch stat.Type {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC:
		return nil
	}
	return errors.ErrUnsupported
}

var tellsErrors = sync.OnceValue(func() bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	return isSince(unix.ByteSliceToString(u.Release[:]), 5, 8)
})

// isSince reports whether a release of Linux is that version or a later one.
func isSince(release string, major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(release, "%d.%d", &a, &b); n < 2 {
		return false
	}
	return a > major || a == major && b >= minor
}

func syncVolume(f *os.File) error {
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return &os.PathError{Op: "syncfs", Path: f.Name(), Err: err}
	}
	return nil
}
