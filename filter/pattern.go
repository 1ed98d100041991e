package filter

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/ezged/coldlauncher/launcher"
)

const (
	// MaxName is the longest name or value, in bytes, that a Pattern is tried
	// on. No file system knows longer names.
	MaxName = 1024

	// DefaultTimeout is how long a match may take if Within says nothing else.
	DefaultTimeout = 500 * time.Millisecond

	maxPattern = 4096 // bytes
)

var (
	// ErrTimeout is wrapped by the error of a match that took too long.
	ErrTimeout = errors.New("filter: the match took too long")

	// ErrTooLong is wrapped by the error for a name of more than MaxName bytes.
	ErrTooLong = errors.New("filter: the name is too long to match")
)

// A Pattern is a regular expression or a glob. As a Filter it wants the
// documents whose name it matches.
//
// Names and patterns are compared in Unicode normalisation form C, so that a
// name from a Mac equals the same name from elsewhere. Bytes that are not
// UTF-8 count as U+FFFD.
//
// A name that is longer than MaxName is undecided, with ErrTooLong: matched in
// part it might be taken for what it is not.
//
// A Pattern does not change: its methods return copies. It is safe for
// concurrent use.
type Pattern struct {
	text    string
	subject subject
	budget  time.Duration
	matcher matcher

	// Of a regular expression only:
	regexp bool
	body   string // translated
	flags  flags
	anchor anchoring
}

// A subject says what of a document a Pattern is matched with.
type subject uint8

const (
	ofName subject = iota // Name
	ofPath                // Dir and Name
	ofDir                 // Dir
	ofText                // no path at all: a slash is like any character
)

var _ launcher.Filter = (*Pattern)(nil)

// Regexp returns the Pattern of a regular expression between slashes, followed
// by flags: "/facture.*\.pdf$/i".
//
// The expression is one of Python's re module, and matched as its re.match
// does it: from the start of the name, but not necessarily up to its end.
// [Pattern.Full] and [Pattern.Search] change that. The name is the base name,
// without folders. Everything that Python 3.11 knows is understood, except
// \N{…}, possessive repetition and the flags a and L; a lookbehind may be of
// any length. Ignoring case compares lower-case letters one by one.
//
// The flags are i (ignore case), s (a dot matches line feeds too), m (^ and $
// match at lines), x (blanks and comments mean nothing) and u, which changes
// nothing. The last slash ends the expression; those before need no backslash.
//
// Text that does not begin with a slash, or lacks the second one, is an error,
// as is an expression that cannot be understood: a *[SyntaxError].
//
// The engine backtracks, so that a bad expression may take very long on a
// name made for it. A match that is not done in time, see [Pattern.Within], is
// undecided, with ErrTimeout. A Pattern is never switched off after that: a
// few names made to be slow would then keep all others waiting.
//
// To look at the clock, the engine keeps a goroutine for about a second after
// the last match. A test that looks for leaked goroutines first calls
// StopTimeoutClock of github.com/dlclark/regexp2. A testing/synctest bubble has
// another clock, which that goroutine must neither see nor outlive: what is
// matched there has no limit, Within(math.MaxInt64), or is a glob.
func Regexp(expr string) (*Pattern, error) {
	p, err := newRegexp(expr)
	if err != nil {
		return nil, located(err, expr, 0, 0)
	}
	return p, nil
}

func newRegexp(text string) (*Pattern, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(text, "/") {
		return nil, faultf(0, "a regular expression begins with a slash")
	}
	end := strings.LastIndexByte(text, '/')
	if end == 0 {
		return nil, faultf(-1, "a regular expression ends with a slash, and flags after it")
	}
	expr := norm.NFC.String(text[1:end])
	if expr == "" {
		return nil, faultf(-1, "the expression is empty")
	}
	for i, c := range text[end+1:] {
		if !isFlag(c) {
			return nil, faultf(utf8.RuneCountInString(text[:end+1+i]), "%q is not a flag: there are i, s, m, x and u", c)
		}
	}
	var f flags
	f.set(text[end+1:])
	body, f, err := translate(expr, f)
	if bad := (*fault)(nil); errors.As(err, &bad) {
		return nil, faultf(bad.at+1, "%s", bad.reason) // the slash
	}
	p := &Pattern{text: text, budget: DefaultTimeout, regexp: true, body: body, flags: f}
	if p.matcher, err = compile(body, f, fromStart, p.budget); err != nil {
		return nil, faultf(-1, "the engine refuses it: %v", err)
	}
	return p, nil
}

