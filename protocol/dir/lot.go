package dir

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A lot is what becomes a parcel. There may be very many: it is kept small.
type lot struct {
	files []entry // never empty; primary first, then by path
	more  *more   // nil: one file, and nothing else to know
}

// More is what is rarely there to know of a lot.
type more struct {
	folder string // the files are all that lies below it; "": they are not
	marker entry  // of Source.Marker; no path: none
	why    string // what is missing; "": nothing
}

var nothing more

func (l *lot) extra() *more {
	if l.more == nil {
		return &nothing
	}
	return l.more
}

// set returns what is rarely there, to be written to.
func (l *lot) set() *more {
	if l.more == nil {
		l.more = &more{}
	}
	return l.more
}

// time returns when the youngest file last changed.
func (l *lot) time() int64 {
	latest := l.files[0].mtime
	for _, e := range l.files[1:] {
		latest = max(latest, e.mtime)
	}
	return latest
}

// name returns the path by which a person knows the lot.
func (l *lot) name() string {
	if f := l.extra().folder; f != "" {
		return f
	}
	return l.files[0].path
}

// lots makes parcels of files, oldest first.
func (p *pass) lots(ctx context.Context, in *found) ([]lot, error) {
	if p.src.Group == nil {
		slices.SortFunc(in.files, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.mtime, b.mtime), strings.Compare(a.path, b.path))
		})
		out := make([]lot, len(in.files))
		for i := range in.files {
			out[i].files = in.files[i : i+1 : i+1]
		}
		p.needMarkers(out, in)
		return out, nil
	}
	out, err := p.group(ctx, in)
	if err != nil {
		return nil, err
	}
	p.needMarkers(out, in)
	slices.SortFunc(out, func(a, b lot) int {
		return cmp.Or(cmp.Compare(a.time(), b.time()), strings.Compare(a.name(), b.name()))
	})
	return out, nil
}

// needMarkers notes for each lot the file that says it is ready, or its lack.
func (p *pass) needMarkers(lots []lot, in *found) {
	if !p.mark.ok {
		return
	}
	for i := range lots {
		m := lots[i].set()
		path := p.mark.of(lots[i].name())
		m.marker = in.markers[path]
		if m.marker.path == "" && m.why == "" {
			m.why = fmt.Sprintf("its marker %q is missing", path)
		}
	}
}

// group asks Source.Group.
func (p *pass) group(ctx context.Context, in *found) ([]lot, error) {
	slices.SortFunc(in.files, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	paths := make([]string, len(in.files))
	for i, e := range in.files {
		paths[i] = e.path
	}
	groups, err := p.src.Group(ctx, p.root.FS(), paths)
	var lacks Incomplete
	if err != nil && !errors.As(err, &lacks) {
		return nil, fmt.Errorf("group files: %w", p.alive(err))
	}
	g := grouping{pass: p, in: in, free: make(map[string]entry, len(in.files)), taken: map[string]bool{}}
	for _, e := range in.files {
		g.free[e.path] = e
	}
	for _, paths := range groups {
		if err := g.take(ctx, paths, ""); err != nil {
			return nil, fmt.Errorf("group files: %w", err)
		}
	}
	for _, lack := range lacks {
		if err := g.take(ctx, lack.Paths, cmp.Or(lack.Why, "incomplete")); err != nil {
			return nil, fmt.Errorf("group files: %w", err)
		}
	}
	g.bar()
	for path := range g.free {
		if err := g.take(ctx, []string{path}, "no parcel includes it"); err != nil {
			return nil, err
		}
	}
	return g.lots, nil
}

// A grouping turns what a Group returned into lots.
type grouping struct {
	*pass
	in    *found
	free  map[string]entry // files in no lot yet
	taken map[string]bool  // files in a folder that is a lot
	lots  []lot
}

// take makes a lot of paths.
func (g *grouping) take(ctx context.Context, paths []string, why string) error {
	if len(paths) == 0 {
		return nil
	}
	if len(paths) == 1 {
		if _, file := g.free[paths[0]]; !file {
			return g.takeFolder(ctx, paths[0], why)
		}
	}
	l := lot{files: make([]entry, 0, len(paths))}
	for _, path := range paths {
		e, ok := g.free[path]
		if !ok {
			return fmt.Errorf("%q is in two parcels, or was not found", path)
		}
		delete(g.free, path)
		l.files = append(l.files, e)
	}
	slices.SortFunc(l.files[1:], func(a, b entry) int { return strings.Compare(a.path, b.path) })
	if why != "" {
		l.set().why = why
	}
	g.lots = append(g.lots, l)
	return nil
}

// takeFolder makes a lot of all files below a folder.
func (g *grouping) takeFolder(ctx context.Context, path, why string) error {
	info, err := g.root.Lstat(path)
	if err != nil || path == "." || !info.IsDir() {
		return fmt.Errorf("%q is in two parcels, or was not found", path)
	}
	for _, name := range strings.Split(path, "/") {
		if g.src.ignored(name) {
			return nil
		}
	}
	if g.output(info) {
		return nil
	}
	in := g.in
	if !g.src.Recursive {
		if in, err = g.contents(ctx, path, info); err != nil {
			if ctx.Err() != nil {
				return err
			}
			g.report(err)
			return nil
		}
	}
	l := lot{more: &more{folder: path, why: why}}
	for _, e := range below(in.files, path) {
		if _, free := g.free[e.path]; g.src.Recursive && !free || g.taken[e.path] {
			return fmt.Errorf("%q is in two parcels", e.path)
		}
		delete(g.free, e.path)
		g.taken[e.path] = true
		l.files = append(l.files, e)
	}
	if len(l.files) == 0 {
		return nil
	}
	if !g.src.Recursive {
		g.in.bars = append(g.in.bars, in.bars...)
	}
	g.lots = append(g.lots, l)
	return nil
}

// bar has those lots wait of which not all may have been seen: folders with a
// bar in them, and files whose folder is one.
func (g *grouping) bar() {
	at, in := map[string]bar{}, map[string]bar{}
	for _, b := range g.in.bars {
		at[b.path] = b
		for dir, _ := split(b.path); dir != ""; dir, _ = split(dir) {
			in[dir] = b
		}
	}
	for i := range g.lots {
		l := &g.lots[i]
		var b bar
		if folder := l.extra().folder; folder != "" {
			b = cmp.Or(at[folder], in[folder])
		} else {
			for _, e := range l.files {
				dir, _ := split(e.path)
				b = cmp.Or(at[dir], b)
			}
		}
		if b != (bar{}) {
			l.set().why = fmt.Sprintf("%q %s", b.path, b.why)
		}
	}
}

// below returns those of the files, sorted by path, that lie below a folder.
func below(files []entry, folder string) []entry {
	find := func(path string) int {
		i, _ := slices.BinarySearchFunc(files, path, func(e entry, path string) int { return strings.Compare(e.path, path) })
		return i
	}
	return files[find(folder+"/"):find(folder+"0")] // "0" follows "/"
}

// contents returns the files below a folder as they are now, sorted by path.
func (p *pass) contents(ctx context.Context, path string, info os.FileInfo) (*found, error) {
	now := &found{markers: map[string]entry{}}
	err := p.walk(ctx, folder{path: path, depth: 1, info: info}, true, now)
	slices.SortFunc(now.files, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	return now, err
}
