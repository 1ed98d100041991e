package filter_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ezged/coldlauncher/filter"
)

// checkFault states what holds of every error about a pattern.
func checkFault(t *testing.T, text string, err error) {
	t.Helper()
	var bad *filter.SyntaxError
	if !errors.As(err, &bad) {
		t.Fatalf("%q: %v, want a SyntaxError", text, err)
	}
	if n := utf8.RuneCountInString(bad.Text); bad.Column < 0 || bad.Column > n+1 {
		t.Fatalf("%q: column %d of %d", bad.Text, bad.Column, n)
	}
	if strings.ContainsAny(err.Error(), "\x00\x1b\n") {
		t.Fatalf("%q: the message holds control characters", text)
	}
}

// checkPattern states what holds of every pattern and name.
func checkPattern(t *testing.T, p *filter.Pattern, name string) {
	t.Helper()
	p = p.Within(20 * time.Millisecond)
	match, err1 := p.MatchString(name)
	full, err2 := p.Full().MatchString(name)
	search, err3 := p.Search().MatchString(name)
	folded, err4 := p.Fold().Search().MatchString(name)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil && !errors.Is(err, filter.ErrTimeout) && !errors.Is(err, filter.ErrTooLong) {
			t.Fatalf("%v on %q: %v", p, name, err)
		}
		if err != nil {
			return
		}
	}
	if full && !match || match && !search {
		t.Fatalf("%v on %q: full %v, match %v, search %v, want each to imply the next", p, name, full, match, search)
	}
	_ = folded // need not match: Fold reverses what a lookahead refuses
}

func FuzzRegexp(f *testing.F) {
	for _, expr := range []string{
		`/.*\.(?!db).*/`, `/(?P<a>x)(?(a)y|z)(?P=a)/ims`, `/[^\W\d-]+\Z/x`, `/(?i)(?x) a{,2} # b/`, `/\u00e9\x41\101\b/`, `/(?<=\bé)[]a]/`,
	} {
		f.Add(expr, "facture.pdf")
	}
	f.Fuzz(func(t *testing.T, expr, name string) {
		if len(expr) > 200 || len(name) > 100 {
			return
		}
		p, err := filter.Regexp(expr)
		if err != nil {
			checkFault(t, expr, err)
			return
		}
		checkPattern(t, p, name)
	})
}

func FuzzGlob(f *testing.F) {
	for _, glob := range []string{"*.{pdf,xml}", `[!a-c]\{**/?`, "{a,{b,c}}", "in/**"} {
		f.Add(glob, "facture.pdf")
	}
	f.Fuzz(func(t *testing.T, glob, name string) {
		p, err := filter.Glob(glob)
		if err != nil {
			checkFault(t, glob, err)
			return
		}
		start := time.Now()
		checkPattern(t, p, name)
		if took := time.Since(start); took > 10*time.Second {
			t.Fatalf("%q on %q took %v, want its cost bounded", glob, name, took)
		}
		ok, _ := p.MatchString(name)
		if again := must(filter.Glob(p.String())); ok {
			check(t, "again", glob, again, name, true)
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add("# x\n*.pdf\r\n!/draft/i\n", "facture.pdf")
	f.Add("\ufeff\\#a\n!  {a,b}", "a")
	f.Fuzz(func(t *testing.T, text, name string) {
		if len(text) > 200 || len(name) > 100 {
			return
		}
		l, err := filter.Lines(text)
		if err != nil {
			for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
				checkFault(t, text, err)
			}
			return
		}
		start := time.Now()
		if ok, err := l.Match(t.Context(), named(name)); ok && err != nil {
			t.Fatalf("%q on %q: yes along with %v", text, name, err)
		}
		if took := time.Since(start); took > time.Minute {
			t.Fatalf("%q on %q took %v", text, name, took)
		}
	})
}
