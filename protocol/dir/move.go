package dir

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/ezged/coldlauncher/launcher"
)

// carryOut moves the files of a parcel to their place. If it fails they are
// back where they were, or an intent tells the next pass to go on.
func (p *pass) carryOut(ctx context.Context, t *task) error {
	if err := p.chooseNames(ctx, t); err != nil {
		return err
	}
	if t.folder != "" && !t.purge && len(t.steps) == len(t.inFolder()) {
		if done, err := p.moveFolder(ctx, t); done || err != nil {
			return err
		}
	}
	if len(t.steps) > 1 || t.folder != "" {
		if err := p.intend(t); err != nil {
			return err
		}
	}
	err := p.moveFiles(ctx, t)
	if err != nil && t.intended && p.moveBack(t) {
		return errors.Join(err, p.dropIntent(t))
	}
	return err
}

// inFolder returns the steps for files of the folder: all but the marker.
func (t *task) inFolder() []step {
	n := len(t.steps)
	for n > 0 && !strings.HasPrefix(t.steps[n-1].path, t.folder+"/") {
		n--
	}
	return t.steps[:n]
}

// moveFiles moves the files of a task one by one. It is also what finishes an
// intent: what is done already is passed over.
func (p *pass) moveFiles(ctx context.Context, t *task) error {
	for i := range t.steps {
		if err := p.moveFile(ctx, t, &t.steps[i]); err != nil {
			return err
		}
	}
	if t.folder != "" {
		p.removeEmpty(p.root, t.folder, t.entries(func(s step) string { return s.path }))
	}
	if t.purge {
		if err := p.ops().removeAll(t.to.root, t.key); err != nil {
			return err
		}
	}
	if t.intended {
		p.finished(t)
	}
	return nil
}

// moveBack undoes the moves of a task that failed half-way, and reports
// whether all files are where they were.
func (p *pass) moveBack(t *task) bool {
	if slices.ContainsFunc(t.steps, func(s step) bool { return s.gone }) {
		return false
	}
	for i := range t.steps {
		s := &t.steps[i]
		if !s.moved {
			continue
		}
		if err := p.ops().rename(t.to.root, s.into, p.root, s.path); err != nil {
			return false
		}
		s.moved = false
	}
	if t.folder != "" {
		p.removeEmpty(t.to.root, t.into, t.entries(func(s step) string { return s.into }))
	}
	return true
}

// moveFile moves one file, under another name if its own is taken.
func (p *pass) moveFile(ctx context.Context, t *task, s *step) error {
	base, to := s.into, t.to
	for {
		err := p.moveOnce(ctx, t, s)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		switch {
		case p.src.Collision == Fail:
			return err
		case p.src.Collision == Equal && p.equal(ctx, s.path, to.root, s.into):
			return p.drop(s)
		}
		s.into = freeName(to.root, base)
	}
}

