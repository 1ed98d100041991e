package dir

import (
	"os"
)

// renameReserved moves old to new where no call does that without replacing:
// it makes an empty new, which succeeds for one only, and replaces that.
func renameReserved(from *os.Root, old string, to *os.Root, new string, rename func() error) error {
	info, err := from.Lstat(old)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = to.Mkdir(new, 0o700)
	} else {
		var f *os.File
		if f, err = to.OpenFile(new, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			err = f.Close()
		}
	}
	if err != nil {
		return err
	}
	if err := rename(); err != nil {
		to.Remove(new) // empty, and ours
		return err
	}
	return nil
}
