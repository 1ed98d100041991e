// Package disk writes files that are to survive a power cut, below a directory
// that no name leads out of. It is what packages folder and backup have in
// common.
//
//	d, err := disk.Open("/srv/ged/incoming", true)
//	…
//	defer d.Close()
//	err = disk.WriteFile(d, "new", body)
//	err = d.Rename("new", "facture.pdf")
//	err = d.Sync(".")
package disk

import (
	"errors"
	"io"
	"io/fs"
	"time"
)

// A Disk is a tree of files that no name and no symbolic link leads out of.
// Names are slash-separated and relative to its root. Its errors have been
// through [Blame]. It is safe for concurrent use. Tests put one in its place
// that fails.
type Disk interface {
	Name() string                 // of the root
	Sub(dir string) (Disk, error) // the tree below dir, to be closed apart
	Mkdir(dir string) error
	Create(name string) (File, error) // fs.ErrExist if it is there
	Read(name string) ([]byte, error)
	Stat(name string) (fs.FileInfo, error)  // not following a link
	List(dir string) ([]fs.DirEntry, error) // by name
	Rename(from, to string) error           // replacing a file, not a directory
	Publish(from, to string) error          // a file; fs.ErrExist if to is there
	Remove(name string) error               // a file or an empty directory
	RemoveAll(name string) error            // nil if it is not there
	Sync(dir string) error                  // makes the entries of dir durable
	Volume() (Volume, error)                // to be closed apart; errors.ErrUnsupported where each file is to be synced
	Lock(name string, how LockKind) (unlock func(), err error)
	Close()
}

// A File is a new file of a Disk.
type File interface {
	io.Writer
	SetTime(t time.Time) error // of the last change
	Sync() error
	Start() error // has the system begin to write, and tells what it has no place for
	Close() error
}

// A LockKind says what a lock keeps others from. Locks end with the process.
type LockKind int

const (
	Shared    LockKind = iota // waits while another has it exclusively
	Exclusive                 // waits while another has it
	Alone                     // exclusive, or ErrBusy at once; errors.ErrUnsupported where nobody is known to be alone
)

// ErrBusy tells that another has the lock.
var ErrBusy = errors.New("locked by another")
