package backup

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/ezged/coldlauncher/launcher"
)

// copy makes the copy of p, unless there is one.
func (a *archive) copy(ctx context.Context, p *launcher.Parcel, docs []*launcher.Document) error {
	d, err := a.enter(true)
	if err != nil {
		return err
	}
	hash := hashOf(p.ID)
	known, err := lookup(d, hash)
	if err != nil {
		return err
	}
	if known != "" {
		// Who made it may have been stopped before this.
		return d.sync(path.Dir(known))
	}
	now := a.src.read().wall
	dir := path.Join(now.Format(dayLayout), dirName(docs[0], hash))
	found, err := isCopy(d, dir)
	if err != nil {
		return err
	}
	if found { // the index was lost
		return a.note(d, hash, dir)
	}
	tmp := newTmp()
	defer d.removeAll(tmp) // nothing, once it was renamed
	if err := stage(ctx, d, newManifest(p, now), docs, tmp); err != nil {
		return err
	}
	return a.publish(d, hash, tmp, dir)
}

// publish gives the staged copy its name. The index is written first: it
// counts only if the copy is there, and so whoever is killed between the two
// leaves neither a copy that is not found nor a need for a second one.
func (a *archive) publish(d disk, hash, tmp, dir string) error {
	if err := a.mkdirs(d, path.Dir(dir)); err != nil {
		return err
	}
	if err := a.note(d, hash, dir); err != nil {
		return err
	}
	if err := d.rename(tmp, dir); err != nil {
		return err
	}
	a.mu.Lock()
	a.copied++
	a.mu.Unlock()
	return d.sync(path.Dir(dir))
}

// dayLayout is the path of a day, for package time.
const dayLayout = "2006/01/02"

func newTmp() string { return path.Join(staging, rand.Text()) }

// stage writes documents and manifest into the new folder tmp and makes all of
// it durable, but for its name. Whoever calls it removes tmp.
func stage(ctx context.Context, d disk, m *Manifest, docs []*launcher.Document, tmp string) error {
	if err := d.mkdir(tmp); err != nil {
		return err
	}
	given := names{fold(manifestName): 1}
	buf := make([]byte, 64<<10)
	for i, doc := range docs {
		if doc == nil || doc.Open == nil {
			return fmt.Errorf("document %d of %q cannot be opened", i, m.ID)
		}
		f, err := copyDocument(ctx, d, doc, tmp, given, buf)
		if err != nil {
			return fmt.Errorf("copy %q: %w", doc.Name, err)
		}
		m.Files = append(m.Files, f)
	}
	if err := m.write(d, path.Join(tmp, manifestName)); err != nil {
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

// copyDocument writes one document into the folder tmp and makes it durable.
func copyDocument(ctx context.Context, d disk, doc *launcher.Document, tmp string, given names, buf []byte) (File, error) {
	r, err := doc.Open(ctx)
	if err != nil {
		return File{}, fmt.Errorf("open: %w", err)
	}
	defer r.Close()
	f, name, err := given.create(d, tmp, doc.Name)
	if err != nil {
		return File{}, err
	}
	n, sum, err := pump(ctx, f, r, doc.Size, buf)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return File{}, err
	}
	return newFile(doc, name, n, sum), nil
}

// pump copies r to w and returns the number of bytes and their SHA-256. A body
// that does not have size bytes, unless that is negative, is an error.
func pump(ctx context.Context, w io.Writer, r io.Reader, size int64, buf []byte) (n int64, sum string, err error) {
	hash := sha256.New()
	for {
		if ctx.Err() != nil {
			return n, "", context.Cause(ctx)
		}
		got, readErr := r.Read(buf)
		n += int64(got)
		if size >= 0 && n > size {
			return n, "", fmt.Errorf("longer than the %d bytes announced", size)
		}
		hash.Write(buf[:got])
		if _, err := w.Write(buf[:got]); err != nil {
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

// writeFile makes a new file that is durable but for its name.
func writeFile(d disk, name string, b []byte) error {
	f, err := d.create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// replaceFile makes name hold b, in one step. Its entry is not durable yet.
func replaceFile(d disk, name string, b []byte) error {
	tmp := newTmp()
	defer d.remove(tmp) // nothing, once it was renamed
	if err := writeFile(d, tmp, b); err != nil {
		return err
	}
	return d.rename(tmp, name)
}
