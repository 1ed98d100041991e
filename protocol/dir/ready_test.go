package dir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// A clock is the time that a Source under test is told.
type clock struct{ now time.Time }

func (c *clock) at() time.Time           { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

// wrote tells that files changed now: what the file system says is never later
// than the clock.
func (c *clock) wrote() { c.now = time.Now() }

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t *testing.T, path, body string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(body); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func chtimes(t *testing.T, path string, at time.Time) {
	t.Helper()
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// A scribe writes one file the way some producers do, a step at a time.
type scribe struct {
	name  string
	steps []func(t *testing.T, path string)
}

func scribes() []scribe {
	old := time.Now().Add(-48 * time.Hour)
	whole := strings.Repeat("x", 100) + "end"
	return []scribe{
		{"slow", []func(*testing.T, string){
			func(t *testing.T, path string) { appendTo(t, path, whole[:40]) },
			func(t *testing.T, path string) { appendTo(t, path, whole[40:80]) },
			func(t *testing.T, path string) { appendTo(t, path, whole[80:]) },
		}},
		{"preallocates", []func(*testing.T, string){
			func(t *testing.T, path string) {
				write(t, path, "")
				if err := os.Truncate(path, int64(len(whole))); err != nil {
					t.Fatal(err)
				}
			},
			func(t *testing.T, path string) { overwrite(t, path, whole[:40]) },
			func(t *testing.T, path string) { overwrite(t, path, whole) },
		}},
		{"preserves times", []func(*testing.T, string){
			func(t *testing.T, path string) { write(t, path, whole[:50]); chtimes(t, path, old) },
			func(t *testing.T, path string) { write(t, path, whole); chtimes(t, path, old) },
		}},
		{"has a fast clock", []func(*testing.T, string){
			func(t *testing.T, path string) {
				write(t, path, whole[:50])
				chtimes(t, path, time.Now().Add(time.Hour))
			},
			func(t *testing.T, path string) { write(t, path, whole); chtimes(t, path, time.Now().Add(2*time.Hour)) },
		}},
		{"renames", []func(*testing.T, string){
			func(t *testing.T, path string) { write(t, path+".tmp", whole[:50]) },
			func(t *testing.T, path string) { write(t, path+".tmp", whole) },
			func(t *testing.T, path string) { rename(t, path+".tmp", path) },
		}},
		{"at once", []func(*testing.T, string){
			func(t *testing.T, path string) { write(t, path, whole) },
		}},
	}
}

func overwrite(t *testing.T, path, body string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(body); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestWriters has a thousand files written in many ways, a pass after each
// step: none may be taken before it is whole, and none forgotten.
func TestWriters(t *testing.T) {
	const files, quiet = 1000, 10 * time.Second
	in := filepath.Join(t.TempDir(), "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	c := &clock{}
	src := &Source{Path: in, Quiet: quiet, Done: "../done", now: c.at}
	k := &keeper{}
	poll := func() {
		t.Helper()
		if err := src.Poll(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	c.wrote()
	poll() // files that are there before the first pass are another matter
	kinds := scribes()
	for step, more := 0, true; more; step++ {
		more = false
		for i := range files {
			s := kinds[i%len(kinds)]
			if step < len(s.steps) {
				s.steps[step](t, filepath.Join(in, fmt.Sprintf("%04d.pdf", i)))
				more = true
			}
		}
		c.wrote()
		poll()
		c.advance(quiet / 2)
		poll()
	}
	for range 3 {
		c.advance(quiet)
		poll()
	}
	partial := 0
	for path, body := range k.bodies {
		if !strings.HasSuffix(body, "xend") {
			partial++
			t.Logf("%s was taken as %d bytes", path, len(body))
		}
	}
	if partial > 0 || len(k.names) != files {
		t.Errorf("%d files were taken half written, and %d of %d at all", partial, len(k.names), files)
	}
	equal(t, "what is left in place", tree(t, in), nil)
}

func TestQuiet(t *testing.T) {
	in := t.TempDir()
	path := filepath.Join(in, "a.pdf")
	c := &clock{}
	src := &Source{Path: in, Quiet: time.Minute, now: c.at}
	taken := func() bool {
		t.Helper()
		k := &keeper{}
		if err := src.Poll(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		if len(k.names)+len(k.waiting) != 1 {
			t.Fatalf("offered %q, waiting %q, want a.pdf in one of them", k.names, k.waiting)
		}
		return len(k.names) == 1
	}
	write(t, path, "1")
	for i := range 10 {
		appendTo(t, path, "more")
		c.wrote()
		c.advance(time.Duration(i) * time.Second)
		if taken() {
			t.Fatalf("taken in pass %d although it keeps changing", i+1)
		}
	}
	c.advance(2 * time.Minute)
	if !taken() {
		t.Error("a file that was busy for ten passes must be taken in the eleventh")
	}

	again := fields(src)
	again.now = c.at
	src = again
	if !taken() {
		t.Error("after a restart a file that has been quiet for long must be taken at once")
	}
	c.now = c.now.Add(-24 * time.Hour)
	if taken() {
		t.Error("with the clock set back, the file is from the future: it must wait")
	}
	c.advance(2 * time.Minute)
	if !taken() {
		t.Error("a file from the future must be taken once it was seen unchanged for Quiet")
	}
}

// TestQuietOfPresetTimes looks at what tells a file with old times from an old
// file: in the first pass the file system, in later ones that it was not there.
func TestQuietOfPresetTimes(t *testing.T) {
	in := t.TempDir()
	path := filepath.Join(in, "a.pdf")
	c := &clock{}
	poll := func(src *Source) int {
		t.Helper()
		return len(offered(t, src))
	}
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		write(t, path, "half")
		chtimes(t, path, time.Now().Add(-time.Hour))
		c.wrote()
		if poll(&Source{Path: in, Quiet: time.Minute, now: c.at}) > 0 {
			t.Error("taken in the first pass, though written a moment ago")
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	c.now = time.Now().Add(24 * time.Hour) // the server's clock is a day slow
	src := &Source{Path: in, Quiet: time.Minute, now: c.at}
	poll(src)
	write(t, path, "half")
	c.advance(time.Second)
	if poll(src) > 0 {
		t.Error("taken at once, though it was not there a second ago")
	}
	c.advance(time.Minute)
	if poll(src) != 1 {
		t.Error("not taken after it was seen unchanged for Quiet")
	}
}

// TestNotReadyIsNotSettled has a Sink answer without asking for documents.
func TestNotReadyIsNotSettled(t *testing.T) {
	for _, answer := range []error{nil, launcher.Reject(errors.New("no"))} {
		for _, src := range []*Source{
			{Group: Stems("pdf", "xml"), Done: "../done", Rejected: "../bad"},
			{Quiet: 24 * time.Hour, Delete: true, Rejected: "../bad"},
			{Marker: "{name}.ok", Delete: true, Rejected: "../bad"},
		} {
			in := filepath.Join(t.TempDir(), "in")
			put(t, in, "a.pdf")
			src.Path = in
			sink := launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return answer })
			if err := src.Poll(t.Context(), sink); err != nil {
				t.Error(err)
			}
			equal(t, fmt.Sprintf("not ready, and the Sink says %v: left in place", answer), tree(t, in), []string{"a.pdf"})
		}
	}
}

func TestWaitingNamesWhatIsMissing(t *testing.T) {
	in := t.TempDir()
	put(t, in, "a.pdf", "b.pdf", "b.xml", "c.xml", "D.pdf", "d.PDF", "d.xml", "other.txt")
	src := &Source{Path: in, Group: Stems("pdf", "xml")}
	k := &keeper{}
	if err := src.Poll(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	slices.Sort(k.names)
	equal(t, "complete", k.names, []string{"b.pdf+b.xml", "other.txt"})
	slices.Sort(k.waiting)
	equal(t, "waiting", k.waiting, []string{
		`"D.pdf" and "d.PDF" differ only in case or Unicode form`,
		`"a.pdf" lacks its xml`,
		`"c.xml" lacks its pdf`,
	})
}
