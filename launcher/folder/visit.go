package folder

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// A visit is what Stores that overlap have in common. It lasts from the first
// to begin to the last to end.
type visit struct {
	disk    disk.Disk    // below Path
	staging disk.Disk    // below that
	ends    []func()     // give back what begin got, last first
	stores  atomic.Int32 // under way; changed under Sink.visiting

	mu     sync.Mutex
	syncs  map[string]*disk.Joint // by folder
	volume *volume                // nil: to be opened
}

// enter begins a visit, or joins the one that others are on. Whoever calls it
// calls leave.
func (s *Sink) enter() (*visit, error) {
	s.visiting.Lock()
	defer s.visiting.Unlock()
	if s.visit == nil {
		v, err := s.begin()
		if err != nil {
			return nil, err
		}
		s.visit = v
	}
	s.visit.stores.Add(1)
	return s.visit, nil
}

func (s *Sink) leave(v *visit) {
	s.visiting.Lock()
	defer s.visiting.Unlock()
	if v.stores.Add(-1) == 0 {
		v.end()
		s.visit = nil
	}
}

// begin opens Path, makes the folders that the Sink works in and locks them.
func (s *Sink) begin() (_ *visit, err error) {
	v := new(visit)
	defer func() {
		if err != nil {
			v.end()
		}
	}()
	if v.disk, err = s.openDisk(s.Path); err != nil {
		return nil, err
	}
	v.ends = append(v.ends, v.disk.Close)
	for _, dir := range []string{hidden, staging, pending} {
		if err := s.makeDir(v.disk, dir); err != nil {
			return nil, err
		}
	}
	unlock, err := s.lock(v.disk)
	if err != nil {
		return nil, err
	}
	v.ends = append(v.ends, unlock)
	if v.staging, err = v.disk.Sub(staging); err != nil {
		return nil, err
	}
	v.ends = append(v.ends, v.staging.Close)
	return v, nil
}

func (v *visit) end() {
	v.closeVolume()
	for _, end := range slices.Backward(v.ends) {
		end()
	}
}

// lock tells others that Stores are under way: whoever gets the lock for himself
// alone may clear staging of what a killed process left there.
func (s *Sink) lock(d disk.Disk) (unlock func(), err error) {
	const name = hidden + "/lock"
	if !s.swept.Load() {
		unlock, err := d.Lock(name, disk.Alone)
		switch {
		case err == nil:
			disk.Sweep(d, staging)
			unlock()
			s.swept.Store(true)
		case !errors.Is(err, disk.ErrBusy) && !errors.Is(err, errors.ErrUnsupported):
			return nil, err
		}
	}
	return d.Lock(name, disk.Shared)
}

// sync makes the entries of dir durable, once for all Stores that wait for it.
func (v *visit) sync(dir string) error {
	v.mu.Lock()
	if v.syncs == nil {
		v.syncs = make(map[string]*disk.Joint)
	}
	joint := v.syncs[dir]
	if joint == nil {
		joint = new(disk.Joint)
		v.syncs[dir] = joint
	}
	v.mu.Unlock()
	return joint.Do(func() error { return v.disk.Sync(dir) })
}
