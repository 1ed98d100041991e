package filter

import (
	"fmt"
	"strconv"
	"unicode"
)

// Python's \w: letters, everything numeric, and the low line.
const word = `\p{L}\p{N}_`

// Escapes that stand for one character, in and outside sets.
var controls = map[rune]rune{
	'a': '\a', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// Escapes that stand for a place. Those of word edges are written out,
// because the engine's own take combining marks for parts of words.
var places = map[rune]string{
	'A': `\A`,
	'Z': `\z`,
	'b': `(?:(?<=[` + word + `])(?![` + word + `])|(?<![` + word + `])(?=[` + word + `]))`,
	'B': `(?:(?<=[` + word + `])(?=[` + word + `])|(?<![` + word + `])(?![` + word + `]))`,
}

// Escapes that stand for any character of a kind.
var kinds = map[rune]string{
	'd': `\d`, 'D': `\D`, 's': `\s`, 'S': `\S`,
	'w': `[` + word + `]`, 'W': `[^` + word + `]`,
}

// literal writes c so that it means nothing but itself, in and outside sets.
func literal(c rune) string {
	switch {
	case c >= 0x10000, unicode.IsLetter(c), unicode.IsDigit(c), c == '_':
		return string(c)
	}
	return fmt.Sprintf(`\u%04x`, c)
}

// escape translates what follows a backslash at at, outside sets.
func (t *translator) escape(at int) error {
	if t.pos == len(t.src) {
		return faultf(at, "a backslash cannot be last")
	}
	c := t.next()
	if p, ok := places[c]; ok {
		t.emit(anchor, p)
		return nil
	}
	if k, ok := kinds[c]; ok {
		t.emit(atom, k)
		return nil
	}
	if isDigit(c) && c != '0' {
		return t.number(at, c)
	}
	r, err := t.character(at, c)
	if err != nil {
		return err
	}
	t.emit(atom, literal(r))
	return nil
}

// number translates \1 to \99, and \100 to \377, which is a character.
func (t *translator) number(at int, first rune) error {
	digits := string(first) + t.takeWhile(1, isDigit)
	if len(digits) == 2 && isOctal(first) && isOctal(rune(digits[1])) {
		digits += t.takeWhile(1, isOctal)
	}
	if len(digits) == 3 {
		r, err := octal(at, digits)
		if err != nil {
			return err
		}
		t.emit(atom, literal(r))
		return nil
	}
	return t.backref(at, count(digits, 0))
}

// character reads an escape for one character, whose first character c was
// taken.
func (t *translator) character(at int, c rune) (rune, error) {
	if r, ok := controls[c]; ok {
		return r, nil
	}
	switch {
	case c == 'x':
		return t.hex(at, 2)
	case c == 'u':
		return t.hex(at, 4)
	case c == 'U':
		return t.hex(at, 8)
	case c == '0':
		return octal(at, t.takeWhile(2, isOctal))
	case isLetter(c), isDigit(c):
		return 0, faultf(at, "Python knows no escape \\%c", c)
	}
	return c, nil
}

func (t *translator) hex(at, digits int) (rune, error) {
	text := t.takeWhile(digits, isHex)
	if len(text) < digits {
		return 0, faultf(at, "this escape takes %d hexadecimal digits", digits)
	}
	n, err := strconv.ParseUint(text, 16, 32)
	if err != nil || n > unicode.MaxRune {
		return 0, faultf(at, "there is no such character")
	}
	return rune(n), nil
}

func octal(at int, digits string) (rune, error) {
	n := rune(0)
	for _, c := range digits {
		n = n*8 + c - '0'
	}
	if n > 0o377 {
		return 0, faultf(at, "an octal escape ends at \\377")
	}
	return n, nil
}
