package folder

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
	"testing/iotest"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/internal/disk"
	"github.com/ezged/coldlauncher/launcher/internal/disk/disktest"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func TestConformance(t *testing.T) {
	tests := []struct {
		name string
		sink func(t *testing.T, dir string) *Sink
	}{
		{"parcels", func(t *testing.T, dir string) *Sink { return &Sink{Path: dir} }},
		{"parcels by job", func(t *testing.T, dir string) *Sink { return &Sink{Path: dir, ByJob: true} }},
		{"loose", func(t *testing.T, dir string) *Sink { return &Sink{Path: dir, Loose: true} }},
		{"loose by job", func(t *testing.T, dir string) *Sink { return &Sink{Path: dir, Loose: true, ByJob: true} }},
		{"loose, state apart", func(t *testing.T, dir string) *Sink {
			return &Sink{Path: dir, Loose: true, State: dir + "-state", KeepFor: time.Hour}
		}},
		{"loose, without exclusive rename", func(t *testing.T, dir string) *Sink {
			return &Sink{Path: dir, Loose: true, open: disktest.LinkOnly}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting for the disk
			launchertest.TestSink(t, func(t *testing.T) launchertest.Store {
				dir := filepath.Join(t.TempDir(), "out")
				return launchertest.Store{
					Sink: tt.sink(t, dir),
					Kept: func() ([]string, error) {
						files, err := visible(dir)
						if errors.Is(err, fs.ErrNotExist) {
							err = nil // nothing was stored yet
						}
						return bodies(files), err
					},
					Reopen: func() (launcher.Sink, error) { return tt.sink(t, dir), nil },
				}
			})
		})
	}
}

func TestManifestTellsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 3, 29, 2, 30, 0, 123, time.FixedZone("CEST", 7200))
	unit := &launcher.Unit{Key: "acte-1", Meta: map[string]string{"adullact.objet": "Délibération <1>"}}
	doc := docOf("a_b.pdf", "%PDF")
	doc.Dir, doc.MediaType, doc.Time, doc.Role, doc.Group = "2026/03", "application/pdf", at, "attachment", "pdf"
	doc.Unit, doc.Meta = unit, map[string]string{launcher.MetaName: "a:b.pdf"}
	second := docOf("manifest.json", "{}")
	second.Unit, second.Size = unit, -1
	p := &launcher.Parcel{
		ID: "factures/1", Origin: "INBOX uid 42", Time: at, Job: "87", Meta: map[string]string{"mail.subject": "é"},
		Documents: func(context.Context) ([]*launcher.Document, error) { return []*launcher.Document{doc, second}, nil },
	}
	mustStore(t, &Sink{Path: dir, ByJob: true}, p)

	b, err := os.ReadFile(filepath.Join(dir, "87", dirName(p.ID), manifestName))
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if time.Since(m.Stored) > time.Minute || !m.Time.Equal(at) || !m.Files[0].Time.Equal(at) {
		t.Errorf("times in the manifest: stored %v, arrived %v, changed %v; want now, %v and %[4]v", m.Stored, m.Time, m.Files[0].Time, at)
	}
	m.Stored, m.Time, m.Files[0].Time = time.Time{}, time.Time{}, time.Time{}
	want := Manifest{
		ID: "factures/1", Job: "87", Origin: "INBOX uid 42", Meta: p.Meta,
		Units: []Unit{{Key: "acte-1", Meta: unit.Meta}},
		Files: []File{
			{
				Name: "a_b.pdf", Original: "a:b.pdf", Dir: "2026/03", Role: "attachment", MediaType: "application/pdf", Group: "pdf",
				Unit: "acte-1", Size: 4, SHA256: "315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027", Meta: doc.Meta,
			},
			{
				Name: "manifest (2).json", Original: "manifest.json", Unit: "acte-1", Size: 2,
				SHA256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
			},
		},
	}
	if got, want := fmt.Sprintf("%+v", m), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("manifest:\n%s\nwant:\n%s", got, want)
	}
}

