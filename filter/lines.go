package filter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ezged/coldlauncher/launcher"
)

// A List is what Lines reads. As a Filter it wants the documents that one of
// its including patterns matches, or any if it has none, unless an excluding
// one matches too. Their order means nothing. It is safe for concurrent use.
type List struct {
	rules  []*rule
	filter launcher.Filter // what the rules amount to
}

var _ launcher.Filter = (*List)(nil)

// Lines reads a list of patterns, one on each line: "/…/flags" as for [Regexp],
// anything else as for [Glob]. A "!" in front excludes what the pattern
// matches. Blanks around a pattern, empty lines and those that begin with "#"
// mean nothing; a glob that begins with "#" or "!" has a backslash before it.
//
//	# invoices, but no drafts
//	*.{pdf,xml}
//	/facture_\d{6}/i
//	!*brouillon*
//
// A list without any pattern wants every document. The error joins one
// *[SyntaxError] for each line that cannot be understood.
func Lines(text string) (*List, error) {
	var l List
	var faults []error
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		n++
		line = strings.TrimRight(line, "\r\n")
		r, err := newRule(n, line)
		switch {
		case err != nil:
			faults = append(faults, err)
		case r != nil:
			l.rules = append(l.rules, r)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	l.filter = combine(l.rules)
	return &l, nil
}

// combine makes of rules the filter that they amount to.
func combine(rules []*rule) launcher.Filter {
	var in, out []launcher.Filter
	for _, r := range rules {
		if r.excludes {
			out = append(out, r)
		} else {
			in = append(in, r)
		}
	}
	if len(in) == 0 {
		return Not(Any(out...))
	}
	return All(Any(in...), Not(Any(out...)))
}

// Fold returns a copy that ignores case.
func (l *List) Fold() *List {
	c := List{rules: slices.Clone(l.rules)}
	for i, r := range c.rules {
		c.rules[i] = &rule{Pattern: r.Pattern.Fold(), line: r.line, excludes: r.excludes}
	}
	c.filter = combine(c.rules)
	return &c
}

// Match reports whether the list wants d.
func (l *List) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	return l.filter.Match(ctx, d)
}

// String returns the patterns, separated by semicolons.
func (l *List) String() string {
	var all []string
	for _, r := range l.rules {
		if r.excludes {
			all = append(all, "!"+r.text)
		} else {
			all = append(all, r.text)
		}
	}
	return strings.Join(all, "; ")
}

// A rule is a Pattern that knows the line that it stands on.
type rule struct {
	*Pattern
	line     int
	excludes bool
}

// newRule reads a line. It returns nil if the line holds no pattern.
func newRule(n int, line string) (*rule, error) {
	text := strings.TrimSpace(line)
	if text == "" || text[0] == '#' {
		return nil, nil
	}
	r := rule{line: n}
	if text, r.excludes = strings.CutPrefix(text, "!"); r.excludes {
		text = strings.TrimSpace(text)
	}
	var err error
	if strings.HasPrefix(text, "/") {
		r.Pattern, err = newRegexp(text)
	} else {
		r.Pattern, err = newGlob(text)
	}
	if err != nil {
		before := line[:strings.LastIndex(line, text)]
		return nil, located(err, line, utf8.RuneCountInString(before), n)
	}
	return &r, nil
}

func (r *rule) String() string {
	return fmt.Sprintf("line %d, %s", r.line, r.text)
}

func (l *List) cost() cost { return pattern }
