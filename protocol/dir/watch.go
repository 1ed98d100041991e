package dir

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// Watch calls wake whenever something changes in Path, and below it if
// Recursive, until ctx is done, whose cause it returns. It only wakes: events
// get lost, and network shares send none, so a Schedule is needed all the
// same. Meant for Launcher.Watch; it may run beside Poll.
//
// Where the system cannot watch, or can watch no more folders, Watch returns an
// error that says so.
func (s *Source) Watch(ctx context.Context, wake func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("dir: watch %q: %w", s.Path, err)
	}
	defer w.Close()
	if err := s.watch(w, s.Path); err != nil {
		return fmt.Errorf("dir: watch %q: %w", s.Path, err)
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case e, ok := <-w.Events:
			if !ok {
				return fmt.Errorf("dir: watch %q: the watcher ended", s.Path)
			}
			if e.Name == s.Path && (e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)) {
				return fmt.Errorf("dir: watch %q: the folder is gone", s.Path)
			}
			if e.Has(fsnotify.Create) {
				if err := s.watchNew(w, e.Name); err != nil {
					return fmt.Errorf("dir: watch %q: %w", e.Name, err)
				}
			}
			name := filepath.Base(e.Name)
			wanted := !s.ignored(name) || parseMarker(s.Marker).is(name)
			if wanted && (e.Has(fsnotify.Create) || e.Has(fsnotify.Write)) {
				wake()
			}
		case <-w.Errors: // an overflow: look at everything
			wake()
		}
	}
}

// watch adds a folder, and if Recursive those below it.
func (s *Source) watch(w *fsnotify.Watcher, path string) error {
	if !s.Recursive && s.Group == nil {
		return w.Add(path)
	}
	return filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && at == path:
			return err
		case err != nil:
			return nil // unreadable: Poll reports it
		case !d.IsDir():
			return nil
		case at != path && (s.ignored(d.Name()) || s.isOutput(at)):
			return fs.SkipDir
		}
		return w.Add(at)
	})
}

// watchNew adds a folder that appeared.
func (s *Source) watchNew(w *fsnotify.Watcher, path string) error {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || !s.Recursive && s.Group == nil || s.isOutput(path) {
		return nil
	}
	return s.watch(w, path)
}

// isOutput reports whether path is Done or Rejected.
func (s *Source) isOutput(path string) bool {
	for _, name := range []string{s.Done, s.Rejected} {
		if name == "" {
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(s.Path, name)
		}
		a, errA := os.Stat(name)
		b, errB := os.Stat(path)
		if errA == nil && errB == nil && os.SameFile(a, b) {
			return true
		}
	}
	return false
}
