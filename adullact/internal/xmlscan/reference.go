package xmlscan

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// maxReference is the length of the longest reference that is looked at.
const maxReference = 16

// reference returns what the reference at the window's start stands for.
func (s *Scanner) reference() ([]byte, error) {
	b := s.window.atMost(maxReference)
	text, n := s.resolve(s.scratch[:0], b)
	s.scratch, s.decoded = text, true
	s.window.skip(n)
	return text, nil
}

// resolve appends to text what the reference at the start of raw stands for,
// and returns how many bytes of raw it took. A reference that is none stands
// for itself.
func (s *Scanner) resolve(text, raw []byte) ([]byte, int) {
	end := bytes.IndexByte(raw[:min(len(raw), maxReference)], ';')
	if end > 1 {
		name := raw[1:end]
		if name[0] == '#' {
			if r, ok := number(string(name[1:])); ok {
				return utf8.AppendRune(text, r), end + 1
			}
		} else if r, ok := entity(string(name)); ok {
			return append(text, r), end + 1
		}
	}
	s.defects |= BadEntity
	return append(text, '&'), 1
}

func entity(name string) (byte, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	return 0, false
}

func number(digits string) (rune, bool) {
	base := 10
	if len(digits) > 0 && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), true
}
