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

func TestStems(t *testing.T) {
	tests := []struct {
		name  string
		exts  []string
		paths []string
		want  []string // parcels, their paths joined by "+"
		lacks []string
	}{
		{"pair", []string{"pdf", "xml"}, []string{"a.pdf", "a.xml"}, []string{"a.pdf+a.xml"}, nil},
		{"primary first", []string{".xml", "pdf"}, []string{"a.pdf", "a.xml"}, []string{"a.xml+a.pdf"}, nil},
		{"case does not count", []string{"pdf", "xml"}, []string{"A.PDF", "a.Xml"}, []string{"A.PDF+a.Xml"}, nil},
		{"Unicode form does not count", []string{"pdf", "xml"}, []string{"e\u0301.pdf", "\u00e9.xml"}, []string{"e\u0301.pdf+\u00e9.xml"}, nil},
		{"only what is configured is taken off", []string{"pdf", "xml"}, []string{"a.b.pdf", "a.b.xml", "a.b"}, []string{"a.b", "a.b.pdf+a.b.xml"}, nil},
		{"longest first", []string{"tar.gz", "gz", "xml?"}, []string{"a.gz", "a.tar.gz"}, []string{"a.tar.gz+a.gz"}, nil},
		{"sidecar", []string{"pdf", "pdf.xml"}, []string{"a.pdf", "a.pdf.xml"}, []string{"a.pdf+a.pdf.xml"}, nil},
		{"one folder only", []string{"pdf", "xml"}, []string{"x/a.pdf", "y/a.xml"}, nil, []string{`"x/a.pdf" lacks its xml`, `"y/a.xml" lacks its pdf`}},
		{"optional joins", []string{"pdf", "xml?"}, []string{"a.pdf", "b.pdf", "b.xml"}, []string{"a.pdf", "b.pdf+b.xml"}, nil},
		{"optional alone lacks the rest", []string{"pdf", "xml?"}, []string{"a.xml"}, nil, []string{`"a.xml" lacks its pdf`}},
		{"another extension stays alone", []string{"pdf", "xml"}, []string{"a.jpg", "noext", ".pdf"}, []string{".pdf", "a.jpg", "noext"}, nil},
		{"twins", []string{"pdf", "xml"}, []string{"A.pdf", "a.pdf", "a.xml"}, nil, []string{`"A.pdf" and "a.pdf" differ only in case or Unicode form`}},
		{"several missing", []string{"pdf", "xml", "csv"}, []string{"a.pdf"}, nil, []string{`"a.pdf" lacks its xml, csv`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			groups, err := Stems(tt.exts...)(t.Context(), nil, tt.paths)
			var lacks Incomplete
			if err != nil && !errors.As(err, &lacks) {
				t.Fatal(err)
			}
			var got, why []string
			for _, g := range groups {
				got = append(got, strings.Join(g, "+"))
			}
			for _, l := range lacks {
				why = append(why, l.Why)
			}
			slices.Sort(got)
			equal(t, "parcels", got, tt.want)
			equal(t, "incomplete", why, tt.lacks)
		})
	}
	if _, err := Stems()(t.Context(), nil, nil); err == nil {
		t.Error("Stems without an extension must be an error")
	}
}

func FuzzStems(f *testing.F) {
	f.Add("pdf xml?", "a.pdf\na.xml\nB.PDF\nx/é.pdf")
	f.Add("tar.gz gz", "a.tar.gz\na.gz\nA.GZ\n\xff.gz")
	f.Fuzz(func(t *testing.T, exts, names string) {
		paths := slices.Compact(slices.Sorted(slices.Values(strings.Split(names, "\n"))))
		groups, err := Stems(strings.Fields(exts)...)(t.Context(), nil, paths)
		var lacks Incomplete
		if err != nil && !errors.As(err, &lacks) {
			return
		}
		var got []string
		for _, g := range groups {
			got = append(got, g...)
		}
		for _, l := range lacks {
			got = append(got, l.Paths...)
		}
		slices.Sort(got)
		if !slices.Equal(got, paths) {
			t.Errorf("Stems(%q) of %q: %q; every path must be in one parcel", exts, paths, got)
		}
	})
}

