package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

// A pass is one Poll.
type pass struct {
	src      *Source
	dry      bool
	root     *os.Root    // of Path
	folders  folders     // in it
	info     os.FileInfo // of Path
	done     *place      // nil: taken files stay, or are deleted
	rejected *place      // nil: rejected files stay
	own      *place      // Path/.coldlauncher; nil unless files are deleted
	mark     marker
	look     *look

	mu            sync.Mutex
	errs          []error
	finishedTasks []*task // whose intents are still there
}

// A base is what Path was when it was last seen.
type base struct {
	info  os.FileInfo // nil: not seen yet
	empty bool
	files int // how many there were
}

// begin verifies the set-up and opens what exists of it.
func (s *Source) begin(ctx context.Context) (*pass, error) {
	faults := s.verify()
	if s.Path == "" {
		return nil, faults
	}
	root, err := os.OpenRoot(s.Path)
	if err != nil {
		return nil, errors.Join(faults, inField("Path", err))
	}
	p := &pass{src: s, root: root, folders: folders{root: root}, dry: launcher.DryRun(ctx), mark: parseMarker(s.Marker)}
	if err := errors.Join(faults, p.open()); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// verify reports fields that contradict one another.
func (s *Source) verify() error {
	var errs []error
	fault := func(cond bool, format string, args ...any) {
		if cond {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	fault(s.Path == "", "Path is empty")
	fault(s.Delete && s.Done != "", "Delete is set, and Done is %q", s.Done)
	fault(s.Depth < 0, "Depth is %d", s.Depth)
	fault(s.MaxSize < -1, "MaxSize is %d", s.MaxSize)
	fault(s.Quiet < 0, "Quiet is %v", s.Quiet)
	fault(s.Deadline < 0, "Deadline is %v", s.Deadline)
	fault(s.Limit < 0, "Limit is %d", s.Limit)
	fault(s.Parallel < 0, "Parallel is %d", s.Parallel)
	fault(s.Collision > Equal, "Collision is %d", s.Collision)
	fault(s.Marker != "" && !parseMarker(s.Marker).ok,
		"Marker is %q, want {name} or {stem} once, with something around it and no slash", s.Marker)
	fault(s.Partial && s.Deadline == 0, "Partial is set without a Deadline")
	return errors.Join(errs...)
}

// inField tells which field of the Source an error is about.
func inField(name string, err error) error { return fmt.Errorf("%s: %w", name, err) }

// open verifies Path and the folders that files move to.
func (p *pass) open() error {
	info, err := p.root.Stat(".")
	if err != nil {
		return inField("Path", err)
	}
	p.info = info
	empty, err := p.empty()
	if err != nil {
		return inField("Path", err)
	}
	was := p.src.base
	if empty && was.info != nil && !was.empty && !os.SameFile(was.info, info) {
		return inField("Path", fmt.Errorf("%q is not the folder that it was, and empty: is it still mounted?", p.src.Path))
	}
	p.src.base = base{info, empty, was.files}

	var errs []error
	if p.done, err = p.place("Done", p.src.Done); err != nil {
		errs = append(errs, err)
	}
	if p.rejected, err = p.place("Rejected", p.src.Rejected); err != nil {
		errs = append(errs, err)
	}
	if p.done.same(p.rejected) {
		errs = append(errs, inField("Rejected", fmt.Errorf("%q is also Done", p.rejected.path)))
	}
	if p.src.Delete {
		if p.own, err = p.place("Path", ownFolder); err != nil {
			errs = append(errs, err)
		}
	}
	if p.done != nil || p.rejected != nil || p.src.Delete {
		if err := writable(p.src.Path); err != nil {
			errs = append(errs, inField("Path", fmt.Errorf("files cannot be moved out of %q: %w", p.src.Path, err)))
		}
	}
	return errors.Join(errs...)
}

func (p *pass) empty() (bool, error) {
	f, err := p.root.Open(".")
	if err != nil {
		return false, err
	}
	defer f.Close()
	names, err := f.Readdirnames(1)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return len(names) == 0, nil
}

func (p *pass) close() {
	for _, pl := range []*place{p.done, p.rejected, p.own} {
		pl.close()
	}
	p.folders.close()
	p.root.Close()
}

// report keeps an error that does not end the pass.
func (p *pass) report(err error) {
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errs = append(p.errs, err)
}

func (p *pass) failures() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.errs...)
}

// alive returns err, marked with Halt if Path is no longer there.
func (p *pass) alive(err error) error {
	if err == nil {
		return nil
	}
	if info, e := os.Stat(p.src.Path); e != nil || !os.SameFile(info, p.info) {
		return launcher.Halt(err)
	}
	return err
}

// A place is a folder that files move to. It may not exist yet. A nil place is
// none.
type place struct {
	field string
	path  string // absolute
	rel   string // below Path; "" if it lies elsewhere

	mu      sync.Mutex  // guards what follows until create returned
	root    *os.Root    // nil: does not exist
	folders folders     // in it
	info    os.FileInfo // of root
}

// place finds the folder that a field names, and verifies that it can be
// written to or created.
func (p *pass) place(field, name string) (*place, error) {
	if name == "" {
		return nil, nil
	}
	base, err := filepath.Abs(p.src.Path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	pl := &place{field: field, path: filepath.Clean(name)}
	if !filepath.IsAbs(name) {
		pl.path = filepath.Join(base, name)
	}
	if rel, err := filepath.Rel(base, pl.path); err == nil && filepath.IsLocal(rel) {
		pl.rel = rel
	}
	if pl.rel == "." || within(pl.path, base) {
		return nil, fmt.Errorf("%s: %q holds Path %q", field, pl.path, base)
	}
	err = pl.find(p.root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = creatable(pl.path)
	case err == nil && os.SameFile(pl.info, p.info):
		err = errors.New("it is Path itself")
	case err == nil && name != ownFolder:
		err = writable(pl.path)
	}
	if err != nil {
		pl.close()
		return nil, fmt.Errorf("%s: %q: %w", field, pl.path, err)
	}
	return pl, nil
}

// find opens the folder if it exists. What lies below Path is opened through
// its root.
func (pl *place) find(root *os.Root) (err error) {
	if pl.rel != "" {
		pl.root, err = root.OpenRoot(pl.rel)
	} else {
		pl.root, err = os.OpenRoot(pl.path)
	}
	if err != nil {
		pl.root = nil
		return err
	}
	pl.folders.root = pl.root
	pl.info, err = pl.root.Stat(".")
	return err
}

// is reports whether info is of the folder.
func (pl *place) is(info os.FileInfo) bool {
	if pl == nil {
		return false
	}
	pl.mu.Lock()
	defer pl.mu.Unlock()
	return pl.root != nil && os.SameFile(info, pl.info)
}

func (pl *place) exists() bool { return pl != nil && pl.root != nil }

func (pl *place) close() {
	if pl.exists() {
		pl.folders.close()
		pl.root.Close()
	}
}

func (pl *place) same(other *place) bool {
	if pl == nil || other == nil {
		return false
	}
	return pl.path == other.path || pl.root != nil && other.root != nil && os.SameFile(pl.info, other.info)
}

// within reports whether path lies below folder.
func within(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// creatable reports why the folder path cannot be created, as far as can be
// told without doing so.
func creatable(path string) error {
	for parent := filepath.Dir(path); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		switch {
		case err == nil && !info.IsDir():
			return fmt.Errorf("%q is not a folder", parent)
		case err == nil:
			return writable(parent)
		case !errors.Is(err, fs.ErrNotExist) || parent == filepath.Dir(parent):
			return err
		}
	}
}

// A marker is Source.Marker taken apart.
type marker struct {
	before, after string
	stem          bool
	ok            bool
}

func parseMarker(pattern string) marker {
	for _, word := range []string{"{name}", "{stem}"} {
		before, after, ok := strings.Cut(pattern, word)
		if !ok {
			continue
		}
		rest := before + after
		return marker{before, after, word == "{stem}", rest != "" && !strings.ContainsAny(rest, `/\{}`)}
	}
	return marker{}
}

// is reports whether name is that of a marker.
func (m marker) is(name string) bool {
	return m.ok && len(name) > len(m.before)+len(m.after) &&
		strings.HasPrefix(name, m.before) && strings.HasSuffix(name, m.after)
}

// of returns the path of the marker of path.
func (m marker) of(path string) string {
	dir, name := split(path)
	if m.stem {
		name = stem(name)
	}
	return join(dir, m.before+name+m.after)
}
