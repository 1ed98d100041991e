package pop3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

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

// keepAside writes a mail to the folder Rejected, unless it is there already,
// and returns its path. The file has its whole content and survives a power
// cut before it has its name.
func (s *Source) keepAside(id, name string, body func() (*spool.Body, error)) (string, error) {
	if err := os.MkdirAll(s.Rejected, 0o700); err != nil {
		return "", err
	}
	root, err := os.OpenRoot(s.Rejected)
	if err != nil {
		return "", err
	}
	defer root.Close()
	name = launcher.CleanName(digest([]byte(id))[:16] + "-" + name)
	path := filepath.Join(s.Rejected, name)
	if _, err := root.Lstat(name); err == nil {
		return path, nil
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
	return path, syncFolder(s.Rejected)
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
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}
