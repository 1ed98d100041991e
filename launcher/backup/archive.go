package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sync"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// Folders below Path.
const (
	hidden  = ".coldlauncher"
	staging = hidden + "/staging" // copies being written, or being removed
	index   = hidden + "/index"   // where the copy of each parcel is
)

// An archive is Path during one pass.
type archive struct {
	src *Source

	mu     sync.Mutex
	disk   disk.Disk // nil: not entered yet
	unlock func()
	made   map[string]bool // folders whose entry in their parent is on disk
	copied int             // parcels
}

// enter opens Path for the rest of the pass and keeps others out. What is
// missing of it is created, or else is an fs.ErrNotExist.
func (a *archive) enter(create bool) (disk.Disk, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.disk != nil {
		return a.disk, nil
	}
	open := a.src.open
	if open == nil {
		open = disk.Open
	}
	d, err := open(a.src.Path, create)
	if err != nil {
		return nil, err
	}
	if err := a.settle(d, create); err != nil {
		d.Close()
		return nil, err
	}
	a.disk = d
	return d, nil
}

// settle makes the folders that the Source works in, locks them and removes
// what a killed process left there.
func (a *archive) settle(d disk.Disk, create bool) error {
	if !create {
		if _, err := d.Stat(hidden); err != nil {
			return err
		}
	}
	a.made = make(map[string]bool)
	for _, dir := range []string{hidden, staging, index} {
		if err := a.mkdir(d, dir); err != nil {
			return err
		}
	}
	unlock, err := d.Lock(hidden+"/lock", disk.Alone)
	switch {
	case errors.Is(err, disk.ErrBusy):
		return disk.Blame(errors.New("it is in use by another Source or process"))
	case errors.Is(err, errors.ErrUnsupported):
		return nil // then nobody can tell whose it is that lies in staging
	case err != nil:
		return err
	}
	a.unlock = unlock
	disk.Sweep(d, staging)
	return nil
}

func (a *archive) leave() {
	if a.unlock != nil {
		a.unlock()
	}
	if a.disk != nil {
		a.disk.Close()
	}
}

// mkdirs makes dir and what is missing above it, durably.
func (a *archive) mkdirs(d disk.Disk, dir string) error {
	if dir == "." {
		return nil
	}
	if err := a.mkdirs(d, path.Dir(dir)); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.mkdir(d, dir)
}

// mkdir makes a folder, whose parent is there, and its entry durable. The
// caller holds a.mu.
func (a *archive) mkdir(d disk.Disk, dir string) error {
	if a.made[dir] {
		return nil
	}
	if err := d.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := d.Sync(path.Dir(dir)); err != nil {
		return fmt.Errorf("make %q durable: %w", dir, err)
	}
	a.made[dir] = true
	return nil
}
