package folder

import (
	"errors"
	"time"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// Where several parcels are written at the same time, one sync of the whole volume
// makes all of them durable: it costs less than the syncs of one of them. But it
// also waits for what others write there, for a tenth of the time at most.
const (
	enough = 2                      // parcels at a time
	slow   = 250 * time.Millisecond // takes a sync where others write much
	rests  = 9                      // times as long it is not tried again then
)

// A volume is synced for all parcels of a visit that are written meanwhile.
type volume struct {
	disk  disk.Volume // nil: it is not to be synced as a whole
	joint disk.Joint
	err   error // of a sync, guarded by visit.mu
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
// is synced with it: it knows of no failure before.
func (v *visit) open() *volume {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.volume == nil {
		v.volume = new(volume)
		if d, err := v.staging.Volume(); err == nil {
			v.volume.disk = d
			v.ends = append(v.ends, d.Close)
		}
	}
	return v.volume
}

// syncAll syncs vol once for all that wait for it. A failure is told once, to
// whoever asks first, and may be that of any file: hence it is one for all that
// were written by then. Those that come later have the volume opened anew.
func (s *Sink) syncAll(v *visit, vol *volume) error {
	err := vol.joint.Do(func() error {
		begun := time.Now()
		err := vol.disk.Sync()
		if took := time.Since(begun); took > slow {
			s.rest(rests * took)
		}
		if err != nil {
			v.fail(vol, err)
		}
		return err
	})
	v.mu.Lock()
	defer v.mu.Unlock()
	if err == nil {
		err = vol.err
	}
	return err
}

func (s *Sink) rest(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = time.Now().Add(d)
}

func (v *visit) fail(vol *volume, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	vol.err = errors.Join(vol.err, err)
	if v.volume == vol {
		v.volume = nil
	}
}
