package filter

import "strings"

// A set is what stands between brackets.
type set struct {
	negated bool
	in      strings.Builder // ready to stand between brackets
	but     []rune          // D, S, W: everything that is not of a kind
}

// set translates a set that opened at at.
func (t *translator) set(at int) error {
	s := set{negated: t.accept("^")}
	for first := true; ; first = false {
		if t.pos == len(t.src) {
			return faultf(at, "this bracket is not closed")
		}
		if !first && t.accept("]") {
			t.out.WriteString(s.String())
			return nil
		}
		if err := t.member(at, &s); err != nil {
			return err
		}
	}
}

// member reads a character, a range, or an escape for a kind of characters.
func (t *translator) member(at int, s *set) error {
	from := t.pos
	low, kind, err := t.setChar()
	if err != nil {
		return err
	}
	if !t.rangeFollows() {
		s.add(low, kind)
		return nil
	}
	t.pos++
	if t.pos == len(t.src) {
		return faultf(at, "this bracket is not closed")
	}
	high, highKind, err := t.setChar()
	switch {
	case err != nil:
		return err
	case kind != 0 || highKind != 0:
		return faultf(from, "a range goes from one character to another")
	case high < low:
		return faultf(from, "this range goes backwards")
	}
	s.in.WriteString(literal(low) + "-" + literal(high))
	return nil
}

// rangeFollows reports whether a hyphen stands here that is not the last
// character of its set.
func (t *translator) rangeFollows() bool {
	rest := t.src[t.pos:]
	return len(rest) > 0 && rest[0] == '-' && !(len(rest) > 1 && rest[1] == ']')
}

// setChar reads a character, or the letter of an escape such as \d.
func (t *translator) setChar() (c, kind rune, err error) {
	at := t.pos
	if c = t.next(); c != '\\' {
		return c, 0, nil
	}
	if t.pos == len(t.src) {
		return 0, 0, faultf(at, "a backslash cannot be last")
	}
	c = t.next()
	if _, ok := kinds[c]; ok {
		return 0, c, nil
	}
	switch {
	case c == 'b':
		return '\b', 0, nil
	case isOctal(c):
		t.pos--
		c, err = octal(at, t.takeWhile(3, isOctal))
		return c, 0, err
	}
	c, err = t.character(at, c)
	return c, 0, err
}

func (s *set) add(c, kind rune) {
	switch kind {
	case 0:
		s.in.WriteString(literal(c))
	case 'd', 's':
		s.in.WriteString(kinds[kind])
	case 'w':
		s.in.WriteString(word)
	default:
		s.but = append(s.but, kind)
	}
}

// String writes the set. Kinds that are negated stand beside it, as the engine
// heeds only one of them inside brackets: there [\S\s] holds no space.
func (s *set) String() string {
	in := s.in.String()
	if len(s.but) == 0 {
		if s.negated {
			return "[^" + in + "]"
		}
		return "[" + in + "]"
	}
	var b strings.Builder
	b.WriteString("(?:")
	if s.negated {
		for _, k := range s.but {
			b.WriteString("(?!" + kinds[k] + ")")
		}
		if in == "" {
			return b.String() + `[\s\S])`
		}
		return b.String() + "[^" + in + "])"
	}
	for i, k := range s.but {
		if i > 0 {
			b.WriteByte('|')
		}
		b.WriteString(kinds[k])
	}
	if in != "" {
		b.WriteString("|[" + in + "]")
	}
	return b.String() + ")"
}
