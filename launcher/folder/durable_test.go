package folder

import (
	"fmt"
	"maps"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// A volatile knows what a power cut would take: what was written to a file
// since its last sync, and entries made since the last sync of their folder.
type volatile struct {
	t *testing.T

	mu      sync.Mutex
	files   map[string]bool // written and not synced
	started map[string]bool // so that a sync of the volume does it
	dirs    map[string]bool // with entries that are not
	order   []string
}

func (v *volatile) open(path string, create bool) (disk.Disk, error) {
	d, err := disk.Open(path, create)
	return &watched{d, v}, err
}

// below returns what under dir a power cut would take.
func (v *volatile) below(dir string) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var names []string
	for _, m := range []map[string]bool{v.files, v.dirs} {
		for name := range m {
			if name == dir || strings.HasPrefix(name, dir+"/") {
				names = append(names, name)
			}
		}
	}
	return names
}

// wrote notes that a power cut would take what is in the map of names at name.
func (v *volatile) wrote(names map[string]bool, name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	names[name] = true
}

// synced does a sync: what was noted before it began is durable if it succeeds.
func (v *volatile) synced(names map[string]bool, name string, sync func() error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	err := sync()
	if err == nil {
		delete(names, name)
	}
	return err
}

type watched struct {
	disk.Disk
	v *volatile
}

func (d *watched) abs(name string) string { return path.Join(d.Name(), name) }

func (d *watched) Sub(dir string) (disk.Disk, error) {
	s, err := d.Disk.Sub(dir)
	return &watched{s, d.v}, err
}

func (d *watched) Mkdir(dir string) error {
	err := d.Disk.Mkdir(dir)
	if err == nil {
		d.v.wrote(d.v.dirs, path.Dir(d.abs(dir)))
	}
	return err
}

func (d *watched) Create(name string) (disk.File, error) {
	if strings.HasPrefix(name, "stored/") {
		d.v.order = append(d.v.order, "record")
		for _, at := range d.v.below(path.Dir(d.Name())) {
			if !strings.Contains(at, hidden) {
				d.v.t.Errorf("a parcel was recorded while a power cut would take documents of it: %s", at)
			}
		}
	}
	f, err := d.Disk.Create(name)
	d.v.wrote(d.v.dirs, path.Dir(d.abs(name)))
	d.v.wrote(d.v.files, d.abs(name))
	return &watchedFile{f, d.v, d.abs(name)}, err
}

func (d *watched) Rename(from, to string) error {
	d.v.order = append(d.v.order, "rename")
	if lost := d.v.below(d.abs(from)); len(lost) > 0 {
		d.v.t.Errorf("a parcel got its name while a power cut would take %v", lost)
	}
	d.v.wrote(d.v.dirs, path.Dir(d.abs(to)))
	return d.Disk.Rename(from, to)
}

func (d *watched) Publish(from, to string) error {
	d.v.order = append(d.v.order, "publish")
	if d.v.dirs[d.abs(pending)] {
		d.v.t.Errorf("%s was handed over while a power cut would take the intent to do so", to)
	}
	d.v.wrote(d.v.dirs, path.Dir(d.abs(to)))
	return d.Disk.Publish(from, to)
}

func (d *watched) RemoveAll(name string) error {
	if strings.HasPrefix(name, pending) {
		d.v.order = append(d.v.order, "forget")
		if lost := d.v.below(d.abs(hidden + "/stored")); len(lost) > 0 {
			d.v.t.Errorf("an intent was removed while a power cut would take its record: %v", lost)
		}
	}
	lost := d.v.below(d.abs(name))
	d.v.mu.Lock()
	defer d.v.mu.Unlock()
	for _, gone := range lost {
		delete(d.v.dirs, gone)
		delete(d.v.files, gone)
	}
	return d.Disk.RemoveAll(name)
}

func (d *watched) Sync(dir string) error {
	return d.v.synced(d.v.dirs, d.abs(dir), func() error { return d.Disk.Sync(dir) })
}

func (d *watched) Volume() (disk.Volume, error) { return watchedVolume{d.v}, nil }

// A watchedVolume need not be one that can be synced.
type watchedVolume struct{ v *volatile }

func (w watchedVolume) Sync() error {
	w.v.mu.Lock()
	defer w.v.mu.Unlock()
	w.v.order = append(w.v.order, "sync all")
	maps.DeleteFunc(w.v.files, func(name string, _ bool) bool { return w.v.started[name] })
	clear(w.v.dirs)
	return nil
}

func (w watchedVolume) Close() {}

type watchedFile struct {
	disk.File
	v    *volatile
	path string
}

func (f *watchedFile) Write(b []byte) (int, error) {
	f.v.wrote(f.v.files, f.path)
	return f.File.Write(b)
}

func (f *watchedFile) SetTime(at time.Time) error {
	f.v.wrote(f.v.files, f.path)
	return f.File.SetTime(at)
}

func (f *watchedFile) Start() error {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	f.v.started[f.path] = true
	return nil
}

func (f *watchedFile) Sync() error {
	return f.v.synced(f.v.files, f.path, f.File.Sync)
}

func TestEverythingIsSyncedInOrder(t *testing.T) {
	tests := []struct {
		loose bool
		many  int
		order string
	}{
		{false, 0, "[rename]"},
		{true, 0, "[rename publish publish record forget]"},
		{false, 1, "[sync all rename]"},
		{true, 1, "[sync all rename publish publish record forget]"},
	}
	for _, test := range tests {
		loose, order := test.loose, test.order
		t.Run(fmt.Sprintf("loose %v, together %v", loose, test.many > 0), func(t *testing.T) {
			dir := t.TempDir()
			s := &Sink{Path: dir, Loose: loose, ByJob: true, many: test.many}
			for i := range 3 { // the first makes folders, the others find them
				v := &volatile{t: t, files: make(map[string]bool), started: make(map[string]bool), dirs: make(map[string]bool)}
				if i == 2 { // another process, which cannot know whether the folders it finds are durable
					s = &Sink{Path: dir, Loose: loose, ByJob: true, many: test.many}
					v.dirs[dir], v.dirs[path.Join(dir, hidden)] = true, true
				}
				s.open = v.open
				p := parcelOf(fmt.Sprint("x/", i), fmt.Sprint("a", i), "one", fmt.Sprint("b", i), "two")
				p.Job = "87"
				docs, _ := p.Documents(t.Context())
				docs[0].Time = time.Unix(1_000_000_000, 0)
				mustStore(t, s, p)
				if got := fmt.Sprint(v.order); got != order {
					t.Errorf("steps %v, want %v", got, order)
				}
				delete(v.dirs, path.Join(dir, staging)) // what is left there is swept
				if lost := v.below(dir); len(lost) > 0 {
					t.Errorf("Store returned nil while a power cut would take %v", lost)
				}
			}
		})
	}
}
