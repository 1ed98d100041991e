//go:build linux || darwin

package dir

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPowerCuts has the power go before each change of a file, in turn, and take
// what was not synced: everything, only bodies, only names, or the names in some
// folders. Then another process begins. Nothing may be lost, delivered twice, or left behind.
func TestPowerCuts(t *testing.T) {
	for _, w := range ways() {
		for _, far := range []bool{false, true} {
			name := w.name
			if far {
				name += " on another file system"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for n := 0; ; n++ {
					if n > 500 {
						t.Fatal("settling never ends")
					}
					if cutAt(t, w, far, n) {
						t.Logf("cut before each of %d operations", n)
						return
					}
				}
			})
		}
	}
}

// A loss is what a power cut takes of what was not synced.
type loss string

const (
	everything loss = "everything"
	bodies     loss = "bodies" // names are kept, of files that are empty
	names      loss = "names"  // bodies of files that have a name are kept
	some       loss = "the names in some folders"
)

var errPower = errors.New("the power is off")

// cutAt lets n changes happen, and reports whether no more were wanted.
func cutAt(t *testing.T, w way, far bool, n int) (done bool) {
	base := quick(t, far)
	in, at := filepath.Join(base, "in"), filepath.Join(base, w.at)
	put(t, in, w.put...)
	src := fields(&w.src)
	src.Path, src.Parallel = in, 1
	roots := []string{base}
	if far {
		if w.src.Delete || w.at == "in/done" {
			return true
		}
		other := otherDisk(t, base)
		at = filepath.Join(other, "place")
		src.Done, src.Rejected = elsewhere(src.Done, at), elsewhere(src.Rejected, at)
		roots = append(roots, other)
	}
	h := newHost()
	h.reject = src.Rejected != ""
	p := newPower(t, n, roots)
	src.ops.before, src.ops.lazy = p.before, true
	err := src.Poll(t.Context(), h)
	if p.off != errors.Is(err, errPower) {
		t.Errorf("after %d steps: power off %v, but Poll returned %v", n, p.off, err)
	}
	if !p.off {
		p.look() // what the power takes after the pass
	}
	for _, l := range []loss{everything, bodies, names, some} {
		if l == some {
			p.syncSome(rand.New(rand.NewPCG(uint64(n), 0)))
		}
		p.restore(l)
		next := newHost()
		next.reject = h.reject
		maps.Copy(next.has, h.has)
		maps.Copy(next.bodies, h.bodies)
		checkAfterCut(t, fmt.Sprintf("cut after %d steps, which takes %s", n, l), w, src, at, next)
	}
	return !p.off
}

// quick returns a folder, in memory if there is one and it is not to be far from
// that.
func quick(t *testing.T, far bool) string {
	if dir, err := os.MkdirTemp("/dev/shm", "dir-test-"); err == nil && !far {
		t.Cleanup(func() { os.RemoveAll(dir) })
		return dir
	} else if err == nil {
		os.Remove(dir)
	}
	return t.TempDir()
}

// checkAfterCut has another process go on, and looks at what it makes of what
// is left.
func checkAfterCut(t *testing.T, what string, w way, src *Source, at string, h *host) {
	t.Helper()
	again := fields(src)
	again.ops.lazy = true
	for range 2 {
		if err := again.Poll(t.Context(), h); err != nil {
			t.Errorf("%s: the next process reports %v", what, err)
		}
	}
	var left []string
	for _, path := range tree(t, src.Path) {
		if !strings.HasPrefix(path, "done/") {
			left = append(left, path)
		}
	}
	equal(t, what+": left in place", left, nil)
	equal(t, what+": in the place", tree(t, at), w.want)
	for body, times := range h.bodies {
		if times != 1 || !strings.HasPrefix(body, "body of ") {
			t.Errorf("%s: %q was delivered %d times", what, body, times)
		}
	}
	if len(h.bodies) != len(w.put) && w.name != "marker" {
		t.Errorf("%s: %d bodies were delivered, want %d", what, len(h.bodies), len(w.put))
	}
	for _, path := range w.want {
		if b, err := os.ReadFile(filepath.Join(at, path)); err != nil || string(b) != "body of "+path {
			t.Errorf("%s: %s holds %q, %v", what, path, b, err)
		}
	}
}

// A power is a supply of power that is cut before one change, and a model of
// what the disks hold then. It learns what happened by looking, before each
// change. What there is at first is durable; then a file's bytes are once it was
// synced, a name once its folder was. A rename is durable on both sides once one
// of its folders was synced, as on file systems with a journal.
type power struct {
	t       *testing.T
	roots   []string
	at      int
	count   int
	off     bool
	syncing string // what the change under way syncs
	nodes   map[inode]*node
	now     map[inode]map[string]inode // of folders
	moves   []move
}

type inode struct{ dev, ino uint64 }

// A node is a file or a folder.
type node struct {
	hold    *os.File // so that its number is not given to another
	folder  bool
	durable map[string]inode // of a folder
	body    []byte           // of a file
	synced  []byte
	time    time.Time
}