func TestNamesInAParcel(t *testing.T) {
	tests := []struct {
		name string
		in   []string
		want []string
	}{
		{"apart", []string{"a.pdf", "b.pdf"}, []string{"a.pdf", "b.pdf"}},
		{"the same", []string{"a.pdf", "a.pdf", "a.pdf"}, []string{"a (2).pdf", "a (3).pdf", "a.pdf"}},
		{"the same but for case", []string{"a.pdf", "A.PDF"}, []string{"A (2).PDF", "a.pdf"}},
		{"a suffix that is taken", []string{"a (2).pdf", "a.pdf", "a.pdf"}, []string{"a (2).pdf", "a (3).pdf", "a.pdf"}},
		{"a suffix that is taken but for case", []string{"a (2).pdf", "a.pdf", "A.PDF"}, []string{"A (3).PDF", "a (2).pdf", "a.pdf"}},
		{"without extension", []string{"LISEZMOI", "lisezmoi"}, []string{"LISEZMOI", "lisezmoi (2)"}},
		{"hidden", []string{".env", ".env"}, []string{".env", ".env (2)"}},
		{"ours", []string{"manifest.json", "Manifest.JSON"}, []string{"Manifest (3).JSON", "manifest (2).json"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			var docs []string
			for i, name := range tt.in {
				docs = append(docs, name, fmt.Sprint("body ", i))
			}
			mustStore(t, &Sink{Path: dir}, parcelOf("x/1", docs...))
			var got []string
			for _, name := range namesOf(mustSee(t, dir)) {
				got = append(got, filepath.Base(name))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("documents %q became %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestDirName(t *testing.T) {
	const hash = "[0-9a-f]{32}"
	tests := []struct{ id, stem string }{
		{"factures/0123", "factures-"},
		{"a b/x", "a-b-"},
		{"/x", ""},
		{"../x", ""},
		{".hidden/x", "hidden-"},
		{strings.Repeat("x", 128), strings.Repeat("x", 48) + "-"},
		{"no slash", "no-slash-"},
		{"été/1", "-t--"},
	}
	seen := make(map[string]string)
	for _, tt := range tests {
		got := dirName(tt.id)
		if stem := got[:len(got)-32]; stem != strings.TrimLeft(tt.stem, "-") {
			t.Errorf("dirName(%q) = %q, want %s%s", tt.id, got, tt.stem, hash)
		}
		if launcher.CleanName(got) != got || seen[got] != "" {
			t.Errorf("dirName(%q) = %q, which is no safe name, or that of %q", tt.id, got, seen[got])
		}
		seen[got] = tt.id
	}
}

func TestLooseNeverReplacesAFile(t *testing.T) {
	for name, open := range map[string]func(string, bool) (disk.Disk, error){"rename": disk.Open, "link": disktest.LinkOnly} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "a.pdf"), []byte("theirs"), 0o600); err != nil {
				t.Fatal(err)
			}
			s := &Sink{Path: dir, Loose: true, open: open}
			mustStore(t, s, parcelOf("x/1", "a.pdf", "one", "a.pdf", "two"), parcelOf("x/2", "a.pdf", "three"))
			want := map[string]string{"a.pdf": "theirs", "a (2).pdf": "one", "a (3).pdf": "two", "a (4).pdf": "three"}
			if got := mustSee(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("files %v, want %v: no file is replaced", got, want)
			}
		})
	}
}

func TestManyOfAName(t *testing.T) {
	const n = 1000
	for _, loose := range []bool{false, true} {
		dir := t.TempDir()
		calm := &disktest.Trouble{At: -1}
		var docs []string
		for i := range n {
			docs = append(docs, "scan.pdf", fmt.Sprint(i))
		}
		mustStore(t, &Sink{Path: dir, Loose: loose, open: calm.Open}, parcelOf("x/1", docs...))
		if got := len(mustSee(t, dir)); got != n {
			t.Errorf("loose %v: kept %d documents of one name, want %d", loose, got, n)
		}
		if calm.Count() > 50*n {
			t.Errorf("loose %v: %d operations for %d documents of one name, want no more than 50 each", loose, calm.Count(), n)
		}
	}
}

