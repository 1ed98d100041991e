package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
	"github.com/ezged/coldlauncher/launcher/internal/disk/disktest"
)

// A common is a volume that counts its syncs, each of which takes some time and
// may fail.
type common struct {
	takes time.Duration
	fail  func(n int) error // nil: never

	mu     sync.Mutex
	opened int
	closed int
	syncs  int
}

func (c *common) open(path string, create bool) (disk.Disk, error) {
	d, err := disktest.Calm(path, create)
	return &shared{d, c}, err
}

func (c *common) count() (opened, closed, syncs int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened, c.closed, c.syncs
}

type shared struct {
	disk.Disk
	c *common
}

func (d *shared) Sub(dir string) (disk.Disk, error) {
	sub, err := d.Disk.Sub(dir)
	return &shared{sub, d.c}, err
}

func (d *shared) Volume() (disk.Volume, error) {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	d.c.opened++
	return d.c, nil
}

func (c *common) Sync() error {
	c.mu.Lock()
	c.syncs++
	n := c.syncs
	c.mu.Unlock()
	time.Sleep(c.takes)
	if c.fail == nil {
		return nil
	}
	return c.fail(n)
}

func (c *common) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed++
}

// storeAll stores n parcels, none of which has its documents before all are asked
// for theirs.
func storeAll(t *testing.T, s *Sink, n int) (errs []error) {
	var ready, stored sync.WaitGroup
	ready.Add(n)
	errs = make([]error, n)
	for i := range n {
		p := parcelOf(fmt.Sprint("x/", i), "a.pdf", "body")
		documents := p.Documents
		p.Documents = func(ctx context.Context) ([]*launcher.Document, error) {
			ready.Done()
			ready.Wait()
			return documents(ctx)
		}
		stored.Go(func() { errs[i] = s.Store(t.Context(), p) })
	}
	stored.Wait()
	return errs
}

// TestStoredTogether: where there are enough at a time, whoever comes first syncs
// the volume, and those who come meanwhile have it synced once more for all of them.
func TestStoredTogether(t *testing.T) {
	for _, test := range []struct{ parcels, opened, syncs int }{{1, 0, 0}, {2, 0, 0}, {3, 1, 2}, {20, 1, 2}} {
		synctest.Test(t, func(t *testing.T) {
			c := &common{takes: time.Millisecond}
			s := &Sink{Path: t.TempDir(), open: c.open}
			for i, err := range storeAll(t, s, test.parcels) {
				if err != nil {
					t.Errorf("parcel %d of %d: %v", i, test.parcels, err)
				}
			}
			opened, closed, syncs := c.count()
			if opened != test.opened || closed != opened || syncs != test.syncs {
				t.Errorf("%d parcels: the volume was opened %d times, closed %d times, synced %d times; want %d, as often, and %d times",
					test.parcels, opened, closed, syncs, test.opened, test.syncs)
			}
		})
	}
}

// TestFailureOfASync: that something could not be written is told once, to whoever
// syncs the volume first. It counts for all that was written by then, and not for
// what comes later.
func TestFailureOfASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &common{takes: time.Millisecond, fail: func(n int) error {
			if n == 1 {
				return disk.Blame(errors.New("lost"))
			}
			return nil
		}}
		s := &Sink{Path: t.TempDir(), open: c.open, many: 1}
		slow, goOn := parcelOf("x/slow", "a.pdf", "body"), make(chan struct{})
		documents := slow.Documents
		slow.Documents = func(ctx context.Context) ([]*launcher.Document, error) {
			<-goOn
			return documents(ctx)
		}
		var stored sync.WaitGroup
		stored.Go(func() {
			if err := s.Store(t.Context(), slow); err != nil {
				t.Errorf("a parcel that was written after the failure: %v", err)
			}
		})
		synctest.Wait()
		for i, err := range storeAll(t, s, 8) {
			if launcher.OutcomeOf(err) != launcher.Stop || !strings.Contains(err.Error(), "lost") {
				t.Errorf("parcel %d, written before the sync that failed: %v, want that failure, marked with Halt", i, err)
			}
		}
		if got := mustSee(t, s.Path); len(got) > 0 {
			t.Errorf("%v is visible although Store failed", got)
		}
		if _, closed, syncs := c.count(); syncs != 1 || closed != 1 {
			t.Errorf("the volume was synced %d times, closed %d times; want once: what failed is told once", syncs, closed)
		}
		if err := s.Store(t.Context(), parcelOf("x/9", "a.pdf", "body")); err != nil {
			t.Errorf("a parcel that came after the failure: %v", err)
		}
		close(goOn)
		stored.Wait()
		if opened, closed, _ := c.count(); opened != 2 || closed != 2 {
			t.Errorf("the volume was opened %d times and closed %d times, want 2: what failed before is not known to a new one", opened, closed)
		}
	})
}

// TestBusyVolume: where a sync takes long because others write there, parcels sync
// their own files for some time.
func TestBusyVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &common{takes: time.Second}
		s := &Sink{Path: t.TempDir(), open: c.open, many: 1}
		for i, test := range []struct {
			pause time.Duration
			syncs int
		}{{0, 1}, {0, 1}, {8 * time.Second, 1}, {2 * time.Second, 2}} {
			time.Sleep(test.pause)
			mustStore(t, s, parcelOf(fmt.Sprint("x/", i), "a.pdf", "body"))
			if _, _, syncs := c.count(); syncs != test.syncs {
				t.Errorf("parcel %d: the volume was synced %d times by then, want %d", i, syncs, test.syncs)
			}
		}
	})
}

// TestWhatFailsBeforeTheSyncIsTold: the system may write what it was given at any
// time, and knows to whom the volume is open.
func TestWhatFailsBeforeTheSyncIsTold(t *testing.T) {
	var volume told
	s := &Sink{Path: t.TempDir(), many: 1, open: func(path string, create bool) (disk.Disk, error) {
		d, err := disktest.Calm(path, create)
		return &teller{d, &volume}, err
	}}
	p := parcelOf("x/1", "a.pdf", "one", "b.pdf", "two")
	docs, _ := p.Documents(t.Context())
	open := docs[1].Open
	docs[1].Open = func(ctx context.Context) (io.ReadCloser, error) {
		volume.failures++ // a.pdf could not be written
		return open(ctx)
	}
	if err := s.Store(t.Context(), p); launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("Store = %v although a document was lost while the next one was written, want an error that halts", err)
	}
}

// A told volume tells whoever has it open of what failed since, as syncfs(2) does.
type told struct{ failures, known int }

type teller struct {
	disk.Disk
	told *told
}

func (d *teller) Sub(dir string) (disk.Disk, error) {
	sub, err := d.Disk.Sub(dir)
	return &teller{sub, d.told}, err
}

func (d *teller) Volume() (disk.Volume, error) {
	d.told.known = d.told.failures
	return d.told, nil
}

func (v *told) Sync() error {
	if v.failures > v.known {
		v.known = v.failures
		return disk.Blame(errors.New("lost"))
	}
	return nil
}

func (v *told) Close() {}
