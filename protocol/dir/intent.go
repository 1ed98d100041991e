package dir

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// An intent is a task of several moves, written to the place before the first
// of them. A text, so that a person can read it; names are quoted, for they
// may hold anything.
//
//	coldlauncher intent 1
//	folder "depot" "depot-1"
//	file "depot/a.pdf" "depot-1/a.pdf" 1234 1790000000000000000
//	end
const (
	intentFirst = "coldlauncher intent 1"
	intentLast  = "end"
	intentExt   = ".intent"
)

func (t *task) marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, intentFirst)
	if t.folder != "" {
		fmt.Fprintln(&b, t.folderLine())
	}
	for _, s := range t.steps {
		fmt.Fprintln(&b, s.line())
	}
	fmt.Fprintln(&b, intentLast)
	return b.Bytes()
}

func (t *task) folderLine() string { return fmt.Sprintf("folder %q %q", t.folder, t.into) }

func (s step) line() string {
	return fmt.Sprintf("file %q %q %d %d", s.path, s.into, s.size, s.mtime)
}

// unmarshal reads what marshal wrote, and nothing else.
func (t *task) unmarshal(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20) // two long paths, quoted
	if !lines.Scan() || lines.Text() != intentFirst {
		return cmp.Or(lines.Err(), errors.New("not an intent"))
	}
	for lines.Scan() {
		line := lines.Text()
		if line == intentLast {
			return nil
		}
		if err := t.unmarshalLine(line); err != nil {
			return err
		}
	}
	return cmp.Or(lines.Err(), io.ErrUnexpectedEOF)
}

func (t *task) unmarshalLine(line string) error {
	if t.folder == "" && len(t.steps) == 0 && strings.HasPrefix(line, "folder ") {
		_, err := fmt.Sscanf(line, "folder %q %q", &t.folder, &t.into)
		if err != nil || t.folder == "" || t.into == "" || line != t.folderLine() {
			return fmt.Errorf("not a folder: %q", line)
		}
		return nil
	}
	var s step
	_, err := fmt.Sscanf(line, "file %q %q %d %d", &s.path, &s.into, &s.size, &s.mtime)
	if err != nil || s.path == "" || s.into == "" || line != s.line() {
		return fmt.Errorf("not a file: %q", line)
	}
	t.steps = append(t.steps, s)
	return nil
}

// intend puts a task on the disk, once.
func (p *pass) intend(t *task) error {
	if t.intended {
		return nil
	}
	err := p.writeIntent(t)
	t.intended = err == nil
	return err
}

func (p *pass) writeIntent(t *task) error {
	root, path := t.to.root, join(ownFolder, t.key)
	f, err := p.createTmp(root, path+".tmp", 0o666)
	if err != nil {
		return err
	}
	_, err = writer{p.ops(), f}.Write(t.marshal())
	if err == nil {
		err = p.ops().sync(f)
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		root.Remove(path + intentExt) // of an attempt that failed: the files are where they were
		err = p.ops().rename(root, path+".tmp", root, path+intentExt)
	}
	if err == nil {
		err = p.ops().syncFolder(root, ownFolder)
	}
	if err != nil {
		root.Remove(path + ".tmp")
	}
	return err
}

