package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

const (
	mostRemoved = 200       // copies per pass, besides as many as it made
	lookEvery   = time.Hour // while nothing is to be removed
)

// retain removes old copies, and warns of those that it cannot.
func (a *archive) retain(ctx context.Context) {
	s := a.src
	now := s.read()
	if s.KeepFor == 0 || !s.more && !s.seen.wall.IsZero() && now.up-s.seen.up < lookEvery {
		return
	}
	err := a.expire(ctx, now)
	if err != nil && !errors.Is(err, errNothing) {
		launcher.Warn(ctx, s.Path, s.wrap(fmt.Errorf("remove old copies: %w", err)))
	}
}

// errNothing is the error of entering a Path that has no copies yet.
var errNothing = errors.New("no copies yet")

// expire removes copies that are old enough, some of them if there are many.
func (a *archive) expire(ctx context.Context, now reading) error {
	d, err := a.enter(false)
	if errors.Is(err, fs.ErrNotExist) {
		return errNothing
	}
	if err != nil {
		return err
	}
	even, err := a.src.evenly(d, now)
	errs := []error{err}
	a.src.more = false
	if !even {
		return err
	}
	left := mostRemoved + a.copied
	for _, year := range folders(d, ".", 4) {
		for _, month := range folders(d, year, 2) {
			for _, day := range folders(d, month, 2) {
				if !old(day, a.src.KeepFor, now.wall) {
					continue
				}
				n, err := removeDay(d, day, left)
				left -= n
				errs = append(errs, err)
				if left == 0 || ctx.Err() != nil {
					a.src.more = true
					return errors.Join(errs...)
				}
			}
		}
	}
	return errors.Join(errs...)
}

// old reports whether all copies of a day are older than keep.
func old(day string, keep time.Duration, now time.Time) bool {
	t, err := time.ParseInLocation(dayLayout, day, now.Location())
	return err == nil && !t.AddDate(0, 0, 1).Add(keep).After(now)
}

func isDay(s string) bool {
	_, err := time.Parse(dayLayout, s)
	return err == nil
}

// folders returns the paths of the folders in dir whose names are numbers of n
// digits, in order. What cannot be listed holds none: copying will tell.
func folders(d disk.Disk, dir string, n int) []string {
	entries, err := d.List(dir)
	if err != nil {
		return nil
	}
	var paths []string
	for _, e := range entries {
		if e.IsDir() && len(e.Name()) == n && strings.Trim(e.Name(), "0123456789") == "" {
			paths = append(paths, path.Join(dir, e.Name()))
		}
	}
	return paths
}

// removeDay removes up to most copies of a day, and the day if nothing is left
// in it.
func removeDay(d disk.Disk, day string, most int) (removed int, err error) {
	entries, err := d.List(day)
	if err != nil {
		return 0, err
	}
	var gone []string
	for _, e := range entries {
		hash, ok := hashIn(e.Name())
		if !ok || !e.IsDir() {
			continue
		}
		if len(gone) == most {
			return len(gone), discard(d, day, gone)
		}
		tmp, err := withdraw(d, hash, path.Join(day, e.Name()))
		if err != nil {
			return len(gone), errors.Join(err, discard(d, day, gone))
		}
		gone = append(gone, tmp)
	}
	if err := discard(d, day, gone); err != nil {
		return len(gone), err
	}
	for dir := day; dir != "."; dir = path.Dir(dir) {
		if d.Remove(dir) != nil { // something is left in it
			break
		}
	}
	return len(gone), nil
}

// withdraw takes a copy out of the tree as a whole, and returns where it is
// then. The index goes first: a copy that it does not know is still found here.
func withdraw(d disk.Disk, hash, dir string) (tmp string, err error) {
	if err := forget(d, hash, dir); err != nil {
		return "", err
	}
	tmp = newTmp()
	return tmp, d.Rename(dir, tmp)
}

// discard removes copies that were withdrawn from a day, once it is durable
// that they were: half of a copy must not come back.
func discard(d disk.Disk, day string, copies []string) error {
	if len(copies) == 0 {
		return nil
	}
	errs := []error{d.Sync(day), d.Sync(staging)}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, tmp := range copies {
		errs = append(errs, d.RemoveAll(tmp))
	}
	return errors.Join(errs...)
}
