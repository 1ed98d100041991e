package dir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

// otherDisk returns a folder on another file system than folder, or skips.
func otherDisk(t *testing.T, folder string) string {
	t.Helper()
	other, err := os.MkdirTemp("/dev/shm", "dir-test-")
	if err != nil {
		t.Skip("no second file system:", err)
	}
	t.Cleanup(func() { os.RemoveAll(other) })
	probe := filepath.Join(folder, "probe")
	write(t, probe, "")
	defer os.Remove(probe)
	if err := os.Rename(probe, filepath.Join(other, "probe")); !otherFileSystem(err) {
		t.Skip("no second file system")
	}
	return other
}

// A host is a Launcher's ledger and Sink in one: it keeps a parcel once, and
// says nil for one that it has.
type host struct {
	mu     sync.Mutex
	has    map[string]bool
	bodies map[string]int // how often each body was kept
	reject bool
}

func newHost() *host { return &host{has: map[string]bool{}, bodies: map[string]int{}} }

func (h *host) Store(ctx context.Context, p *launcher.Parcel) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.has[p.ID] {
		return h.answer()
	}
	docs, err := p.Documents(ctx)
	if err != nil {
		return err
	}
	var bodies []string
	for _, d := range docs {
		body, err := read(ctx, d)
		if err != nil {
			return err
		}
		bodies = append(bodies, body)
	}
	for _, body := range bodies {
		h.bodies[body]++
	}
	h.has[p.ID] = true
	return h.answer()
}

func (h *host) answer() error {
	if h.reject {
		return launcher.Reject(errors.New("not wanted"))
	}
	return nil
}

// A way is a way to settle, and what it leaves behind.
type way struct {
	name string
	src  Source
	put  []string
	want []string // below the place, sorted
	at   string   // the place, relative to the folder that holds in
}

func ways() []way {
	group := []string{"sub/a.pdf", "sub/a.xml", "sub/b.pdf", "sub/b.xml"}
	folders := []string{"one/a.pdf", "one/deep/a.xml", "two/b.pdf"}
	return []way{
		{"file", Source{Done: "../done"}, []string{"a.pdf"}, []string{"a.pdf"}, "done"},
		{"file deleted", Source{Delete: true, Recursive: true}, []string{"a.pdf", "sub/b.pdf"}, nil, "done"},
		{"stems", Source{Done: "../done", Recursive: true, Group: Stems("pdf", "xml")}, group, group, "done"},
		{"stems in Path", Source{Done: "done", Recursive: true, Group: Stems("pdf", "xml")}, group, group, "in/done"},
		{"stems rejected", Source{Rejected: "../bad", Recursive: true, Group: Stems("pdf", "xml")}, group, group, "bad"},
		{"stems deleted", Source{Delete: true, Recursive: true, Group: Stems("pdf", "xml")}, group, nil, "done"},
		{"folders", Source{Done: "../done", Group: Folders()}, folders, folders, "done"},
		{"folders deleted", Source{Delete: true, Group: Folders()}, folders, nil, "done"},
		{"marker", Source{Done: "../done", Marker: "{name}.ok"}, []string{"a.pdf", "a.pdf.ok"}, []string{"a.pdf", "a.pdf.ok"}, "done"},
	}
}

// parcel returns what files of one parcel have in common.
func (w way) parcel(path string) string {
	if strings.HasPrefix(w.name, "folders") {
		folder, _ := top(path)
		return folder
	}
	return stem(strings.TrimSuffix(path, ".ok"))
}

var errDead = errors.New("the process is dead")

// TestCrash has the process die before each change of a file, in turn, and
// start again. Nothing may be lost, delivered twice, or left behind.
func TestCrash(t *testing.T) {
	for _, w := range ways() {
		for _, far := range []bool{false, true} {
			name := w.name
			if far {
				name += " on another file system"
			}
			t.Run(name, func(t *testing.T) {
				for n := 0; ; n++ {
					if n > 500 {
						t.Fatal("settling never ends")
					}
					if crashAt(t, w, far, n) {
						t.Logf("died %d times", n)
						return
					}
				}
			})
		}
	}
}

