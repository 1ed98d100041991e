package disk

import "os"

// A Volume is the file system of a Disk.
type Volume interface {
	// Sync makes durable all that is on the volume, that of others as well, but
	// for files that were not started: see File. It returns an error if anything
	// failed to be written since the Volume was opened, or the Sync before; once
	// also for what failed earlier, if nobody was told.
	Sync() error
	Close()
}

// Volume opens the volume that d is on. It is errors.ErrUnsupported where Sync
// could not be relied on, or would cost more than that of many files.
func (d *Root) Volume() (Volume, error) {
	f, err := d.root.OpenFile(".", os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, Blame(err)
	}
	if err := volumeSyncs(f); err != nil {
		f.Close()
		return nil, Blame(err)
	}
	return &volume{f}, nil
}

type volume struct{ dir *os.File }

// Sync syncs the directory after the volume. That fails where the volume became
// read-only, of which syncfs does not tell. And ext4 without a journal writes the
// last of it behind the command that empties the cache of the device: the directory
// makes it send another one.
func (v *volume) Sync() error {
	if err := syncVolume(v.dir); err != nil {
		return Blame(err)
	}
	return Blame(syncDir(v.dir))
}

func (v *volume) Close() { v.dir.Close() }
