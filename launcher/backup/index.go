package backup

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// marker returns the path of the file in the index that tells where the copy
// of a parcel is.
func marker(hash string) string { return path.Join(index, hash[:2], hash) }

// lookup returns the directory of the copy of a parcel; "" if there is none.
func lookup(d disk.Disk, hash string) (string, error) {
	dir, err := marked(d, hash)
	if dir == "" || err != nil {
		return "", err
	}
	if found, err := isCopy(d, dir); !found {
		return "", err
	}
	return dir, nil
}

// marked returns what the index has for a parcel, which need not be there.
func marked(d disk.Disk, hash string) (string, error) {
	b, err := d.Read(marker(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return parseMarker(b, hash), nil
}

// parseMarker reads a directory from the index; "" if it cannot be that of the
// parcel of hash.
func parseMarker(b []byte, hash string) string {
	dir, ok := strings.CutSuffix(string(b), "\n")
	day, name := path.Split(dir)
	if !ok || !fs.ValidPath(dir) || !isDay(strings.TrimSuffix(day, "/")) {
		return ""
	}
	if h, ok := hashIn(name); !ok || h != hash {
		return ""
	}
	return dir
}

// note has the index tell, durably, that the copy of a parcel is in dir.
func (a *archive) note(d disk.Disk, hash, dir string) error {
	name := marker(hash)
	if err := a.mkdirs(d, path.Dir(name)); err != nil {
		return err
	}
	if err := replaceFile(d, name, []byte(dir+"\n")); err != nil {
		return err
	}
	return d.Sync(path.Dir(name))
}

// forget takes a copy out of the index, unless that knows of another one.
func forget(d disk.Disk, hash, dir string) error {
	known, err := marked(d, hash)
	if known != dir || err != nil {
		return err
	}
	return d.Remove(marker(hash))
}
