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
		tmp := newTmp()
		defer d.removeAll(tmp) // nothing, once it was renamed
		if err := s.stage(ctx, d, p, tmp); err != nil {
			return err
		}
		if err := d.rename(tmp, dir); err != nil {
			// Another Store of the same ID may have been faster.
			if held, _ := holds(d, dir, p.ID); !held {
				return err
			}
		}
	}
	// Also if it was there: who renamed it may have been stopped before this.
	return d.sync(path.Dir(dir))
}

func newTmp() string { return path.Join(staging, rand.Text()) }

// stage writes the parcel into the new folder tmp and makes all of it durable,
// but for its name. Whoever calls it removes tmp.
func (s *Sink) stage(ctx context.Context, d disk, p *launcher.Parcel, tmp string) error {
	docs, err := p.Documents(ctx)
	if err != nil {
		return fmt.Errorf("documents of %q: %w", p.ID, err)
	}
	if err := d.mkdir(tmp); err != nil {
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
	if err := writeManifest(d, path.Join(tmp, manifestName), m); err != nil {
		return err
	}
	if err := d.sync(tmp); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
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
	ordinal bool           // "1", "2", … instead
	count   int            // of documents
	given   map[string]int // the number that a name, folded, was last given with
}

// newNames returns names for a parcel's directory. Those of a Loose Sink are
// looked for only when documents are handed over.
func (s *Sink) newNames() *names {
	return &names{ordinal: s.Loose, given: map[string]int{fold(manifestName): 1}}
}

// create makes a file for a document of that name in tmp and returns the name
// to record. Names that differ only by case, or that the file system takes for
// the same, get a suffix.
func (n *names) create(d disk, tmp, name string) (file, string, error) {
	name = launcher.CleanName(name)
	n.count++
	if n.ordinal {
		f, err := d.create(path.Join(tmp, strconv.Itoa(n.count)))
		return f, name, err
	}
	key := fold(name)
	for {
		n.given[key]++
		numbered := numbered(name, n.given[key])
		if fold(numbered) != key && n.given[fold(numbered)] > 0 {
			continue
		}
		f, err := d.create(path.Join(tmp, numbered))
		if isExist(err) {
			continue
		}
		n.given[fold(numbered)] = max(n.given[fold(numbered)], 1)
		return f, numbered, err
	}
}
