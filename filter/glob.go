package filter

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/text/unicode/norm"
)

// What the braces of a glob multiply to is tried one after the other, so it is
// bounded: in number, and in characters altogether.
const (
	maxAlternatives = 1000
	maxExpanded     = 1 << 16
)

// glob matches against a pattern in the syntax of doublestar.
type glob struct {
	pattern string
	fold    bool
	flat    bool // a slash is like any character
}

// newGlobMatcher takes a pattern that checkGlob let pass.
func newGlobMatcher(text string, fold, flat bool) glob {
	g := glob{fold: fold, flat: flat}
	g.pattern = g.prepare(norm.NFC.String(text))
	return g
}

func (g glob) match(s string) (bool, error) {
	return doublestar.MatchUnvalidated(g.pattern, g.prepare(s)), nil
}

func (g glob) prepare(s string) string {
	if g.fold {
		s = strings.ToLower(s)
	}
	if g.flat {
		s = strings.ReplaceAll(s, "/", "\x00")
	}
	return s
}

// checkGlob finds what is wrong with a glob, and where.
func checkGlob(text string) error {
	pattern := norm.NFC.String(text)
	if strings.HasPrefix(pattern, "/") {
		return faultf(0, "a glob does not begin with a slash: folders are relative to the root of the Source")
	}
	c := globChecker{src: []rune(pattern)}
	n, err := c.alternatives(-1)
	switch {
	case err != nil:
		return err
	case n > maxAlternatives:
		return faultf(-1, "its braces stand for more than %d alternatives", maxAlternatives)
	case n > 1 && n*len(pattern) > maxExpanded:
		return faultf(-1, "its braces stand for more than %d characters", maxExpanded)
	case !doublestar.ValidatePattern(pattern):
		return faultf(-1, "this is not a glob")
	}
	return nil
}

type globChecker struct {
	src []rune
	pos int
}

// alternatives reads up to the brace that closes the one at opened, or to the
// end if opened is -1, and counts the patterns without braces that this stands
// for; above maxAlternatives it stops counting.
func (c *globChecker) alternatives(opened int) (int, error) {
	sum, product := 0, 1
	for c.pos < len(c.src) {
		at := c.pos
		c.pos++
		switch r := c.src[at]; {
		case r == '\\':
			if c.pos++; c.pos > len(c.src) {
				return 0, faultf(at, "a backslash cannot be last")
			}
		case r == '[':
			if err := c.class(at); err != nil {
				return 0, err
			}
		case r == '{':
			n, err := c.alternatives(at)
			if err != nil {
				return 0, err
			}
			product = min(product*n, maxAlternatives+1)
		case r == ',' && opened >= 0:
			sum, product = min(sum+product, maxAlternatives+1), 1
		case r == '}' && opened < 0:
			return 0, faultf(at, "this brace was not opened")
		case r == '}':
			return min(sum+product, maxAlternatives+1), nil
		}
	}
	if opened >= 0 {
		return 0, faultf(opened, "this brace is not closed")
	}
	return product, nil
}

// class moves past a set in brackets that opened at at.
func (c *globChecker) class(at int) error {
	if c.pos < len(c.src) && (c.src[c.pos] == '!' || c.src[c.pos] == '^') {
		c.pos++
	}
	for first := true; c.pos < len(c.src); first = false {
		switch c.pos++; c.src[c.pos-1] {
		case '\\':
			c.pos++
		case ']':
			if first {
				return faultf(at, "this bracket holds nothing")
			}
			return nil
		}
	}
	return faultf(at, "this bracket is not closed")
}
