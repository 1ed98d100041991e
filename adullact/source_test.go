package adullact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
	"github.com/ezged/coldlauncher/protocol/dir"
)

// An item is a file of a parcel in memory.
type item struct {
	path, role string
	body       []byte
	time       time.Time
}

// A memory is a Source of parcels in memory.
type memory struct {
	parcels map[string][]item
	opaque  bool // readers are no io.ReaderAt
}

func (m *memory) Poll(ctx context.Context, sink launcher.Sink) error {
	for _, id := range sortedKeys(m.parcels) {
		p := &launcher.Parcel{ID: id, Origin: id}
		p.Documents = func(context.Context) ([]*launcher.Document, error) {
			var docs []*launcher.Document
			for _, it := range m.parcels[id] {
				folder, name := path.Split(it.path)
				docs = append(docs, &launcher.Document{
					Name: name, Dir: strings.TrimSuffix(folder, "/"), Size: int64(len(it.body)), Time: it.time, Role: it.role,
					Open: func(context.Context) (io.ReadCloser, error) {
						r := bytes.NewReader(it.body)
						if m.opaque {
							return io.NopCloser(io.MultiReader(r)), nil
						}
						return section{io.NewSectionReader(r, 0, r.Size())}, nil
					},
				})
			}
			return docs, nil
		}
		if err := sink.Store(ctx, p); err != nil && launcher.OutcomeOf(err) == launcher.Stop {
			return err
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// handed is what a Sink was given, in lines: one for each unit and document.
type handed struct {
	lines  map[string][]string // by parcel
	failed map[string]error
}

func (h *handed) Store(ctx context.Context, p *launcher.Parcel) error {
	docs, err := p.Documents(ctx)
	if err != nil {
		h.failed[p.ID] = err
		return err
	}
	lines, err := describe(ctx, docs)
	if err != nil {
		return launcher.Halt(err)
	}
	h.lines[p.ID] = lines
	return nil
}

// describe reads documents and returns a line for each.
func describe(ctx context.Context, docs []*launcher.Document) ([]string, error) {
	var lines []string
	for _, d := range docs {
		r, err := d.Open(ctx)
		if err != nil {
			return nil, fmt.Errorf("open %q: %w", d.Name, err)
		}
		h := sha256.New()
		n, err := io.Copy(h, r)
		r.Close()
		if err != nil {
			return nil, fmt.Errorf("read %q: %w", d.Name, err)
		}
		sum := hex.EncodeToString(h.Sum(nil))
		if d.Size >= 0 && d.Size != n {
			return nil, fmt.Errorf("%q has %d bytes, announced were %d", d.Name, n, d.Size)
		}
		if s := d.Meta[MetaSHA256]; s != "" && s != sum {
			return nil, fmt.Errorf("%q has hash %s, announced was %s", d.Name, sum, s)
		}
		key := ""
		if d.Unit != nil {
			key = d.Unit.Meta[MetaKey]
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %q %s", key, d.Group, d.Role, d.Name, sum))
	}
	return lines, nil
}

// expect returns the lines that a Sink is to be given for envelopes.
func expect(envelopes []*Envelope) []string {
	var lines []string
	for _, e := range envelopes {
		for _, f := range e.Files {
			if f.Role == RoleMarker || f.Role == RoleNoise {
				continue
			}
			lines = append(lines, fmt.Sprintf("%s %s %s %q %s", e.Key, e.Kind, f.Role, launcher.CleanName(f.Name), f.SHA256))
		}
	}
	return lines
}

// files returns the files of a folder, or the file itself.
func files(t *testing.T, root, p string) []item {
	t.Helper()
	var out []item
	err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(p)), func(full string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := os.ReadFile(full)
		rel, _ := filepath.Rel(filepath.Join(root, filepath.FromSlash(path.Dir(p))), full)
		out = append(out, item{path: filepath.ToSlash(rel), role: "file", body: body})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Whatever Source the samples come from, they are the same envelopes.
func TestSamplesThroughSources(t *testing.T) {
	root := samples(t)
	want := make(map[string][]string)
	mem := &memory{parcels: map[string][]item{}}
	waiting := map[string]bool{ // what these name is not there, or empty
		"pastell/glaneur/actes-automatique": true, "pastell/glaneur/pes_manifest": true, "actes/pieces/Annexe_delib.pdf": false,
	}
	for _, p := range sampleInputs(t, root) {
		envelopes, err := decodeSample(t, &Decoder{}, root, p)
		if err != nil {
			t.Fatal(err)
		}
		want[p] = expect(envelopes)
		if e := envelopes[0]; e.Layer == LayerMessage && len(e.Meta.Entries) > 0 {
			waiting[p] = true // metadata alone
		}
		mem.parcels[p] = files(t, root, p)
	}
	check := func(t *testing.T, got *handed, id func(string) string) {
		for p, lines := range want {
			if err := got.failed[id(p)]; (err != nil) != waiting[p] {
				t.Errorf("%s: error %v, want one: %v", p, err, waiting[p])
			}
			if !waiting[p] && !slices.Equal(got.lines[id(p)], lines) {
				t.Errorf("%s was handed over as\n%s\nwant\n%s", p, strings.Join(got.lines[id(p)], "\n"), strings.Join(lines, "\n"))
			}
		}
	}
	for _, opaque := range []bool{false, true} {
		t.Run(fmt.Sprintf("memory, opaque %v", opaque), func(t *testing.T) {
			got := &handed{map[string][]string{}, map[string]error{}}
			src := &Source{From: &memory{mem.parcels, opaque}, Quiet: -1, Deadline: -1, Unknown: true}
			if err := src.Poll(t.Context(), got); err != nil {
				t.Fatal(err)
			}
			check(t, got, func(p string) string { return p })
		})
	}
	t.Run("directory", func(t *testing.T) {
		// each in a folder of its own, for samples share names
		in := t.TempDir()
		ids := make(map[string]string)
		for i, p := range sortedKeys(mem.parcels) {
			ids[p] = fmt.Sprintf("%03d", i)
			for _, it := range mem.parcels[p] {
				full := filepath.Join(in, ids[p], filepath.FromSlash(it.path))
				if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(full, it.body, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
		got := &handed{map[string][]string{}, map[string]error{}}
		sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
			id, _, _ := strings.Cut(strings.Trim(p.Origin, `"`), "/")
			q := *p
			q.ID = id
			return got.Store(ctx, &q)
		})
		src := &Source{From: &dir.Source{Path: in, Parallel: 1, Group: dir.Folders()}, Quiet: -1, Deadline: -1, Unknown: true}
		if err := src.Poll(t.Context(), sink); err != nil {
			t.Fatal(err)
		}
		check(t, got, func(p string) string { return ids[p] })
	})
}

// A yard is a drop directory with a launcher on it, and a clock of its own.
type yard struct {
	t    *testing.T
	root string
	now  time.Time
	src  *Source
	l    *launcher.Launcher
	rec  *launchertest.Recorder
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{t: t, root: t.TempDir(), now: time.Now().Add(-240 * time.Hour).Round(time.Second), rec: &launchertest.Recorder{}}
	for _, d := range []string{"in", "done", "rejected"} {
		if err := os.Mkdir(filepath.Join(y.root, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	y.restart()
	return y
}

// restart makes the Source anew, as another process would have it.
func (y *yard) restart() {
	y.src = Deposits(filepath.Join(y.root, "in"))
	drop := y.src.Directory()
	drop.Done, drop.Rejected = filepath.Join(y.root, "done"), filepath.Join(y.root, "rejected")
	y.src.now = func() time.Time { return y.now }
	y.l = &launcher.Launcher{
		Name: "deposits", Source: y.src, Sink: y.rec, Backoff: func(int) time.Duration { return 0 },
		Observe: func(context.Context, launcher.Event) {},
	}
}

// write writes a file of the drop directory, at the time of the yard.
func (y *yard) write(p string, body []byte) {
	y.t.Helper()
	full := filepath.Join(y.root, "in", filepath.FromSlash(p))
	if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
		y.t.Fatal(err)
	}
	if err := os.WriteFile(full, body, 0o666); err != nil {
		y.t.Fatal(err)
	}
	if err := os.Chtimes(full, y.now, y.now); err != nil {
		y.t.Fatal(err)
	}
}

// pass makes a pass, some time later.
func (y *yard) pass(later time.Duration) launcher.Stats {
	y.t.Helper()
	y.now = y.now.Add(later)
	stats, err := y.l.Poll(y.t.Context())
	if err != nil {
		y.t.Fatal(err)
	}
	return stats
}

func (y *yard) in(folder string) []string {
	y.t.Helper()
	entries, err := os.ReadDir(filepath.Join(y.root, folder))
	if err != nil {
		y.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	return out
}

// why returns why the last parcel that was set aside, or waits, does so.
func (y *yard) why() string {
	y.t.Helper()
	var out []string
	decisions, err := y.l.Preview(y.t.Context(), 0)
	if err != nil {
		y.t.Fatal(err)
	}
	for _, d := range decisions {
		if d.Reason != "" {
			out = append(out, d.Reason)
		}
	}
	return strings.Join(out, "\n")
}

// A deposit of these tests is a list of files in the order in which they are
// written.
type deposit struct {
	name  string
	files []item
}

// actDeposit returns a deposit of an act, with its metadata last, and then the
// marker if there is one.
func actDeposit(name string, i int, marker bool) deposit {
	number := fmt.Sprintf("2024_%03d", i)
	d := deposit{name: name, files: []item{
		{path: "acte.pdf", body: []byte("%PDF-1.4 act " + number)},
		{path: "annexe 1.pdf", body: []byte("%PDF-1.4 annex " + number + strings.Repeat("x", 3000))},
		{path: "metadata.xml", body: []byte(`<?xml version="1.0"?>
<flux>
  <data name="acte_nature" value="1"/>
  <data name="numero_de_lacte" value="` + number + `"/>
  <data name="acte_unique_id" value="034-123456789-20240517-` + number + `-DE"/>
  <files name="arrete">
    <file content="acte.pdf"/>
  </files>
  <files name="autre_document_attache">
    <file content="annexe 1.pdf"/>
  </files>
</flux>
`)},
	}}
	if marker {
		d.files = append(d.files, item{path: "fichier_termine.txt", body: []byte("Le transfert est terminé")})
	}
	return d
}

// zipped returns the deposit as one zip.
func (d deposit) zipped(t *testing.T) []byte {
	t.Helper()
	var pairs []string
	for _, f := range d.files {
		pairs = append(pairs, f.path, string(f.body))
	}
	return zipOf(t, pairs...)
}

// A step writes a part of something to a yard.
type step func(y *yard)

// steps writes a deposit file by file, each in two halves.
func (d deposit) steps() []step {
	var out []step
	for _, f := range d.files {
		p := d.name + "/" + f.path
		if f.path == "fichier_termine.txt" {
			out = append(out, func(y *yard) { y.write(p, f.body) })
			continue
		}
		out = append(out,
			func(y *yard) { y.write(p, nil) },
			func(y *yard) { y.write(p, f.body[:len(f.body)/2]) },
			func(y *yard) { y.write(p, f.body) })
	}
	return out
}

// inPieces writes one file in pieces.
func inPieces(p string, body []byte, n int) []step {
	var out []step
	for i := 1; i <= n; i++ {
		out = append(out, func(y *yard) { y.write(p, body[:len(body)*i/n]) })
	}
	return out
}

// A slowDeposit is written in steps.
type slowDeposit struct {
	name  string
	steps []step
	early int // step from which on the deposit may be taken
	with  func(s *Source)
}

// slowDeposits are deposits of three files each.
func slowDeposits(t *testing.T) []slowDeposit {
	marked, unmarked := actDeposit("marked", 1, true), actDeposit("unmarked", 2, false)
	return []slowDeposit{
		{"folder with a marker", marked.steps(), len(marked.steps()) - 1, func(s *Source) { s.Marked = true }},
		{"folder", unmarked.steps(), len(unmarked.steps()) - 1, func(*Source) {}},
		{"zip", inPieces("zipped.zip", unmarked.zipped(t), 12), 11, func(*Source) {}},
	}
}

// A deposit that is written slowly, and stops at any step for as long as may
// be, is taken once, whole, never early and never lost. So it is if the process
// starts anew meanwhile.
func TestSlowDeposit(t *testing.T) {
	for _, d := range slowDeposits(t) {
		t.Run(d.name, func(t *testing.T) {
			for stop := range d.steps {
				for _, anew := range []bool{false, true} {
					checkStop(t, d, stop, anew)
				}
			}
		})
	}
}

func checkStop(t *testing.T, d slowDeposit, stop int, anew bool) {
	t.Helper()
	y := newYard(t)
	d.with(y.src)
	for i, s := range d.steps {
		s(y)
		y.pass(15 * time.Second)
		if i == stop {
			for range 5 {
				y.pass(9 * time.Minute)
			}
			if anew {
				y.restart()
				d.with(y.src)
				y.pass(time.Second)
			}
		}
		if n := len(y.rec.Kept()); n > 0 && i < d.early {
			t.Fatalf("stopped after step %d: taken after step %d already, %q", stop, i, y.rec.Names())
		}
	}
	y.taken(fmt.Sprintf("stopped after step %d", stop))
}

// taken checks that the only deposit there is was taken, once and whole, once it
// is quiet.
func (y *yard) taken(after string) {
	y.t.Helper()
	y.pass(29 * time.Second)
	y.pass(2 * time.Second)
	y.pass(time.Hour)
	if n := len(y.rec.Kept()); n != 1 || len(y.rec.Names()) != 3 {
		y.t.Fatalf("%s: taken %d times, %q; want once, with three files. Waiting: %q, rejected: %q, because %s",
			after, n, y.rec.Names(), y.in("in"), y.in("rejected"), y.why())
	}
	if len(y.in("rejected")) > 0 || len(y.in("in")) > 0 {
		y.t.Fatalf("%s: waiting %q, rejected %q; want nothing left", after, y.in("in"), y.in("rejected"))
	}
}

// What is quiet for less than Quiet is not taken, whatever the directory says.
func TestQuiet(t *testing.T) {
	y := newYard(t)
	for _, s := range actDeposit("d", 1, false).steps() {
		s(y)
	}
	y.pass(0)
	y.pass(29 * time.Second)
	if n := len(y.rec.Kept()); n > 0 {
		t.Fatal("taken after 29 seconds, want 30 by default")
	}
	y.restart()
	y.pass(2 * time.Second)
	if n := len(y.rec.Kept()); n > 0 {
		t.Fatal("taken at the start of a process, want a restart to lengthen the wait")
	}
	if y.pass(31 * time.Second); len(y.rec.Kept()) != 1 {
		t.Fatalf("not taken after 30 seconds: %s", y.why())
	}
}

// A file from the future, by a clock that goes wrong, is waited for.
func TestFutureTimes(t *testing.T) {
	y := newYard(t)
	y.now = y.now.Add(10 * time.Minute)
	for _, s := range actDeposit("d", 1, false).steps() {
		s(y)
	}
	y.now = y.now.Add(-10 * time.Minute)
	for range 10 {
		if y.pass(time.Minute); len(y.rec.Kept()) > 0 {
			t.Fatal("taken before its files were old enough")
		}
	}
	if y.pass(time.Minute); len(y.rec.Kept()) != 1 {
		t.Fatalf("not taken: %s", y.why())
	}
}

// Two hundred deposits, written at the same time as folders and zips, are
// taken once each and whole.
func TestManyDeposits(t *testing.T) {
	y := newYard(t)
	var queues [][]step
	for i := range 200 {
		d := actDeposit(fmt.Sprintf("d%03d", i), i, i%4 == 1)
		if i%2 == 0 {
			queues = append(queues, inPieces(d.name+".zip", d.zipped(t), 5))
		} else {
			queues = append(queues, d.steps())
		}
	}
	for round := 0; ; round++ {
		written := false
		for i := range queues {
			if len(queues[i]) > 0 && (round+i)%3 > 0 {
				queues[i][0](y)
				queues[i] = queues[i][1:]
			}
			written = written || len(queues[i]) > 0
		}
		y.pass(5 * time.Second)
		if !written {
			break
		}
	}
	y.pass(31 * time.Second)
	seen := make(map[string]int)
	for _, k := range y.rec.Kept() {
		seen[k.Meta[MetaActesNumber]]++
		if len(k.Documents) != 3 {
			t.Errorf("%s: %d files, want 3", k.Meta[MetaActesNumber], len(k.Documents))
		}
	}
	for i := range 200 {
		if n := seen[fmt.Sprintf("2024_%03d", i)]; n != 1 {
			t.Errorf("deposit %d was taken %d times, want once", i, n)
		}
	}
	if left := append(y.in("in"), y.in("rejected")...); len(left) > 0 {
		t.Errorf("left or rejected: %q, want nothing", left)
	}
}

// What stays incomplete is set aside after the deadline, for a reason that
// names what is missing; until then it waits and says so.
func TestIncomplete(t *testing.T) {
	whole := actDeposit("d", 1, false)
	without := func(name string) []step {
		d := deposit{name: "d", files: slices.DeleteFunc(slices.Clone(whole.files), func(i item) bool { return i.path == name })}
		return d.steps()
	}
	cut := whole.files[2].body
	for _, test := range []struct {
		name  string
		steps []step
		why   string
	}{
		{"no metadata", without("metadata.xml"), "neither metadata nor an end marker is there"},
		{"an annex", without("annexe 1.pdf"), `"annexe 1.pdf" of autre_document_attache is missing`},
		{"the act is empty", append(whole.steps(), func(y *yard) { y.write("d/acte.pdf", nil) }), `"acte.pdf" of arrete is empty`},
		{"metadata is cut", append(whole.steps(), func(y *yard) { y.write("d/metadata.xml", cut[:len(cut)-9]) }), "metadata cannot be read to its end"},
		{"metadata is empty", append(whole.steps(), func(y *yard) { y.write("d/metadata.xml", nil) }), "metadata cannot be read to its end"},
		{"the receipt is cut", append(whole.steps(), func(y *yard) { y.write("d/ar.xml", []byte("<actes:ARActe"+actesAttr+">")) }), "\"ar.xml\" cannot be read to its end"},
		{"a file is still written", append(whole.steps(), func(y *yard) { y.write("d/x.pdf.filepart", []byte("x")) }), "still being written"},
		{"a test", inPieces("test_rep_12/test_file_12", []byte("test"), 1), "a test of a connector"},
		{"a loose test", inPieces("test_file_12", []byte("test"), 1), "a test of a connector"},
		{"a zip is cut", inPieces("d.zip", whole.zipped(t)[:400], 1), "cannot be read to its end"},
		{"a loose file", inPieces("photo.pdf", []byte("%PDF-1.4 x"), 1), "no metadata names it"},
		{"a marker alone", inPieces("d/fichier_termine.txt", []byte("x"), 1), "nothing but its end marker"},
		{"metadata alone", inPieces("metadata.xml", cut, 1), "is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			y := newYard(t)
			for _, s := range test.steps {
				s(y)
			}
			for range 6 {
				y.pass(9*time.Minute + 50*time.Second)
			}
			if why := y.why(); !strings.Contains(why, test.why) || len(y.in("rejected")) > 0 {
				t.Fatalf("before the deadline: waits because %q, rejected %q; want it to wait because %q", why, y.in("rejected"), test.why)
			}
			y.pass(11 * time.Minute)
			if len(y.in("rejected")) != 1 || len(y.rec.Kept()) > 0 {
				t.Fatalf("after the deadline: rejected %q, taken %q; want it rejected", y.in("rejected"), y.rec.Names())
			}
			var reason string
			err := y.l.List(t.Context(), func(e launcher.Entry) error { reason += e.Err; return nil })
			if err != nil || !strings.Contains(reason, test.why) || !strings.Contains(reason, "incomplete for 1h") {
				t.Errorf("rejected because %q, %v; want the reason %q", reason, err, test.why)
			}
		})
	}
}

// A link in a deposit keeps it waiting, and is never followed.
func TestLinkInDeposit(t *testing.T) {
	y := newYard(t)
	for _, s := range actDeposit("d", 1, true).steps() {
		s(y)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(y.root, "in", "d", "secret.txt")); err != nil {
		t.Skip(err)
	}
	y.pass(time.Minute)
	if len(y.rec.Kept()) > 0 || !strings.Contains(y.why(), "not a regular file") {
		t.Errorf("taken %q, waits because %q; want it to wait because of the link", y.rec.Names(), y.why())
	}
}

// What a failed transfer left behind is set aside as soon as the second
// attempt is there, and the second attempt is taken.
func TestSuperseded(t *testing.T) {
	for _, as := range []string{"folder", "zip"} {
		t.Run(as, func(t *testing.T) {
			y := newYard(t)
			d := actDeposit("acte", 1, true)
			failed := deposit{name: "acte", files: d.files[:1]}
			steps := failed.steps()
			if as == "zip" {
				steps = inPieces("acte.zip", d.zipped(t)[:400], 1)
			}
			for _, s := range steps {
				s(y)
			}
			y.pass(time.Minute)
			if len(y.in("rejected")) > 0 {
				t.Fatal("rejected before there was a second attempt")
			}
			again := deposit{name: "acte_20240517031500_123456", files: d.files}
			steps = again.steps()
			if as == "zip" {
				steps = inPieces(again.name+".zip", d.zipped(t), 3)
			}
			for i, s := range steps {
				s(y)
				if y.pass(time.Second); len(y.in("rejected")) > 0 && i < len(steps)-6 && as == "folder" {
					t.Fatalf("rejected after step %d of the second attempt", i)
				}
			}
			y.pass(time.Minute)
			if n := len(y.rec.Kept()); n != 1 || len(y.in("rejected")) != 1 || len(y.in("in")) > 0 {
				t.Fatalf("taken %d, rejected %q, waiting %q; want the second attempt taken, the first rejected", n, y.in("rejected"), y.in("in"))
			}
			var reason string
			if err := y.l.List(t.Context(), func(e launcher.Entry) error { reason += e.Err; return nil }); err != nil || !strings.Contains(reason, "superseded by") {
				t.Errorf("rejected because %q, %v; want it to name the second attempt", reason, err)
			}
		})
	}
}

// Two deposits that both went through are both taken, whatever their names.
func TestDepositedTwice(t *testing.T) {
	y := newYard(t)
	d := actDeposit("acte", 1, true)
	for _, name := range []string{"acte", "acte_20240517031500_123456"} {
		for _, s := range (deposit{name: name, files: d.files}).steps() {
			s(y)
		}
		y.write(name+"_b.zip", d.zipped(t))
	}
	y.pass(time.Minute)
	if n := len(y.rec.Kept()); n != 4 || len(y.in("rejected")) > 0 {
		t.Fatalf("taken %d, rejected %q; want all four", n, y.in("rejected"))
	}
	keys := make(map[string]bool)
	for _, k := range y.rec.Kept() {
		keys[k.Meta[MetaKey]+" "+k.Meta[MetaDigest]] = true
	}
	if len(keys) != 1 {
		t.Errorf("keys and digests %v, want the same for all", keys)
	}
}

// An archive that transmits an act twice is two units, under two keys.
func TestSameActTwice(t *testing.T) {
	in := tarOf(t, "a.xml", actOf("A", ""), "b.xml", actOf("A", ""), "e.xml", envelopeOf("EnveloppeCLMISILL", "a.xml", "b.xml"))
	mem := &memory{parcels: map[string][]item{"p": {{path: "x.tar.gz", role: "attachment", body: in}}}}
	units := make(map[string]bool)
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) error {
		docs, err := p.Documents(ctx)
		for _, d := range docs {
			units[d.Unit.Key] = true
		}
		return err
	})
	if err := (&Source{From: mem}).Poll(t.Context(), sink); err != nil {
		t.Fatal(err)
	}
	if !units["actes:123456789:A:2024-05-17:1"] || !units["actes:123456789:A:2024-05-17:1#2"] || len(units) != 2 {
		t.Errorf("units %v, want two with distinct keys", units)
	}
}

// Files that lie loose are one deposit if metadata names them, and wait for it.
func TestLooseDeposit(t *testing.T) {
	y := newYard(t)
	d := actDeposit(".", 1, false)
	for _, f := range d.files {
		y.write(f.path, f.body)
		y.pass(20 * time.Second)
	}
	if len(y.rec.Kept()) > 0 {
		t.Fatalf("taken %q before the deposit was quiet", y.rec.Names())
	}
	y.pass(31 * time.Second)
	kept := y.rec.Kept()
	if len(kept) != 1 || len(kept[0].Documents) != 3 || kept[0].Meta[MetaLayer] != string(LayerLoose) {
		t.Fatalf("taken %d parcels, %q; want one deposit of 3 files", len(kept), y.rec.Names())
	}
}

// looseDeposit returns a deposit whose files lie loose: the names of the act and
// of the metadata are given.
func looseDeposit(i int, act, metadata string) deposit {
	d := actDeposit(".", i, false)
	annex := fmt.Sprintf("annexe %03d.pdf", i)
	d.files[0].path, d.files[1].path, d.files[2].path = act, annex, metadata
	meta := strings.NewReplacer("acte.pdf", act, "annexe 1.pdf", annex).Replace(string(d.files[2].body))
	d.files[2].body = []byte(meta)
	return d
}

// Loose files of deposits that are written at the same time are taken where
// their names tell them apart. Where two deposits claim the same file both are
// set aside, as is what was overwritten, with the reason.
func TestInterleavedLooseFiles(t *testing.T) {
	y := newYard(t)
	var apart []deposit
	for j := range 50 {
		apart = append(apart, looseDeposit(j, fmt.Sprintf("acte %03d.pdf", j), fmt.Sprintf("meta %03d.xml", j)))
	}
	mixed := []deposit{looseDeposit(100, "acte.pdf", "meta a.xml"), looseDeposit(101, "acte.pdf", "meta b.xml"), looseDeposit(102, "c.pdf", "metadata.xml"), looseDeposit(103, "d.pdf", "metadata.xml")}
	for i := range 3 {
		for _, d := range append(apart, mixed...) {
			y.write(d.files[i].path, d.files[i].body)
		}
		y.pass(5 * time.Second)
	}
	y.pass(31 * time.Second)
	seen := make(map[string]int)
	for _, k := range y.rec.Kept() {
		if len(k.Documents) != 3 {
			t.Errorf("%s: %d files, want 3", k.Meta[MetaActesNumber], len(k.Documents))
		}
		seen[k.Meta[MetaActesNumber]]++
	}
	for i := range 50 {
		if n := seen[fmt.Sprintf("2024_%03d", i)]; n != 1 {
			t.Errorf("deposit %d was taken %d times, want once", i, n)
		}
	}
	if len(seen) != 51 || seen["2024_103"] != 1 {
		t.Errorf("%d deposits were taken, and the last to write metadata.xml %d times; want 51 and once", len(seen), seen["2024_103"])
	}
	y.pass(61 * time.Minute)
	reasons := make(map[string]int)
	err := y.l.List(t.Context(), func(e launcher.Entry) error {
		for _, why := range []string{`"meta a.xml" and "meta b.xml" name the same loose file`, `"c.pdf" is of no known kind, and no metadata names it`, `"annexe 102.pdf" is of no known kind`} {
			if strings.Contains(e.Err, why) {
				reasons[why]++
			}
		}
		return nil
	})
	if err != nil || len(reasons) != 3 || len(y.in("in")) > 0 || len(y.rec.Kept()) != 51 {
		t.Errorf("set aside because of %v (%v), waiting %q; want all reasons and nothing left", reasons, err, y.in("in"))
	}
}

// A bare transport file is taken once nothing beside it has changed for Quiet.
func TestLooseFile(t *testing.T) {
	y := newYard(t)
	y.write("PESALR2_1.xml", []byte(smallPES("a")))
	y.pass(0)
	y.pass(20 * time.Second)
	y.write("PESALR2_2.xml", []byte(smallPES("b")))
	y.pass(20 * time.Second)
	if len(y.rec.Kept()) > 0 {
		t.Fatalf("taken %q while files keep coming", y.rec.Names())
	}
	y.pass(31 * time.Second)
	if len(y.rec.Kept()) != 2 {
		t.Fatalf("taken %q, want both: %s", y.rec.Names(), y.why())
	}
}

// Unlisted takes deposits that no metadata describes, after that time.
func TestUnlisted(t *testing.T) {
	y := newYard(t)
	y.src.Unlisted = 5 * time.Minute
	y.write("bordereau/PESALR2_1.xml", []byte(smallPES("a")))
	y.write("bordereau/visuel.pdf", []byte("%PDF-1.4 x"))
	y.write("photos/a.jpg", []byte("\xff\xd8\xffx"))
	y.pass(0)
	if y.pass(299 * time.Second); len(y.rec.Kept()) > 0 {
		t.Fatal("taken before Unlisted had passed")
	}
	y.pass(2 * time.Second)
	var kinds []string
	for _, k := range y.rec.Kept() {
		kinds = append(kinds, k.Meta[MetaKind])
	}
	if slices.Sort(kinds); !slices.Equal(kinds, []string{"helios", "unknown"}) {
		t.Errorf("taken kinds %q, want one PES and one of unknown kind", kinds)
	}
}

// Nothing is waited for that does not come from a directory.
func TestMailAttachments(t *testing.T) {
	d := actDeposit("d", 1, false)
	mem := &memory{parcels: map[string][]item{"mail": {
		{path: "depot.zip", role: "attachment", body: d.zipped(t), time: time.Now()},
		{path: "photo.jpg", role: "attachment", body: []byte("\xff\xd8\xffx"), time: time.Now()},
		{path: "broken.tar.gz", role: "attachment", body: []byte("\x1f\x8b\x08broken"), time: time.Now()},
		{path: "other.zip", role: "attachment", body: zipOf(t, "a.txt", "x"), time: time.Now()},
	}}}
	got := &handed{map[string][]string{}, map[string]error{}}
	if err := (&Source{From: mem}).Poll(t.Context(), got); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(got.lines["mail"], "\n")
	for _, want := range []string{
		`actes:034-123456789-20240517-2024_001-DE:1-1 acte_nature main "acte.pdf"`,
		`  attachment "photo.jpg"`, `  attachment "broken.tar.gz"`, `  attachment "other.zip"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("handed over\n%s\nwant %s among them", text, want)
		}
	}
	strict := &handed{map[string][]string{}, map[string]error{}}
	if err := (&Source{From: mem, Strict: true}).Poll(t.Context(), strict); err != nil {
		t.Fatal(err)
	}
	if err := strict.failed["mail"]; launcher.OutcomeOf(err) != launcher.SetAside || !errors.Is(err, ErrTruncated) {
		t.Errorf("strict: error %v, want the parcel rejected for the broken archive", err)
	}
}

// Raw hands over an archive as well, unchanged.
func TestRaw(t *testing.T) {
	body := actDeposit("d", 1, false).zipped(t)
	mem := &memory{parcels: map[string][]item{"p": {{path: "depot.zip", role: "attachment", body: body}}}}
	got := &handed{map[string][]string{}, map[string]error{}}
	if err := (&Source{From: mem, Raw: true}).Poll(t.Context(), got); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	if want := fmt.Sprintf(`acte_nature transport "depot.zip" %x`, sum); !strings.Contains(strings.Join(got.lines["p"], "\n"), want) {
		t.Errorf("handed over %q, want %s among them", got.lines["p"], want)
	}
}

func TestFaultsOfTheSetUp(t *testing.T) {
	err := (&Source{Quiet: -5, Decoder: Decoder{Keep: func(context.Context, io.Reader) (io.ReaderAt, int64, error) { return nil, 0, nil }}}).Poll(t.Context(), nil)
	for _, want := range []string{"without From", "Quiet", "Decoder.Keep"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	if launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("error %v is not marked Halt", err)
	}
}