// Two Stores of an ID may both read the documents before either has kept them.
func TestTwoStoresOfAnID(t *testing.T) {
	for _, loose := range []bool{false, true} {
		dir := t.TempDir()
		var reading sync.WaitGroup
		reading.Add(2)
		store := func() error {
			p := parcelOf("x/1", "a.pdf", "one")
			documents := p.Documents
			p.Documents = func(ctx context.Context) ([]*launcher.Document, error) {
				reading.Done()
				reading.Wait()
				return documents(ctx)
			}
			return (&Sink{Path: dir, Loose: loose}).Store(t.Context(), p)
		}
		other := make(chan error, 1)
		go func() { other <- store() }()
		if err := errors.Join(store(), <-other); err != nil {
			t.Errorf("loose %v: two Stores of an ID at once: %v, want nil of both", loose, err)
		}
		if got := bodies(mustSee(t, dir)); !slices.Equal(got, []string{"one"}) {
			t.Errorf("loose %v: kept %q, want one", loose, got)
		}
	}
}

func TestLooseKnowsWhatWasConsumed(t *testing.T) {
	dir := t.TempDir()
	mustStore(t, &Sink{Path: dir, Loose: true}, parcelOf("x/1", "a.pdf", "one"))
	if err := os.Remove(filepath.Join(dir, "a.pdf")); err != nil {
		t.Fatal(err)
	}
	mustStore(t, &Sink{Path: dir, Loose: true}, unread(t, "x/1"))
	if got := mustSee(t, dir); len(got) != 0 {
		t.Errorf("a parcel that the COLD has consumed was handed over again: %v", got)
	}
	if got := underWay(t, dir); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestLooseKeepsTheTimeOfADocument(t *testing.T) {
	dir := t.TempDir()
	p := parcelOf("x/1", "a.pdf", "one")
	docs, _ := p.Documents(t.Context())
	docs[0].Time = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	mustStore(t, &Sink{Path: dir, Loose: true}, p)
	info, err := os.Stat(filepath.Join(dir, "a.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(docs[0].Time) {
		t.Errorf("the file was changed %v, want the time of the document, %v", info.ModTime(), docs[0].Time)
	}
}

// A process killed between the link and the removal of its first name leaves
// a file with both.
func TestLinkedButNotRemoved(t *testing.T) {
	dir := t.TempDir()
	s := &Sink{Path: dir, Loose: true, open: disktest.LinkOnly}
	kept := pending + "/" + dirName("x/1")
	v, err := s.enter()
	if err != nil {
		t.Fatal(err)
	}
	tmp, err := s.stage(t.Context(), v, parcelOf("x/1", "a.pdf", "one", "a.pdf", "two"))
	if err == nil {
		err = v.disk.Rename(staging+"/"+tmp, kept)
	}
	s.leave(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, kept, "1"), filepath.Join(dir, "a.pdf")); err != nil {
		t.Skipf("no hard links here: %v", err)
	}
	mustStore(t, s, unread(t, "x/1"))
	want := map[string]string{"a.pdf": "one", "a (2).pdf": "two"}
	if got := mustSee(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("files %v, want %v: what was linked is handed over", got, want)
	}
}

func TestRecordsExpire(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	dir := t.TempDir()
	open := func(keep time.Duration) *Sink { return &Sink{Path: dir, Loose: true, State: state, KeepFor: keep} }
	mustStore(t, open(0), parcelOf("x/1", "a.pdf", "one"))

	records, _ := filepath.Glob(filepath.Join(state, "stored", "*", "*.json"))
	if len(records) != 1 {
		t.Fatalf("records %v, want one", records)
	}
	old := time.Now().Add(-25 * time.Hour)
	lock := filepath.Join(filepath.Dir(records[0]), "lock")
	if err := errors.Join(os.Chtimes(records[0], old, old), os.Chtimes(lock, old, old)); err != nil {
		t.Fatal(err)
	}
	other := sameShard("x/1")
	mustStore(t, open(0), unread(t, "x/1"), parcelOf(other, "b.pdf", "b"))
	mustStore(t, open(26*time.Hour), unread(t, "x/1"), parcelOf(other+"a", "b.pdf", "b"))
	if _, err := os.Stat(records[0]); err != nil {
		t.Errorf("a record younger than KeepFor: %v, want it kept", err)
	}
	mustStore(t, open(24*time.Hour), parcelOf(sameShard(other), "c.pdf", "c"))
	if _, err := os.Stat(records[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a record older than KeepFor: %v, want it removed when another is written", err)
	}
	if _, err := os.Stat(lock); err != nil {
		t.Errorf("the lock beside the records: %v, want it to stay", err)
	}
	mustStore(t, open(24*time.Hour), unread(t, other))
}

// sameShard returns an ID that is recorded in the same folder as id.
func sameShard(id string) string {
	want := shardOf(id)
	for i := 0; ; i++ {
		if other := fmt.Sprintf("%s/%d", id, i); shardOf(other) == want {
			return other
		}
	}
}

func TestSurroundingsAreHalt(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	readOnly := filepath.Join(dir, "readonly")
	if err := os.Mkdir(readOnly, 0o500); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		sink *Sink
	}{
		{"no path", &Sink{}},
		{"path is a file", &Sink{Path: file}},
		{"parent is missing", &Sink{Path: filepath.Join(dir, "unmounted", "out")}},
		{"parent of the state is missing", &Sink{Path: filepath.Join(dir, "out"), Loose: true, State: filepath.Join(dir, "unmounted", "state")}},
		{"read-only", &Sink{Path: readOnly}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "read-only" && (os.Getuid() == 0 || runtime.GOOS == "windows") {
				t.Skip("permissions do not hold this user back")
			}
			err := tt.sink.Store(t.Context(), parcelOf("x/1", "a.pdf", "one"))
			if launcher.OutcomeOf(err) != launcher.Stop || !strings.Contains(err.Error(), fmt.Sprintf("%q", tt.sink.Path)) {
				t.Errorf("Store = %v, want an error that halts and names the path", err)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "unmounted")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the missing parent: %v, want it not created", err)
	}
}

func TestIDsThatCannotBeRecorded(t *testing.T) {
	for _, id := range []string{"", "x/\xff"} {
		err := (&Sink{Path: t.TempDir()}).Store(t.Context(), unread(t, id))
		if err == nil || launcher.OutcomeOf(err) != launcher.Left {
			t.Errorf("ID %q: %v, want an error that concerns this parcel alone", id, err)
		}
	}
}

func TestDocumentOfAnotherLength(t *testing.T) {
	for name, size := range map[string]int64{"short": 4, "long": 2} {
		t.Run(name, func(t *testing.T) {
			for _, loose := range []bool{false, true} {
				dir := t.TempDir()
				p := parcelOf("x/1", "a.pdf", "one")
				docs, _ := p.Documents(t.Context())
				docs[0].Size = size
				s := &Sink{Path: dir, Loose: loose}
				err := s.Store(t.Context(), p)
				if launcher.OutcomeOf(err) != launcher.Left || errors.Is(err, io.ErrUnexpectedEOF) != (name == "short") {
					t.Errorf("a document of 3 bytes announced as %d: %v, want an error that counts as an attempt", size, err)
				}
				if left := underWay(t, dir); len(left) > 0 || len(mustSee(t, dir)) > 0 {
					t.Errorf("left behind: %v", left)
				}
			}
		})
	}
}

func TestEndlessDocumentIsCut(t *testing.T) {
	dir := t.TempDir()
	p := parcelOf("x/1", "a.pdf", "")
	docs, _ := p.Documents(t.Context())
	docs[0].Size = 100_000
	read := 0
	docs[0].Open = func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(readerFunc(func(b []byte) (int, error) { read += len(b); return len(b), nil })), nil
	}
	err := (&Sink{Path: dir}).Store(t.Context(), p)
	if err == nil || read > 100_000+2*disk.BufferSize {
		t.Errorf("Store = %v after %d bytes, want an error soon after the 100000 announced", err, read)
	}
}

type readerFunc func(b []byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestCancelledWhileReading(t *testing.T) {
	for _, last := range []bool{false, true} {
		for _, loose := range []bool{false, true} {
			dir := t.TempDir()
			ctx, cancel := context.WithCancelCause(t.Context())
			stop := errors.New("shutdown")
			p := parcelOf("x/1", "a.pdf", "")
			docs, _ := p.Documents(ctx)
			docs[0].Size = -1
			reads := 0
			docs[0].Open = func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(readerFunc(func(b []byte) (int, error) {
					switch reads++; {
					case reads < 3:
						return len(b), nil
					case reads == 3:
						cancel(stop)
					case reads > 10:
						return 0, errors.New("read on and on")
					}
					if last {
						return 0, io.EOF
					}
					return len(b), nil
				})), nil
			}
			if err := (&Sink{Path: dir, Loose: loose}).Store(ctx, p); !errors.Is(err, stop) {
				t.Errorf("cancelled at the third read, the last %v: %v, want the cause", last, err)
			}
			if left := underWay(t, dir); len(left) > 0 || len(mustSee(t, dir)) > 0 {
				t.Errorf("cancelled at the third read, the last %v: %v left behind", last, left)
			}
		}
	}
}

func TestReadersMayBeAwkward(t *testing.T) {
	const body = "the whole body"
	wrap := map[string]func(io.Reader) io.Reader{
		"byte by byte": iotest.OneByteReader, "half": iotest.HalfReader, "data with its end": iotest.DataErrReader,
		"empty reads": func(r io.Reader) io.Reader {
			empty := false
			return readerFunc(func(b []byte) (int, error) {
				if empty = !empty; empty {
					return 0, nil
				}
				return r.Read(b)
			})
		},
	}
	for name, wrap := range wrap {
		dir := t.TempDir()
		p := parcelOf("x/1", "a.pdf", body)
		docs, _ := p.Documents(t.Context())
		docs[0].Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(wrap(strings.NewReader(body))), nil }
		mustStore(t, &Sink{Path: dir}, p)
		if got := bodies(mustSee(t, dir)); !slices.Equal(got, []string{body}) {
			t.Errorf("%s: kept %q, want %q", name, got, body)
		}
	}
}

