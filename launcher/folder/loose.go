package folder

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// storeLoose stores p as a directory first, out of sight. That directory is
// the intent: from then on the documents can be moved out of it one by one,
// and whoever finds it after a crash moves those that are still there. The
// record is written last, when no document is left to move.
func (s *Sink) storeLoose(ctx context.Context, d disk, p *launcher.Parcel) error {
	r, err := s.openRecord(d, p.ID)
	if err != nil {
		return err
	}
	defer r.close()
	dir := path.Join(pending, dirName(p.ID))
	found, err := r.found()
	if err != nil {
		return err
	}
	if found {
		d.removeAll(dir) // left if a process was killed just before it did so
		return r.disk.sync(r.shard)
	}
	if err := s.place(ctx, d, p, dir); err != nil {
		return err
	}
	return s.handOver(d, r, dir, s.target(p))
}

// handOver moves the documents that are still in the folder dir to target,
// and then records that it did. From here on ctx is not asked: what was begun
// is brought to its end.
func (s *Sink) handOver(d disk, r *record, dir, target string) error {
	unlock, err := r.disk.lock(path.Join(r.shard, "lock"), exclusive)
	if err != nil {
		return err
	}
	defer unlock()
	found, err := r.found()
	if err != nil {
		return err
	}
	if found {
		d.removeAll(dir) // another Store of the same ID was faster
		return nil
	}
	m, err := readManifest(d, dir)
	if err != nil {
		return err
	}
	if err := s.makeDir(d, target); err != nil {
		return err
	}
	for i := range m.Files {
		if err := move(d, path.Join(dir, strconv.Itoa(i+1)), target, &m.Files[i]); err != nil {
			return err
		}
	}
	if err := d.sync(target); err != nil {
		return err
	}
	if err := r.write(m); err != nil {
		return err
	}
	d.removeAll(dir) // if not now, then when the ID is seen again
	return s.expire(r)
}

// move gives the file at from the first free name in target, and puts that
// name into f. A file that is not there was moved before.
func move(d disk, from, target string, f *File) error {
	for try := 1; ; try++ {
		name := numbered(f.Name, try)
		err := d.publish(from, path.Join(target, name))
		switch {
		case isExist(err):
			continue
		case isNotExist(err):
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
	disk  disk
	shard string // the folder that it is in, with others
	path  string
}

// openRecord returns the record of id, which need not be there, and makes the
// folder that it belongs in.
func (s *Sink) openRecord(d disk, id string) (*record, error) {
	var err error
	if s.State == "" {
		d, err = d.sub(hidden)
	} else {
		d, err = s.openDisk(s.State)
	}
	if err != nil {
		return nil, err
	}
	r := &record{disk: d, shard: shardOf(id), path: path.Join(shardOf(id), hashOf(id)+".json")}
	for _, dir := range []string{"stored", r.shard} {
		if err := s.makeDir(d, dir); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

func shardOf(id string) string { return path.Join("stored", hashOf(id)[:2]) }

func (r *record) close() { r.disk.close() }

func (r *record) found() (bool, error) {
	_, err := r.disk.stat(r.path)
	if isNotExist(err) {
		return false, nil
	}
	return err == nil, err
}

// write records m. A record that a crash left empty still counts: it is begun
// only when all that it tells has happened.
func (r *record) write(m *Manifest) error {
	if err := writeManifest(r.disk, r.path, m); err != nil {
		return err
	}
	return r.disk.sync(r.shard)
}

// expire removes the records older than KeepFor from the shard of r, which is
// locked, at most once a day.
func (s *Sink) expire(r *record) error {
	if s.KeepFor <= 0 {
		return nil
	}
	s.mu.Lock()
	last := s.expired[r.shard]
	s.mu.Unlock()
	now := time.Now()
	if now.Sub(last) < 24*time.Hour {
		return nil
	}
	names, err := r.disk.list(r.shard)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := removeOlder(r.disk, path.Join(r.shard, name), now.Add(-s.KeepFor)); err != nil {
			return fmt.Errorf("remove an old record: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expired == nil {
		s.expired = make(map[string]time.Time)
	}
	s.expired[r.shard] = now
	return nil
}

func removeOlder(d disk, name string, t time.Time) error {
	if path.Ext(name) != ".json" {
		return nil
	}
	var info fs.FileInfo
	info, err := d.stat(name)
	if err != nil || !info.ModTime().Before(t) {
		return err
	}
	return d.remove(name)
}