// documents returns what the first parcel of a pass holds.
func documents(t *testing.T, src *Source) []*launcher.Document {
	t.Helper()
	var docs []*launcher.Document
	sink := launcher.SinkFunc(func(ctx context.Context, p *launcher.Parcel) (err error) {
		docs, err = p.Documents(ctx)
		return err
	})
	if err := src.Poll(t.Context(), sink); err != nil {
		t.Fatal(err)
	}
	return docs
}

func TestPrimaryDecidesTheGroup(t *testing.T) {
	tests := []struct {
		group Group
		put   []string
		want  []string // groups, in the order of the documents
	}{
		{Stems("pdf", "xml"), []string{"a.pdf", "a.xml"}, []string{"pdf", "pdf"}},
		{Stems("PDF", "png"), []string{"a.PDF", "a.png"}, []string{"pdf", "pdf"}},
		{Stems("tar.gz", "xml"), []string{"a.tar.gz", "a.xml"}, []string{"tar.gz", "tar.gz"}},
		{Stems("pdf", "pdf.xml"), []string{"a.pdf", "a.pdf.xml"}, []string{"pdf", "pdf"}},
		{Stems("pdf", "xml?"), []string{"a.pdf"}, []string{""}},
		{Folders(), []string{"d/a.pdf", "d/a.xml"}, []string{"", ""}},
	}
	for _, tt := range tests {
		in := t.TempDir()
		put(t, in, tt.put...)
		var got []string
		for _, d := range documents(t, &Source{Path: in, Group: tt.group}) {
			got = append(got, d.Group)
		}
		equal(t, fmt.Sprintf("groups of %q", tt.put), got, tt.want)
	}
}