func TestSomethingElseInTheWay(t *testing.T) {
	tests := []struct {
		name string
		put  func(dir string) error
	}{
		{"a file", func(dir string) error { return os.WriteFile(dir, nil, 0o600) }},
		{"an empty directory", func(dir string) error { return os.Mkdir(dir, 0o700) }},
		{"another parcel", func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, manifestName), []byte(`{"id":"x/2"}`), 0o600))
		}},
		{"a broken manifest", func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, manifestName), []byte(`{"id":"x/1`), 0o600))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := tt.put(filepath.Join(dir, dirName("x/1"))); err != nil {
				t.Fatal(err)
			}
			s := &Sink{Path: dir}
			err := s.Store(t.Context(), parcelOf("x/1", "a.pdf", "one"))
			if launcher.OutcomeOf(err) != launcher.Left || err == nil {
				t.Errorf("Store = %v, want an error that concerns this parcel alone", err)
			}
			mustStore(t, s, parcelOf("x/3", "a.pdf", "one"))
		})
	}
}

func TestSweepSparesTheLiving(t *testing.T) {
	dir := t.TempDir()
	dead := filepath.Join(dir, filepath.FromSlash(staging), "DEAD")
	if err := os.MkdirAll(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dead, "a.pdf"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	reading, goOn := make(chan struct{}), make(chan struct{})
	p := parcelOf("x/1", "a.pdf", "one", "b.pdf", "two")
	docs, _ := p.Documents(t.Context())
	openNow := docs[1].Open
	docs[1].Open = func(ctx context.Context) (io.ReadCloser, error) {
		close(reading)
		<-goOn
		return openNow(ctx)
	}
	first := make(chan error, 1)
	go func() { first <- (&Sink{Path: dir}).Store(t.Context(), p) }()
	<-reading
	if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a killed process left: %v, want it removed by the first Store", err)
	}
	mustStore(t, &Sink{Path: dir}, parcelOf("x/2", "c.pdf", "three")) // of another Sink, which would sweep
	close(goOn)
	if err := <-first; err != nil {
		t.Errorf("a Store under way while another Sink begins: %v, want nil", err)
	}
	if got := bodies(mustSee(t, dir)); !slices.Equal(got, []string{"one", "three", "two"}) {
		t.Errorf("kept %q, want all", got)
	}
}

