package dir

import (
	"cmp"
	"os"
	"runtime"
	"sync"
)

// Folders are those in a root that files lie in, held open while they are used
// and beyond, until another is: files come folder by folder.
type folders struct {
	root *os.Root
	mu   sync.Mutex
	open map[string]*held // by path
	last *held            // kept although nobody uses it; nil: none
}

// A held folder is open: what is done in it cannot be led elsewhere.
type held struct {
	path string
	root *os.Root
	info os.FileInfo

	of    *folders
	users int // guarded by of.mu

	mu   sync.Mutex
	file *os.File // the same folder, to rename by; nil until it is asked for
}

// keepsFolders is false where others cannot rename a folder that is open.
const keepsFolders = runtime.GOOS != "windows"

// hold opens the folder of path as it is now, unless it is open, and returns it
// with the name that path has there. The caller releases it.
func (f *folders) hold(path string) (h *held, name string, err error) {
	dir, name := split(path)
	if h := f.find(dir); h != nil {
		if f.there(h) {
			return h, name, nil
		}
		f.drop(h)
		h.release()
	}
	h, err = f.enter(dir)
	return h, name, err
}

// find returns a folder if it is open; it may be no longer what dir leads to.
func (f *folders) find(dir string) *held {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.open[dir]
	if h != nil {
		h.users++
	}
	return h
}

// there reports whether h is still the folder of its path.
func (f *folders) there(h *held) bool {
	if h.path == "" {
		return true
	}
	info, err := f.root.Lstat(h.path)
	return err == nil && os.SameFile(info, h.info)
}

// drop has h no longer found.
func (f *folders) drop(h *held) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[h.path] == h {
		delete(f.open, h.path)
	}
}

// enter opens a folder.
func (f *folders) enter(dir string) (*held, error) {
	root, err := f.root.OpenRoot(cmp.Or(dir, "."))
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	h := &held{path: dir, root: root, info: info, of: f, users: 1}
	if keepsFolders {
		f.keep(h)
	}
	return h, nil
}

// keep keeps h, and no longer what was kept before.
func (f *folders) keep(h *held) {
	f.mu.Lock()
	if f.open == nil {
		f.open = make(map[string]*held)
	}
	f.open[h.path] = h
	h.users++
	was := f.last
	f.last = h
	f.mu.Unlock()
	if was != nil {
		was.release()
	}
}

func (h *held) release() {
	h.of.mu.Lock()
	h.users--
	over := h.users == 0
	if over && h.of.open[h.path] == h {
		delete(h.of.open, h.path)
	}
	h.of.mu.Unlock()
	if !over {
		return
	}
	h.root.Close()
	if h.file != nil {
		h.file.Close()
	}
}

// close ends the keeping.
func (f *folders) close() {
	f.mu.Lock()
	was := f.last
	f.last = nil
	f.mu.Unlock()
	if was != nil {
		was.release()
	}
}

// dir returns the folder as a file.
func (h *held) dir() (*os.File, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file == nil {
		f, err := h.root.OpenFile(".", openFlags, 0)
		if err != nil {
			return nil, err
		}
		h.file = f
	}
	return h.file, nil
}
