package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// A Source copies what another Source offers before handing it on.
//
// A Source must not be copied, nor its fields changed, after the first Poll.
type Source struct {
	// From is the Source whose parcels are copied. Required.
	From launcher.Source

	// Path is the directory to keep copies in. It is created with the first
	// copy if missing, but its parent is not: a volume that is not mounted
	// must not be taken for an empty one. Required.
	//
	// It belongs to this Source alone, for IDs are distinct within one Source
	// only. A pass that finds it in use by another ends with launcher.Halt,
	// where the system has locks. It must not lie where From looks for
	// documents.
	Path string

	// KeepFor is how long a copy is kept at least, counted from the end of the
	// day on which it was made. 0: for ever. The current day is always kept.
	KeepFor time.Duration

	open  func(path string, create bool) (disk.Disk, error) // nil: disk.Open
	clock func() reading                                    // nil: the system's
	began time.Time                                         // of the first Poll
	seen  reading                                           // when old copies were last looked for
	more  bool                                              // some of them were left
}

var _ launcher.Source = (*Source)(nil)

// Poll implements [launcher.Source]. It passes on each parcel of From; the
// documents are copied when they are asked for. Errors of From, and of reading
// what it offers, keep their marks. A copy that cannot be written is marked
// with launcher.Halt, unless the file system refuses the name or size of that
// one document. A document that is longer or shorter than its Size is an
// error. After an error no part of the parcel is in the tree of copies.
//
// If the set-up has faults, From is polled too, so that its own are told along
// with them, and refused whatever it offers.
//
// In a DryRun nothing is copied or created. Old copies that cannot be removed
// are reported with launcher.Warn.
func (s *Source) Poll(ctx context.Context, sink launcher.Sink) error {
	if err := s.verify(); err != nil {
		return s.refuse(ctx, launcher.Halt(s.wrap(err)))
	}
	if launcher.DryRun(ctx) {
		return s.From.Poll(ctx, sink)
	}
	if s.began.IsZero() {
		s.began = time.Now()
	}
	a := &archive{src: s}
	defer a.leave()
	err := s.From.Poll(ctx, launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		return sink.Store(ctx, a.around(p))
	}))
	if ctx.Err() == nil {
		a.retain(ctx)
	}
	return err
}

func (s *Source) wrap(err error) error { return fmt.Errorf("backup %q: %w", s.Path, err) }

// refuse makes a pass of From in which nothing is taken, and returns its
// faults along with fault.
func (s *Source) refuse(ctx context.Context, fault error) error {
	if s.From == nil {
		return fault
	}
	err := s.From.Poll(ctx, launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return fault }))
	if errors.Is(err, fault) {
		return err
	}
	return errors.Join(fault, err)
}

// verify returns every fault of the set-up that can be found without changing
// anything.
func (s *Source) verify() error {
	var faults []error
	fault := func(field string, err error) { faults = append(faults, fmt.Errorf("%s: %w", field, err)) }
	if s.From == nil {
		fault("From", errors.New("missing"))
	}
	if s.KeepFor < 0 {
		fault("KeepFor", fmt.Errorf("%v is negative", s.KeepFor))
	}
	if err := s.verifyPath(); err != nil {
		fault("Path", err)
	}
	return errors.Join(faults...)
}

func (s *Source) verifyPath() error {
	if s.Path == "" {
		return errors.New("missing")
	}
	dir := s.Path
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		dir = filepath.Dir(filepath.Clean(dir))
		info, err = os.Stat(dir)
	}
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%q is not a directory", dir)
	}
	return writable(dir)
}

// around returns p with its documents copied before they are returned.
func (a *archive) around(p *launcher.Parcel) *launcher.Parcel {
	if p == nil || p.Documents == nil {
		return p // for the sink to judge
	}
	var mu sync.Mutex // the documents may be asked for several times at once
	c := *p
	c.Documents = func(ctx context.Context) ([]*launcher.Document, error) {
		docs, err := p.Documents(ctx)
		if err != nil || len(docs) == 0 {
			return docs, err
		}
		mu.Lock()
		defer mu.Unlock()
		if err := a.keep(ctx, p, docs); err != nil {
			return nil, err
		}
		return docs, nil
	}
	return &c
}

// keep makes sure that there is a copy of p.
func (a *archive) keep(ctx context.Context, p *launcher.Parcel, docs []*launcher.Document) error {
	err := a.copy(ctx, p, docs)
	if err == nil {
		return nil
	}
	err = a.src.wrap(err)
	if disk.IsFault(err) {
		return launcher.Halt(err)
	}
	return err
}
