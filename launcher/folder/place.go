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
func (s *Sink) place(ctx context.Context, v *visit, p *launcher.Parcel, dir string) error {
	held, err := holds(v.disk, dir, p.ID)
	if err != nil {
		return err
	}
	if !held {
		if err := s.putAt(ctx, v, p, dir); err != nil {
			return err
		}
	}
	// Also if it was there: who renamed it may have been stopped before this.
	return v.sync(path.Dir(dir))
}

func (s *Sink) putAt(ctx context.Context, v *visit, p *launcher.Parcel, dir string) error {
	tmp, err := s.stage(ctx, v, p)
	if err != nil {
		return err
	}
	err = v.disk.Rename(path.Join(staging, tmp), dir)
	if err == nil {
		return nil
	}
	v.staging.RemoveAll(tmp)
	// Another Store of the same ID may have been faster.
	if held, _ := holds(v.disk, dir, p.ID); held {
		return nil
	}
	return err
}

// stage writes the parcel into a new folder of staging and makes all of it
// durable, but for the name of that folder, which it returns.
func (s *Sink) stage(ctx context.Context, v *visit, p *launcher.Parcel) (tmp string, err error) {
	docs, err := p.Documents(ctx)
	if err != nil {
		return "", fmt.Errorf("documents of %q: %w", p.ID, err)
	}
	tmp = rand.Text()
	if err := v.staging.Mkdir(tmp); err != nil {
		return "", err
	}
	err = s.fill(ctx, v, tmp, p, docs)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		v.staging.RemoveAll(tmp)
		return "", err
	}
	return tmp, nil
}

// fill writes documents and manifest into the folder tmp of staging. They are
// synced side by side, or together with those of other parcels: what counts is
// that all of them are durable before the folder gets its name.
func (s *Sink) fill(ctx context.Context, v *visit, tmp string, p *launcher.Parcel, docs []*launcher.Document) error {
	d, err := v.staging.Sub(tmp)
	if err != nil {
		return err
	}
	defer d.Close()
	flush := disk.Flush{All: s.together(v)}
	defer flush.Wait() // also of files that were open when a document panicked
	err = s.write(ctx, d, &flush, p, docs)
	return errors.Join(err, flush.Wait())
}

func (s *Sink) write(ctx context.Context, d disk.Disk, flush *disk.Flush, p *launcher.Parcel, docs []*launcher.Document) error {
	m := newManifest(p)
	names := s.newNames()
	for _, doc := range docs {
		f, err := s.copy(ctx, d, flush, doc, names)
		if err != nil {
			return fmt.Errorf("document %q: %w", doc.Name, err)
		}
		m.add(f, doc.Unit)
	}
	b, err := disk.JSON(m)
	if err != nil {
		return err
	}
	f, err := d.Create(manifestName)
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Close())
	}
	flush.File(f)
	flush.Dir(d, ".")
	return nil
}

// copy writes one document into d and hands the file to flush.
func (s *Sink) copy(ctx context.Context, d disk.Disk, flush *disk.Flush, doc *launcher.Document, names *names) (File, error) {
	r, err := doc.Open(ctx)
	if err != nil {
		return File{}, fmt.Errorf("open: %w", err)
	}
	defer r.Close()
	f, name, err := names.create(d, doc.Name)
	if err != nil {
		return File{}, err
	}
	n, sum, err := s.pump(ctx, f, r, doc.Size)
	if err == nil && !doc.Time.IsZero() {
		err = f.SetTime(doc.Time)
	}
	if err != nil {
		return File{}, errors.Join(err, f.Close())
	}
	flush.File(f)
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

// create makes a file in d for a document of that name and returns the name to
// record.
func (n *names) create(d disk.Disk, name string) (disk.File, string, error) {
	if !n.ordinal {
		return n.given.Create(d, ".", name)
	}
	n.count++
	f, err := d.Create(strconv.Itoa(n.count))
	return f, launcher.CleanName(name), err
}
