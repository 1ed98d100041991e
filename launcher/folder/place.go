package folder

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"

	"github.com/ezged/coldlauncher/launcher"
)

const bufferSize = 64 << 10

// place makes dir hold the parcel: everything is written under another name,
// made durable, and becomes dir in one step. If dir is there and holds the
// parcel, nothing is read.
func (s *Sink) place(ctx context.Context, d disk, p *launcher.Parcel, dir string) error {
	held, err := holds(d, dir, p.ID)
	if err != nil {
		return err
	}
	if !held {
		if err := s.write(ctx, d, p, dir); err != nil {
			return err
		}
	}
	// Also if it was there: who renamed it may have been stopped before this.
	return d.sync(path.Dir(dir))
}

func (s *Sink) write(ctx context.Context, d disk, p *launcher.Parcel, dir string) error {
	docs, err := p.Documents(ctx)
	if err != nil {
		return fmt.Errorf("documents of %q: %w", p.ID, err)
	}
	tmp := path.Join(staging, rand.Text())
	if err := d.mkdir(tmp); err != nil {
		return err
	}
	defer d.removeAll(tmp) // nothing, once it was renamed; else the next sweep does it if this fails
	m := newManifest(p)
	names := s.newNames()
	for _, doc := range docs {
		f, err := s.copy(ctx, d, doc, tmp, names)
		if err != nil {
			return fmt.Errorf("document %q: %w", doc.Name, err)
		}
		m.add(f, doc.Unit)
	}
	if err := writeManifest(d, path.Join(tmp, manifestName), m); err != nil {
		return err
	}
	if err := d.sync(tmp); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err = d.rename(tmp, dir)
	if err == nil {
		return nil
	}
	if held, _ := holds(d, dir, p.ID); held {
		return nil // another Store of the same ID was faster
	}
	return err
}

// copy writes one document into the folder tmp and makes it durable.
func (s *Sink) copy(ctx context.Context, d disk, doc *launcher.Document, tmp string, names *names) (File, error) {
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

// pump copies r to w and returns the number of bytes and their SHA-256. It
// reads no more than one byte beyond size, unless that is negative.
func (s *Sink) pump(ctx context.Context, w io.Writer, r io.Reader, size int64) (n int64, sum string, err error) {
	buf, _ := s.buffers.Get().(*[]byte)
	if buf == nil {
		b := make([]byte, bufferSize)
		buf = &b
	}
	defer s.buffers.Put(buf)
	hash := sha256.New()
	for {
		if ctx.Err() != nil {
			return n, "", context.Cause(ctx)
		}
		got, readErr := r.Read(*buf)
		n += int64(got)
		if size >= 0 && n > size {
			return n, "", fmt.Errorf("longer than the %d bytes announced", size)
		}
		hash.Write((*buf)[:got])
		if _, err := w.Write((*buf)[:got]); err != nil {
			return n, "", err
		}
		launcher.Progress(ctx, int64(got))
		switch {
		case readErr == io.EOF && size >= 0 && n < size:
			return n, "", fmt.Errorf("read: %w after %d of %d bytes", io.ErrUnexpectedEOF, n, size)
		case readErr == io.EOF:
			return n, hex.EncodeToString(hash.Sum(nil)), nil
		case readErr != nil:
			return n, "", fmt.Errorf("read: %w", readErr)
		}
	}
}

// names gives the documents of one parcel names that differ.
type names struct {
	ordinal bool // "1", "2", … instead
	given   map[string]bool
	n       int
}

// newNames returns names for a parcel's directory. Those of a Loose Sink are
// looked for only when documents are handed over.
func (s *Sink) newNames() *names {
	return &names{ordinal: s.Loose, given: map[string]bool{fold(manifestName): true}}
}

// create makes a file for a document of that name in tmp and returns the name
// to record. Names that differ only by case, or that the file system takes for
// the same, get a suffix.
func (n *names) create(d disk, tmp, name string) (file, string, error) {
	name = launcher.CleanName(name)
	n.n++
	if n.ordinal {
		f, err := d.create(path.Join(tmp, strconv.Itoa(n.n)))
		return f, name, err
	}
	for try := 1; ; try++ {
		name := numbered(name, try)
		if n.given[fold(name)] {
			continue
		}
		n.given[fold(name)] = true
		f, err := d.create(path.Join(tmp, name))
		if !isExist(err) {
			return f, name, err
		}
	}
}
