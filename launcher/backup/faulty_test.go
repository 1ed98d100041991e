package backup

import (
	"context"
	"slices"
	"syscall"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
	"github.com/ezged/coldlauncher/launcher/internal/disk/disktest"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// calm lets the bench go on without trouble: in a new process if the former
// was killed.
func (b *bench) calm(tr *disktest.Trouble) {
	if tr.Kind == disktest.Kill {
		b.restart()
	}
	b.src.open = disktest.Calm
}

func TestEveryOperationOfCopyingMayFail(t *testing.T) {
	disktest.Each(t, 25, func(t *testing.T, tr *disktest.Trouble) {
		b := newBench(t)
		b.script.Add("1", launchertest.File("a.pdf", "one"), launchertest.File("A.pdf", "two"))
		const want = "2026/11/23: a.pdf=one A (2).pdf=two"

		b.src.open = tr.Open
		err := b.src.Poll(t.Context(), &b.rec)
		if err != nil && launcher.OutcomeOf(err) != launcher.Stop {
			t.Errorf("%v: Poll = %v, want an error that halts", tr, err)
		}
		got, broken := copies(b.src.Path)
		switch handed := len(b.rec.Kept()); {
		case broken != nil:
			t.Fatalf("%v: half a copy is in the tree: %v", tr, broken)
		case (err == nil) != (handed == 1):
			t.Errorf("%v: Poll = %v, and %d parcels were handed over", tr, err, handed)
		case handed == 1 && !slices.Equal(got, []string{want}):
			t.Errorf("%v: handed over while the copies are %q", tr, got)
		}

		b.calm(tr)
		if len(got) == 0 { // then the copy is of the day on which it is made
			b.mustPoll(t)
		}
		b.script.Keep = true
		for range 2 {
			b.pass(24 * hour)
			b.mustPoll(t)
			got, err := copies(b.src.Path)
			if err != nil || !slices.Equal(got, []string{want}) {
				t.Errorf("%v: passes later there are %q, %v, want one copy", tr, got, err)
			}
		}
		b.script.Add("2", launchertest.File("b", "three"))
		b.mustPoll(t)
		if staged, dangling := left(t, b.src.Path); len(staged)+len(dangling) > 0 {
			t.Errorf("%v: left behind: %v, %v", tr, staged, dangling)
		}
	})
}

func TestEveryOperationOfRetentionMayFail(t *testing.T) {
	disktest.Each(t, 25, func(t *testing.T, tr *disktest.Trouble) {
		b := newBench(t)
		b.src.KeepFor = 48 * hour
		b.script.Add("1", launchertest.File("a", "one"), launchertest.File("b", "two"))
		b.script.Add("2", launchertest.File("c", "three"))
		b.mustPoll(t)
		b.pass(24 * hour)
		b.script.Add("3", launchertest.File("d", "four"))
		b.mustPoll(t)
		b.pass(48 * hour) // the first day is old, the second is not
		const younger = "2026/11/24: d=four"

		b.src.open = tr.Open
		err := b.src.Poll(t.Context(), &b.rec)
		if err != nil {
			t.Errorf("%v: Poll = %v, want nil: retention does not fail a pass", tr, err)
		}
		got, err := copies(b.src.Path)
		if err != nil {
			t.Fatalf("%v: half a copy is in the tree: %v", tr, err)
		}
		if !slices.Contains(got, younger) {
			t.Errorf("%v: removed a copy that is not old: %q", tr, got)
		}
		b.calm(tr)
		b.pass(hour)
		b.mustPoll(t)
		b.wantCopies(t, younger)
		if staged, dangling := left(t, b.src.Path); len(staged)+len(dangling) > 0 {
			t.Errorf("%v: left behind: %v, %v", tr, staged, dangling)
		}
	})
}

// What the file system has against one document is not held against others.
func TestDocumentThatDoesNotFit(t *testing.T) {
	b := newBench(t)
	b.src.open = func(path string, create bool) (disk.Disk, error) {
		d, err := disk.Open(path, create)
		return &unfit{d}, err
	}
	b.script.Add("1", launchertest.File("big", "one"))
	b.script.Add("2", launchertest.File("small", "two"))
	b.rec.Before = func(ctx context.Context, p *launcher.Parcel) error {
		_, err := p.Documents(ctx)
		if o := launcher.OutcomeOf(err); p.ID == "1" && o != launcher.Left {
			t.Errorf("outcome %v, want the parcel left and the pass going on", o)
		}
		return err
	}
	b.mustPoll(t)
	b.wantCopies(t, "2026/11/23: small=two")
}

type unfit struct{ disk.Disk }

func (d *unfit) Create(name string) (disk.File, error) {
	f, err := d.Disk.Create(name)
	if err == nil && len(name) > 4 && name[len(name)-4:] == "/big" {
		return tooBig{f}, nil
	}
	return f, err
}

type tooBig struct{ disk.File }

func (tooBig) Write([]byte) (int, error) { return 0, disk.Blame(syscall.EFBIG) }
