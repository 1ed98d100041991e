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
	if len(t.steps) > 1 {
		if err := p.writeIntent(t); err != nil {
			return err
		}
	}
	err := p.moveFiles(ctx, t)
	if err != nil && len(t.steps) > 1 && p.moveBack(t) {
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
		if err := p.moveFile(ctx, &t.steps[i], t.to); err != nil {
			return err
		}
	}
	if t.folder != "" {
		p.removeEmpty(t)
	}
	if t.purge {
		if err := p.ops().removeAll(t.to.root, t.key); err != nil {
			return err
		}
	}
	if len(t.steps) > 1 {
		p.finished(t)
	}
	return nil
}

// moveBack undoes the moves of a task that failed half-way, and reports
// whether all files are where they were.
func (p *pass) moveBack(t *task) bool {
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
	return true
}

// moveFile moves one file, under another name if its own is taken.
func (p *pass) moveFile(ctx context.Context, s *step, to *place) error {
	base := s.into
	for {
		err := p.moveOnce(ctx, s, to)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		switch {
		case p.src.Collision == Fail:
			return err
		case p.src.Collision == Equal && p.equal(ctx, s.path, to.root, s.into):
			return p.ops().remove(p.root, s.path)
		}
		s.into = freeName(to.root, base)
	}
}

// moveOnce moves one file to a name that must be free. A file that changed, or
// is gone, is passed over.
func (p *pass) moveOnce(ctx context.Context, s *step, to *place) error {
	info, err := p.root.Lstat(s.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!s.is(info) || s.info != nil && !os.SameFile(s.info, info)) {
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
		return p.copyFile(ctx, s, to, info)
	}
	if err != nil {
		return err
	}
	s.moved = true
	return p.confirm(s, to, info)
}

// confirm looks at a file that was moved. Another may have taken its place
// just before: that one goes back.
func (p *pass) confirm(s *step, to *place, info os.FileInfo) error {
	now, err := to.root.Lstat(s.into)
	if err != nil {
		return err
	}
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
	if err != nil || same {
		return true, err
	}
	if err := p.ops().rename(t.to.root, t.into, p.root, t.folder); err != nil {
		return true, fmt.Errorf("%s changed while it was moved, and is now in %s: %w", show(t.folder), t.to.field, err)
	}
	return true, nil
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

// removeEmpty removes the folders that moving the files left empty.
func (p *pass) removeEmpty(t *task) {
	dirs := map[string]bool{}
	for _, s := range t.inFolder() {
		for dir, _ := split(s.path); len(dir) >= len(t.folder); dir, _ = split(dir) {
			dirs[dir] = true
		}
	}
	for _, dir := range deepestFirst(dirs) {
		p.ops().remove(p.root, dir) // fails if something else is there
	}
}

// copyFile moves a file to another file system. The copy gets its name when it
// is complete, on the disk, and found equal; the original goes last.
func (p *pass) copyFile(ctx context.Context, s *step, to *place, info os.FileInfo) error {
	if p.equalCopy(ctx, s, to) {
		return p.ops().remove(p.root, s.path) // a crash came between copy and removal
	}
	if err := p.ops().mkdirs(to.root, ownFolder); err != nil {
		return err
	}
	tmp := join(ownFolder, p.key(s.id())+".tmp")
	if err := to.root.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := p.copyTo(ctx, s, to.root, tmp, info)
	if err == nil {
		err = p.ops().rename(to.root, tmp, to.root, s.into)
	}
	if err != nil {
		to.root.Remove(tmp)
		return err
	}
	dir, _ := split(s.into)
	if err := p.ops().syncFolder(to.root, dir); err != nil {
		return p.undo(to, s, err)
	}
	now, err := p.root.Lstat(s.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!s.is(now) || !os.SameFile(info, now)) {
		return nil // what was handed over is in its place; what is here now is new
	}
	if err == nil {
		err = p.ops().remove(p.root, s.path)
	}
	if err != nil {
		return p.undo(to, s, err)
	}
	return nil
}

// undo takes a copy back whose original cannot go.
func (p *pass) undo(to *place, s *step, err error) error {
	return errors.Join(err, p.ops().remove(to.root, s.into))
}

// equalCopy reports whether the name in the place is taken by what can only be
// the file's own copy.
func (p *pass) equalCopy(ctx context.Context, s *step, to *place) bool {
	info, err := to.root.Lstat(s.into)
	return err == nil && s.is(info) && p.equal(ctx, s.path, to.root, s.into)
}

// copyTo copies a file, and reads the copy again.
func (p *pass) copyTo(ctx context.Context, s *step, root *os.Root, path string, info os.FileInfo) error {
	in, err := p.root.OpenFile(s.path, openFlags, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	if now, err := in.Stat(); err != nil || !s.is(now) || !os.SameFile(info, now) {
		return errors.Join(fmt.Errorf("%s changed while it was copied", show(s.path)), err)
	}
	out, err := p.ops().create(root, path, info.Mode().Perm())
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
	f, err := root.Open(path)
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
