package backup

import (
	"errors"
	"fmt"
	"path"
	"sync"
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
	disk   disk // nil: not entered yet
	unlock func()
	made   map[string]bool // folders whose entry in their parent is on disk
	copied int             // parcels
}

// enter opens Path for the rest of the pass and keeps others out. What is
// missing of it is created, or else is an fs.ErrNotExist.
func (a *archive) enter(create bool) (disk, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.disk != nil {
		return a.disk, nil
	}
	open := a.src.open
	if open == nil {
		open = openDisk
	}
	d, err := open(a.src.Path, create)
	if err != nil {
		return nil, err
	}
	if err := a.settle(d, create); err != nil {
		d.close()
		return nil, err
	}
	a.disk = d
	return d, nil
}

// settle makes the folders that the Source works in, locks them and removes
// what a killed process left there.
func (a *archive) settle(d disk, create bool) error {
	if !create {
		if _, err := d.stat(hidden); err != nil {
			return err
		}
	}
	a.made = make(map[string]bool)
	for _, dir := range []string{hidden, staging, index} {
		if err := a.mkdir(d, dir); err != nil {
			return err
		}
	}
	unlock, err := d.lock(hidden + "/lock")
	switch {
	case errors.Is(err, errBusy):
		return &fault{errors.New("it is in use by another Source or process")}
	case errors.Is(err, errors.ErrUnsupported):
		return nil // then nobody can tell whose it is that lies in staging
	case err != nil:
		return err
	}
	a.unlock = unlock
	sweep(d)
	return nil
}

// sweep empties staging. What cannot be removed costs space, and is not a
// reason to refuse a parcel.
func sweep(d disk) {
	entries, err := d.list(staging)
	if err != nil {
		return
	}
	for _, e := range entries {
		d.removeAll(path.Join(staging, e.Name()))
	}
}

func (a *archive) leave() {
	if a.unlock != nil {
		a.unlock()
	}
	if a.disk != nil {
		a.disk.close()
	}
}

// mkdirs makes dir and what is missing above it, durably.
func (a *archive) mkdirs(d disk, dir string) error {
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
func (a *archive) mkdir(d disk, dir string) error {
	if a.made[dir] {
		return nil
	}
	if err := d.mkdir(dir); err != nil && !isExist(err) {
		return err
	}
	if err := d.sync(path.Dir(dir)); err != nil {
		return fmt.Errorf("make %q durable: %w", dir, err)
	}
	a.made[dir] = true
	return nil
}
