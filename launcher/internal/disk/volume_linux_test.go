package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestVolume(t *testing.T) {
	for _, dir := range []string{t.TempDir(), "/dev/shm", "/proc/self"} {
		var stat unix.Statfs_t
		if err := unix.Statfs(dir, &stat); err != nil {
			t.Logf("%s is left out: %v", dir, err)
			continue
		}
		want := errors.ErrUnsupported
		if (stat.Type == unix.EXT4_SUPER_MAGIC || stat.Type == unix.XFS_SUPER_MAGIC) && tellsErrors() {
			want = nil
		}
		d, err := Open(dir, false)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		v, err := d.Volume()
		if !errors.Is(err, want) {
			t.Errorf("volume of %s, a file system of type %#x: %v, want %v", dir, stat.Type, err, want)
		}
		if err != nil {
			continue
		}
		if err := v.Sync(); err != nil {
			t.Errorf("sync the volume of %s: %v", dir, err)
		}
		v.Close()
		if err := v.Sync(); !errors.Is(err, os.ErrClosed) && !errors.Is(err, unix.EBADF) || !IsFault(err) {
			t.Errorf("sync a volume that was closed: %v, want a fault", err)
		}
	}
}

func TestIsSince(t *testing.T) {
	tests := []struct {
		release string
		want    bool
	}{
		{"5.8.0", true}, {"5.8", true}, {"5.10.0-30-amd64", true}, {"6.1.0", true}, {"6.18.44-rc2", true},
		{"5.7.19", false}, {"4.19.0", false}, {"4.9", false}, {"", false}, {"six", false}, {"6", false},
	}
	for _, test := range tests {
		if got := isSince(test.release, 5, 8); got != test.want {
			t.Errorf("isSince(%q, 5, 8) = %v, want %v", test.release, got, test.want)
		}
	}
}

// TestVolumeIsWritten: a sync of the volume writes a file elsewhere on it, which no
// other sync is of.
func TestVolumeIsWritten(t *testing.T) {
	dir := t.TempDir()
	d, err := Open(filepath.Join(dir, "a"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	v, err := d.Volume()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the volume of the tests cannot be synced as a whole")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	f, err := os.Create(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	if !isUnwritten(t, f) {
		t.Skip("the system writes files at once")
	}
	if err := v.Sync(); err != nil {
		t.Fatal(err)
	}
	if isUnwritten(t, f) {
		t.Error("the volume was synced, and a file on it has no place yet")
	}
}

// TestStart: a file that was started has a place on the disk, or has told why not.
func TestStart(t *testing.T) {
	d, err := Open(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	created, err := d.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	f := created.(*file)
	if _, err := f.Write(make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	if !isUnwritten(t, f.File) {
		t.Skip("the system writes files at once")
	}
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	if isUnwritten(t, f.File) {
		t.Error("the file was started, and has no place yet")
	}
	f.Close()
	if err := f.Start(); !IsFault(err) {
		t.Errorf("start a file that is closed: %v, want a fault", err)
	}
}

// isUnwritten reports whether some of f has no place on the disk yet, see
// Documentation/filesystems/fiemap.rst of Linux.
func isUnwritten(t *testing.T, f *os.File) bool {
	const request, delayed = 0xc020660b, 0x4 // FS_IOC_FIEMAP, FIEMAP_EXTENT_DELALLOC
	var m struct {
		start, length                  uint64
		flags, mapped, count, reserved uint32
		extents                        [8]struct {
			logical, physical, length uint64
			reserved                  [2]uint64
			flags                     uint32
			reserved32                [3]uint32
		}
	}
	m.length, m.count = 1<<40, uint32(len(m.extents))
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(&m))); errno != 0 {
		t.Skipf("where the parts of a file are: %v", errno)
	}
	for _, e := range m.extents[:m.mapped] {
		if e.flags&delayed != 0 {
			return true
		}
	}
	return false
}
