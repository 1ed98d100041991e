package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
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
		return d.Sync(path.Dir(known))
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
	defer d.RemoveAll(tmp) // nothing, once it was renamed
	if err := stage(ctx, d, newManifest(p, now), docs, tmp); err != nil {
		return err
	}
	return a.publish(d, hash, tmp, dir)
}

// publish gives the staged copy its name. The index is written first: it
// counts only if the copy is there, and so whoever is killed between the two
// leaves neither a copy that is not found nor a need for a second one.
func (a *archive) publish(d disk.Disk, hash, tmp, dir string) error {
	if err := a.mkdirs(d, path.Dir(dir)); err != nil {
		return err
	}
	if err := a.note(d, hash, dir); err != nil {
		return err
	}
	if err := d.Rename(tmp, dir); err != nil {
		return err
	}
	a.mu.Lock()
	a.copied++
	a.mu.Unlock()
	return d.Sync(path.Dir(dir))
}

// dayLayout is the path of a day, for package time.
const dayLayout = "2006/01/02"

func newTmp() string { return path.Join(staging, rand.Text()) }

// stage writes documents and manifest into the new folder tmp and makes all of
// it durable, but for its name. Whoever calls it removes tmp.
func stage(ctx context.Context, d disk.Disk, m *Manifest, docs []*launcher.Document, tmp string) error {
	if err := d.Mkdir(tmp); err != nil {
		return err
	}
	names := disk.NewNames(manifestName)
	buf := make([]byte, disk.BufferSize)
	for i, doc := range docs {
		if doc == nil || doc.Open == nil {
			return fmt.Errorf("document %d of %q cannot be opened", i, m.ID)
		}
		f, err := copyDocument(ctx, d, doc, tmp, names, buf)
		if err != nil {
			return fmt.Errorf("copy %q: %w", doc.Name, err)
		}
		m.Files = append(m.Files, f)
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

// copyDocument writes one document into the folder tmp and makes it durable.
func copyDocument(ctx context.Context, d disk.Disk, doc *launcher.Document, tmp string, names disk.Names, buf []byte) (File, error) {
	r, err := doc.Open(ctx)
	if err != nil {
		return File{}, fmt.Errorf("open: %w", err)
	}
	defer r.Close()
	f, name, err := names.Create(d, tmp, doc.Name)
	if err != nil {
		return File{}, err
	}
	n, sum, err := disk.Pump(ctx, f, r, doc.Size, buf)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return File{}, err
	}
	return newFile(doc, name, n, sum), nil
}

// replaceFile makes name hold b, in one step. Its entry is not durable yet.
func replaceFile(d disk.Disk, name string, b []byte) error {
	tmp := newTmp()
	defer d.Remove(tmp) // nothing, once it was renamed
	if err := disk.WriteFile(d, tmp, b); err != nil {
		return err
	}
	return d.Rename(tmp, name)
}