func TestNothingIsWorldReadable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such permissions")
	}
	dir := filepath.Join(t.TempDir(), "out")
	mustStore(t, &Sink{Path: dir}, parcelOf("x/1", "a.pdf", "one"))
	mustStore(t, &Sink{Path: dir, Loose: true}, parcelOf("x/2", "b.pdf", "two"))
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err == nil && info.Mode()&0o007 != 0 {
			t.Errorf("%s has mode %v, want nothing for others", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNoLinkLeadsOut(t *testing.T) {
	for _, name := range []string{hidden, "87"} {
		for _, loose := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " loose ", loose), func(t *testing.T) {
				outside, dir := t.TempDir(), t.TempDir()
				if err := os.Symlink(outside, filepath.Join(dir, name)); err != nil {
					t.Skipf("no symbolic links here: %v", err)
				}
				p := parcelOf("x/1", "a.pdf", "one")
				p.Job = "87"
				err := (&Sink{Path: dir, Loose: loose, ByJob: true}).Store(t.Context(), p)
				if launcher.OutcomeOf(err) != launcher.Stop {
					t.Errorf("Store through a link that leads out = %v, want an error that halts", err)
				}
				if entries, _ := os.ReadDir(outside); len(entries) > 0 {
					t.Errorf("%v was written outside of the root", entries)
				}
			})
		}
	}
}

