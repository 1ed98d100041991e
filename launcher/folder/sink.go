package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// A Sink keeps parcels in a directory. Its zero value but for Path is ready
// for use.
//
// A Sink is safe for concurrent use and must not be copied after first use; its
// fields must not be changed then. Any number of Sinks, launchers and processes
// may share one Path, whose file system must know file locks.
type Sink struct {
	// Path is the directory. It is created if missing, but its parent is not:
	// a volume that is not mounted must not be taken for an empty one. Below
	// it the Sink keeps a folder ".coldlauncher" for what is under way.
	Path string

	// ByJob puts each parcel into a sub-folder named after its Job, made safe
	// by launcher.CleanName. A parcel without Job goes into Path itself. Jobs
	// whose names are made equal, or are to the file system, share a folder.
	// The sub-folders must be on the volume of Path.
	ByJob bool

	// Loose stores documents as single files instead of one directory per
	// parcel, for a COLD that consumes its waiting directory.
	Loose bool

	// State is the directory in which a Loose Sink records what it handed
	// over. It may be on another volume than Path, is created if missing (its
	// parent is not), and may be shared as Path may, by Sinks of the same Path.
	// "": below Path, in ".coldlauncher". Without Loose it is not used: there
	// the parcel's directory is the record.
	State string

	// KeepFor is how long after it was stored an ID is recognised by a Loose
	// Sink; later, the same parcel would be handed over again. 0: for ever, at
	// one small file in State for each parcel. Records of an age are removed
	// as others are written.
	KeepFor time.Duration

	open    func(path string, create bool) (disk.Disk, error) // nil: disk.Open
	many    int                                               // see together; 0: enough
	swept   atomic.Bool                                       // what a killed process left was removed
	buffers sync.Pool                                         // *[]byte of disk.BufferSize

	visiting sync.Mutex
	visit    *visit // nil: no Store is under way

	mu      sync.Mutex
	durable map[string]bool      // folders whose entry in their parent is on disk
	expired map[string]time.Time // when old records were last looked for, by shard
	busy    time.Time            // until then the volume is not synced as a whole
}

var _ launcher.Sink = (*Sink)(nil)

// Folders below Path.
const (
	hidden  = ".coldlauncher"
	staging = hidden + "/staging" // parcels being written
	pending = hidden + "/pending" // complete parcels whose documents are being handed over one by one
)

// Store implements [launcher.Sink]. When it returns nil, the documents and all
// names that lead to them were written to the disk. For an ID that the Sink
// holds it returns nil without asking for the documents.
//
// A fault of the file system, such as a full disk, is marked with
// launcher.Halt. Errors met while reading are wrapped and keep their mark. A
// document that is longer or shorter than its Size is an error. After an error
// nothing is visible of the parcel, except in a Loose Sink whose file system
// failed between two documents: the next Store of that ID hands over the rest.
func (s *Sink) Store(ctx context.Context, p *launcher.Parcel) error {
	err := s.store(ctx, p)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("folder %q: %w", s.Path, err)
	if disk.IsFault(err) {
		return launcher.Halt(err)
	}
	return err
}

func (s *Sink) store(ctx context.Context, p *launcher.Parcel) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if p.ID == "" || !utf8.ValidString(p.ID) {
		return fmt.Errorf("parcel ID %q is empty or not text", p.ID)
	}
	v, err := s.enter()
	if err != nil {
		return err
	}
	defer s.leave(v)
	if s.Loose {
		return s.storeLoose(ctx, v, p)
	}
	target := s.target(p)
	if err := s.makeDir(v.disk, target); err != nil {
		return err
	}
	return s.place(ctx, v, p, path.Join(target, dirName(p.ID)))
}

// target returns the folder, relative to Path, in which p is stored.
func (s *Sink) target(p *launcher.Parcel) string {
	if !s.ByJob || p.Job == "" {
		return "."
	}
	job := launcher.CleanName(p.Job)
	if strings.HasPrefix(job, ".") {
		return "_" + job // hidden folders are the Sink's own
	}
	return job
}

// makeDir makes a folder, whose parent is there, and its entry durable.
func (s *Sink) makeDir(d disk.Disk, dir string) error {
	if dir == "." {
		return nil
	}
	err := d.Mkdir(dir)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	key := d.Name() + "\x00" + dir
	s.mu.Lock()
	known := s.durable[key]
	s.mu.Unlock()
	if err != nil && known {
		return nil
	}
	if err := d.Sync(path.Dir(dir)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.durable == nil {
		s.durable = make(map[string]bool)
	}
	s.durable[key] = true
	return nil
}

func (s *Sink) openDisk(path string) (disk.Disk, error) {
	if s.open != nil {
		return s.open(path, true)
	}
	return disk.Open(path, true)
}
