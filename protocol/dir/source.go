package dir

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A Source offers the files of a directory. It must not be copied, nor its
// fields changed, after the first Poll.
//
// Two Sources may share Done or Rejected. They must not share Path.
type Source struct {
	// Path is the folder to take from. It must exist.
	Path string

	// Recursive also takes from the folders below Path.
	Recursive bool

	// Depth is how many levels of folders below Path Recursive enters. What
	// lies deeper is passed over. 0: 100 levels, and a folder that lies deeper
	// is an error.
	Depth int

	// Ignore tells by their names which files and folders are not looked at.
	// Nil: those that Ignored reports. It may be called concurrently.
	Ignore func(name string) bool

	// MaxSize is the largest file to take, in bytes. A larger one is rejected
	// unopened. 0: 4 GiB; -1: no limit.
	MaxSize int64

	// Quiet is how long a file must have been left alone before it is taken.
	// 0: files are taken as they are found.
	Quiet time.Duration

	// Marker is the name of the file that tells that another is ready, with
	// {name} for the name of that file or {stem} for the name without its last
	// extension: "{name}.done", "{stem}.ok". It lies in the same folder, and
	// for a parcel of several files it goes by the first. A file of such a name
	// is never delivered; it is settled with the file that it belongs to.
	// "": none.
	Marker string

	// Group tells which files are one parcel. Nil: each its own.
	Group Group

	// Deadline is how long a parcel may lack a file, or its Marker, before it
	// is rejected, counted from the last change of what is there. 0: for ever.
	Deadline time.Duration

	// Partial hands over what is there after Deadline, instead of rejecting it.
	Partial bool

	// Done is the folder that what was taken moves to, keeping sub-folders. It
	// is absolute or relative to Path, may lie on another file system, and is
	// created when first needed. A copy to another file system keeps the time
	// and permissions of the file, not its owner. "": what was taken stays in place, and the
	// Ledger alone tells it from what is new.
	Done string

	// Delete removes what was taken. It excludes Done.
	Delete bool

	// Rejected is the folder that what was set aside moves to, as Done is for
	// what was taken. "": it stays in place.
	Rejected string

	// Collision tells what happens when the name is taken in Done or Rejected.
	Collision Collision

	// Limit is how many parcels one pass may hand over, not counting those that
	// the Sink knows or that are not ready. A pass that reaches it ends with
	// launcher.ErrMore. 0: no limit.
	Limit int

	// Parallel is how many parcels are offered at a time, of which
	// Launcher.Parallel are in the Sink. 0: 32.
	Parallel int

	looks looks
	base  base
	ops   ops
	now   func() time.Time // nil: time.Now
}

var _ launcher.Source = (*Source)(nil)

const (
	defaultDepth    = 100
	defaultMaxSize  = 4 << 30
	defaultParallel = 32
)

// Poll implements [launcher.Source]. What is oldest is offered first, by time
// of last change and then by path; a parcel is as old as its newest file.
//
// The error joins what could not be read and what could not be settled. A
// fault of the set-up, or Path gone, is marked with launcher.Halt. So is Path
// when it became another folder, and an empty one, as when a share is no
// longer mounted.
func (s *Source) Poll(ctx context.Context, sink launcher.Sink) error {
	p, err := s.begin(ctx)
	if err != nil {
		return launcher.Halt(fmt.Errorf("dir: %w", err))
	}
	defer p.close()
	if err := p.poll(ctx, sink); err != nil {
		return fmt.Errorf("dir %q: %w", s.Path, err)
	}
	return nil
}

func (p *pass) poll(ctx context.Context, sink launcher.Sink) error {
	p.recover(ctx)
	files, err := p.scan(ctx)
	if err != nil {
		return errors.Join(err, p.failures())
	}
	lots, err := p.lots(ctx, files)
	if err != nil {
		return errors.Join(err, p.failures())
	}
	p.src.looks, p.look = p.look.end(), nil
	err = p.offer(ctx, sink, lots)
	p.flush()
	p.tidy()
	return errors.Join(err, p.failures())
}

func (s *Source) time() time.Time {
	if s.now != nil {
		return s.now()
	}
	return time.Now()
}