func TestALinkIsNotFollowedByAName(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	target := filepath.Join(outside, "created.pdf")
	if err := os.Symlink(target, filepath.Join(dir, "a.pdf")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	mustStore(t, &Sink{Path: dir, Loose: true}, parcelOf("x/1", "a.pdf", "one"))
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the target of a link in the way: %v, want it untouched", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "a (2).pdf")); string(b) != "one" {
		t.Errorf("a (2).pdf holds %q, %v; want the document beside the link", b, err)
	}
}

// TestHashesOfALauncher: the engine has hashed what it hands over, and the manifest
// tells that hash, whichever reader it is of.
func TestHashesOfALauncher(t *testing.T) {
	dir := t.TempDir()
	p := parcelOf("x/1", "a.pdf", "one", "b.pdf", strings.Repeat("two", 100_000), "c.pdf", "")
	sink := &Sink{Path: dir}
	l := &launcher.Launcher{
		Name:   "factures",
		Source: sourceOf{p},
		Sink: launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			docs, err := p.Documents(ctx)
			if err != nil {
				return err
			}
			r, err := docs[0].Open(ctx) // read before, hence not hashed again
			if err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				return err
			}
			return errors.Join(r.Close(), sink.Store(ctx, p))
		}),
		Observe: func(context.Context, launcher.Event) {},
	}
	if stats, err := l.Poll(t.Context()); err != nil || stats.Stored != 1 {
		t.Fatalf("%+v, %v, want a parcel stored", stats, err)
	}
	if err := checkParcels(dir); err != nil {
		t.Error(err)
	}
}

// A sourceOf offers one parcel.
type sourceOf struct{ p *launcher.Parcel }

func (s sourceOf) Poll(ctx context.Context, sink launcher.Sink) error { return sink.Store(ctx, s.p) }