// crashAt lets n changes happen, and reports whether no more were wanted.
func crashAt(t *testing.T, w way, far bool, n int) (done bool) {
	base := t.TempDir()
	in, at := filepath.Join(base, "in"), filepath.Join(base, w.at)
	put(t, in, w.put...)
	src := fields(&w.src)
	src.Path, src.Parallel = in, 1
	if far {
		if w.src.Delete || w.at == "in/done" {
			return true
		}
		at = filepath.Join(otherDisk(t, base), "place")
		src.Done, src.Rejected = elsewhere(src.Done, at), elsewhere(src.Rejected, at)
	}
	h := newHost()
	h.reject = src.Rejected != ""
	left, died := n, false
	src.ops.before = func(op, path string) error {
		if left == 0 {
			died = true
			return errDead
		}
		left--
		return nil
	}
	err := src.Poll(t.Context(), h)
	if died != errors.Is(err, errDead) {
		t.Errorf("after %d steps: died %v, but Poll returned %v", n, died, err)
	}
	again := fields(src)
	for range 2 {
		if err := again.Poll(t.Context(), h); err != nil {
			t.Errorf("died after %d steps: the next process reports %v", n, err)
		}
	}
	var left2 []string
	for _, path := range tree(t, in) {
		if !strings.HasPrefix(path, "done/") {
			left2 = append(left2, path)
		}
	}
	equal(t, fmt.Sprintf("died after %d steps: left in place", n), left2, nil)
	equal(t, fmt.Sprintf("died after %d steps: in the place", n), tree(t, at), w.want)
	for body, times := range h.bodies {
		if times != 1 {
			t.Errorf("died after %d steps: %q was delivered %d times", n, body, times)
		}
	}
	for _, path := range w.want {
		if b, err := os.ReadFile(filepath.Join(at, path)); err != nil || string(b) != "body of "+path {
			t.Errorf("died after %d steps: %s holds %q, %v", n, path, b, err)
		}
	}
	return !died
}

func elsewhere(field, at string) string {
	if field == "" {
		return ""
	}
	return at
}

// TestFaults has each change of a file fail once, in turn, as a full or broken
// disk makes it. The parcel must be whole, in one place, at every moment; and
// the next pass must settle it.
func TestFaults(t *testing.T) {
	for _, w := range ways() {
		for _, far := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, far=%v", w.name, far), func(t *testing.T) {
				causes := []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS, syscall.EACCES}
				for n := 0; faultAt(t, w, far, n, causes[n%4]); n++ {
					if n > 500 {
						t.Fatal("settling never ends")
					}
				}
			})
		}
	}
}

// faultAt fails the n-th change, and reports whether there was one.
func faultAt(t *testing.T, w way, far bool, n int, cause error) (more bool) {
	base := t.TempDir()
	in, at := filepath.Join(base, "in"), filepath.Join(base, w.at)
	put(t, in, w.put...)
	src := fields(&w.src)
	src.Path, src.Parallel = in, 1
	if far {
		if w.src.Delete || w.at == "in/done" {
			return false
		}
		at = filepath.Join(otherDisk(t, base), "place")
		src.Done, src.Rejected = elsewhere(src.Done, at), elsewhere(src.Rejected, at)
	}
	h := newHost()
	h.reject = src.Rejected != ""
	step, what := 0, ""
	src.ops.before = func(op, path string) error {
		step++
		if step-1 == n {
			what = op + " " + path
			return cause
		}
		return nil
	}
	err := src.Poll(t.Context(), h)
	if what == "" {
		return false
	}
	if err == nil && !strings.HasPrefix(what, "remove ") {
		t.Errorf("%s failed, and Poll returned nil", what)
	}
	where := map[string]string{} // of parcels
	for _, path := range w.put {
		if w.src.Delete {
			continue
		}
		whole := 0
		for _, root := range []string{in, at} {
			if b, err := os.ReadFile(filepath.Join(root, path)); err == nil {
				if string(b) != "body of "+path {
					t.Errorf("%s failed: half of %s is under its name in %s: %q", what, path, root, b)
				}
				whole++
				parcel := w.parcel(path)
				if was := where[parcel]; was != "" && was != root && !far {
					t.Errorf("%s failed: %s is torn apart", what, parcel)
				}
				where[parcel] = root
			}
		}
		if whole != 1 {
			t.Errorf("%s failed: %s is in %d places, want one", what, path, whole)
		}
	}
	src.ops.before = nil
	if err := src.Poll(t.Context(), h); err != nil {
		t.Errorf("%s failed once: the next pass reports %v", what, err)
	}
	equal(t, what+" failed once: in the place after the next pass", tree(t, at), w.want)
	for body, times := range h.bodies {
		if times != 1 {
			t.Errorf("%s failed: %q was delivered %d times", what, body, times)
		}
	}
	return true
}

