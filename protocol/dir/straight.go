package dir

import (
	"errors"
	"io/fs"
)

// moveStraight moves a parcel of one file by one rename; not done if that is not
// all it takes.
func (w *walk) moveStraight(o *offer, to *place) (done bool, err error) {
	more := o.lot.extra()
	if len(o.lot.files) > 1 || more.folder != "" || more.marker.path != "" || to == w.own {
		return false, nil
	}
	s := step{entry: o.lot.files[0], info: o.info(0)}
	s.into = s.path
	from, name, err := w.folders.hold(s.path)
	if err != nil {
		return false, nil
	}
	defer from.release()
	info, err := from.root.Lstat(name)
	if err != nil || !s.same(info) {
		return false, nil
	}
	if err := to.create(w.pass); err != nil {
		return true, err
	}
	into, _, err := to.folders.hold(s.into)
	if err != nil {
		return false, nil
	}
	defer into.release()
	err = w.ops().renameHeld(from, name, into, s.into)
	switch {
	case err == nil:
		now, err := into.root.Lstat(name)
		if err != nil {
			return true, err
		}
		return true, w.confirm(&s, to, info, now)
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist), otherFileSystem(err):
		return false, nil
	}
	return true, err
}
