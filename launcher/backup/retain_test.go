package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// daily makes a pass a day, each with a parcel.
func (b *bench) daily(t *testing.T, days int) {
	t.Helper()
	for range days {
		b.mustPoll(t)
		b.pass(24 * hour)
		b.script.Add(b.at.wall.String(), launchertest.File("a", "x"))
	}
}

func (b *bench) days(t *testing.T) []string {
	t.Helper()
	got, err := copies(b.src.Path)
	if err != nil {
		t.Fatal(err)
	}
	var days []string
	for _, c := range got {
		days = append(days, c[:len("2026/11/23")])
	}
	return days
}

func TestRetention(t *testing.T) {
	for _, c := range []struct {
		keep time.Duration
		want string
	}{
		{0, "[2026/11/23 2026/11/24 2026/11/25 2026/11/26 2026/11/27]"},
		{1, "[2026/11/27]"}, // never the current day
		{24 * hour, "[2026/11/26 2026/11/27]"},
		{33 * hour, "[2026/11/26 2026/11/27]"}, // 33 hours since the end of the 25th: just old enough
		{33*hour + 1, "[2026/11/25 2026/11/26 2026/11/27]"},
		{1000 * hour, "[2026/11/23 2026/11/24 2026/11/25 2026/11/26 2026/11/27]"},
	} {
		t.Run(c.keep.String(), func(t *testing.T) {
			b := newBench(t)
			b.src.KeepFor = c.keep
			b.script.Add("first", launchertest.File("a", "x"))
			b.daily(t, 4)
			b.mustPoll(t)
			if got := fmt.Sprint(b.days(t)); got != c.want {
				t.Errorf("kept %s, want %s", got, c.want)
			}
			if staged, dangling := left(t, b.src.Path); len(staged)+len(dangling) > 0 {
				t.Errorf("left behind: %v, %v", staged, dangling)
			}
		})
	}
}

// A copy that was removed is made again if the parcel is still attempted.
func TestCopiedAgainAfterRetention(t *testing.T) {
	b := newBench(t)
	b.src.KeepFor = 24 * hour
	b.script.Keep = true
	b.script.Add("1", launchertest.File("a", "one"))
	for range 3 {
		b.mustPoll(t)
		b.pass(24 * hour)
	}
	b.wantCopies(t) // removed at the end of the third pass
	b.mustPoll(t)
	b.wantCopies(t, "2026/11/26: a=one")
}

func TestAWrongClockCostsNoCopies(t *testing.T) {
	const day, year = 24 * hour, 365 * 24 * hour
	// What the tree holds before each case, ten days after the first pass.
	const all = "[2026/11/23 2026/12/01 2026/12/02 2026/12/03]"
	set := func(b *bench, d time.Duration) { b.at.wall = b.at.wall.Add(d) }
	for _, c := range []struct {
		name string
		do   func(t *testing.T, b *bench)
		want string
	}{
		{"right", func(t *testing.T, b *bench) {
			b.pass(day)
		}, "[2026/12/01 2026/12/02 2026/12/03]"},
		{"right, nothing to do for long", func(t *testing.T, b *bench) {
			b.pass(60 * day)
		}, "[]"},
		{"right, stopped for a week", func(t *testing.T, b *bench) {
			b.pass(7 * day)
			b.restart()
		}, "[2026/12/01 2026/12/02 2026/12/03]"},
		{"right, stopped for long", func(t *testing.T, b *bench) {
			b.pass(60 * day)
			b.restart()
		}, all},
		{"ahead by a year", func(t *testing.T, b *bench) {
			set(b, year)
			b.mustPoll(t)
			b.pass(9 * day)
		}, all},
		{"ahead by a year, and so for KeepFor", func(t *testing.T, b *bench) {
			set(b, year)
			b.pass(hour)
			b.mustPoll(t)
			b.pass(10 * day)
		}, "[]"},
		{"ahead by a year at a restart", func(t *testing.T, b *bench) {
			b.restart()
			set(b, year)
		}, all},
		{"ahead by a year at a restart, and right again", func(t *testing.T, b *bench) {
			b.restart()
			set(b, year)
			b.mustPoll(t)
			b.pass(2 * hour)
			set(b, -year)
		}, all},
		{"back by a year at a restart, and right again", func(t *testing.T, b *bench) {
			b.restart()
			set(b, -year)
			b.script.Add("wrong", launchertest.File("a", "x"))
			b.mustPoll(t)
			b.pass(2 * hour)
			set(b, year)
			b.mustPoll(t)
			b.pass(9 * day)
		}, "[2025/12/03 2026/11/23 2026/12/01 2026/12/02 2026/12/03]"},
		{"back by two hours", func(t *testing.T, b *bench) {
			set(b, -2*hour)
			b.mustPoll(t)
			b.pass(9 * day)
		}, all},
		{"what was noted is lost", func(t *testing.T, b *bench) {
			if err := os.Remove(filepath.Join(b.src.Path, filepath.FromSlash(runName))); err != nil {
				t.Fatal(err)
			}
			b.restart()
			b.pass(5 * day)
		}, all},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.src.KeepFor = 10 * day
			for i := range 11 {
				if i == 0 || i >= 8 {
					b.script.Add(fmt.Sprint(i), launchertest.File("a", "x"))
				}
				b.mustPoll(t)
				b.pass(day)
			}
			b.pass(-day)
			if got := fmt.Sprint(b.days(t)); got != all {
				t.Fatalf("the tree holds %s, want %s", got, all)
			}
			c.do(t, b)
			b.mustPoll(t)
			if got := fmt.Sprint(b.days(t)); got != c.want {
				t.Errorf("kept %s, want %s", got, c.want)
			}
		})
	}
}

func TestSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.src.KeepFor, b.src.clock = 40*24*hour, nil
		b.script.Add("1", launchertest.File("a", "one"))
		b.mustPoll(t)
		today := time.Now().Format(dayLayout)
		b.wantCopies(t, today+": a=one")
		time.Sleep(40*24*hour - time.Minute)
		b.mustPoll(t)
		b.wantCopies(t, today+": a=one")
		time.Sleep(25 * hour)
		b.mustPoll(t)
		b.wantCopies(t)
		if entries, err := os.ReadDir(b.src.Path); err != nil || len(entries) != 1 {
			t.Errorf("left %v, %v, want no empty folders", entries, err)
		}
	})
}

func TestWorkOfAPassIsBounded(t *testing.T) {
	b := newBench(t)
	b.src.KeepFor = 24 * hour
	for i := range mostRemoved + 10 {
		b.script.Add(fmt.Sprint(i), launchertest.File("a", "x"))
	}
	b.mustPoll(t)
	b.pass(48 * hour)
	for i := range 4 {
		b.script.Add(fmt.Sprint("new ", i), launchertest.File("a", "x"))
	}
	b.mustPoll(t)
	if got := len(b.days(t)); got != 10 {
		t.Errorf("%d copies are left after a pass that made 4, want 6 old ones besides", got)
	}
	b.pass(time.Second)
	b.mustPoll(t)
	if got := len(b.days(t)); got != 4 {
		t.Errorf("%d copies are left after the next pass, want 4", got)
	}
}

// What lies in the tree and is no copy stays, and so do days to come.
func TestOthersFilesStay(t *testing.T) {
	b := newBench(t)
	b.src.KeepFor = 24 * hour
	hash := hashOf("x")
	var paths []string
	for _, name := range []string{
		"2026/11/22/letter.pdf", "2026/11/22/sub/letter.pdf", "2026/11/22/" + hash + "/copy.json", "2026/11/21/file-" + hash,
		"2026/11/31/a-" + hash + "/copy.json", "2026/1/1/a-" + hash + "/copy.json", "old/11/22/a-" + hash + "/copy.json",
		"2027/11/22/a-" + hash + "/copy.json",
	} {
		p := filepath.Join(b.src.Path, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	outside := filepath.Join(t.TempDir(), "a-"+hash)
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	paths = append(paths, outside)
	for _, link := range []string{"2026/11/22/link-" + hash, "2026/11/20"} {
		if err := os.Symlink(filepath.Dir(outside), filepath.Join(b.src.Path, filepath.FromSlash(link))); err != nil {
			t.Skip(err)
		}
	}
	b.script.Add("1", launchertest.File("a", "one"))
	for range 4 {
		b.mustPoll(t)
		b.pass(24 * hour)
	}
	for _, p := range paths {
		if _, err := os.Lstat(p); err != nil {
			t.Errorf("retention removed what is not its own: %v", err)
		}
	}
	if _, err := os.Lstat(filepath.Join(b.src.Path, "2026/11/23")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the day of a copy that is old is still there: %v", err)
	}
}

func TestRetentionThatFailsWarns(t *testing.T) {
	b := newBench(t)
	b.src.KeepFor = 24 * hour
	b.script.Add("1", launchertest.File("a", "one"))
	var warned []error
	l := &launcher.Launcher{Name: "l", Source: b.src, Sink: &b.rec, Observe: func(_ context.Context, e launcher.Event) {
		if e.Kind == launcher.EventWarning {
			warned = append(warned, e.Err)
		}
	}}
	for range 2 {
		if _, err := l.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.pass(48 * hour)
		b.src.open = func(path string, create bool) (disk.Disk, error) {
			d, err := disk.Open(path, create)
			return stuck{d}, err
		}
	}
	if len(warned) != 1 || !errors.Is(warned[0], syscall.EIO) {
		t.Errorf("warned %v, want one warning of what could not be removed", warned)
	}
}

type stuck struct{ disk.Disk }

func (d stuck) Rename(from, to string) error {
	if isDay(from[:min(len(from), 10)]) {
		return disk.Blame(syscall.EIO)
	}
	return d.Disk.Rename(from, to)
}