func TestFolders(t *testing.T) {
	for _, recursive := range []bool{false, true} {
		in := filepath.Join(t.TempDir(), "in")
		put(t, in, "one/b.pdf", "one/a/a.pdf", "loose.pdf", "busy/a.pdf", "busy/b.part", "empty/", ".hidden/a.pdf",
			"junk/.DS_Store", "two/a.pdf", "two/.DS_Store", "done/x.pdf")
		src := &Source{Path: in, Recursive: recursive, Done: "done", Group: Folders(), Parallel: 1}
		k := &keeper{}
		if err := src.Poll(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		slices.Sort(k.names)
		equal(t, "stored", k.names, []string{"loose.pdf", "one/a/a.pdf+one/b.pdf", "two/a.pdf"})
		equal(t, "waiting", k.waiting, []string{`"busy/b.part" is still being written`})
		equal(t, "in place and in Done", tree(t, in), []string{
			".hidden/a.pdf", "busy/a.pdf", "busy/b.part", "done/loose.pdf", "done/one/a/a.pdf", "done/one/b.pdf",
			"done/two/.DS_Store", "done/two/a.pdf", "done/x.pdf", "junk/.DS_Store",
		})
		if _, err := os.Lstat(filepath.Join(in, "one")); !errors.Is(err, fs.ErrNotExist) {
			t.Error("a folder that was taken must be gone from its place")
		}
		put(t, in, "one/c.pdf")
		if err := src.Poll(t.Context(), &keeper{}); err != nil {
			t.Fatal(err)
		}
		if got := tree(t, filepath.Join(in, "done", "one-1")); !slices.Equal(got, []string{"c.pdf"}) {
			t.Errorf("a second folder of the name went to %q, want done/one-1", tree(t, filepath.Join(in, "done")))
		}
	}
}

// TestHalfSeen has what could not be listed to the end wait.
func TestHalfSeen(t *testing.T) {
	for _, src := range []*Source{
		{Group: Folders()},
		{Group: Folders(), Recursive: true},
		{Group: Folders(), Recursive: true, Depth: 1},
	} {
		in := filepath.Join(t.TempDir(), "in")
		put(t, in, "one/a.pdf", "one/deep/b.pdf", "two/a.pdf")
		src.Path, src.Done = in, "../done"
		src.ops.before = func(op, path string) error {
			if op == "open" && path == "one/deep" {
				return fs.ErrPermission
			}
			return nil
		}
		k := &keeper{}
		if err := src.Poll(t.Context(), k); (err == nil) != (src.Depth == 1) {
			t.Errorf("Poll returned %v; what cannot be read is an error, a Depth is not", err)
		}
		equal(t, "stored", k.names, []string{"two/a.pdf"})
		if len(k.waiting) != 1 || !strings.Contains(k.waiting[0], `"one/deep"`) {
			t.Errorf("waiting: %q, want that it names one/deep", k.waiting)
		}
	}
}

func TestDeadline(t *testing.T) {
	tests := []struct {
		name    string
		partial bool
		marker  string
		stored  []string
		bad     []string
	}{
		{name: "rejected", bad: []string{"a.pdf"}},
		{name: "partial", partial: true, stored: []string{"a.pdf"}},
		{name: "no marker", marker: "{stem}.ok", bad: []string{"a.pdf"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := t.TempDir()
			in := filepath.Join(base, "in")
			put(t, in, "a.pdf")
			c := &clock{now: time.Now()}
			src := &Source{Path: in, Deadline: time.Hour, Partial: tt.partial, Rejected: "../bad", Marker: tt.marker, now: c.at}
			if tt.marker == "" {
				src.Group = Stems("pdf", "xml")
			}
			for range 3 {
				if got := offered(t, src); len(got) > 0 {
					t.Fatalf("stored %q before the deadline", got)
				}
				c.advance(29 * time.Minute)
			}
			k := &keeper{}
			if err := src.Poll(t.Context(), k); err != nil {
				t.Fatal(err)
			}
			equal(t, "stored", k.names, tt.stored)
			equal(t, "rejected", tree(t, filepath.Join(base, "bad")), tt.bad)
			if len(tt.bad) > 0 && (len(k.waiting) != 1 || !strings.Contains(k.waiting[0], "missing") && !strings.Contains(k.waiting[0], "lacks")) {
				t.Errorf("the reason is %q, want that it names what is missing", k.waiting)
			}
		})
	}
}

func TestMarker(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in")
	src := &Source{Path: in, Done: "../done", Rejected: "../bad", Marker: ".{stem}.ok", Parallel: 1}
	put(t, in, "a.pdf", "b.pdf", ".c.ok")
	equal(t, "without markers", offered(t, src), nil)
	put(t, in, ".a.ok")
	equal(t, "with its marker", offered(t, src), []string{"a.pdf"})
	equal(t, "the marker goes with its file", tree(t, in+"/../done"), []string{".a.ok", "a.pdf"})
	equal(t, "left", tree(t, in), []string{".c.ok", "b.pdf"})

	in = filepath.Join(t.TempDir(), "in")
	put(t, in, "a.pdf", "a.pdf.done", "d/x.pdf", "d.done")
	src = &Source{Path: in, Delete: true, Marker: "{name}.done", Group: Folders(), Parallel: 1}
	equal(t, "file and folder", offered(t, src), []string{"a.pdf", "d/x.pdf"})
	equal(t, "deleted with their markers", tree(t, in), nil)
}

func TestGroupOfTheHost(t *testing.T) {
	in := t.TempDir()
	put(t, in, "index.txt", "1.tif", "2.tif", "other.tif", "d/e/3.tif")
	byIndex := func(ctx context.Context, fsys fs.FS, paths []string) ([][]string, error) {
		if _, err := fs.ReadFile(fsys, "index.txt"); err != nil {
			return nil, err
		}
		return [][]string{{"index.txt", "2.tif", "1.tif"}}, nil
	}
	k := &keeper{}
	if err := (&Source{Path: in, Group: byIndex, Parallel: 1}).Poll(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	equal(t, "primary first, then by name", k.names, []string{"index.txt+1.tif+2.tif"})
	equal(t, "what is in no parcel waits", k.waiting, []string{"no parcel includes it"})

	for name, groups := range map[string][][]string{
		"twice":           {{"1.tif"}, {"1.tif", "2.tif"}},
		"twice in one":    {{"1.tif", "1.tif"}},
		"unknown":         {{"nowhere.tif"}},
		"outside":         {{"../secret"}},
		"all of Path":     {{"."}},
		"a folder twice":  {{"d"}, {"d"}},
		"a folder in one": {{"d"}, {"d/e"}},
	} {
		src := &Source{Path: in, Group: func(context.Context, fs.FS, []string) ([][]string, error) { return groups, nil }}
		k := &keeper{}
		if err := src.Poll(t.Context(), k); err == nil || len(k.names) > 0 {
			t.Errorf("%s: Poll returned %v and stored %q, want an error and nothing", name, err, k.names)
		}
	}
}
