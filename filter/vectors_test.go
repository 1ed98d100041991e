package filter_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher/launchertest"
)

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Every construct of Python's syntax, and what looks like one, by the answers
// of CPython.
func TestPythonSyntax(t *testing.T) {
	var v struct {
		Names    []string
		Patterns []struct {
			Source, Match, Full, Search string
			Refused                     bool
		}
	}
	readJSON(t, "testdata/python.json", &v)
	// Python takes these. We do not: no name is that long.
	stricter := map[string]bool{`/a{1001}/`: true}
	for _, p := range v.Patterns {
		re, err := filter.Regexp(p.Source)
		if refused := p.Refused || stricter[p.Source]; refused != (err != nil) {
			t.Errorf("%s: error %v, want one: %v", p.Source, err, refused)
		}
		if err != nil || p.Refused {
			continue
		}
		for i, name := range v.Names {
			check(t, "match", p.Source, re, name, p.Match[i] == '1')
			check(t, "fullmatch", p.Source, re.Full(), name, p.Full[i] == '1')
			check(t, "search", p.Source, re.Search(), name, p.Search[i] == '1')
		}
	}
}

func check(t *testing.T, how, source string, p *filter.Pattern, name string, want bool) {
	t.Helper()
	// What is compared is the answer, not how long a busy machine takes for it.
	if got, err := p.Within(time.Minute).MatchString(name); got != want || err != nil {
		t.Errorf("%s %s on %q: %v, %v, Python says %v", how, source, name, got, err, want)
	}
}

func TestSamplesAgreeWithPython(t *testing.T) {
	dir := launchertest.Samples(t)
	var v struct {
		Patterns []struct {
			Source string
			Rows   [][4]any // name, match, fullmatch, search
		}
	}
	readJSON(t, filepath.Join(dir, "filter", "python_re.json"), &v)
	if len(v.Patterns) == 0 {
		t.Fatal("the samples hold no patterns")
	}
	// Python compares names as they are; here they are brought to form C, so
	// that these, written with combining accents, match. All else is equal.
	const debut, recu = "de\u0301but_nom_fichier.pdf", "Rec\u0327u e\u0301te\u0301 2024.pdf"
	composed := map[[3]string]bool{
		{`/\w+\.pdf/`, debut, "match"}:                   true,
		{`/\w+\.pdf/`, debut, "fullmatch"}:               true,
		{`/[A-Za-zÀ-ÿ ]+\d{4}\.pdf/`, recu, "match"}:     true,
		{`/[A-Za-zÀ-ÿ ]+\d{4}\.pdf/`, recu, "fullmatch"}: true,
		{`/.*\bété\b.*/`, recu, "match"}:                 true,
		{`/.*\bété\b.*/`, recu, "fullmatch"}:             true,
		{`/.*\bété\b.*/`, recu, "search"}:                true,
	}
	for _, p := range v.Patterns {
		re, err := filter.Regexp(p.Source)
		if err != nil {
			t.Errorf("%v, want it understood as Python does", err)
			continue
		}
		for _, row := range p.Rows {
			name := row[0].(string)
			for i, how := range []string{"match", "fullmatch", "search"} {
				key := [3]string{p.Source, name, how}
				want := row[i+1].(bool) != composed[key]
				delete(composed, key)
				check(t, how, p.Source, []*filter.Pattern{re, re.Full(), re.Search()}[i], name, want)
			}
		}
	}
	for key := range composed {
		t.Errorf("%q is listed as different, but not in the samples", key)
	}
}
