package dir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// taken lets go of a parcel that was stored.
func (w *walk) taken(o *offer) error {
	to := w.done
	if w.src.Delete {
		to = w.own
	}
	if w.dry || o.wait != nil || to == nil {
		return nil
	}
	_, err := w.settle(o, to)
	return err
}

// setAside puts a parcel where a person finds it.
func (w *walk) setAside(o *offer) error {
	early := o.wait != nil && launcher.OutcomeOf(o.wait) != launcher.SetAside
	if w.dry || early || w.rejected == nil {
		return nil
	}
	where, err := w.settle(o, w.rejected)
	if where != "" {
		launcher.PutAside(w.ctx, o.ID, where)
	}
	return err
}

// settle moves the files of a parcel to a place, unless one of them changed:
// then all stay, as a new parcel. It returns where the parcel is then; "" if it
// stayed.
func (w *walk) settle(o *offer, to *place) (string, error) {
	if done, err := w.moveStraight(o, to); err != nil {
		return "", err
	} else if done {
		return filepath.Join(to.path, filepath.FromSlash(o.lot.files[0].path)), nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), settleTime(o.lot))
	defer cancel()
	t := w.task(o, to)
	if same, err := w.unchanged(ctx, o, t); err != nil || !same {
		return "", err
	}
	if err := to.create(w.pass); err != nil {
		return "", err
	}
	if err := w.carryOut(ctx, t); err != nil {
		return "", err
	}
	return filepath.Join(to.path, filepath.FromSlash(t.target())), nil
}

// settleTime is how long settling may take once it began: enough to copy the
// files to a slow disk.
func settleTime(l *lot) time.Duration {
	const slow = 1 << 20 // bytes a second
	d := time.Minute
	for _, e := range l.files {
		d += time.Duration(e.size/slow) * time.Second
	}
	return d
}

// A task is what settling does with the files of one parcel.
type task struct {
	key    string // distinct for parcels, and a file name
	to     *place
	purge  bool   // to is only on the way to deletion
	folder string // moves as a whole if it can; "": none
	into   string // what folder becomes in to
	steps  []step

	intended bool // an intent is on the disk
}

// A step moves one file. What has another size or time when its turn comes is
// not touched.
type step struct {
	entry
	into  string      // path in the place
	info  os.FileInfo // of the file as it was handed over; nil: not known
	moved bool        // by rename, so that it can be moved back
	gone  bool        // for good: an equal one is in the place
}

// same reports whether info is of the file as it was handed over.
func (s *step) same(info os.FileInfo) bool {
	return s.is(info) && (s.info == nil || os.SameFile(s.info, info))
}

// target returns where a person finds the parcel in its place.
func (t *task) target() string {
	if t.folder != "" {
		return t.into
	}
	return t.steps[0].into
}

func (w *walk) task(o *offer, to *place) *task {
	more := o.lot.extra()
	t := &task{key: w.key(o.ID), to: to, purge: to == w.own, folder: more.folder, into: more.folder}
	for i, e := range o.lot.files {
		t.steps = append(t.steps, step{entry: e, into: e.path, info: o.info(i)})
	}
	if more.marker.path != "" {
		t.steps = append(t.steps, step{entry: more.marker, into: more.marker.path})
	}
	if t.purge {
		for i := range t.steps {
			t.steps[i].into = join(t.key, t.steps[i].into)
		}
	}
	return t
}

// key returns a file name for what belongs to a parcel. It begins with one for
// Path: several Sources may share a place.
func (p *pass) key(id string) string {
	sum := sha256.Sum256([]byte(id))
	return p.prefix() + hex.EncodeToString(sum[:12])
}

func (p *pass) prefix() string {
	path, err := filepath.Abs(p.src.Path)
	if err != nil {
		path = p.src.Path
	}
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:6]) + "-"
}

// unchanged reports whether all files of a parcel are still what was handed
// over, and keeps what it saw of them.
func (w *walk) unchanged(ctx context.Context, o *offer, t *task) (bool, error) {
	for i := range t.steps {
		s := &t.steps[i]
		info, err := w.root.Lstat(s.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("look at %s: %w", show(s.path), err)
		case !s.same(info):
			return false, nil
		}
		s.info = info
	}
	if t.folder == "" {
		return true, nil
	}
	return w.holds(ctx, t.folder, o.lot.files)
}

// holds reports whether a folder holds these files and no others.
func (p *pass) holds(ctx context.Context, folder string, files []entry) (bool, error) {
	info, err := p.root.Lstat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now, err := p.contents(ctx, folder, info)
	if err != nil {
		return false, err
	}
	return len(now.bars) == 0 && sameFiles(now.files, files), nil
}

func sameFiles(a, b []entry) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].path != b[i].path || a[i].size != b[i].size || a[i].mtime != b[i].mtime {
			return false
		}
	}
	return true
}

// create makes the folder of a place if it does not exist yet.
func (pl *place) create(p *pass) error {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	if pl.root != nil {
		return nil
	}
	err := p.ops().mkdirAll(p.root, pl)
	if err == nil {
		err = pl.find(p.root)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", pl.field, err)
	}
	return nil
}
