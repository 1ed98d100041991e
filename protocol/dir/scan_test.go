package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
)

// offered returns what a pass that must be clean stored, in order.
func offered(t *testing.T, src *Source) []string {
	t.Helper()
	k := &keeper{}
	if src.Parallel == 0 {
		src.Parallel = 1
	}
	if err := src.Poll(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	return k.names
}

func TestScan(t *testing.T) {
	in := t.TempDir()
	put(t, in,
		"a.pdf", "B.PDF", "no-extension", "été.pdf", "a b.pdf", "x.temporary", "tmp", "part.pdf", // taken
		".hidden.pdf", "._a.pdf", ".DS_Store", "~$lettre.docx", ".~lock.lettre.odt#", "x.tmp", "X.TMP",
		"x.part", "x.partial", "x.filepart", "x.crdownload", "x.swp", "x.pdf~", "Thumbs.db", "THUMBS.DB", "desktop.ini",
		"sub/c.pdf", "sub/deep/d.pdf", "sub/deep/deeper/e.pdf", // taken if Depth allows
		".git/x.pdf", "@eaDir/x.pdf", "$RECYCLE.BIN/x.pdf", "System Volume Information/x.pdf", ".coldlauncher/x.pdf",
		"sub/.stfolder/x.pdf", "done/x.pdf", "sub/rejected/x.pdf",
	)
	flat := []string{"a.pdf", "B.PDF", "no-extension", "été.pdf", "a b.pdf", "x.temporary", "tmp", "part.pdf"}
	tests := []struct {
		name string
		src  Source
		want []string
	}{
		{"flat", Source{}, flat},
		{"depth 1", Source{Recursive: true, Depth: 1}, append(slices.Clone(flat), "sub/c.pdf")},
		{"depth 2", Source{Recursive: true, Depth: 2}, append(slices.Clone(flat), "sub/c.pdf", "sub/deep/d.pdf")},
		{"recursive", Source{Recursive: true}, append(slices.Clone(flat), "sub/c.pdf", "sub/deep/d.pdf", "sub/deep/deeper/e.pdf")},
		{"another list", Source{Ignore: func(name string) bool { return !strings.HasPrefix(name, "x.") }},
			[]string{"x.temporary", "x.tmp", "x.part", "x.partial", "x.filepart", "x.crdownload", "x.swp", "x.pdf~"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := fields(&tt.src)
			src.Path, src.Done, src.Rejected = in, "done", "sub/rejected"
			k := &keeper{answer: func(*launcher.Parcel) error { return errors.New("leave it") }}
			src.Parallel = 1
			var got []string
			k.answer = func(p *launcher.Parcel) error { got = append(got, p.Origin); return errors.New("leave it") }
			if err := src.Poll(t.Context(), k); err != nil {
				t.Fatal(err)
			}
			equal(t, "offered", got, tt.want)
		})
	}
	everything := &Source{Path: in, Recursive: true, Ignore: func(string) bool { return false }, Done: "done"}
	for _, path := range offered(t, everything) {
		if strings.HasPrefix(path, ".coldlauncher") || strings.HasPrefix(path, "done") {
			t.Errorf("%q was offered: what is the Source's own never is, whatever Ignore says", path)
		}
	}
}

func TestOldestFirst(t *testing.T) {
	in := t.TempDir()
	names := []string{"z.pdf", "a/b.pdf", "a.pdf", "B.pdf", "a/a.pdf"}
	put(t, in, names...)
	same := time.Now().Add(-time.Hour)
	for _, name := range names {
		chtimes(t, filepath.Join(in, name), same)
	}
	put(t, in, "older.pdf")
	equal(t, "by time, then by path", offered(t, &Source{Path: in, Recursive: true}),
		[]string{"older.pdf", "B.pdf", "a.pdf", "a/a.pdf", "a/b.pdf", "z.pdf"})
}

func TestLimit(t *testing.T) {
	in := t.TempDir()
	put(t, in, "1", "2", "3", "4", "5")
	h := newHost()
	for pass, want := range []error{launcher.ErrMore, launcher.ErrMore, nil, nil} {
		src := &Source{Path: in, Limit: 2}
		if err := src.Poll(t.Context(), h); !errors.Is(err, want) {
			t.Errorf("pass %d returned %v, want %v", pass+1, err, want)
		}
		if n := len(h.has); n != min(2*pass+2, 5) {
			t.Errorf("after pass %d with a limit of two new ones: %d stored", pass+1, n)
		}
	}
}

func TestLimitDoesNotCountWhatWaits(t *testing.T) {
	in := t.TempDir()
	put(t, in, "1.pdf", "2.pdf", "3.pdf", "4.pdf", "4.xml")
	k := &keeper{}
	src := &Source{Path: in, Limit: 1, Group: Stems("pdf", "xml")}
	if err := src.Poll(t.Context(), k); err != nil {
		t.Errorf("Poll returned %v, want nil: one was ready, and one may be taken", err)
	}
	equal(t, "stored", k.names, []string{"4.pdf+4.xml"})
}

// What a Sink is not ready for must not starve what lies behind it.
func TestLimitDoesNotCountWhatIsLeft(t *testing.T) {
	in := t.TempDir()
	put(t, in, "1", "2", "3", "4", "5")
	k := &keeper{}
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		if _, err := p.Documents(ctx); err != nil {
			return err
		}
		if p.Origin < "4" {
			return launcher.Later(errors.New("not yet"))
		}
		return k.Store(ctx, p)
	})
	if err := (&Source{Path: in, Limit: 2, Parallel: 1}).Poll(t.Context(), sink); err != nil {
		t.Errorf("Poll returned %v, want nil: two could be taken, and two may be", err)
	}
	equal(t, "stored", k.names, []string{"4", "5"})
}

