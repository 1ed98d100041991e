package dir

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/ezged/coldlauncher/launcher"
)

// openFlags make opening a FIFO that took a file's place return at once.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK

// An entry is a file as the pass found it. There may be very many: it is kept
// small.
type entry struct {
	path  string
	size  int64
	mtime int64 // ns since 1970
	since int64 // left alone since, ns since 1970; without Quiet and Deadline, 0
}

// A found is what a scan returns.
type found struct {
	files   []entry
	markers map[string]entry // by path
	bars    []bar            // few, without a Group
}

// A bar is a path that keeps the folders that it lies in from being a parcel:
// not all that belongs there could be seen, or can be delivered.
type bar struct{ path, why string }

type folder struct {
	path  string
	depth int
	info  os.FileInfo // as its parent listed it; nil: not known
}

var errGone = errors.New("the folder is gone, or another took its place")

// scan lists the files of Path. What cannot be read is reported; only Path
// itself ends the pass.
func (p *pass) scan(ctx context.Context) (*found, error) {
	out := &found{files: make([]entry, 0, p.src.base.files+16), markers: map[string]entry{}}
	p.look = p.src.looks.begin(p.src)
	if err := p.walk(ctx, folder{info: p.info}, p.src.Recursive, out); err != nil {
		return nil, err
	}
	if err := p.alive(errGone); launcher.OutcomeOf(err) == launcher.Stop {
		return nil, err // what was not found may still be there
	}
	p.src.base.files = len(out.files)
	return out, nil
}

// walk adds what it finds in a folder, and below it if recursive. The error is
// that of ctx or of the folder itself; what is wrong below is reported.
func (p *pass) walk(ctx context.Context, from folder, recursive bool, out *found) error {
	open := []folder{from}
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		err := p.list(ctx, at, func(name string, info os.FileInfo) {
			path := join(at.path, name)
			switch {
			case !info.IsDir():
				p.add(path, name, info, out)
			case !recursive || p.src.ignored(name) || p.output(info):
			case p.src.Depth > 0 && at.depth >= p.src.Depth:
				out.bars = append(out.bars, bar{path, "lies too deep"})
			default:
				open = append(open, folder{path, at.depth + 1, info})
			}
		})
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && at.path == from.path {
			return p.alive(err)
		}
		if err != nil {
			p.report(p.alive(err))
			out.bars = append(out.bars, bar{at.path, "cannot be read"})
		}
	}
	return nil
}

// add adds what is not a folder.
func (p *pass) add(path, name string, info os.FileInfo, out *found) {
	regular := info.Mode().IsRegular()
	switch {
	case regular && p.mark.is(name):
		out.markers[path] = p.entry(path, info)
	case p.src.ignored(name):
		if p.src.Group != nil && arriving(name) {
			out.bars = append(out.bars, bar{path, "is still being written"})
		}
	case regular:
		out.files = append(out.files, p.entry(path, info))
	case p.src.Group != nil:
		out.bars = append(out.bars, bar{path, "is not a regular file"})
	}
}

func (p *pass) entry(path string, info os.FileInfo) entry {
	e := entry{path: path, size: info.Size(), mtime: info.ModTime().UnixNano()}
	e.since = p.look.since(e, info)
	return e
}

// list calls fn for everything in a folder.
func (p *pass) list(ctx context.Context, at folder, fn func(name string, info os.FileInfo)) error {
	if deepest := defaultDepth; p.src.Depth == 0 && at.depth > deepest {
		return fmt.Errorf("folder %s lies more than %d levels deep", show(at.path), deepest)
	}
	f, err := p.ops().open(p.root, cmp.Or(at.path, "."))
	if errors.Is(err, fs.ErrNotExist) && at.path != "" {
		return nil // gone since its parent was listed
	}
	if err != nil {
		return fmt.Errorf("open folder %s: %w", show(at.path), err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open folder %s: %w", show(at.path), err)
	}
	if at.info != nil && !os.SameFile(info, at.info) {
		return nil // another took its place; the next pass sees it
	}
	var unseen error
	for ctx.Err() == nil {
		batch, err := f.ReadDir(256)
		for _, d := range batch {
			info, err := d.Info()
			if err == nil {
				fn(d.Name(), info)
			} else if !errors.Is(err, fs.ErrNotExist) {
				unseen = fmt.Errorf("look at %s: %w", show(join(at.path, d.Name())), err)
			}
		}
		if errors.Is(err, io.EOF) {
			return unseen
		}
		if err != nil {
			return fmt.Errorf("list folder %s: %w", show(at.path), err)
		}
		launcher.Progress(ctx, 4<<10)
	}
	return nil
}

// output reports whether a folder is one that files move to.
func (p *pass) output(info os.FileInfo) bool {
	return p.done.is(info) || p.rejected.is(info)
}
