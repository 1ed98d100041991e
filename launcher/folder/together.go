package folder

import (
	"time"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// Where several parcels are written at the same time, one sync of the whole volume
// makes all of them durable: it costs less than their own syncs. But it also waits
// for what others write there: where that takes long, for about a tenth of the time
// only.
const (
	enough = 3                     // parcels at a time
	slow   = 10 * time.Millisecond // for each of them
	rests  = 9                     // times as long it is not tried again then
)

// A volume is synced for all parcels of a visit that are written meanwhile.
type volume struct {
	disk  disk.Volume // nil: it is not to be synced as a whole
	joint disk.Joint
	err   error // of a sync; touched by who has the turn of joint
}

// together returns what makes durable all that is written from now on; nil if
// each file is to be synced on its own.
func (s *Sink) together(v *visit) func() error {
	many := s.many
	if many == 0 {
		many = enough
	}
	if int(v.stores.Load()) < many || s.isBusy() {
		return nil
	}
	vol := v.open()
	if vol.disk == nil {
		return nil
	}
	return func() error { return s.syncAll(v, vol) }
}

func (s *Sink) isBusy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.busy)
}

// open returns the volume of v, which is opened before anything is written that
// is synced with it: it is told of all that fails from then on.
func (v *visit) open() *volume {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.volume == nil {
		v.volume = new(volume)
		if d, err := v.staging.Volume(); err == nil {
			v.volume.disk = d
		}
	}
	return v.volume
}

// syncAll syncs vol once for all that wait for it. A failure is told once, and may
// be that of any file: hence it is one for all that were not synced before, and vol
// is of no more use. Those that come later open another.
func (s *Sink) syncAll(v *visit, vol *volume) error {
	return vol.joint.Do(func() error {
		if vol.err != nil {
			return vol.err
		}
		begun := time.Now()
		vol.err = vol.disk.Sync()
		if took := time.Since(begun); took > slow*time.Duration(v.stores.Load()) {
			s.rest(rests * took)
		}
		if vol.err != nil {
			v.drop(vol)
		}
		return vol.err
	})
}

func (s *Sink) rest(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = time.Now().Add(d)
}

// drop closes vol, and has open return another.
func (v *visit) drop(vol *volume) {
	v.mu.Lock()
	defer v.mu.Unlock()
	vol.disk.Close()
	if v.volume == vol {
		v.volume = nil
	}
}

// closeVolume closes the volume that is open, if any. No Store is under way.
func (v *visit) closeVolume() {
	if v.volume != nil && v.volume.disk != nil {
		v.volume.disk.Close()
	}
}
