package folder

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// place makes dir hold the parcel: everything is written under another name,
// made durable, and becomes dir in one step. If dir is there and holds the
// parcel, nothing is read.
func (s *Sink) place(ctx context.Context, d disk.Disk, p *launcher.Parcel, dir string) error {
	held, err := holds(d, dir, p.ID)
	if err != nil {
		return err
	}
	if !held {
		tmp := newTmp()
		defer d.RemoveAll(tmp) // nothing, once it was renamed
		if err := s.stage(ctx, d, p, tmp); err != nil {
			return err
		}
		if err := d.Rename(tmp, dir); err != nil {
			// Another Store of the same ID may have been faster.
			if held, _ := holds(d, dir, p.ID); !held {
				return err
			}
		}
	}
	// Also if it was there: who renamed it may have been stopped before this.
	return d.Sync(path.Dir(dir))
}

func newTmp() string { return path.Join(staging, rand.Text()) }

// stage writes the parcel into the new folder tmp and makes all of it durable,
// but for its name. Whoever calls it removes tmp.
func (s *Sink) stage(ctx context.Context, d disk.Disk, p *launcher.Parcel, tmp string) error {
	docs, err := p.Documents(ctx)
	if err != nil {
		return fmt.Errorf("documents of %q: %w", p.ID, err)
	}
	if err := d.Mkdir(tmp); err != nil {
		return err
	}
	m := newManifest(p)
	names := s.newNames()
	for _, doc := range docs {
		f, err := s.copy(ctx, d, doc, tmp, names)
		if err != nil {
			return fmt.Errorf("document %q: %w", doc.Name, err)
		}
		m.add(f, doc.Unit)
	}
	if err := disk.WriteJSON(d, path.Join(tmp, manifestName), m); err != nil {
		return err
	}
	if err := d.Sync(tmp); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// copy writes one document into the folder tmp and makes it durable.
func (s *Sink) copy(ctx context.Context, d disk.Disk, doc *launcher.Document, tmp string, names *names) (File, error) {
	r, err := doc.Open(ctx)
	if err != nil {
		return File{}, fmt.Errorf("open: %w", err)
	}
	defer r.Close()
	f, name, err := names.create(d, tmp, doc.Name)
	if err != nil {
		return File{}, err
	}
	n, sum, err := s.pump(ctx, f, r, doc.Size)
	if err == nil && !doc.Time.IsZero() {
		err = f.SetTime(doc.Time)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return File{}, err
	}
	return newFile(doc, name, n, sum), nil
}

// pump is disk.Pump with a buffer of the Sink.
func (s *Sink) pump(ctx context.Context, w io.Writer, r io.Reader, size int64) (n int64, sum string, err error) {
	buf, _ := s.buffers.Get().(*[]byte)
	if buf == nil {
		b := make([]byte, disk.BufferSize)
		buf = &b
	}
	defer s.buffers.Put(buf)
	return disk.Pump(ctx, w, r, size, *buf)
}

// names gives the documents of one parcel names that differ.
type names struct {
	ordinal bool // "1", "2", … instead
	count   int  // of documents
	given   disk.Names
}

// newNames returns names for a parcel's directory. Those of a Loose Sink are
// looked for only when documents are handed over.
func (s *Sink) newNames() *names {
	return &names{ordinal: s.Loose, given: disk.NewNames(manifestName)}
}

// create makes a file for a document of that name in tmp and returns the name
// to record.
func (n *names) create(d disk.Disk, tmp, name string) (disk.File, string, error) {
	if !n.ordinal {
		return n.given.Create(d, tmp, name)
	}
	n.count++
	f, err := d.Create(path.Join(tmp, strconv.Itoa(n.count)))
	return f, launcher.CleanName(name), err
}
