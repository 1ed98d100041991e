package spool

import (
	"errors"
	"fmt"
	"math"
	"os"
	"sync"

	"github.com/ezged/coldlauncher/launcher"
)

// A disk is the temporary file of a Pool, cut into slots. A body has as many as
// it needs, in any place, so that thousands of bodies cost one open file and
// the space of those that were closed is used again. The file is made for the
// first slot and removed with the last.
type disk struct {
	mu   sync.Mutex
	file *os.File
	name string  // to be removed with the last slot; "": it has no name any more
	free []int64 // slots below next that nobody has
	next int64

	before func(op string) error // nil but in tests: the disk fails there
}

const slotSize = 64 << 10

// take returns a slot for a body that has some already.
func (d *disk) take(p *Pool, some int) (int64, error) {
	most := limit(p.MaxDisk, DefaultMaxDisk, math.MaxInt64) / slotSize
	if int64(some) >= most {
		return 0, launcher.Reject(fmt.Errorf("body of more than %d bytes", most*slotSize))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.free); n > 0 {
		slot := d.free[n-1]
		d.free = d.free[:n-1]
		return slot, nil
	}
	if d.next >= most {
		return 0, fmt.Errorf("spool: bodies on disk take all of the %d bytes that they may", most*slotSize)
	}
	if d.file == nil {
		if err := d.open(p.Dir); err != nil {
			return 0, launcher.Halt(fmt.Errorf("spool: %w", err))
		}
	}
	d.next++
	return d.next - 1, nil
}

// open makes the file and, where the system allows that, takes its name away.
func (d *disk) open(dir string) error {
	if err := d.try("create"); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "coldlauncher-spool-*")
	if err != nil {
		return err
	}
	d.file, d.name = f, f.Name()
	if err := os.Remove(d.name); err == nil {
		d.name = ""
	}
	return nil
}

// give takes slots back. Nobody may use them any more.
func (d *disk) give(slots []int64) error {
	if len(slots) == 0 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free = append(d.free, slots...)
	if int64(len(d.free)) < d.next {
		return nil
	}
	f, name := d.file, d.name
	d.file, d.name, d.free, d.next = nil, "", nil, 0
	err := errors.Join(d.try("close"), f.Close())
	if name != "" {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

// write and readAt are for those who have a slot there: they keep the file.

func (d *disk) write(b []byte, off int64) error {
	if err := d.try("write"); err != nil {
		d.handle().WriteAt(b[:len(b)/2], off)
		return launcher.Halt(fmt.Errorf("spool: %w", err))
	}
	if _, err := d.handle().WriteAt(b, off); err != nil {
		return launcher.Halt(fmt.Errorf("spool: %w", err))
	}
	return nil
}

func (d *disk) readAt(b []byte, off int64) error {
	if err := d.try("read"); err != nil {
		return launcher.Halt(fmt.Errorf("spool: %w", err))
	}
	if _, err := d.handle().ReadAt(b, off); err != nil {
		return launcher.Halt(fmt.Errorf("spool: %w", err))
	}
	return nil
}

func (d *disk) try(op string) error {
	if d.before == nil {
		return nil
	}
	return d.before(op)
}

func (d *disk) handle() *os.File {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.file
}