func TestParallel(t *testing.T) {
	in := t.TempDir()
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("%02d", i))
	}
	put(t, in, names...)
	const want = 4
	together := make(chan struct{})
	k := &keeper{}
	arrived := 0
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		if _, err := p.Documents(ctx); err != nil {
			return err
		}
		k.mu.Lock()
		if arrived++; arrived == want {
			close(together)
		}
		k.mu.Unlock()
		select {
		case <-together:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := (&Source{Path: in, Parallel: want}).Poll(ctx, sink); err != nil {
		t.Errorf("%d of %d Stores were under way together, want %d: %v", arrived, len(names), want, err)
	}
}

func TestUnreadable(t *testing.T) {
	in := t.TempDir()
	put(t, in, "a.pdf", "locked/b.pdf", "secret.pdf", "sub/c.pdf")
	src := &Source{Path: in, Recursive: true, Done: "../" + filepath.Base(in) + "-done"}
	src.ops.before = func(op, path string) error {
		if op == "open" && (path == "locked" || path == "secret.pdf") {
			return fs.ErrPermission
		}
		return nil
	}
	k := &keeper{}
	err := src.Poll(t.Context(), k)
	if !errors.Is(err, fs.ErrPermission) || launcher.OutcomeOf(err) == launcher.Stop {
		t.Errorf("Poll returned %v, want what is unreadable, unmarked", err)
	}
	for _, word := range []string{"locked", "secret.pdf"} {
		if !strings.Contains(fmt.Sprint(err), word) {
			t.Errorf("Poll returned %v, which does not name %q", err, word)
		}
	}
	slices.Sort(k.names)
	equal(t, "the others", k.names, []string{"a.pdf", "sub/c.pdf"})
}

func TestSetUpFaults(t *testing.T) {
	base := t.TempDir()
	put(t, base, "in/", "file", "out/")
	in := filepath.Join(base, "in")
	tests := []struct {
		name  string
		src   Source
		words []string
	}{
		{"nothing", Source{}, []string{"Path is empty"}},
		{"no Path", Source{Path: in + "x"}, []string{"Path"}},
		{"Path is a file", Source{Path: filepath.Join(base, "file")}, []string{"Path"}},
		{"Done is Path", Source{Path: in, Done: "."}, []string{"Done", "Path"}},
		{"Done is Path, said otherwise", Source{Path: in, Done: in + "/../in"}, []string{"Done", "Path"}},
		{"Done holds Path", Source{Path: in, Done: ".."}, []string{"Done", "Path"}},
		{"Rejected is Done", Source{Path: in, Done: "../out", Rejected: filepath.Join(base, "out")}, []string{"Rejected", "Done"}},
		{"Rejected will be Done", Source{Path: in, Done: "x", Rejected: "./x"}, []string{"Rejected", "Done"}},
		{"Done is a file", Source{Path: in, Done: "../file"}, []string{"Done", "file"}},
		{"Done below a file", Source{Path: in, Done: "../file/x"}, []string{"Done", "file"}},
		{"Delete and Done", Source{Path: in, Done: "x", Delete: true}, []string{"Delete", "Done"}},
		{"many", Source{Path: in, Done: "../file", Rejected: "..", Quiet: -1, Limit: -1, Marker: "{name}", Partial: true},
			[]string{"Done", "Rejected", "Quiet", "Limit", "Marker", "Partial"}},
	}
	for _, pattern := range []string{"done", "{name}", "{stem}", "{name}/done", "{name}{stem}", "x{name}{name}"} {
		tests = append(tests, struct {
			name  string
			src   Source
			words []string
		}{"Marker " + pattern, Source{Path: in, Marker: pattern}, []string{"Marker"}})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := &keeper{}
			err := tt.src.Poll(t.Context(), k)
			if launcher.OutcomeOf(err) != launcher.Stop {
				t.Fatalf("Poll returned %v, want an error marked with Halt", err)
			}
			for _, word := range tt.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("Poll returned %q, which does not tell of %q", err, word)
				}
			}
		})
	}
	equal(t, "the set-up check creates nothing", tree(t, base), []string{"file"})
}

