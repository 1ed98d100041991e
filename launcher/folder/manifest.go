package folder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// manifestName is the file in a parcel's directory that tells what is there.
const manifestName = "manifest.json"

// A Manifest is what manifest.json, in the directory of a parcel, holds.
type Manifest struct {
	ID     string            `json:"id"`
	Job    string            `json:"job,omitempty"`
	Origin string            `json:"origin,omitempty"`
	Time   time.Time         `json:"time,omitzero"` // arrival at the origin
	Stored time.Time         `json:"stored"`        // when the Sink wrote it
	Meta   map[string]string `json:"meta,omitempty"`
	Units  []Unit            `json:"units,omitempty"` // those that Files name
	Files  []File            `json:"files"`           // in the order of the parcel
}

// A Unit is a launcher.Unit in a Manifest.
type Unit struct {
	Key  string            `json:"key"`
	Meta map[string]string `json:"meta,omitempty"`
}

// A File is a document in a Manifest.
type File struct {
	Name      string            `json:"name"`               // in the parcel's directory
	Original  string            `json:"original,omitempty"` // at the origin, if Name differs: text from outside
	Dir       string            `json:"dir,omitempty"`      // at the origin
	Role      string            `json:"role,omitempty"`
	MediaType string            `json:"mediaType,omitempty"` // as declared
	Group     string            `json:"group,omitempty"`
	Unit      string            `json:"unit,omitempty"` // Key of its Unit
	Time      time.Time         `json:"time,omitzero"`
	Size      int64             `json:"size"`
	SHA256    string            `json:"sha256"` // in hexadecimal
	Meta      map[string]string `json:"meta,omitempty"`
}

func newManifest(p *launcher.Parcel) *Manifest {
	return &Manifest{ID: p.ID, Job: p.Job, Origin: p.Origin, Time: p.Time, Stored: time.Now().UTC(), Meta: p.Meta, Files: []File{}}
}

// add appends a file and, unless it is there, the unit of its document.
func (m *Manifest) add(f File, u *launcher.Unit) {
	m.Files = append(m.Files, f)
	if u == nil {
		return
	}
	for _, known := range m.Units {
		if known.Key == u.Key {
			return
		}
	}
	m.Units = append(m.Units, Unit{Key: u.Key, Meta: u.Meta})
}

func newFile(d *launcher.Document, name string, size int64, sum string) File {
	f := File{
		Name: name, Dir: d.Dir, Role: d.Role, MediaType: d.MediaType, Group: d.Group,
		Time: d.Time, Size: size, SHA256: sum, Meta: d.Meta,
	}
	original, renamed := d.Meta[launcher.MetaName]
	if !renamed {
		original = d.Name
	}
	if original != name {
		f.Original = original
	}
	if d.Unit != nil {
		f.Unit = d.Unit.Key
	}
	return f
}

func readManifest(d disk.Disk, dir string) (*Manifest, error) {
	b, err := d.Read(path.Join(dir, manifestName))
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("manifest of %q: %w", dir, err)
	}
	return m, nil
}

// holds reports whether dir is there and holds the parcel of id. That it holds
// anything else is an error.
func holds(d disk.Disk, dir, id string) (bool, error) {
	info, err := d.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !info.IsDir():
		return false, fmt.Errorf("%q is in the way: it is no directory", dir)
	}
	m, err := readManifest(d, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("%q is in the way: it has no %s", dir, manifestName)
	case err != nil:
		return false, err
	case m.ID != id:
		return false, fmt.Errorf("%q is in the way: it holds %q", dir, m.ID)
	}
	return true, nil
}
