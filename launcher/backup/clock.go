package backup

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"time"

	"github.com/ezged/coldlauncher/launcher/internal/disk"
)

// A reading is what the clock shows.
type reading struct {
	wall time.Time
	up   time.Duration // since the first Poll, whatever the clock is set to
}

func (s *Source) read() reading {
	if s.clock != nil {
		return s.clock()
	}
	now := time.Now()
	return reading{now, now.Sub(s.began)}
}

// A run is a stretch of time in which the clock went on evenly.
type run struct {
	Since time.Time // when it began
	Last  time.Time // when the clock was last looked at
}

const runName = hidden + "/clock.json"

// What a clock may be set back, and what it may be ahead of what is known to
// have passed, within a run. While the Source is stopped, nothing is known to
// pass: with the latter it may be started once a week.
const (
	mostBack  = time.Hour
	leastLeap = 8 * 24 * time.Hour
)

// evenly reports whether the clock has gone on evenly for KeepFor: only then
// is a copy as old as its day says. Along with true, an error tells that it
// could not be noted how the clock goes on.
func (s *Source) evenly(d disk.Disk, now reading) (bool, error) {
	r, err := readRun(d)
	if err != nil {
		return false, err
	}
	ahead := now.wall.Sub(r.Last)
	if !s.seen.wall.IsZero() {
		ahead -= now.up - s.seen.up
	}
	if r.Since.IsZero() || ahead < -mostBack || ahead > max(leastLeap, s.KeepFor/2) {
		r.Since = now.wall
	}
	r.Last = now.wall
	s.seen = now
	return now.wall.Sub(r.Since) >= s.KeepFor, r.write(d)
}

// readRun returns the run that was noted. If there is none, or it makes no
// sense, a new one begins.
func readRun(d disk.Disk) (run, error) {
	b, err := d.Read(runName)
	if errors.Is(err, fs.ErrNotExist) {
		return run{}, nil
	}
	var r run
	if json.Unmarshal(b, &r) != nil || r.Since.After(r.Last) {
		return run{}, err
	}
	return r, err
}

func (r run) write(d disk.Disk) error {
	b, err := json.Marshal(run{r.Since.UTC(), r.Last.UTC()})
	if err != nil {
		return err
	}
	if err := replaceFile(d, runName, b); err != nil {
		return err
	}
	return d.Sync(path.Dir(runName))
}
