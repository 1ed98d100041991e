package pop3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/spool"
)

// checkFolder returns why files cannot be put into a folder, as far as that
// can be seen without creating anything; "" is no folder, and right.
func checkFolder(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // it is created when it is needed
	case err != nil:
		return fmt.Errorf("rejected: %w", err)
	case !info.IsDir():
		return fmt.Errorf("rejected: %q is no directory", path)
	}
	return nil
}

// An aside is the folder Rejected. It is safe for concurrent use.
type aside struct {
	folder string
	sync   func(folder string) error // makes the names in it durable

	making sync.Mutex
}

// keep writes a mail to the folder, unless it is there already, and returns its
// path. The file has its whole content and survives a power cut before it has
// its name, and that survives one before keep returns.
func (a *aside) keep(id, name string, body func() (*spool.Body, error)) (string, error) {
	a.making.Lock()
	err := a.make(a.folder)
	a.making.Unlock()
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(a.folder)
	if err != nil {
		return "", err
	}
	defer root.Close()
	name = launcher.CleanName(digest([]byte(id))[:16] + "-" + name)
	path := filepath.Join(a.folder, name)
	if _, err := root.Lstat(name); err == nil {
		return path, a.sync(a.folder) // that may be what failed
	}
	b, err := body()
	if err != nil {
		return "", err
	}
	half := name + ".part"
	if err := writeAside(root, half, b); err != nil {
		root.Remove(half)
		return "", err
	}
	if err := root.Rename(half, name); err != nil {
		return "", err
	}
	return path, a.sync(a.folder)
}

// make creates a folder, and those above it, each durable before the next.
func (a *aside) make(folder string) error {
	parent := filepath.Dir(folder)
	err := os.Mkdir(folder, 0o700)
	if errors.Is(err, fs.ErrNotExist) && parent != folder {
		if err := a.make(parent); err != nil {
			return err
		}
		err = os.Mkdir(folder, 0o700)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	if err := a.sync(parent); err != nil {
		os.Remove(folder) // or it would pass for durable
		return err
	}
	return nil
}

func writeAside(root *os.Root, name string, b *spool.Body) error {
	r, err := b.Open(context.Background()) // it is here already
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder makes the names in a folder durable, where the system can.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err == nil {
		defer f.Close()
		err = f.Sync()
	}
	for _, cannot := range []error{errors.ErrUnsupported, fs.ErrPermission, fs.ErrInvalid} {
		if errors.Is(err, cannot) {
			return nil
		}
	}
	return err
}