// A move is a rename that is not durable yet.
type move struct {
	from, to      inode
	before, after string
	what          inode
}

func newPower(t *testing.T, at int, roots []string) *power {
	p := &power{t: t, roots: roots, at: at, nodes: map[inode]*node{}}
	t.Cleanup(func() {
		for _, n := range p.nodes {
			n.hold.Close()
		}
	})
	p.look()
	for i, n := range p.nodes {
		n.synced, n.durable = n.body, maps.Clone(p.now[i])
	}
	p.moves = nil
	return p
}

// before is called before each change.
func (p *power) before(op, path string) error {
	if p.off {
		return errPower
	}
	p.look()
	if p.count == p.at {
		p.off = true
		return errPower
	}
	p.count++
	if op == "sync" {
		p.syncing = path
	}
	return nil
}

// look finds out what the last change was, and what it made durable.
func (p *power) look() {
	was := p.now
	p.now = map[inode]map[string]inode{}
	for _, root := range p.roots {
		p.scan(root)
	}
	for from, names := range was {
		for before, what := range names {
			if p.now[from][before] == what {
				continue
			}
			if to, after, ok := p.find(what); ok {
				p.moves = append(p.moves, move{from, to, before, after, what})
			}
		}
	}
	if p.syncing != "" {
		i, _ := p.number(p.syncing)
		p.sync(i)
		p.syncing = ""
	}
}

func (p *power) find(what inode) (folder inode, name string, ok bool) {
	for folder, names := range p.now {
		for name, n := range names {
			if n == what {
				return folder, name, true
			}
		}
	}
	return inode{}, "", false
}

// scan reads a file, or a folder and all below it.
func (p *power) scan(path string) inode {
	i, info := p.number(path)
	n := p.nodes[i]
	if !info.IsDir() {
		// What changed within one tick of the clock changed in size.
		if int64(len(n.body)) != info.Size() || !n.time.Equal(info.ModTime()) {
			b, err := os.ReadFile(path)
			if err != nil {
				p.t.Fatal(err)
			}
			n.body, n.time = b, info.ModTime()
		}
		return i
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		p.t.Fatal(err)
	}
	p.now[i] = map[string]inode{}
	for _, e := range entries {
		p.now[i][e.Name()] = p.scan(filepath.Join(path, e.Name()))
	}
	return i
}

// number returns the number of what a path leads to, and keeps it from being
// given to another.
func (p *power) number(path string) (inode, os.FileInfo) {
	info, err := os.Lstat(path)
	if err != nil {
		p.t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	i := inode{uint64(st.Dev), st.Ino}
	if p.nodes[i] == nil {
		f, err := os.Open(path)
		if err != nil {
			p.t.Fatal(err)
		}
		p.nodes[i] = &node{hold: f, folder: info.IsDir()}
	}
	return i, info
}

func (p *power) sync(i inode) {
	n := p.nodes[i]
	if p.now[i] == nil {
		n.synced = bytes.Clone(n.body)
		return
	}
	n.durable = maps.Clone(p.now[i])
	p.moves = slices.DeleteFunc(p.moves, func(m move) bool {
		if m.from != i && m.to != i {
			return false
		}
		if from := p.nodes[m.from]; from.durable[m.before] == m.what {
			delete(from.durable, m.before)
		}
		if p.now[m.to][m.after] == m.what {
			to := p.nodes[m.to]
			if to.durable == nil {
				to.durable = map[string]inode{}
			}
			to.durable[m.after] = m.what
		}
		return true
	})
}

// syncSome writes out some of the folders, as a system does unasked.
func (p *power) syncSome(rnd *rand.Rand) {
	folders := slices.SortedFunc(maps.Keys(p.now), func(a, b inode) int { return cmp.Or(cmp.Compare(a.dev, b.dev), cmp.Compare(a.ino, b.ino)) })
	for _, i := range folders {
		if rnd.IntN(2) == 0 {
			p.sync(i)
		}
	}
}

// restore has the disks hold what is left after the cut.
func (p *power) restore(l loss) {
	for _, root := range p.roots {
		i, _ := p.number(root)
		entries, err := os.ReadDir(root)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, e := range entries {
			if err := os.RemoveAll(filepath.Join(root, e.Name())); err != nil {
				p.t.Fatal(err)
			}
		}
		p.write(i, root, l)
	}
}

func (p *power) write(i inode, at string, l loss) {
	entries := p.nodes[i].durable
	if l == bodies {
		entries = p.now[i]
	}
	for name, child := range entries {
		to, n := filepath.Join(at, name), p.nodes[child]
		if n.folder {
			if err := os.Mkdir(to, 0o755); err != nil {
				p.t.Fatal(err)
			}
			p.write(child, to, l)
			continue
		}
		body := n.synced
		if l == names {
			body = n.body
		}
		if err := errors.Join(os.WriteFile(to, body, 0o644), os.Chtimes(to, n.time, n.time)); err != nil {
			p.t.Fatal(err)
		}
	}
}
