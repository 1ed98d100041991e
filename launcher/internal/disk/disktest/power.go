package disktest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// A Loss is what a power cut may take of what was not synced.
type Loss string

const (
	Everything Loss = "everything" // bodies and names
	Bodies     Loss = "bodies"     // names are kept, of files that are empty
	Names      Loss = "names"      // bodies of files that have a name are kept
)

var errPower = errors.New("the power is off")

// A Power is a supply of power that is cut before one operation that changes
// something on a Disk, and a model of what the disk holds then. A file's bytes
// are durable once it was synced, a name once its folder was. A rename is
// durable on both sides once one of its folders was synced, as on file systems
// with a journal.
type Power struct {
	At int // operation, counted from 0

	mu    sync.Mutex
	count int
	dir   string // host path of root
	root  *node
	moves []move
}

// A node is a file or a folder, as it is and as it is durable.
type node struct {
	now, durable map[string]*node // of a folder
	body, synced []byte           // of a file
	started      []byte           // of a file: what a sync of the volume makes durable
}

// A move is a rename that is not durable yet.
type move struct {
	from, to    *node
	name, name2 string
	what        *node
}

func folder() *node { return &node{now: map[string]*node{}, durable: map[string]*node{}} }

// EachCut calls test with the power cut before the first operation, before the
// second, and so on until there is no such operation, for each Loss. It fails
// if there were fewer than least.
func EachCut(t *testing.T, least int, test func(t *testing.T, p *Power, loss Loss)) {
	for _, loss := range []Loss{Everything, Bodies, Names} {
		t.Run("a power cut takes "+string(loss), func(t *testing.T) {
			t.Parallel()
			for at := 0; ; at++ {
				p := &Power{At: at, root: folder()}
				test(t, p, loss)
				if p.count > at {
					continue
				}
				if at < least {
					t.Errorf("cut before %d operations, want at least %d", at, least)
				}
				t.Logf("cut before each of %d operations", at)
				return
			}
		})
	}
}

// Off reports whether the power was cut.
func (p *Power) Off() bool { return p.count > p.At }

func (p *Power) String() string { return fmt.Sprintf("power cut before operation %d", p.At) }

// Open is disk.Open for a Disk that the Power supplies, always of the same
// folder, which is empty at first.
func (p *Power) Open(dir string, create bool) (disk.Disk, error) {
	d, err := disk.Open(dir, create)
	if err != nil {
		return nil, err
	}
	p.dir = dir
	return &powered{d, p, "."}, nil
}

// Restore writes what is left after the cut into a new folder.
func (p *Power) Restore(t *testing.T, loss Loss) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := restore(p.root, dir, loss); err != nil {
		t.Fatal(err)
	}
	return dir
}

func restore(n *node, at string, loss Loss) error {
	entries := n.durable
	if loss == Bodies {
		entries = n.now
	}
	for name, child := range entries {
		to := filepath.Join(at, name)
		if child.now == nil {
			body := child.synced
			if loss == Names {
				body = child.body
			}
			if err := os.WriteFile(to, body, 0o644); err != nil {
				return err
			}
			continue
		}
		if err := errors.Join(os.Mkdir(to, 0o755), restore(child, to, loss)); err != nil {
			return err
		}
	}
	return nil
}

// change does an operation that changes something, on the disk and, if that
// went well, in the model.
func (p *Power) change(op func() error, model func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count >= p.At {
		p.count = p.At + 1
		return disk.Blame(errPower)
	}
	p.count++
	err := op()
	if err == nil {
		model()
	}
	return err
}

// at returns the node of a path, and its folder and name there.
func (p *Power) at(name string) (n, in *node, base string) {
	n = p.root
	for _, part := range strings.Split(path.Clean(name), "/") {
		if part == "." {
			continue
		}
		in, base = n, part
		if in == nil {
			return nil, nil, base
		}
		n = in.now[part]
	}
	return n, in, base
}