// TestCorruptCopy has the disk keep other bytes than were written.
func TestCorruptCopy(t *testing.T) {
	base := t.TempDir()
	in, done := filepath.Join(base, "in"), filepath.Join(otherDisk(t, base), "done")
	put(t, in, "a.pdf")
	src := &Source{Path: in, Done: done}
	src.ops.before = func(op, path string) error {
		if op == "sync" && strings.HasSuffix(path, ".tmp") {
			overwrite(t, path, "B")
		}
		return nil
	}
	if err := src.Poll(t.Context(), &keeper{}); err == nil {
		t.Error("Poll returned nil although the copy differs")
	}
	equal(t, "in place", tree(t, in), []string{"a.pdf"})
	for _, path := range tree(t, done) {
		if !strings.HasPrefix(path, ownFolder) {
			t.Errorf("a broken copy is in Done as %q", path)
		}
	}
}

func TestSameNames(t *testing.T) {
	base := t.TempDir()
	in := filepath.Join(base, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	src := &Source{Path: in, Done: "../done"}
	for i := range 100 {
		write(t, filepath.Join(in, "scan.pdf"), fmt.Sprint("page ", i))
		if err := src.Poll(t.Context(), &keeper{}); err != nil {
			t.Fatal(err)
		}
	}
	bodies := map[string]bool{}
	for _, path := range tree(t, filepath.Join(base, "done")) {
		b, err := os.ReadFile(filepath.Join(base, "done", path))
		if err != nil {
			t.Fatal(err)
		}
		bodies[string(b)] = true
	}
	if len(bodies) != 100 {
		t.Errorf("%d of 100 files of one name are in Done", len(bodies))
	}
}

func TestSameNamesTogether(t *testing.T) {
	base := t.TempDir()
	done := filepath.Join(base, "done")
	var wg sync.WaitGroup
	for i := range 10 {
		in := filepath.Join(base, fmt.Sprint("in", i))
		put(t, in, "a/x.pdf", "b/x.pdf", "x.pdf")
		wg.Go(func() {
			src := &Source{Path: in, Done: done, Recursive: true}
			if err := src.Poll(t.Context(), &keeper{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(tree(t, done)); n != 30 {
		t.Errorf("ten Sources put %d files into one Done, want 30", n)
	}
}

func TestCollision(t *testing.T) {
	tests := []struct {
		name   string
		policy Collision
		there  string // contents of Done/a.pdf
		fails  bool
		in     []string
		done   []string
	}{
		{"suffix", Suffix, "body of a.pdf", false, nil, []string{"a-1.pdf", "a.pdf"}},
		{"fail", Fail, "other", true, []string{"a.pdf"}, []string{"a.pdf"}},
		{"equal", Equal, "body of a.pdf", false, nil, []string{"a.pdf"}},
		{"not equal", Equal, "other", false, nil, []string{"a-1.pdf", "a.pdf"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := t.TempDir()
			in, done := filepath.Join(base, "in"), filepath.Join(base, "done")
			put(t, in, "a.pdf")
			put(t, done, "a.pdf")
			write(t, filepath.Join(done, "a.pdf"), tt.there)
			src := &Source{Path: in, Done: done, Collision: tt.policy}
			if err := src.Poll(t.Context(), &keeper{}); (err != nil) != tt.fails {
				t.Errorf("Poll returned %v, want an error: %v", err, tt.fails)
			}
			equal(t, "in place", tree(t, in), tt.in)
			equal(t, "in Done", tree(t, done), tt.done)
			if b, _ := os.ReadFile(filepath.Join(done, "a.pdf")); string(b) != tt.there {
				t.Errorf("what was in Done now holds %q, want %q", b, tt.there)
			}
		})
	}
}

func TestSuffixed(t *testing.T) {
	long := strings.Repeat("é", 125) + "x.pdf" // 255 bytes
	tests := []struct {
		name string
		n    int
		want string
	}{
		{"a.pdf", 0, "a.pdf"},
		{"a.pdf", 1, "a-1.pdf"},
		{"d.d/a", 12, "d.d/a-12"},
		{".profile", 1, ".profile-1"},
		{"a.tar.gz", 2, "a.tar-2.gz"},
		{"d/" + long, 3, "d/" + strings.Repeat("é", 124) + "-3.pdf"},
	}
	for _, tt := range tests {
		if got := suffixed(tt.name, tt.n); got != tt.want {
			t.Errorf("suffixed(%q, %d) = %q, want %q", tt.name, tt.n, got, tt.want)
		}
	}
}

// TestChangedWhileStored overwrites, replaces and adds to files while the Sink
// has them: what is new must not be settled with what was stored.
func TestChangedWhileStored(t *testing.T) {
	tests := []struct {
		name   string
		src    Source
		put    []string
		change func(t *testing.T, in string)
		left   []string
	}{
		{"overwritten", Source{Done: "../done"}, []string{"a.pdf"},
			func(t *testing.T, in string) { write(t, filepath.Join(in, "a.pdf"), "new") }, []string{"a.pdf"}},
		{"replaced, same size and time", Source{Done: "../done"}, []string{"a.pdf"}, replace, []string{"a.pdf"}},
		{"replaced, deleted", Source{Delete: true}, []string{"a.pdf"}, replace, []string{"a.pdf"}},
		{"one of two", Source{Done: "../done", Group: Stems("pdf", "xml")}, []string{"a.pdf", "a.xml"}, replace, []string{"a.pdf", "a.xml"}},
		{"one more in a folder", Source{Done: "../done", Group: Folders()}, []string{"d/a.pdf"},
			func(t *testing.T, in string) { put(t, in, "d/b.pdf") }, []string{"d/a.pdf", "d/b.pdf"}},
		{"one more still arriving in a folder", Source{Done: "../done", Group: Folders()}, []string{"d/a.pdf"},
			func(t *testing.T, in string) { put(t, in, "d/b.part") }, []string{"d/a.pdf", "d/b.part"}},
		{"gone", Source{Done: "../done"}, []string{"a.pdf"},
			func(t *testing.T, in string) { os.Remove(filepath.Join(in, "a.pdf")) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := filepath.Join(t.TempDir(), "in")
			put(t, in, tt.put...)
			src := fields(&tt.src)
			src.Path = in
			k := &keeper{answer: func(*launcher.Parcel) error { tt.change(t, in); return nil }}
			if err := src.Poll(t.Context(), k); err != nil {
				t.Errorf("Poll returned %v, want nil: a new parcel is no failure", err)
			}
			equal(t, "left in place", tree(t, in), tt.left)
			equal(t, "in Done", tree(t, in+"/../done"), nil)
		})
	}
}

// replace puts another file of the same size and time in place of a.pdf.
func replace(t *testing.T, in string) {
	path := filepath.Join(in, "a.pdf")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	other := path + ".new"
	write(t, other, "BODY OF a.pdf")
	chtimes(t, other, info.ModTime())
	rename(t, other, path)
}

// TestChangedWhileMoved does so at the last moment.
func TestChangedWhileMoved(t *testing.T) {
	tests := []struct {
		name string
		src  Source
		put  []string
		op   string
		left []string
	}{
		{"moved", Source{Done: "../done"}, []string{"a.pdf"}, "rename a.pdf", []string{"a.pdf"}},
		{"deleted", Source{Delete: true}, []string{"a.pdf"}, "rename", []string{"a.pdf"}},
		{"folder", Source{Done: "../done", Group: Folders()}, []string{"d/b.pdf"}, "rename d", []string{"d/a.pdf", "d/b.pdf"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := filepath.Join(t.TempDir(), "in")
			put(t, in, tt.put...)
			src := fields(&tt.src)
			src.Path = in
			changed := false
			src.ops.before = func(op, path string) error {
				if !changed && strings.HasPrefix(op+" "+path, tt.op) {
					changed = true
					if tt.src.Group != nil {
						put(t, in, "d/a.pdf")
					} else {
						replace(t, in)
					}
				}
				return nil
			}
			if err := src.Poll(t.Context(), &keeper{}); err != nil || !changed {
				t.Errorf("Poll returned %v (changed: %v), want nil", err, changed)
			}
			equal(t, "left in place", tree(t, in), tt.left)
			equal(t, "in Done", tree(t, in+"/../done"), nil)
		})
	}
}

// TestReadWhileWritten overwrites a file while it is read.
func TestReadWhileWritten(t *testing.T) {
	for _, when := range []string{"before Open", "replaced before Open", "before the end"} {
		t.Run(when, func(t *testing.T) {
			in := t.TempDir()
			put(t, in, "a.pdf")
			sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
				docs, err := p.Documents(ctx)
				if err != nil {
					return err
				}
				switch when {
				case "before Open":
					write(t, filepath.Join(in, "a.pdf"), "new and longer than it was")
				case "replaced before Open":
					replace(t, in)
				}
				r, err := docs[0].Open(ctx)
				if err == nil {
					defer r.Close()
					if _, err = r.Read(make([]byte, 4)); err != nil {
						return err
					}
					if when == "before the end" {
						write(t, filepath.Join(in, "a.pdf"), "new")
					}
					for err == nil {
						_, err = r.Read(make([]byte, 100))
					}
				}
				if launcher.OutcomeOf(err) != launcher.Left || !strings.Contains(err.Error(), "changed") {
					t.Errorf("reading ended with %v, want that the file changed", err)
				}
				return err
			})
			if err := (&Source{Path: in}).Poll(t.Context(), sink); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPutAsideTellsWhere(t *testing.T) {
	base := t.TempDir()
	in := filepath.Join(base, "in")
	put(t, in, "a.pdf")
	led := &launcher.MemoryLedger{}
	l := &launcher.Launcher{Name: "x", Ledger: led, Source: &Source{Path: in, Rejected: "../bad"},
		Sink: launcher.SinkFunc(func(context.Context, *launcher.Parcel) error {
			return launcher.Reject(errors.New("bad"))
		}), Observe: func(context.Context, launcher.Event) {}}
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	var where []string
	l.List(t.Context(), func(e launcher.Entry) error { where = append(where, e.Where); return nil })
	equal(t, "where the ledger says that it is", where, []string{filepath.Join(base, "bad", "a.pdf")})
}

func FuzzIntent(f *testing.F) {
	t := &task{folder: "a\nb", into: "c", steps: []step{{entry: entry{path: "\xff\"", size: 1, mtime: -2}, into: "d e"}}}
	f.Add(string(t.marshal()))
	f.Add("coldlauncher intent 1\nend\n")
	f.Add("coldlauncher intent 1\nfile \"a\" \"b\" 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		var first, again task
		if first.unmarshal(strings.NewReader(text)) != nil {
			return
		}
		if err := again.unmarshal(strings.NewReader(string(first.marshal()))); err != nil {
			t.Fatalf("what was read as %+v is written as what cannot be read: %v", first, err)
		}
		if again.folder != first.folder || again.into != first.into || !slices.Equal(again.steps, first.steps) {
			t.Errorf("%+v is written as %+v", first, again)
		}
	})
}