func TestUnmounted(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in")
	put(t, in, "a.pdf")
	src := &Source{Path: in}
	offered(t, src)
	rename(t, in, in+"-away")
	if err := src.Poll(t.Context(), &keeper{}); launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("Path is gone, and Poll returned %v, want Halt", err)
	}
	put(t, in, "./")
	if err := src.Poll(t.Context(), &keeper{}); launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("Path is an empty mount point, and Poll returned %v, want Halt", err)
	}
	if err := os.Remove(in); err != nil {
		t.Fatal(err)
	}
	rename(t, in+"-away", in)
	equal(t, "mounted again", offered(t, src), []string{"a.pdf"})
	rename(t, in, in+"-away")
	put(t, in, "b.pdf")
	equal(t, "another folder that is not empty", offered(t, src), []string{"b.pdf"})
}

func TestDryRun(t *testing.T) {
	base := t.TempDir()
	in := filepath.Join(base, "in")
	put(t, in, "a.pdf", "b.pdf", "b.xml")
	for _, src := range []launcher.Source{
		&Source{Path: in, Done: "../done", Rejected: "../bad", Group: Stems("pdf?", "xml?")},
		&Source{Path: in, Delete: true},
		careless{&Source{Path: in, Delete: true}},
	} {
		l := &launcher.Launcher{Name: "x", Source: src, Sink: &keeper{}, Observe: func(context.Context, launcher.Event) {}}
		if _, err := l.Preview(t.Context(), 0); err != nil {
			t.Error(err)
		}
		if err := l.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	equal(t, "a dry run creates and moves nothing", tree(t, base), []string{"in/a.pdf", "in/b.pdf", "in/b.xml"})
	if entries, _ := os.ReadDir(base); len(entries) != 1 {
		t.Errorf("a dry run made a folder: %v", entries)
	}
}

// careless is a decorator that takes everything, whatever the pass is for.
type careless struct{ from launcher.Source }

func (c careless) Poll(ctx context.Context, sink launcher.Sink) error {
	return c.from.Poll(ctx, launcher.SinkFunc(func(context.Context, *launcher.Parcel) error { return nil }))
}

func TestMaxSize(t *testing.T) {
	base := t.TempDir()
	in := filepath.Join(base, "in")
	put(t, in, "small.pdf", "sparse.bin")
	if err := os.Truncate(filepath.Join(in, "sparse.bin"), 5<<30); err != nil {
		t.Skip("no sparse files here:", err)
	}
	src := &Source{Path: in, Rejected: "../bad"}
	k := &keeper{}
	if err := src.Poll(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	equal(t, "stored", k.names, []string{"small.pdf"})
	equal(t, "rejected without reading five gigabytes of nothing", tree(t, filepath.Join(base, "bad")), []string{"sparse.bin"})
}

func TestHostileNamesBecomeData(t *testing.T) {
	in := t.TempDir()
	names := []string{"line\nfeed.pdf", "\x1b[31mred.pdf"}
	for _, name := range names {
		if os.WriteFile(filepath.Join(in, name), nil, 0o644) != nil {
			t.Skip("such names cannot be had here")
		}
	}
	var got []string
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		if err != nil {
			return err
		}
		got = append(got, p.Origin+" "+docs[0].Name+" "+fmt.Sprintf("%q", docs[0].Meta[launcher.MetaName]))
		return nil
	})
	if err := (&Source{Path: in, Parallel: 1}).Poll(t.Context(), sink); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	equal(t, "Origin, Name and the name as it was", got, []string{
		`"\x1b[31mred.pdf" [31mred.pdf "\x1b[31mred.pdf"`,
		`"line\nfeed.pdf" linefeed.pdf "line\nfeed.pdf"`,
	})
}