// Glob returns the Pattern of a glob: "*.pdf", "facture_[0-9]*.{pdf,xml}".
//
// A * stands for any text, ? for one character, [a-z] for one of a set and
// [!a-z] for one that is not in it, {a,b} for alternatives; a backslash takes
// the meaning off the character after it. A glob always matches the whole
// name, and distinguishes case unless [Pattern.Fold] says otherwise.
//
// A glob without a slash is matched with the base name, in whatever folder. One
// with a slash is matched with the folder and the name, relative to the root
// of the Source; ** then stands for any number of folders: "2026/**/*.pdf".
//
// The error is a *[SyntaxError].
func Glob(pattern string) (*Pattern, error) {
	p, err := newGlob(pattern)
	if err != nil {
		return nil, located(err, pattern, 0, 0)
	}
	return p, nil
}

func newGlob(text string) (*Pattern, error) {
	switch {
	case text == "":
		return nil, faultf(-1, "the pattern is empty")
	case strings.Contains(text, "/"):
		return newGlobOf(ofPath, text)
	}
	return newGlobOf(ofName, text)
}

func newGlobOf(s subject, text string) (*Pattern, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	if err := checkGlob(text); err != nil {
		return nil, err
	}
	p := &Pattern{text: text, subject: s, budget: DefaultTimeout}
	return p.change(func(*Pattern) {}), nil
}

// Dir returns a Filter that wants the documents whose folder matches a glob:
// "factures", "factures/**" for it and all folders in it, "" for the root
// alone. Folders are relative to the root of the Source.
func Dir(pattern string) (*Pattern, error) {
	p, err := newGlobOf(ofDir, pattern)
	if err != nil {
		return nil, located(err, pattern, 0, 0)
	}
	return p, nil
}

func checkText(text string) error {
	switch {
	case len(text) > maxPattern:
		return faultf(-1, "it is longer than %d bytes", maxPattern)
	case !utf8.ValidString(text):
		return faultf(-1, "it is not valid UTF-8")
	}
	return nil
}

// located says of a fault where it is: in text, shifted by some characters, on
// a line of a list.
func located(err error, text string, shift, line int) error {
	var bad *fault
	if !errors.As(err, &bad) {
		return err
	}
	column := 0
	if bad.at >= 0 {
		column = bad.at + 1 + shift
	}
	return &SyntaxError{Text: text, Line: line, Column: column, Reason: bad.reason}
}

// Full returns a copy that has to match the whole name, as Python's
// re.fullmatch does. A glob always does.
func (p *Pattern) Full() *Pattern {
	return p.change(func(c *Pattern) { c.anchor = wholeName })
}

// Search returns a copy that may match anywhere in the name, as Python's
// re.search does. It changes nothing about a glob: write *text*.
func (p *Pattern) Search() *Pattern {
	return p.change(func(c *Pattern) { c.anchor = anyPortion })
}

// Fold returns a copy that ignores case.
func (p *Pattern) Fold() *Pattern {
	return p.change(func(c *Pattern) { c.flags.i = true })
}

// Within returns a copy whose matches may take about d, in place of
// DefaultTimeout; d of zero or less stands for that. The clock is coarse: a
// match may take 200 ms longer. math.MaxInt64 is no limit at all, and no clock:
// for expressions and names of your own, as in tests. Globs need no limit.
func (p *Pattern) Within(d time.Duration) *Pattern {
	if d <= 0 {
		d = DefaultTimeout
	}
	return p.change(func(c *Pattern) { c.budget = d })
}

// change returns a copy that fn changed. What compiled once compiles again.
func (p *Pattern) change(fn func(*Pattern)) *Pattern {
	c := *p
	fn(&c)
	if !c.regexp {
		c.matcher = newGlobMatcher(c.text, c.flags.i, c.subject == ofText)
		return &c
	}
	m, err := compile(c.body, c.flags, c.anchor, c.budget)
	if err != nil {
		panic(fmt.Sprintf("filter: compiling %q again: %v", c.text, err))
	}
	c.matcher = m
	return &c
}

// Match reports whether p matches the name of d, or its folder for a Pattern
// that is about folders.
func (p *Pattern) Match(ctx context.Context, d *launcher.Document) (bool, error) {
	return p.MatchString(p.of(d))
}

// of returns what of d is matched.
func (p *Pattern) of(d *launcher.Document) string {
	switch p.subject {
	case ofPath:
		return path.Join(d.Dir, d.Name)
	case ofDir:
		return d.Dir
	}
	return d.Name
}

// MatchString reports whether p matches s: a name, or whatever else.
func (p *Pattern) MatchString(s string) (bool, error) {
	if len(s) > MaxName {
		return false, fmt.Errorf("%w: %d bytes, %q", ErrTooLong, len(s), clip(s))
	}
	ok, err := insist(p.matcher, norm.NFC.String(s), p.budget)
	if err != nil {
		return false, fmt.Errorf("%w: pattern %q on %q", err, clip(p.text), clip(s))
	}
	return ok, nil
}

// String returns the pattern as it was written.
func (p *Pattern) String() string { return p.text }

func (p *Pattern) cost() cost { return pattern }
