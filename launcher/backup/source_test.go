package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

const hour = time.Hour

func TestCopiedBeforeItIsHandedOver(t *testing.T) {
	b := newBench(t)
	b.script.Add("1", launchertest.File("facture.pdf", "%PDF"), launchertest.File("facture.xml", "<x/>"))
	b.script.Add("2", launchertest.File("notes.tmp", "nobody wants it"))
	b.rec.Before = func(context.Context, *launcher.Parcel) error {
		b.wantCopies(t, "2026/11/23: facture.pdf=%PDF facture.xml=<x/>")
		return nil
	}
	l := &launcher.Launcher{Name: "l", Source: b.src, Sink: &b.rec, Observe: quiet,
		Routes: []launcher.Route{{Job: "87", Groups: []string{"pdf", "xml"}}}}
	stats, err := l.Poll(t.Context())
	if err != nil || stats.Stored != 1 {
		t.Fatalf("Poll = %+v, %v, want one parcel stored", stats, err)
	}
	b.wantCopies(t, "2026/11/23: facture.pdf=%PDF facture.xml=<x/>", "2026/11/23: notes.tmp=nobody wants it")
	if got := b.rec.Names(); !slices.Equal(got, []string{"facture.pdf", "facture.xml"}) {
		t.Errorf("handed over %q", got)
	}
	if got := b.script.Taken(); !slices.Equal(got, []string{"1"}) {
		t.Errorf("taken %q, want what was stored and nothing else", got)
	}
}

