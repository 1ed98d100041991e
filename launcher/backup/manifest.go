package backup

import (
	"errors"
	"io/fs"
	"path"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// manifestName is the file in the directory of a copy that tells what is there.
const manifestName = "copy.json"

// A Manifest is what copy.json, in the directory of a copy, holds.
type Manifest struct {
	ID     string            `json:"id"` // as From gave it, but for what is not UTF-8
	Origin string            `json:"origin,omitempty"`
	Time   time.Time         `json:"time,omitzero"` // arrival at the origin
	Copied time.Time         `json:"copied"`
	Meta   map[string]string `json:"meta,omitempty"`
	Files  []File            `json:"files"` // in the order of the parcel
}

// A File is a document in a Manifest.
type File struct {
	Name      string            `json:"name"`               // in the directory of the copy
	Original  string            `json:"original,omitempty"` // at the origin, if Name differs: text from outside
	Dir       string            `json:"dir,omitempty"`      // at the origin
	Role      string            `json:"role,omitempty"`
	MediaType string            `json:"mediaType,omitempty"` // as declared
	Time      time.Time         `json:"time,omitzero"`
	Size      int64             `json:"size"`
	SHA256    string            `json:"sha256"` // in hexadecimal
	Meta      map[string]string `json:"meta,omitempty"`
}

func newManifest(p *launcher.Parcel, now time.Time) *Manifest {
	return &Manifest{ID: p.ID, Origin: p.Origin, Time: p.Time, Copied: now.UTC(), Meta: p.Meta}
}

func newFile(d *launcher.Document, name string, size int64, sum string) File {
	f := File{
		Name: name, Dir: d.Dir, Role: d.Role, MediaType: d.MediaType,
		Time: d.Time, Size: size, SHA256: sum, Meta: d.Meta,
	}
	original, renamed := d.Meta[launcher.MetaName]
	if !renamed {
		original = d.Name
	}
	if original != name {
		f.Original = original
	}
	return f
}

// isCopy reports whether dir, whose name has the hash of a parcel, is there and
// a copy of it.
func isCopy(d disk.Disk, dir string) (bool, error) {
	info, err := d.Stat(path.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Mode().IsRegular(), err
}
