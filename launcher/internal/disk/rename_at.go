//go:build linux || darwin

package disk

import (
	"os"
	"path"
)

// inFolders calls rename with the open folders of two names and what is left
// of the names, so that a folder replaced by a link meanwhile does not matter.
func inFolders(root *os.Root, from, to string, rename func(fromDir int, from string, toDir int, to string) error) error {
	fromDir, err := root.Open(path.Dir(from))
	if err != nil {
		return err
	}
	defer fromDir.Close()
	toDir, err := root.Open(path.Dir(to))
	if err != nil {
		return err
	}
	defer toDir.Close()
	err = rename(int(fromDir.Fd()), path.Base(from), int(toDir.Fd()), path.Base(to))
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}
