package backup

import (
	"context"
	"path"
	"strings"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// A volatile knows what a power cut would take: what was written to a file
// since its last sync, and entries made since the last sync of their folder.
type volatile struct {
	disk.Disk
	t     *testing.T
	files map[string]bool // written and not synced
	dirs  map[string]bool // with entries that are not
}

// below returns what under dir a power cut would take.
func (v *volatile) below(dir string) []string {
	var names []string
	for _, m := range []map[string]bool{v.files, v.dirs} {
		for name := range m {
			if name == dir || dir == "." || strings.HasPrefix(name, dir+"/") {
				names = append(names, name)
			}
		}
	}
	return names
}

func (v *volatile) Mkdir(dir string) error {
	err := v.Disk.Mkdir(dir)
	if err == nil {
		v.dirs[path.Dir(dir)] = true
	}
	return err
}

func (v *volatile) Create(name string) (disk.File, error) {
	f, err := v.Disk.Create(name)
	v.dirs[path.Dir(name)] = true
	v.files[name] = true
	return &volatileFile{f, v, name}, err
}

func (v *volatile) Rename(from, to string) error {
	if lost := v.below(from); len(lost) > 0 {
		v.t.Errorf("%s got its name while a power cut would take %v", to, lost)
	}
	if strings.HasPrefix(to, "2026/") {
		if lost := append(v.below(index), v.below("2026")...); len(lost) > 0 {
			v.t.Errorf("a copy got its name while a power cut would take %v", lost)
		}
	}
	for _, dir := range []string{from, to} {
		if dir = path.Dir(dir); dir != staging || strings.HasPrefix(from, "2026/") {
			v.dirs[dir] = true
		}
	}
	return v.Disk.Rename(from, to)
}

func (v *volatile) RemoveAll(name string) error {
	if lost := v.below("2026"); len(lost) > 0 {
		v.t.Errorf("a copy was taken apart while a power cut would put it back into %v", lost)
	}
	return v.Disk.RemoveAll(name)
}

func (v *volatile) Sync(dir string) error {
	delete(v.dirs, dir)
	return v.Disk.Sync(dir)
}

type volatileFile struct {
	disk.File
	v    *volatile
	name string
}

func (f *volatileFile) Write(b []byte) (int, error) {
	f.v.files[f.name] = true
	return f.File.Write(b)
}

func (f *volatileFile) Sync() error {
	delete(f.v.files, f.name)
	return f.File.Sync()
}

func TestDurableBeforeItIsHandedOver(t *testing.T) {
	b := newBench(t)
	b.src.KeepFor = 24 * hour
	var v *volatile
	b.src.open = func(dir string, create bool) (disk.Disk, error) {
		d, err := disk.Open(dir, create)
		v = &volatile{Disk: d, t: t, files: map[string]bool{}, dirs: map[string]bool{}}
		return v, err
	}
	b.rec.Before = func(ctx context.Context, p *launcher.Parcel) error {
		if _, err := p.Documents(ctx); err != nil {
			return err
		}
		delete(v.dirs, staging) // what is left there is swept
		if lost := v.below("."); len(lost) > 0 {
			t.Errorf("%q was handed over while a power cut would take %v", p.ID, lost)
		}
		return nil
	}
	for _, id := range []string{"1", "2", "3", "4"} { // the first makes folders, the others find them
		b.script.Add(id+"a", launchertest.File("a", "one"), launchertest.File("b", "two"))
		b.script.Add(id+"b", launchertest.File("a", "one"))
		b.mustPoll(t)
		b.pass(24 * hour)
	}
	b.wantCopies(t, "2026/11/25: a=one", "2026/11/25: a=one b=two", "2026/11/26: a=one", "2026/11/26: a=one b=two")
}

// A copy that is found was perhaps made by a process that was killed before it
// was durable.
func TestFoundCopyIsMadeDurable(t *testing.T) {
	b := newBench(t)
	b.script.Keep = true
	b.script.Add("1", launchertest.File("a", "one"))
	b.mustPoll(t)
	synced := false
	b.src.open = func(dir string, create bool) (disk.Disk, error) {
		d, err := disk.Open(dir, create)
		return &syncs{d, func(dir string) { synced = synced || dir == "2026/11/23" }}, err
	}
	b.mustPoll(t)
	if !synced {
		t.Error("handed over on the strength of a copy whose name may not be durable")
	}
}

type syncs struct {
	disk.Disk
	on func(dir string)
}

func (d *syncs) Sync(dir string) error {
	d.on(dir)
	return d.Disk.Sync(dir)
}
