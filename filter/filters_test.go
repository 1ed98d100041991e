package filter_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

// wants states which documents, by name, a filter takes and which not.
func wants(t *testing.T, f launcher.Filter, yes, no []string) {
	t.Helper()
	for want, names := range map[bool][]string{true: yes, false: no} {
		for _, name := range names {
			d := &launcher.Document{Name: name}
			if i := strings.LastIndexByte(name, '/'); i >= 0 {
				d.Dir, d.Name = name[:i], name[i+1:]
			}
			if ok, err := f.Match(t.Context(), d); ok != want || err != nil {
				t.Errorf("%v on %q: %v, %v, want %v", f, name, ok, err, want)
			}
		}
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		yes, no []string
	}{
		{"*.pdf", []string{"a.pdf", "x/y/a.pdf", ".pdf"}, []string{"a.PDF", "a.pdf.part", "a"}},
		{"*.{pdf,xml}", []string{"a.pdf", "a.xml"}, []string{"a.txt", "a.{pdf,xml}"}},
		{"{a,{b,c}d}.?", []string{"a.x", "bd.x", "cd.x"}, []string{"d.x", "a."}},
		{"[!a-c]*", []string{"d", "éa"}, []string{"a", "b.pdf"}},
		{`\!*\{`, []string{"!a{"}, []string{"a{"}},
		{"in/*.pdf", []string{"in/a.pdf"}, []string{"a.pdf", "x/in/a.pdf", "in/x/a.pdf"}},
		{"**/a.pdf", []string{"a.pdf", "x/y/a.pdf"}, []string{"x/y/b.pdf"}},
		{"in/**", []string{"in/a.pdf", "in/x/a.pdf"}, []string{"a.pdf"}},
	} {
		wants(t, must(filter.Glob(tt.pattern)), tt.yes, tt.no)
	}
}

