package disk

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// volumeSyncs returns nil for a file on ext4, or its elders, or XFS, if syncfs(2)
// tells of errors, which it does since Linux 5.8. Others are left out: btrfs for what
// a commit of all costs, network and stacked file systems for what they do not pass
// on.
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
	if unix.Uname(&u) != nil || !isAllowed() {
		return false
	}
	return isSince(unix.ByteSliceToString(u.Release[:]), 5, 8)
})

// isAllowed reports whether the calls are made that are needed here, which a sandbox
// may refuse: the system itself knows no such file.
func isAllowed() bool {
	return unix.Syncfs(-1) == unix.EBADF && unix.SyncFileRange(-1, 0, 0, unix.SYNC_FILE_RANGE_WRITE) == unix.EBADF
}

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

// startWriting has what is in f written, and returns what keeps the file system
// from finding a place for it. Of that syncfs does not tell: ext4 takes down only
// what the device refuses.
func startWriting(f *os.File) error {
	if err := unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE); err != nil {
		return &os.PathError{Op: "sync_file_range", Path: f.Name(), Err: err}
	}
	return nil
}
