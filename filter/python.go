package filter

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// maxRepeat is the highest count in braces. Go's regexp has the same.
const maxRepeat = 1000

// The flags of an expression that reach the engine. x is spent in translation.
type flags struct{ i, m, s, x bool }

// translate turns an expression in the syntax of Python's re into the one of
// regexp2, which is that of .NET, and returns the flags in force, those that
// the expression begins with included.
//
// The two share most of their syntax but not all of its meaning. Python
// numbers groups by their opening parenthesis, whether they have a name or
// not, where .NET counts named groups last; its sets know no subtraction, \Z
// is the very end, \w holds no combining marks, \< is a plain character. So
// nothing is copied: what Python does not know is refused, every literal is
// written as an escape, and names become numbers.
func translate(expr string, f flags) (string, flags, error) {
	t := &translator{src: []rune(expr), flags: f, names: make(map[string]int)}
	t.leadingFlags()
	t.x = t.flags.x
	for t.pos < len(t.src) {
		if err := t.step(); err != nil {
			return "", f, err
		}
	}
	if n := len(t.open); n > 0 {
		return "", f, faultf(t.open[n-1].at, "this parenthesis is not closed")
	}
	for _, r := range t.refs {
		if r.group > t.groups {
			return "", f, faultf(r.at, "there is no group %d", r.group)
		}
	}
	return t.out.String(), t.flags, nil
}

type translator struct {
	src    []rune
	pos    int
	out    strings.Builder
	flags  flags // of the whole expression
	x      bool  // blanks and comments mean nothing here
	last   piece
	open   []group
	groups int            // that capture, so far
	names  map[string]int // of groups
	refs   []ref          // conditions on groups that may come later
}

// A piece is what was translated last: it decides what may be repeated.
type piece uint8

const (
	nothing  piece = iota // an expression, a group or an alternative begins
	anchor                // matches a place, not text
	atom                  // may be repeated
	repeated              // is
)

type group struct {
	at     int  // of the parenthesis
	x      bool // outside of it
	number int  // 0: does not capture
	bars   int  // that are allowed; -1: any number
}

type ref struct{ at, group int }

// step translates one element.
func (t *translator) step() error {
	at := t.pos
	c := t.next()
	switch {
	case t.x && strings.ContainsRune(" \t\n\r\v\f", c):
		return nil
	case t.x && c == '#':
		for t.pos < len(t.src) && t.next() != '\n' {
		}
		return nil
	}
	switch c {
	case '\\':
		return t.escape(at)
	case '[':
		t.last = atom
		return t.set(at)
	case '(':
		return t.group(at)
	case ')':
		return t.close(at)
	case '|':
		return t.bar(at)
	case '^', '$':
		t.emit(anchor, string(c))
	case '.':
		t.emit(atom, ".")
	case '*', '+', '?':
		return t.repeat(at, string(c))
	case '{':
		return t.braces(at)
	default:
		t.emit(atom, literal(c))
	}
	return nil
}

func (t *translator) next() rune {
	c := t.src[t.pos]
	t.pos++
	return c
}

// accept moves past s if it stands here.
func (t *translator) accept(s string) bool {
	r := []rune(s)
	if len(t.src)-t.pos < len(r) || !slices.Equal(t.src[t.pos:t.pos+len(r)], r) {
		return false
	}
	t.pos += len(r)
	return true
}

// takeWhile moves past at most most characters that ok holds of.
func (t *translator) takeWhile(most int, ok func(rune) bool) string {
	from := t.pos
	for t.pos < len(t.src) && t.pos-from < most && ok(t.src[t.pos]) {
		t.pos++
	}
	return string(t.src[from:t.pos])
}

func (t *translator) emit(p piece, s string) {
	t.out.WriteString(s)
	t.last = p
}

func (t *translator) bar(at int) error {
	if n := len(t.open); n > 0 {
		g := &t.open[n-1]
		if g.bars == 0 {
			return faultf(at, "a condition has at most two alternatives")
		}
		g.bars--
	}
	t.emit(nothing, "|")
	return nil
}

func (t *translator) close(at int) error {
	n := len(t.open)
	if n == 0 {
		return faultf(at, "this parenthesis was not opened")
	}
	g := t.open[n-1]
	t.open = t.open[:n-1]
	t.x = g.x
	if g.bars == 1 {
		// A condition without a second alternative matches nothing if it fails.
		// Searching, the engine looks for its first alternative alone.
		t.emit(nothing, "|")
	}
	t.emit(atom, ")")
	return nil
}

// repeat translates a quantifier whose text is known, and the ? that makes it
// lazy.
func (t *translator) repeat(at int, quantifier string) error {
	switch t.last {
	case nothing, anchor:
		return faultf(at, "there is nothing to repeat")
	case repeated:
		return faultf(at, "what is repeated cannot be repeated again")
	}
	t.emit(repeated, quantifier)
	switch {
	case t.accept("?"):
		t.out.WriteByte('?')
	case t.accept("+"):
		return faultf(t.pos-1, "possessive repetition is not supported: write (?>…)")
	}
	return nil
}

// braces translates {n}, {n,}, {,n} and {n,m}. Anything else in braces is
// literal, as in Python.
func (t *translator) braces(at int) error {
	from := t.pos
	low := t.takeWhile(len(t.src), isDigit)
	high, comma := low, t.accept(",")
	if comma {
		high = t.takeWhile(len(t.src), isDigit)
	}
	if !t.accept("}") || low == "" && !comma {
		t.pos = from
		t.emit(atom, literal('{'))
		return nil
	}
	least, most := count(low, 0), count(high, maxRepeat)
	switch {
	case least > maxRepeat || most > maxRepeat:
		return faultf(at, "a repeat count is at most %d", maxRepeat)
	case most < least:
		return faultf(at, "the first count is above the second")
	}
	text := "{" + cmp.Or(low, "0")
	if comma {
		text += "," + high
	}
	return t.repeat(at, text+"}")
}

// count reads a number that may be missing. Above maxRepeat it is only known
// to be too high.
func count(digits string, missing int) int {
	if digits == "" {
		return missing
	}
	n := 0
	for _, c := range digits {
		n = min(n*10+int(c-'0'), maxRepeat+1)
	}
	return n
}

func isDigit(c rune) bool { return '0' <= c && c <= '9' }
func isOctal(c rune) bool { return '0' <= c && c <= '7' }
func isHex(c rune) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isLetter(c rune) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isNameStart(c rune) bool { return c == '_' || unicode.IsLetter(c) }
func isName(c rune) bool      { return isNameStart(c) || unicode.IsDigit(c) }