func TestManifest(t *testing.T) {
	b := newBench(t)
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	doc := launchertest.File("nul.txt", "x")
	doc.Dir, doc.MediaType, doc.Time, doc.Size = "a/b", "text/plain", at, -1
	doc.Meta = map[string]string{launcher.MetaName: "NUL.txt\n"}
	it := b.script.Add("in/1", doc)
	it.Time, it.Meta = at, map[string]string{"mail.subject": "<Facture>"}
	b.mustPoll(t)
	names, _ := filepath.Glob(filepath.Join(b.src.Path, "2026/11/23/*/copy.json"))
	if len(names) != 1 {
		t.Fatalf("found %q, want one manifest", names)
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%+v", m)
	want := fmt.Sprintf("%+v", Manifest{
		ID: "in/1", Origin: "script in/1", Time: at, Copied: b.at.wall.UTC(), Meta: it.Meta,
		Files: []File{{
			Name: "_nul.txt", Original: "NUL.txt\n", Dir: "a/b", Role: "file", MediaType: "text/plain", Time: at, Size: 1,
			SHA256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", Meta: doc.Meta,
		}},
	})
	if got != want {
		t.Errorf("the manifest is\n%s, want\n%s", got, want)
	}
}

func TestOncePerID(t *testing.T) {
	b := newBench(t)
	opened := 0
	doc := launchertest.File("a.pdf", "one")
	open := doc.Open
	it := b.script.Add("1", doc)
	doc.Open = func(ctx context.Context) (io.ReadCloser, error) {
		opened++
		for b.script.Fetched(it) < 4 { // until everybody asks
			runtime.Gosched()
		}
		return open(ctx)
	}
	refuse := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		var wg sync.WaitGroup
		for range 4 { // some sinks ask several times
			wg.Go(func() {
				if _, err := p.Documents(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		return errors.New("not today")
	})
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"the first time", func() {}},
		{"in the next pass", func() {}},
		{"after a restart", b.restart},
		{"after midnight", func() { b.pass(24 * hour) }},
		{"after midnight and a restart", func() { b.pass(24 * hour); b.restart() }},
	} {
		step.do()
		if err := b.src.Poll(t.Context(), refuse); err != nil {
			t.Fatal(err)
		}
		if opened != 1 {
			t.Errorf("%s: the body was read %d times, want once", step.name, opened)
		}
		b.wantCopies(t, "2026/11/23: a.pdf=one")
	}
}

func TestLostIndexOrCopy(t *testing.T) {
	b := newBench(t)
	b.script.Keep = true
	b.script.Add("1", launchertest.File("a.pdf", "one"))
	b.mustPoll(t)
	if err := os.RemoveAll(filepath.Join(b.src.Path, hidden)); err != nil {
		t.Fatal(err)
	}
	b.mustPoll(t)
	b.wantCopies(t, "2026/11/23: a.pdf=one")
	b.pass(24 * hour)
	b.mustPoll(t)
	b.wantCopies(t, "2026/11/23: a.pdf=one") // the index was made again

	if err := os.RemoveAll(filepath.Join(b.src.Path, "2026")); err != nil {
		t.Fatal(err)
	}
	b.mustPoll(t)
	b.wantCopies(t, "2026/11/24: a.pdf=one")
}

func TestNothingInADryRun(t *testing.T) {
	b := newBench(t)
	b.script.Add("1", launchertest.File("a.pdf", "one"))
	l := &launcher.Launcher{Name: "l", Source: b.src, Sink: &b.rec, Observe: quiet}
	for _, existing := range []bool{false, true} {
		if existing {
			if err := os.Mkdir(b.src.Path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		before := tree(t, filepath.Dir(b.src.Path))
		if err := l.Check(t.Context()); err != nil {
			t.Errorf("Check = %v, want nil", err)
		}
		list, err := l.Preview(t.Context(), 0)
		if err != nil || len(list) != 1 || list[0].Verdict != launcher.WouldStore {
			t.Errorf("Preview = %+v, %v, want that it would store one document", list, err)
		}
		if after := tree(t, filepath.Dir(b.src.Path)); !slices.Equal(before, after) {
			t.Errorf("a dry run made %q of %q", after, before)
		}
	}
}

func TestNothingIsCreatedForNothing(t *testing.T) {
	b := newBench(t)
	b.src.KeepFor = hour
	b.script.Add("1")
	b.script.Add("2", launchertest.File("a", "a")).Fetch = func(context.Context) error {
		return launcher.Later(errors.New("still arriving"))
	}
	b.mustPoll(t)
	if _, err := os.Stat(b.src.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Path was created (%v) though there was nothing to copy", err)
	}
}

func TestFaultsOfTheSetUpAreJoined(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	broken := &launchertest.Script{Before: func(context.Context) error {
		return launcher.Halt(errors.New("no such mailbox"))
	}}
	sound := &launchertest.Script{}
	sound.Add("1", launchertest.File("a", "a"))
	for _, c := range []struct {
		name  string
		src   Source
		words []string
	}{
		{"nothing", Source{}, []string{"From: missing", "Path: missing"}},
		{"KeepFor", Source{From: sound, Path: dir, KeepFor: -1}, []string{"KeepFor"}},
		{"no parent", Source{From: sound, Path: filepath.Join(dir, "a", "b")}, []string{"Path", "a"}},
		{"no directory", Source{From: sound, Path: file}, []string{"not a directory"}},
		{"parent no directory", Source{From: sound, Path: filepath.Join(file, "a")}, []string{"directory"}},
		{"both", Source{From: broken, Path: file, KeepFor: -1}, []string{"not a directory", "KeepFor", "no such mailbox"}},
		{"From alone", Source{From: broken, Path: dir}, []string{"no such mailbox"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stored := launcher.SinkFunc(func(context.Context, *launcher.Parcel) error {
				t.Error("a parcel was offered")
				return nil
			})
			err := c.src.Poll(t.Context(), stored)
			if launcher.OutcomeOf(err) != launcher.Stop {
				t.Fatalf("Poll = %v, want an error that halts", err)
			}
			for _, word := range c.words {
				if strings.Count(err.Error(), word) < 1 {
					t.Errorf("Poll = %q, which does not tell of %q", err, word)
				}
			}
			l := &launcher.Launcher{Name: "l", Source: &c.src, Sink: stored, Observe: quiet}
			if err := l.Check(t.Context()); err == nil {
				t.Error("Check = nil, want the faults")
			}
		})
	}
}

func TestMissingParentHalts(t *testing.T) {
	b := newBench(t)
	parent := filepath.Join(t.TempDir(), "volume")
	if err := os.Mkdir(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	b.src.Path = filepath.Join(parent, "copies")
	it := b.script.Add("1", launchertest.File("a.pdf", "one"))
	it.Fetch = func(context.Context) error { return os.RemoveAll(parent) } // while the pass is under way
	l := &launcher.Launcher{Name: "l", Source: b.src, Sink: &b.rec, Observe: quiet, MaxAttempts: 1}
	_, err := l.Poll(t.Context())
	if launcher.OutcomeOf(err) != launcher.Stop || !strings.Contains(err.Error(), b.src.Path) {
		t.Errorf("Poll = %v, want an error that halts and names %q", err, b.src.Path)
	}
	if len(b.rec.Calls()) > 0 {
		t.Error("a parcel was handed over that could not be backed up")
	}
	it.Fetch = nil
	if err := os.Mkdir(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	stats, err := l.Poll(t.Context())
	if err != nil || stats.Stored != 1 {
		t.Errorf("when the parent is back: Poll = %+v, %v, want the parcel stored: no attempt was counted", stats, err)
	}
	b.wantCopies(t, "2026/11/23: a.pdf=one")
}

func TestErrorsOfFromKeepTheirMarks(t *testing.T) {
	bad := errors.New("bad")
	plain := func(err error) error { return err }
	for name, mark := range map[string]func(error) error{
		"plain": plain, "Reject": launcher.Reject, "Later": launcher.Later, "Halt": launcher.Halt,
	} {
		for at, arrange := range map[string]func(it *launchertest.Item){
			"Documents": func(it *launchertest.Item) {
				it.Fetch = func(context.Context) error { return mark(bad) }
			},
			"Open": func(it *launchertest.Item) {
				it.Documents[1].Open = func(context.Context) (io.ReadCloser, error) { return nil, mark(bad) }
			},
			"Read": func(it *launchertest.Item) {
				it.Documents[1].Open = func(context.Context) (io.ReadCloser, error) {
					return io.NopCloser(io.MultiReader(strings.NewReader("t"), failing{mark(bad)})), nil
				}
			},
		} {
			t.Run(name+" in "+at, func(t *testing.T) {
				b := newBench(t)
				arrange(b.script.Add("1", launchertest.File("a", "one"), launchertest.File("b", "two")))
				var got error
				b.src.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
					_, got = p.Documents(ctx)
					return got
				}))
				if !errors.Is(got, bad) || launcher.OutcomeOf(got) != launcher.OutcomeOf(mark(bad)) {
					t.Errorf("Documents = %v, want %v with its mark", got, bad)
				}
				b.wantCopies(t)
				if staged, _ := left(t, b.src.Path); len(staged) > 0 {
					t.Errorf("left in staging: %v", staged)
				}
			})
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestErrorOfPollIsThatOfFrom(t *testing.T) {
	b := newBench(t)
	b.script.Before = func(context.Context) error { return launcher.ErrMore }
	if err := b.src.Poll(t.Context(), &b.rec); err != launcher.ErrMore {
		t.Errorf("Poll = %v, want ErrMore as From returned it", err)
	}
}

func TestSizeThatIsNotTrue(t *testing.T) {
	for size, word := range map[int64]string{2: "longer than the 2 bytes", 4: "unexpected EOF after 3 of 4 bytes"} {
		b := newBench(t)
		doc := launchertest.File("a.pdf", "one")
		doc.Size = size
		b.script.Add("1", doc)
		var got error
		b.src.Poll(t.Context(), launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			_, got = p.Documents(ctx)
			return got
		}))
		if got == nil || launcher.OutcomeOf(got) != launcher.Left || !strings.Contains(got.Error(), word) {
			t.Errorf("Size %d of a body of 3 bytes: %v, want an error without mark that tells %q", size, got, word)
		}
		b.wantCopies(t)
	}
}

func TestHostileNames(t *testing.T) {
	b := newBench(t)
	var docs []*launcher.Document
	for i, name := range append(launchertest.HostileNames(), "../../up", "", ".", "..", "copy.json", "COPY.JSON",
		"a", "A", "a (2)", "b (2)", "b", "B") {
		docs = append(docs, launchertest.File(name, fmt.Sprint(i)))
		b.script.Add("../"+name, launchertest.File(name, "alone"))
	}
	b.script.Add("all\xff\n", docs...)
	before := tree(t, filepath.Dir(filepath.Dir(b.src.Path)))
	b.mustPoll(t)
	names, _ := filepath.Glob(filepath.Join(b.src.Path, "2026/11/23/*/copy.json"))
	if len(names) != len(docs)+1 {
		t.Errorf("%d copies, want %d: parcels whose names are alike must not clash", len(names), len(docs)+1)
	}
	for _, name := range names {
		if dir := filepath.Base(filepath.Dir(name)); strings.HasPrefix(dir, ".") || len(dir) > 100 {
			t.Errorf("a copy is named %q, hidden or long", dir)
		}
	}
	bodies, folded := make(map[string]bool), make(map[string]bool)
	all, _ := filepath.Glob(filepath.Join(b.src.Path, "2026/11/23", "*-"+hashOf("all\xff\n"), "*"))
	for _, name := range all {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		bodies[string(text)] = true
		folded[strings.ToLower(name)] = true
	}
	if len(all) != len(docs)+1 || len(bodies) != len(all) || len(folded) != len(all) {
		t.Errorf("%d files with %d bodies and %d names, without regard to case, in a copy of %d documents",
			len(all), len(bodies), len(folded), len(docs))
	}
	if err := os.RemoveAll(b.src.Path); err != nil {
		t.Fatal(err)
	}
	if after := tree(t, filepath.Dir(filepath.Dir(b.src.Path))); !slices.Equal(before, after) {
		t.Errorf("outside of Path there is now %q", after)
	}
}

func TestManyAtATime(t *testing.T) {
	b := newBench(t)
	b.script.Workers = 8
	var want []string
	for i := range 60 {
		body := strings.Repeat(fmt.Sprint(i, " "), 20_000*(i%3)+1)
		b.script.Add(fmt.Sprint(i), launchertest.File("scan.pdf", body))
		want = append(want, "2026/11/23: scan.pdf="+body)
	}
	var mu sync.Mutex
	l := &launcher.Launcher{Name: "l", Source: b.src, Sink: &b.rec, Parallel: 8, Observe: func(_ context.Context, e launcher.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Err != nil {
			t.Error(e.Err)
		}
	}}
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.wantCopies(t, want...)
	if staged, dangling := left(t, b.src.Path); len(staged)+len(dangling) > 0 {
		t.Errorf("left behind: %v, %v", staged, dangling)
	}
}

// A pass that keeps moving bytes into the backup is not taken to stall.
func TestProgressWhileCopying(t *testing.T) {
	b := newBench(t)
	const size = 1 << 20
	b.script.Add("1", launchertest.File("a", strings.Repeat("x", size)))
	l := &launcher.Launcher{Name: "l", Source: b.src, Observe: quiet}
	var moved int64
	l.Sink = launcher.SinkFunc(func(context.Context, *launcher.Parcel) error {
		moved = l.Status().PassBytes
		return nil
	})
	if _, err := l.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if moved != size {
		t.Errorf("the engine was told of %d bytes, want %d", moved, size)
	}
}

func TestCancelled(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("shutdown")
	doc := launchertest.File("a", "")
	doc.Size = -1
	doc.Open = func(context.Context) (io.ReadCloser, error) {
		cancel(stop)
		return io.NopCloser(failing{nil}), nil // never ends
	}
	b.script.Add("1", doc)
	var got error
	b.src.Poll(ctx, launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		_, got = p.Documents(ctx)
		return got
	}))
	if !errors.Is(got, stop) {
		t.Errorf("Documents = %v, want the cause of the end", got)
	}
	b.wantCopies(t)
}

// What a killed process left is removed, and what a live one writes is not.
func TestLeftovers(t *testing.T) {
	b := newBench(t)
	tmp := filepath.Join(b.src.Path, filepath.FromSlash(staging), "X")
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	b.script.Add("1", launchertest.File("a", "one"))
	other := &Source{From: &b.script, Path: b.src.Path, clock: b.read}
	rival := launchertest.Script{}
	rival.Add("2", launchertest.File("b", "two"))
	other.From = &rival

	var while error
	b.rec.Before = func(ctx context.Context, p *launcher.Parcel) error {
		if _, err := p.Documents(ctx); err != nil {
			return err
		}
		if _, err := os.Stat(tmp); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a leftover is still there: %v", err)
		}
		if err := os.Mkdir(tmp, 0o755); err != nil { // as the live one would
			t.Fatal(err)
		}
		while = other.Poll(ctx, launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			_, err := p.Documents(ctx)
			return err
		}))
		if _, err := os.Stat(tmp); err != nil {
			t.Errorf("what a live process writes was removed: %v", err)
		}
		return nil
	}
	b.mustPoll(t)
	if launcher.OutcomeOf(while) != launcher.Stop || !strings.Contains(while.Error(), "in use") {
		t.Errorf("a second Source at work in Path: Poll = %v, want an error that halts and says so", while)
	}
	if err := other.Poll(t.Context(), &launchertest.Recorder{}); err != nil {
		t.Errorf("when the first is done: Poll = %v, want nil", err)
	}
}

func FuzzMarker(f *testing.F) {
	hash := hashOf("1")
	f.Add("2026/11/23/a-" + hash + "\n")
	f.Add("../../a-" + hash + "\n")
	f.Add("2026/11/23/../a-" + hash + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := parseMarker([]byte(text), hash)
		if dir == "" {
			return
		}
		if !filepath.IsLocal(dir) || strings.Count(dir, "/") != 3 || dir+"\n" != text || !strings.HasSuffix(dir, "-"+hash) {
			t.Errorf("a marker of %q leads to %q, which is not a copy of that parcel", text, dir)
		}
	})
}
