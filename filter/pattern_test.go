package filter_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
)

// The engine's clock goes on for a second after the last match. It must be
// possible to end it.
func TestMain(m *testing.M) {
	code := m.Run()
	regexp2.StopTimeoutClock()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if code == 0 && bytes.Contains(stacks, []byte("regexp2.runClock")) {
		fmt.Printf("the engine's clock goes on after it was stopped:\n%s", stacks)
		code = 1
	}
	os.Exit(code)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func named(name string) *launcher.Document { return &launcher.Document{Name: name} }

// The table in the manual.
func TestEzGEDPatterns(t *testing.T) {
	for _, tt := range []struct {
		expr           string
		taken, refused []string
	}{
		{
			`/.*\.(?!db).*/`,
			[]string{
				"facture.pdf", "THUMBS.DB", "archive.DBF", "thumbs.Db", "a.b.db", "backup.2024.db", "..db", "a..db",
				"archive.db.gz", "a.db.b", "backup.db.2024", "facture.", "a.", "debut_nom_fichier.pdf",
			},
			[]string{"Thumbs.db", "archive.dbf", "index.db-wal", ".dbshell", "README", "Makefile", "db", "facture"},
		},
		{
			`/(?!debut_nom_fichier).*\..*/`,
			[]string{
				"facture.pdf", "Thumbs.db", "THUMBS.DB", "a.b.db", "archive.db.gz", "Debut_nom_fichier.pdf",
				" debut_nom_fichier.pdf", "début_nom_fichier.pdf", "de\u0301but_nom_fichier.pdf", "a.",
			},
			[]string{"debut_nom_fichier.pdf", "debut_nom_fichier_2024.pdf", "README", "Makefile", "debut_nom_fichier"},
		},
		{
			`/(?!.*\.db[^.]*$).*/i`,
			[]string{"facture.pdf", "README", "archive.db.gz", "a.mdb"},
			[]string{"Thumbs.db", "THUMBS.DB", "archive.dbf", "a.b.db", "backup.2024.db"},
		},
		{
			`/(?!debut_nom_fichier)/i`,
			[]string{"facture.pdf", "README"},
			[]string{"debut_nom_fichier.pdf", "Debut_nom_fichier.pdf", "debut_nom_fichier"},
		},
	} {
		p := must(filter.Regexp(tt.expr))
		for _, name := range tt.taken {
			check(t, "match", tt.expr, p, name, true)
		}
		for _, name := range tt.refused {
			check(t, "match", tt.expr, p, name, false)
		}
	}
}

func TestRegexpMatchesTheBaseName(t *testing.T) {
	p := must(filter.Regexp(`/facture/`))
	for _, d := range []*launcher.Document{
		{Name: "facture.pdf", Dir: "2026/lettres"},
		{Name: "facture.pdf"},
	} {
		if ok, err := p.Match(t.Context(), d); !ok || err != nil {
			t.Errorf("%q in %q: %v, %v, want the folder to mean nothing", d.Name, d.Dir, ok, err)
		}
	}
	if ok, _ := p.Match(t.Context(), &launcher.Document{Name: "lettre.pdf", Dir: "facture"}); ok {
		t.Error("a folder matched, want the base name alone to count")
	}
}

func TestNormalisation(t *testing.T) {
	const composed, decomposed = "é", "e\u0301"
	for _, expr := range []string{composed, decomposed} {
		for _, name := range []string{composed, decomposed} {
			check(t, "regexp", expr, must(filter.Regexp("/"+expr+"/")).Full(), name, true)
			check(t, "glob", expr, must(filter.Glob(expr)), name, true)
		}
	}
	check(t, "invalid UTF-8", `/.\.pdf/`, must(filter.Regexp(`/.\.pdf/`)).Full(), "\xff.pdf", true)
}

// The engine's RE2 and ECMAScript modes would give other answers.
func TestUnicodeClasses(t *testing.T) {
	for expr, name := range map[string]string{
		`/\w+/`: "été", `/\d+/`: "٣٤", `/\s/`: "\u00a0", `/\W/`: "\u0301", `/é\b-/`: "é-", `/[[:alpha:]]/`: ":]",
	} {
		check(t, "fullmatch", expr, must(filter.Regexp(expr)).Full(), name, true)
	}
}

func TestFold(t *testing.T) {
	for _, p := range []*filter.Pattern{must(filter.Regexp("/FACTURE.pdf/")), must(filter.Glob("FACTURE.*[A-F]"))} {
		check(t, "as written", p.String(), p, "Facture.PDF", false)
		check(t, "Fold", p.String(), p.Fold(), "Facture.PDF", true)
		check(t, "after Fold", p.String(), p, "Facture.PDF", false)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, tt := range []struct {
		text   string
		column int
		says   string
	}{
		{`facture`, 1, "begins with a slash"},
		{`*.pdf`, 1, "begins with a slash"},
		{``, 1, "begins with a slash"},
		{`/facture`, 0, "ends with a slash"},
		{`/`, 0, "ends with a slash"},
		{`//`, 0, "empty"},
		{`/é/g`, 4, "not a flag"},
		{`/a/ i`, 4, "not a flag"},
		{`/é(b/`, 3, "not closed"},
		{`/a)/`, 3, "not opened"},
		{`/a[b/`, 3, "not closed"},
		{`/a|*b/`, 4, "nothing to repeat"},
		{`/a++/`, 4, "possessive"},
		{`/a**/`, 4, "cannot be repeated again"},
		{`/a{3,2}/`, 3, "above"},
		{`/a{1,99999999999999999999}/`, 3, "at most 1000"},
		{`/ab\q/`, 4, `escape \q`},
		{`/[b-a]/`, 3, "backwards"},
		{`/ab(?<n>c)/`, 4, "kind of group"},
		{`/ab(?i)/`, 4, "at its start"},
		{`/(?P<n>a)(?P<n>b)/`, 10, "second group"},
		{`/(a)\2/`, 5, "no group 2"},
		{"/a\xff/", 0, "UTF-8"},
		{"/" + strings.Repeat("a", 5000) + "/", 0, "longer than 4096 bytes"},
	} {
		_, err := filter.Regexp(tt.text)
		checkSyntaxError(t, err, tt.text, 0, tt.column, tt.says)
	}
}

func checkSyntaxError(t *testing.T, err error, text string, line, column int, says string) {
	t.Helper()
	var bad *filter.SyntaxError
	if !errors.As(err, &bad) {
		t.Errorf("%q: %v, want a SyntaxError", text, err)
		return
	}
	if bad.Text != text || bad.Line != line || bad.Column != column || !strings.Contains(bad.Reason, says) {
		t.Errorf("%q: line %d, column %d, %q, want line %d, column %d and %q", text, bad.Line, bad.Column, bad.Reason, line, column, says)
	}
	if n := len(err.Error()); n > 600 {
		t.Errorf("%.20q…: a message of %d bytes, want the pattern clipped in it", text, n)
	}
}

func TestLongNamesAreUndecided(t *testing.T) {
	p := must(filter.Regexp(`/a*$/`))
	check(t, "longest", p.String(), p, strings.Repeat("a", filter.MaxName), true)
	ok, err := p.MatchString(strings.Repeat("a", filter.MaxName+1))
	if ok || !errors.Is(err, filter.ErrTooLong) {
		t.Errorf("one byte too long: %v, %v, want ErrTooLong", ok, err)
	}
	if len(err.Error()) > 200 {
		t.Errorf("a message of %d bytes, want the name clipped in it", len(err.Error()))
	}
}

func TestCatastrophicPatternsAreUndecided(t *testing.T) {
	const budget = 50 * time.Millisecond
	for _, tt := range []struct{ expr, name string }{
		{`/(a+)+$/`, strings.Repeat("a", 40) + "\nsecret!"},
		{`/(.*)*\.(?!db)z/`, strings.Repeat("a.", 20)},
		{`/(.*\.)*(?!db)[^.]*x$/`, strings.Repeat("a.", 40)},
	} {
		p := must(filter.Regexp(tt.expr)).Within(budget)
		start := time.Now()
		ok, err := p.Match(t.Context(), named(tt.name))
		if ok || !errors.Is(err, filter.ErrTimeout) {
			t.Errorf("%s: %v, %v, want ErrTimeout, not an answer", tt.expr, ok, err)
			continue
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the message holds a bare line feed of the name: %v", tt.expr, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v, want the budget and some ticks of the clock", tt.expr, took)
		}
		check(t, "after a timeout", tt.expr, must(filter.Regexp(`/ab/`)).Within(budget), "ab", true)
	}
}

func TestTimeoutMessageIsClipped(t *testing.T) {
	p := must(filter.Regexp(`/(a+)+$/`)).Within(time.Millisecond)
	_, err := p.MatchString(strings.Repeat("a", 1000) + "!")
	if !errors.Is(err, filter.ErrTimeout) {
		t.Fatalf("%v, want ErrTimeout", err)
	}
	if len(err.Error()) > 250 {
		t.Errorf("a message of %d bytes, want the name clipped in it: %v", len(err.Error()), err)
	}
}

func TestConcurrentMatches(t *testing.T) {
	f := filter.All(must(filter.Regexp(`/(?P<x>\w)+(?<!\.db)$/i`)), must(filter.Lines("*.pdf\n!/b/")), filter.Not(filter.Temporary()))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if ok, err := f.Match(t.Context(), named("a.pdf")); ok || err != nil {
					t.Errorf("a.pdf: %v, %v, want it refused: a dot is no word character", ok, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