func (p *Power) rename(from, to string) {
	what, src, name := p.at(from)
	_, dst, name2 := p.at(to)
	delete(src.now, name)
	dst.now[name2] = what
	p.moves = append(p.moves, move{src, dst, name, name2, what})
}

func (p *Power) sync(dir string) {
	n, _, _ := p.at(dir)
	n.durable = maps.Clone(n.now)
	p.moves = slices.DeleteFunc(p.moves, func(m move) bool {
		if m.from != n && m.to != n {
			return false
		}
		if m.from.durable[m.name] == m.what {
			delete(m.from.durable, m.name)
		}
		if m.to.now[m.name2] == m.what {
			m.to.durable[m.name2] = m.what
		}
		return true
	})
}

type powered struct {
	disk.Disk
	p   *Power
	dir string // below that of the Power
}

func (d *powered) abs(name string) string { return path.Join(d.dir, name) }

func (d *powered) Sub(dir string) (disk.Disk, error) {
	sub, err := d.Disk.Sub(dir)
	return &powered{sub, d.p, d.abs(dir)}, err
}

func (d *powered) Mkdir(dir string) error {
	return d.p.change(func() error { return d.Disk.Mkdir(dir) }, func() {
		_, in, base := d.p.at(d.abs(dir))
		in.now[base] = folder()
	})
}

func (d *powered) Create(name string) (disk.File, error) {
	var f disk.File
	n := &node{}
	err := d.p.change(func() (err error) { f, err = d.Disk.Create(name); return err }, func() {
		_, in, base := d.p.at(d.abs(name))
		in.now[base] = n
	})
	return &poweredFile{f, d.p, n}, err
}

func (d *powered) Rename(from, to string) error {
	return d.p.change(func() error { return d.Disk.Rename(from, to) }, func() { d.p.rename(d.abs(from), d.abs(to)) })
}

func (d *powered) Publish(from, to string) error {
	return d.p.change(func() error { return d.Disk.Publish(from, to) }, func() { d.p.rename(d.abs(from), d.abs(to)) })
}

func (d *powered) Remove(name string) error {
	return d.p.change(func() error { return d.Disk.Remove(name) }, func() { d.p.forget(d.abs(name)) })
}

func (d *powered) RemoveAll(name string) error {
	return d.p.change(func() error { return d.Disk.RemoveAll(name) }, func() { d.p.forget(d.abs(name)) })
}

func (p *Power) forget(name string) {
	if _, in, base := p.at(name); in != nil {
		delete(in.now, base)
	}
}

func (d *powered) Sync(dir string) error {
	return d.p.change(func() error { return nil }, func() { d.p.sync(d.abs(dir)) })
}

func (d *powered) Volume() (disk.Volume, error) { return poweredVolume{d.p}, nil }

type poweredVolume struct{ p *Power }

func (v poweredVolume) Sync() error {
	return v.p.change(func() error { return nil }, func() {
		v.p.root.settle()
		v.p.moves = nil
	})
}

func (v poweredVolume) Close() {}

// settle makes all of a folder durable, or a file.
func (n *node) settle() {
	if n.started != nil {
		n.synced = n.started
	}
	if n.now != nil {
		n.durable = maps.Clone(n.now)
	}
	for _, child := range n.now {
		child.settle()
	}
}

type poweredFile struct {
	disk.File
	p *Power
	n *node
}

func (f *poweredFile) Write(b []byte) (n int, err error) {
	err = f.p.change(func() error { n, err = f.File.Write(b); return err }, func() { f.n.body = append(f.n.body, b...) })
	return n, err
}

func (f *poweredFile) SetTime(t time.Time) error {
	return f.p.change(func() error { return f.File.SetTime(t) }, func() {})
}

func (f *poweredFile) Sync() error {
	return f.p.change(func() error { return nil }, func() { f.n.synced = bytes.Clone(f.n.body) })
}

func (f *poweredFile) Start() error {
	return f.p.change(func() error { return nil }, func() { f.n.started = bytes.Clone(f.n.body) })
}

func (f *poweredFile) Close() error { return f.File.Close() }
