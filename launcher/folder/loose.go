package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// storeLoose stores p as a directory first, out of sight. That directory is
// the intent: from then on the documents can be moved out of it one by one,
// and whoever finds it after a crash moves those that are still there. The
// record is written last, when no document is left to move.
func (s *Sink) storeLoose(ctx context.Context, v *visit, p *launcher.Parcel) error {
	r, err := s.openRecord(v.disk, p.ID)
	if err != nil {
		return err
	}
	defer r.disk.Close()
	target := s.target(p)
	if done, err := s.handOver(v, r, "", target); done || err != nil {
		return err
	}
	tmp, err := s.stage(ctx, v, p)
	if err != nil {
		return err
	}
	defer v.staging.RemoveAll(tmp) // nothing, once it was renamed
	_, err = s.handOver(v, r, tmp, target)
	return err
}

// handOver brings the parcel of r to target, from where it can be found: from
// where a Store that was killed left it, else from tmp. It reports false if
// there is nothing to bring, because tmp is "". It does not ask for the end of
// a context: what was begun is finished.
func (s *Sink) handOver(v *visit, r *record, tmp, target string) (done bool, err error) {
	d := v.disk
	unlock, err := r.disk.Lock(path.Join(r.shard, "lock"), disk.Exclusive)
	if err != nil {
		return false, err
	}
	defer unlock()
	intent := path.Join(pending, dirName(r.id))
	found, err := r.found()
	if err != nil {
		return false, err
	}
	if found {
		d.RemoveAll(intent) // left if a process was killed just before it did so
		return true, r.disk.Sync(r.shard)
	}
	held, err := holds(d, intent, r.id)
	switch {
	case err != nil:
		return false, err
	case !held && tmp == "":
		return false, nil
	case !held:
		if err := d.Rename(path.Join(staging, tmp), intent); err != nil {
			return false, err
		}
	}
	if err := v.sync(pending); err != nil {
		return false, err
	}
	m, err := s.moveAll(v, intent, target)
	if err != nil {
		return false, err
	}
	if err := r.write(m); err != nil {
		return false, err
	}
	d.RemoveAll(intent) // if not now, then when the ID is seen again
	s.expire(r)
	return true, nil
}

// moveAll moves the documents that are still in the folder intent to target,
// and returns the manifest with the names that they got there.
func (s *Sink) moveAll(v *visit, intent, target string) (*Manifest, error) {
	d := v.disk
	m, err := readManifest(d, intent)
	if err != nil {
		return nil, err
	}
	if err := s.makeDir(d, target); err != nil {
		return nil, err
	}
	for i := range m.Files {
		from := path.Join(intent, strconv.Itoa(i+1))
		tag := fmt.Sprintf("%s-%d", hashOf(m.ID)[:12], i+1)
		if err := move(d, from, target, tag, &m.Files[i]); err != nil {
			return nil, err
		}
	}
	return m, v.sync(target)
}

// move gives the file at from a free name in target, and puts that name into
// f. A file that is not there was moved before. Where many of a name wait, tag
// is put into the name rather than a number that is hard to find.
func move(d disk.Disk, from, target, tag string, f *File) error {
	for try := 1; ; try++ {
		name := disk.Numbered(f.Name, try)
		if try > 20 {
			name = disk.Suffixed(f.Name, fmt.Sprintf("%s-%d", tag, try))
		}
		err := d.Publish(from, path.Join(target, name))
		switch {
		case errors.Is(err, fs.ErrExist):
			continue
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err == nil:
			f.Name = name
		}
		return err
	}
}

// A record tells that the parcel of an ID was handed over. That it exists is
// what counts; what it holds is for people.
type record struct {
	disk  disk.Disk
	id    string
	shard string // the folder that it is in, with others
	path  string
}

// openRecord returns the record of id, which need not be there, and makes the
// folder that it belongs in.
func (s *Sink) openRecord(d disk.Disk, id string) (*record, error) {
	var err error
	if s.State == "" {
		d, err = d.Sub(hidden)
	} else {
		d, err = s.openDisk(s.State)
	}
	if err != nil {
		return nil, err
	}
	r := &record{disk: d, id: id, shard: shardOf(id), path: path.Join(shardOf(id), hashOf(id)+".json")}
	for _, dir := range []string{"stored", r.shard} {
		if err := s.makeDir(d, dir); err != nil {
			d.Close()
			return nil, err
		}
	}
	return r, nil
}

func shardOf(id string) string { return path.Join("stored", hashOf(id)[:2]) }

func (r *record) found() (bool, error) {
	_, err := r.disk.Stat(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// write records m. A record that a crash left empty still counts: it is begun
// only when all that it tells has happened.
func (r *record) write(m *Manifest) error {
	if err := disk.WriteJSON(r.disk, r.path, m); err != nil {
		return err
	}
	return r.disk.Sync(r.shard)
}

// expire removes the records older than KeepFor from the shard of r, which is
// locked, at most once a day. One that cannot be removed is recognised longer,
// which is no reason to refuse a parcel.
func (s *Sink) expire(r *record) {
	now := time.Now()
	if s.KeepFor <= 0 || !s.isDue(r.shard, now) {
		return
	}
	entries, err := r.disk.List(r.shard)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := path.Join(r.shard, e.Name())
		info, err := r.disk.Stat(name)
		if err == nil && path.Ext(name) == ".json" && now.Sub(info.ModTime()) > s.KeepFor {
			r.disk.Remove(name)
		}
	}
}

// isDue reports whether the old records of a shard were not looked for since
// a day, and notes that they are now.
func (s *Sink) isDue(shard string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.expired[shard]) < 24*time.Hour {
		return false
	}
	if s.expired == nil {
		s.expired = make(map[string]time.Time)
	}
	s.expired[shard] = now
	return true
}