// createTmp makes a file in the Source's own folder, instead of one that a
// crash left there. Another Source that shares the place may remove the folder
// as empty at any moment but once there is something in it.
func (p *pass) createTmp(root *os.Root, path string, mode os.FileMode) (*os.File, error) {
	if err := root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for try := 1; ; try++ {
		if err := p.ops().mkdirs(root, ownFolder); err != nil {
			return nil, err
		}
		f, err := p.ops().create(root, path, mode)
		if try == 5 || !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
}

// finished notes that a task is done. Its intent goes once the moves are on
// the disk.
func (p *pass) finished(t *task) {
	p.mu.Lock()
	p.finishedTasks = append(p.finishedTasks, t)
	full := len(p.finishedTasks) >= 256
	p.mu.Unlock()
	if full {
		p.flush()
	}
}

// A folderAt is a folder in a root.
type folderAt struct {
	root *os.Root
	path string
}

// flush writes out the folders that finished tasks changed, each once, and
// removes the intents.
func (p *pass) flush() {
	p.mu.Lock()
	tasks := p.finishedTasks
	p.finishedTasks = nil
	p.mu.Unlock()
	dirs := map[folderAt]bool{}
	for _, t := range tasks {
		for _, s := range t.steps {
			from, _ := split(s.path)
			into, _ := split(s.into)
			dirs[folderAt{p.root, from}] = true
			dirs[folderAt{t.to.root, into}] = true
		}
	}
	for dir := range p.existing(dirs) {
		err := p.ops().syncFolder(dir.root, dir.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // removed meanwhile, with what was in it
			p.report(fmt.Errorf("write out folder %s: %w", show(dir.path), err))
			return
		}
	}
	for _, t := range tasks {
		p.report(p.dropIntent(t))
	}
}

// existing returns the folders that are there, and of one that moved or was
// removed the one that held it: that is what changed.
func (p *pass) existing(dirs map[folderAt]bool) map[folderAt]bool {
	out := map[folderAt]bool{}
	for dir := range dirs {
		for dir.path != "" {
			if _, err := dir.root.Lstat(dir.path); !errors.Is(err, fs.ErrNotExist) {
				break
			}
			dir.path, _ = split(dir.path)
		}
		out[dir] = true
	}
	return out
}

func (p *pass) dropIntent(t *task) error {
	return p.ops().remove(t.to.root, join(ownFolder, t.key+intentExt))
}

// tidy removes the Source's own folders where they are empty.
func (p *pass) tidy() {
	if p.dry {
		return
	}
	for _, pl := range []*place{p.done, p.rejected, p.own} {
		if pl.exists() {
			pl.root.Remove(ownFolder) // fails if something is in it
		}
	}
	if p.own.exists() {
		p.root.Remove(ownFolder)
	}
}

// recover finishes what a crash interrupted.
func (p *pass) recover(ctx context.Context) {
	if p.dry {
		return
	}
	for _, pl := range []*place{p.done, p.rejected, p.own} {
		if pl.exists() {
			p.recoverIn(ctx, pl)
		}
	}
	p.flush()
}

func (p *pass) recoverIn(ctx context.Context, pl *place) {
	names, err := listNames(pl.root, ownFolder)
	if err != nil {
		p.report(fmt.Errorf("%s: %w", pl.field, err))
	}
	for _, name := range names {
		key, intent := strings.CutSuffix(name, intentExt)
		switch {
		case !strings.HasPrefix(name, p.prefix()) || ctx.Err() != nil:
		case intent:
			if err := p.finish(ctx, pl, key); err != nil {
				p.report(fmt.Errorf("finish what was begun in %s: %w", pl.field, err))
			}
		default:
			// What was finished before may have taken it along.
			if err := p.ops().remove(pl.root, join(ownFolder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				p.report(fmt.Errorf("%s: %w", pl.field, err))
			}
		}
	}
	if pl == p.own {
		p.restore(ctx)
	}
}

// finish carries out an intent.
func (p *pass) finish(ctx context.Context, pl *place, key string) error {
	t := &task{key: key, to: pl, purge: pl == p.own, intended: true}
	f, err := pl.root.OpenFile(join(ownFolder, key+intentExt), openFlags, 0)
	if err != nil {
		return err
	}
	const limit = 64 << 20
	err = t.unmarshal(io.LimitReader(f, limit))
	f.Close()
	if err != nil {
		return fmt.Errorf("read %q: %w", key+intentExt, err)
	}
	return p.moveFiles(ctx, t)
}

// restore puts back what was about to be deleted when a crash came, and has no
// intent: it is known to the Ledger, or it is not what was handed over.
func (p *pass) restore(ctx context.Context) {
	keys, err := listNames(p.own.root, "")
	if err != nil {
		p.report(fmt.Errorf("%s: %w", p.own.field, err))
	}
	for _, key := range keys {
		_, err := p.own.root.Lstat(join(ownFolder, key+intentExt))
		if strings.HasPrefix(key, p.prefix()) && errors.Is(err, fs.ErrNotExist) {
			p.report(p.restoreFrom(ctx, key))
		}
	}
}

func (p *pass) restoreFrom(ctx context.Context, key string) error {
	own := &pass{src: p.src, root: p.own.root, info: p.own.info, mark: p.mark}
	held, err := own.contents(ctx, key, nil)
	if err != nil {
		return fmt.Errorf("put back what was not deleted: %w", err)
	}
	for _, e := range slices.AppendSeq(held.files, maps.Values(held.markers)) {
		to := strings.TrimPrefix(e.path, key+"/")
		dir, _ := split(to)
		if err := p.ops().mkdirs(p.root, dir); err != nil {
			return err
		}
		err := p.ops().rename(own.root, e.path, p.root, to)
		if errors.Is(err, fs.ErrExist) {
			err = p.ops().rename(own.root, e.path, p.root, freeName(p.root, to))
		}
		if err != nil {
			return fmt.Errorf("put back what was not deleted: %w", err)
		}
	}
	return p.ops().removeAll(own.root, key)
}

// listNames returns the names in a folder; none if it does not exist.
func listNames(root *os.Root, path string) ([]string, error) {
	f, err := root.OpenFile(cmp.Or(path, "."), openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

func deepestFirst(dirs map[string]bool) []string {
	return slices.SortedFunc(maps.Keys(dirs), func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(b, "/"), strings.Count(a, "/")), strings.Compare(a, b))
	})
}