func TestGlobErrors(t *testing.T) {
	for _, tt := range []struct {
		text   string
		column int
		says   string
	}{
		{"", 0, "empty"},
		{"/in/*.pdf", 1, "begin with a slash"},
		{"é{a,b", 2, "not closed"},
		{"a}", 2, "not opened"},
		{"é[a", 2, "not closed"},
		{"[]", 1, "holds nothing"},
		{`a\`, 2, "last"},
		{strings.Repeat("{a,b}", 10), 0, "more than 1000 alternatives"},
		{strings.Repeat("{a,b}", 7) + strings.Repeat("a", 900), 0, "more than 65536 characters"},
		{"\xff", 0, "UTF-8"},
	} {
		_, err := filter.Glob(tt.text)
		checkSyntaxError(t, err, tt.text, 0, tt.column, tt.says)
	}
}

func TestDir(t *testing.T) {
	wants(t, must(filter.Dir("in/**")), []string{"in/a", "in/x/a"}, []string{"a", "inn/a"})
	wants(t, must(filter.Dir("in")), []string{"in/a"}, []string{"in/x/a"})
	wants(t, must(filter.Dir("")), []string{"a"}, []string{"in/a"})
	wants(t, must(filter.Dir("IN")).Fold(), []string{"in/a"}, []string{"a"})
}

func TestLines(t *testing.T) {
	for _, tt := range []struct {
		text    string
		yes, no []string
	}{
		{"", []string{"a", "b"}, nil},
		{"\ufeff# only a comment\r\n\r\n", []string{"a"}, nil},
		{"*.pdf\n*.xml", []string{"a.pdf", "a.xml"}, []string{"a.txt"}},
		{"!*.db", []string{"a.pdf"}, []string{"a.db"}},
		{"!draft*\r\n  *.pdf  \r\n", []string{"a.pdf"}, []string{"draft.pdf", "a.txt"}},
		{"*.pdf\n! /DRAFT/i", []string{"a.pdf"}, []string{"draft.pdf"}},
		{"\\#a\n\\!b", []string{"#a", "!b"}, []string{"a", "b"}},
	} {
		l := must(filter.Lines(tt.text))
		wants(t, l, tt.yes, tt.no)
		lines := strings.Split(strings.Trim(tt.text, "\ufeff"), "\n")
		for i, j := 0, len(lines)-1; i < j; i, j = i+1, j-1 {
			lines[i], lines[j] = lines[j], lines[i]
		}
		wants(t, must(filter.Lines(strings.Join(lines, "\n"))), tt.yes, tt.no)
	}
	wants(t, must(filter.Lines("*.PDF\n!/draft/")).Fold(), []string{"a.pdf"}, []string{"Draft.pdf", "a.txt"})
}

func TestLinesReportsEveryFault(t *testing.T) {
	_, err := filter.Lines("*.pdf\n  !/é(/\n!\n/no end\n{")
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 4 {
		t.Fatalf("%v, want four errors joined", err)
	}
	for i, want := range []struct {
		text         string
		line, column int
		says         string
	}{
		{"  !/é(/", 2, 6, "not closed"},
		{"!", 3, 0, "empty"},
		{"/no end", 4, 0, "ends with a slash"},
		{"{", 5, 1, "not closed"},
	} {
		checkSyntaxError(t, joined.Unwrap()[i], want.text, want.line, want.column, want.says)
	}
}

func TestExt(t *testing.T) {
	wants(t, filter.Ext("pdf", ".XML"), []string{"a.pdf", "A.PDF", "a.b.xml", ".a.pdf"}, []string{"pdf", ".pdf", "a.pdf.part", "a."})
	wants(t, filter.Ext("tar.gz"), []string{"a.tar.gz", "A.TAR.GZ"}, []string{"a.gz", ".tar.gz", "tar.gz"})
	wants(t, filter.Ext("gz"), []string{"a.tar.gz", ".tar.gz"}, []string{".gz"})
	wants(t, filter.Ext("db*"), []string{"Thumbs.db", "a.b.DB", "a.dbf", "index.db-wal"}, []string{"a.db.gz", "db", ".dbshell", "a.mdb"})
	wants(t, filter.Ext("*"), []string{"a.b"}, []string{"README", ".htaccess", "a."})
	wants(t, filter.Ext(""), []string{"README", ".htaccess", "a."}, []string{"a.b"})
	wants(t, filter.Ext("reçu"), []string{"a.rec\u0327u"}, nil)
	wants(t, filter.Ext(), nil, []string{"a.b", "a"})
}

func TestPlace(t *testing.T) {
	wants(t, filter.Prefix("Début", "x"), []string{"de\u0301BUT.pdf", "X"}, []string{"a debut", "début/a"})
	wants(t, filter.Depth(1), []string{"a", "in/a"}, []string{"in/x/a"})
	wants(t, filter.Hidden(), []string{".a", ".in/a", "in/.x/a"}, []string{"a.", "in/a"})
	wants(t, filter.Temporary(), []string{
		".a", ".in/a", "~$a.docx", ".~lock.a.odt#", "a.TMP", "a.pdf.part", "a.partial", "a.filepart", "a.crdownload",
		"a.swp", "a.txt~", "THUMBS.DB", "Desktop.ini", ".DS_Store", "._a.pdf", "x/@eaDir/a.jpg",
	}, []string{"a.pdf", "tmp", "a.tmp.pdf", "a.db", "my thumbs.db", "x/eaDir/a.jpg"})
}

// content makes a document whose body can be read up to most bytes only.
func content(body string, most int) *launcher.Document {
	return &launcher.Document{Name: "a", Size: -1, Open: func(context.Context) (io.ReadCloser, error) {
		r := io.LimitReader(strings.NewReader(body), int64(most))
		if most < len(body) {
			r = io.MultiReader(r, failing{})
		}
		return io.NopCloser(r), nil
	}}
}

var errTooFar = errors.New("read too far")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errTooFar }

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		least, most int64
		want        string // for sizes 0 to 4
	}{
		{0, -1, "11111"}, {2, -1, "00111"}, {2, 3, "00110"}, {0, 0, "10000"}, {3, 2, "00000"},
	} {
		f := filter.Size(tt.least, tt.most)
		for n := range 5 {
			want := tt.want[n] == '1'
			body := strings.Repeat("x", n)
			for _, d := range []*launcher.Document{{Size: int64(n)}, content(body, n)} {
				if ok, err := f.Match(t.Context(), d); ok != want || err != nil {
					t.Errorf("%v, %d bytes, known %v: %v, %v, want %v", f, n, d.Size >= 0, ok, err, want)
				}
			}
		}
	}
	if ok, err := filter.Size(0, 9).Match(t.Context(), content(strings.Repeat("x", 1<<20), 10)); ok || err != nil {
		t.Errorf("a large body of unknown size: %v, %v, want it refused after 10 bytes", ok, err)
	}
	if _, err := filter.Size(0, 9).Match(t.Context(), content("0123456789", 5)); !errors.Is(err, errTooFar) {
		t.Errorf("a body that cannot be read: %v, want its error", err)
	}
}

func TestAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			least, most, age time.Duration
			want, not        truth
		}{
			{time.Hour, 2 * time.Hour, time.Hour - 1, notYet, yes},
			{time.Hour, 2 * time.Hour, time.Hour, yes, notYet},
			{time.Hour, 2 * time.Hour, 2 * time.Hour, yes, notYet},
			{time.Hour, 2 * time.Hour, 2*time.Hour + 1, no, yes},
			{time.Hour, -1, time.Minute, notYet, yes},
			{time.Hour, -1, time.Hour, yes, no},
			{0, -1, -time.Hour, yes, no}, // a time to come is now
			{2 * time.Hour, time.Hour, time.Minute, no, yes},
		} {
			f := filter.Age(tt.least, tt.most)
			d := &launcher.Document{Time: time.Now().Add(-tt.age)}
			if got := truthOf(t, f, d); got != tt.want {
				t.Errorf("%v: age %v is %s, want %s", f, tt.age, got, tt.want)
			}
			if got := truthOf(t, filter.Not(f), d); got != tt.not {
				t.Errorf("not %v: age %v is %s, want %s", f, tt.age, got, tt.not)
			}
		}
		if got := truthOf(t, filter.Age(0, -1), named("a")); got != undecided {
			t.Errorf("an unknown time is %s, want it undecided", got)
		}
	})
}

// What time alone may change is told apart from what it cannot change.
func TestAgeAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, pdf, bad := filter.Age(time.Hour, -1), filter.Ext("pdf"), undecided.filter()
		for _, tt := range []struct {
			f    launcher.Filter
			want truth
		}{
			{filter.All(old, pdf), notYet},
			{filter.All(old, filter.Not(pdf)), no},
			{filter.All(old, bad), notYet},
			{filter.Any(old, pdf), yes},
			{filter.Any(old, filter.Not(pdf)), notYet},
			{filter.Any(old, bad), undecided},
			{filter.Not(filter.All(old, pdf)), yes},
			{filter.Not(filter.Any(filter.Age(0, time.Hour), filter.Not(pdf))), notYet},
		} {
			d := &launcher.Document{Name: "a.pdf", Time: time.Now()}
			if got := truthOf(t, tt.f, d); got != tt.want {
				t.Errorf("%v of a young a.pdf is %s, want %s", tt.f, got, tt.want)
			}
		}
	})
}

// A launcher remembers what it skips, but not what is only too young.
func TestYoungDocumentsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var source launchertest.Script
		var sink launchertest.Recorder
		for _, name := range []string{"a.pdf", "a.txt"} {
			d := launchertest.File(name, "x")
			d.Time = time.Now()
			source.Add(name, d)
		}
		l := &launcher.Launcher{
			Name: "test", Source: &source, Sink: &sink, Revision: "1",
			Filter: filter.All(filter.Ext("pdf"), filter.Age(time.Hour, -1)),
		}
		stats, err := l.Poll(t.Context())
		if want := (launcher.Stats{Offered: 2, Waiting: 1, Skipped: 1}); stats != want || err != nil {
			t.Errorf("while young: %+v, %v, want %+v", stats, err, want)
		}
		time.Sleep(time.Hour)
		if _, err := l.Poll(t.Context()); err != nil || len(sink.Kept()) != 1 {
			t.Errorf("an hour later: kept %v, %v, want a.pdf", sink.Kept(), err)
		}
	})
}

func TestMediaType(t *testing.T) {
	f := filter.MediaType("application/pdf", "Image/*")
	for declared, want := range map[string]bool{
		"application/pdf": true, "Application/PDF; name=a;;": true, "image/png": true, "": false, "text/plain": false, "imagex/png": false,
	} {
		if ok, err := f.Match(t.Context(), &launcher.Document{MediaType: declared}); ok != want || err != nil {
			t.Errorf("declared %q: %v, %v, want %v", declared, ok, err, want)
		}
	}
}

func TestSniff(t *testing.T) {
	long := `{"a": "` + strings.Repeat("x", 1<<16) + `"}`
	for _, tt := range []struct {
		body, want string
		ok         bool
	}{
		{"%PDF-1.7\n", "application/pdf", true},
		{"%PDF-1.7\n", "text/plain", false},
		{"\x89PNG\r\n\x1a\n", "image/*", true},
		{`<?xml version="1.0"?><a/>`, "application/xml", true},
		{`<?xml version="1.0"?><a/>`, "text/xml", true},
		{`<?xml version="1.0"?><a/>`, "text/plain", false},
		{"bonjour", "text/plain", true},
		{long, "application/json", true},
		{long[:3072], "application/json", true},
		{"", "application/pdf", false},
	} {
		ok, err := filter.Sniff(tt.want).Match(t.Context(), content(tt.body, 3072))
		if ok != tt.ok || err != nil {
			t.Errorf("%.20q as %s: %v, %v, want %v after 3 KiB at most", tt.body, tt.want, ok, err, tt.ok)
		}
	}
	gone := launcher.Halt(errors.New("gone"))
	d := &launcher.Document{Open: func(context.Context) (io.ReadCloser, error) { return nil, gone }}
	if _, err := filter.Sniff("a/b").Match(t.Context(), d); !errors.Is(err, gone) || launcher.OutcomeOf(err) != launcher.Stop {
		t.Errorf("%v, want the error of Open with its mark", err)
	}
	if _, err := filter.Sniff("a/b").Match(t.Context(), content("abc", 1)); !errors.Is(err, errTooFar) {
		t.Errorf("%v, want the error of the read", err)
	}
}

func TestMeta(t *testing.T) {
	unit := &launcher.Unit{Meta: map[string]string{"k": "unit/1", "only": "unit"}}
	d := &launcher.Document{Meta: map[string]string{"k": "document/1"}, Unit: unit}
	for _, tt := range []struct {
		key, glob string
		want      bool
	}{
		{"k", "document*", true}, {"k", "unit*", false}, {"only", "unit", true}, {"none", "*", false},
	} {
		if ok, err := filter.Meta(tt.key, must(filter.Glob(tt.glob))).Match(t.Context(), d); ok != tt.want || err != nil {
			t.Errorf("%s like %s: %v, %v, want %v", tt.key, tt.glob, ok, err, tt.want)
		}
	}
	mail := &launcher.Document{Unit: &launcher.Unit{Meta: map[string]string{"mail.subject": "Re: Facture 12/2026"}}}
	for expr, want := range map[string]bool{"/facture/": false, "/re: facture/": true} {
		if ok, err := filter.Subject(must(filter.Regexp(expr)).Fold()).Match(t.Context(), mail); ok != want || err != nil {
			t.Errorf("subject %s: %v, %v, want %v", expr, ok, err, want)
		}
	}
	if ok, err := filter.Subject(must(filter.Regexp("/facture/i")).Search()).Match(t.Context(), mail); !ok || err != nil {
		t.Errorf("searching the subject: %v, %v, want it found", ok, err)
	}
}

func TestSender(t *testing.T) {
	f := filter.Sender("Billing@example.org", "@example.com")
	for from, want := range map[string]bool{
		"billing@example.org":                           true,
		`"Dupont, Jean" <BILLING@Example.Org>`:          true,
		"anyone@example.com":                            true,
		"a@b.fr, anyone@example.com":                    true,
		"anyone@sub.example.com":                        false,
		"anyone@notexample.com":                         false,
		"other@example.org":                             false,
		`"billing@example.org" <evil@example.net>`:      false,
		`billing@example.org <evil@example.net>`:        false,
		"":                                              false,
		"Société Générale <anyone@example.com>":         true,
		"=?utf-8?q?Soci=C3=A9t=C3=A9?= <a@example.com>": true,
	} {
		d := &launcher.Document{Meta: map[string]string{"mail.from": from}}
		if ok, err := f.Match(t.Context(), d); ok != want || err != nil {
			t.Errorf("from %q: %v, %v, want %v", from, ok, err, want)
		}
	}
	if ok, err := f.Match(t.Context(), named("a")); ok || err != nil {
		t.Errorf("no mail: %v, %v, want it refused", ok, err)
	}
}

func TestFiltersDoNotKeepTheirArguments(t *testing.T) {
	exts := []string{"pdf"}
	f := filter.Ext(exts...)
	exts[0] = "xml"
	wants(t, f, []string{"a.pdf"}, []string{"a.xml"})
	fs := []launcher.Filter{filter.Ext("pdf")}
	all := filter.All(fs...)
	fs[0] = filter.Ext("xml")
	wants(t, all, []string{"a.pdf"}, []string{"a.xml"})
}
