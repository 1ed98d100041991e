package disk

import (
	"errors"
	"os"
	"testing"

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