// moveOnce moves one file to a name that must be free. A file that changed, or
// is gone, is passed over.
func (p *pass) moveOnce(ctx context.Context, t *task, s *step) error {
	to := t.to
	info, err := p.root.Lstat(s.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !s.same(info) {
		return nil
	}
	if err != nil {
		return err
	}
	dir, _ := split(s.into)
	if err := p.ops().mkdirs(to.root, dir); err != nil {
		return err
	}
	err = p.ops().rename(p.root, s.path, to.root, s.into)
	if otherFileSystem(err) {
		return p.copyFile(ctx, t, s, info)
	}
	if err != nil {
		return err
	}
	s.moved = true
	now, err := to.root.Lstat(s.into)
	if err != nil {
		return err
	}
	return p.confirm(s, to, info, now)
}

// confirm compares what was moved with what was to be. Another may have taken
// its place just before: that one goes back.
func (p *pass) confirm(s *step, to *place, info, now os.FileInfo) error {
	if s.is(now) && os.SameFile(info, now) {
		return nil
	}
	if err := p.ops().rename(to.root, s.into, p.root, s.path); err != nil {
		return fmt.Errorf("%s changed while it was moved, and is now in %s: %w", show(s.path), to.field, err)
	}
	s.moved = false
	return nil
}

// moveFolder moves a folder by one rename; not done if that cannot be because
// the place is on another file system. A folder that changed just before goes
// back.
func (p *pass) moveFolder(ctx context.Context, t *task) (done bool, err error) {
	dir, _ := split(t.into)
	if err := p.ops().mkdirs(t.to.root, dir); err != nil {
		return false, err
	}
	err = p.ops().rename(p.root, t.folder, t.to.root, t.into)
	if otherFileSystem(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	there := &pass{src: p.src, root: t.to.root, info: t.to.info, mark: p.mark}
	same, err := there.holds(ctx, t.into, t.entries(func(s step) string { return s.into }))
	failed := errors.Join(err, there.failures())
	if same && failed == nil {
		return true, nil
	}
	if err := p.ops().rename(t.to.root, t.into, p.root, t.folder); err != nil {
		return true, fmt.Errorf("%s changed while it was moved, and is now in %s: %w", show(t.folder), t.to.field, err)
	}
	return true, failed
}

// entries returns the files of the folder, under the paths that path tells.
func (t *task) entries(path func(step) string) []entry {
	var out []entry
	for _, s := range t.inFolder() {
		s.entry.path = path(s)
		out = append(out, s.entry)
	}
	return out
}

// removeEmpty removes a folder, and those below it that files lay in, where
// they are empty.
func (p *pass) removeEmpty(root *os.Root, folder string, files []entry) {
	dirs := map[string]bool{}
	for _, e := range files {
		for dir, _ := split(e.path); len(dir) >= len(folder); dir, _ = split(dir) {
			dirs[dir] = true
		}
	}
	for _, dir := range deepestFirst(dirs) {
		p.ops().remove(root, dir) // fails if something else is there
	}
}

// copyFile moves a file to another file system. The copy gets its name when it
// is complete, on the disk, and found equal; the original goes last. The intent
// tells a copy whose original could not go any more from another file.
func (p *pass) copyFile(ctx context.Context, t *task, s *step, info os.FileInfo) error {
	if t.intended && p.equal(ctx, s.path, t.to.root, s.into) {
		return p.drop(s)
	}
	if err := p.intend(t); err != nil {
		return err
	}
	root, tmp := t.to.root, join(ownFolder, p.key(s.id())+".tmp")
	err := p.copyTo(ctx, s, root, tmp, info)
	if err == nil {
		err = p.ops().rename(root, tmp, root, s.into)
	}
	if err != nil {
		root.Remove(tmp)
		return err
	}
	dir, _ := split(s.into)
	err = p.ops().syncFolder(root, dir)
	if err == nil {
		err = p.dropOriginal(s, info)
	}
	if err != nil {
		return errors.Join(err, p.ops().remove(root, s.into))
	}
	return nil
}

// dropOriginal removes a file of which there is a copy, unless it is another
// by now.
func (p *pass) dropOriginal(s *step, info os.FileInfo) error {
	now, err := p.root.Lstat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !s.is(now) || !os.SameFile(info, now):
		return nil
	}
	return p.drop(s)
}

// drop removes a file of which an equal one is in its place.
func (p *pass) drop(s *step) error {
	if err := p.ops().remove(p.root, s.path); err != nil {
		return err
	}
	s.gone = true
	return nil
}

// copyTo copies a file, and reads the copy again.
func (p *pass) copyTo(ctx context.Context, s *step, root *os.Root, path string, info os.FileInfo) error {
	in, err := p.ops().open(p.root, s.path)
	if err != nil {
		return err
	}
	defer in.Close()
	if now, err := in.Stat(); err != nil || !s.is(now) || !os.SameFile(info, now) {
		return errors.Join(fmt.Errorf("%s changed while it was copied", show(s.path)), err)
	}
	out, err := p.createTmp(root, path, info.Mode().Perm())
	if err != nil {
		return err
	}
	want := sha256.New()
	_, err = io.Copy(io.MultiWriter(writer{p.ops(), out}, want), reader{ctx, in})
	if err == nil {
		err = p.ops().sync(out)
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	if err := root.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		return err
	}
	return verifyCopy(ctx, root, path, s.size, want)
}

func verifyCopy(ctx context.Context, root *os.Root, path string, size int64, want hash.Hash) error {
	f, err := root.OpenFile(path, openFlags, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	got := sha256.New()
	n, err := io.Copy(got, reader{ctx, f})
	if err != nil {
		return err
	}
	if n != size || string(got.Sum(nil)) != string(want.Sum(nil)) {
		return fmt.Errorf("the copy of %d bytes differs: %d bytes, or other contents", size, n)
	}
	return nil
}

// A reader fails once ctx is done, and reports progress.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	n, err := r.r.Read(b)
	launcher.Progress(r.ctx, int64(n))
	return n, err
}
