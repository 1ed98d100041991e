package dir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Ops are what a Source does to files: each change is made in one place, and
// each opening announced, so that tests can have any of them fail.
type ops struct {
	before func(op, path string) error // nil: nothing fails
	lazy   bool                        // nothing is synced, for it takes long
}

func (p *pass) ops() *ops { return &p.src.ops }

func (o *ops) fail(op, path string) error {
	if o.before == nil {
		return nil
	}
	if err := o.before(op, path); err != nil {
		return &os.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

// mkdirAll makes the folder of a place, through base if it lies below.
func (o *ops) mkdirAll(base *os.Root, pl *place) error {
	if pl.rel != "" {
		return o.mkdirs(base, filepath.ToSlash(pl.rel))
	}
	if err := o.fail("mkdir", pl.path); err != nil {
		return err
	}
	path, err := filepath.Abs(pl.path)
	if err != nil {
		return err
	}
	above := path
	for {
		if _, err := os.Stat(above); err == nil || above == filepath.Dir(above) {
			break
		}
		above = filepath.Dir(above)
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	for at := filepath.Dir(path); len(at) >= len(above); at = filepath.Dir(at) {
		if err := o.syncAt(at); err != nil {
			return err
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	return nil
}

func (o *ops) syncAt(path string) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	return o.syncFolder(root, "")
}

// mkdirs makes a folder in root and those above it, so that they survive a
// power cut: what moves there would be lost with them. "" is root itself.
func (o *ops) mkdirs(root *os.Root, path string) error {
	if path == "" {
		return nil
	}
	if info, err := root.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	above, _ := split(path)
	if err := o.mkdirs(root, above); err != nil {
		return err
	}
	if err := o.fail("mkdir", path); err != nil {
		return err
	}
	if err := root.Mkdir(path, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return o.syncFolder(root, above)
}

// rename moves a file or folder from one root to another, or within one, and
// fails with fs.ErrExist if the new path is taken.
func (o *ops) rename(from *os.Root, old string, to *os.Root, new string) error {
	if err := o.fail("rename", new); err != nil {
		return err
	}
	return renameNew(from, old, to, new)
}

// renameHeld does so between folders that are open; into is what new is called
// there.
func (o *ops) renameHeld(from *held, old string, to *held, into string) error {
	if err := o.fail("rename", into); err != nil {
		return err
	}
	_, name := split(into)
	return renameHeld(from, old, to, name)
}

// openHeld opens the file name in a folder that is open to read it.
func (o *ops) openHeld(in *held, name, path string) (*os.File, error) {
	if err := o.fail("open", path); err != nil {
		return nil, err
	}
	return in.root.OpenFile(name, openFlags, 0)
}

// open opens a file or folder to read it.
func (o *ops) open(root *os.Root, path string) (*os.File, error) {
	if err := o.fail("open", path); err != nil {
		return nil, err
	}
	return root.OpenFile(path, openFlags, 0)
}

func (o *ops) remove(root *os.Root, path string) error {
	if err := o.fail("remove", path); err != nil {
		return err
	}
	return root.Remove(path)
}

// removeAll removes a folder and all that is in it.
func (o *ops) removeAll(root *os.Root, path string) error {
	if err := o.fail("remove", path); err != nil {
		return err
	}
	return root.RemoveAll(path)
}

// create makes a new file.
func (o *ops) create(root *os.Root, path string, mode os.FileMode) (*os.File, error) {
	if err := o.fail("create", path); err != nil {
		return nil, err
	}
	return root.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
}

// sync makes what was written to a file, or done in a folder, survive a power
// cut.
func (o *ops) sync(f *os.File) error {
	if err := o.fail("sync", f.Name()); err != nil || o.lazy {
		return err
	}
	return f.Sync()
}

// syncFolder does so for a folder. Where that is not to be had, as on Windows,
// it does nothing.
func (o *ops) syncFolder(root *os.Root, path string) error {
	if path == "" {
		path = "."
	}
	f, err := root.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := o.fail("sync", f.Name()); err != nil || o.lazy {
		return err
	}
	return syncFolder(f)
}

// A writer writes to a file; when told to fail, it does so half-way.
type writer struct {
	ops  *ops
	file *os.File
}

func (w writer) Write(b []byte) (int, error) {
	if err := w.ops.fail("write", w.file.Name()); err != nil {
		n, _ := w.file.Write(b[:len(b)/2])
		return n, err
	}
	return w.file.Write(b)
}
