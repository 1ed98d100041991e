package mime

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// A Value is a header field such as Content-Type: a value, and those of its
// parameters that matter here.
type Value struct {
	Main     string // lower case, "" if there is none
	Boundary string
	Charset  string
	Name     string
	FileName string
}

// param returns where the parameter of that name belongs; nil if it does not
// matter.
func (v *Value) param(name string) *string {
	switch name {
	case "boundary":
		return &v.Boundary
	case "charset":
		return &v.Charset
	case "name":
		return &v.Name
	case "filename":
		return &v.FileName
	}
	return nil
}

// ParseValue reads the value of Content-Type or Content-Disposition and never
// fails: it keeps what can be kept. Parameters are decoded to UTF-8, but for
// boundary, whether they follow RFC 2231 (in any charset, also continued), RFC
// 2047 or neither. Quotes may be missing or unclosed, blanks and semicolons may
// stand in a value without quotes, and of parameters that stand twice the first
// that is not empty counts.
func ParseValue(s string) Value {
	main, rest := cutMain(s)
	v := Value{Main: strings.ToLower(main)}
	var extended map[string][]segment
	c := cutter{rest: rest}
	for c.rest != "" {
		p := c.param()
		name, index, coded := splitName(p.name)
		field := v.param(name)
		switch {
		case field == nil:
		case name != p.name:
			if extended == nil {
				extended = map[string][]segment{}
			}
			extended[name] = append(extended[name], segment{index, coded, p.value})
		case *field != "":
		case name == "boundary":
			*field = p.value // to be compared with lines as they are
		default:
			*field = decodeWords(p.value)
		}
	}
	// RFC 2231, section 4: the extended form counts where both are given.
	for name, segments := range extended {
		if text := joinSegments(segments); text != "" {
			*v.param(name) = text
		}
	}
	return v
}

// cutMain cuts what stands before the parameters: up to the first semicolon,
// blank or comment, so that a missing first semicolon does no harm.
func cutMain(s string) (main, rest string) {
	s = strings.TrimLeft(skipComment(strings.TrimLeft(s, blanks)), blanks)
	n := strings.IndexAny(s, ";( \t\r\n")
	if n < 0 {
		n = len(s)
	}
	return strings.Trim(s[:n], `"'<>`), s[n:]
}

const blanks = " \t\r\n"

// maxComment is the longest comment that is looked for, in bytes.
const maxComment = 1 << 10

// skipComment cuts the comment that s begins with, if any.
func skipComment(s string) string {
	if !strings.HasPrefix(s, "(") {
		return s
	}
	depth := 0
	for i := 0; i < min(len(s), maxComment); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return s[i+1:]
			}
		}
	}
	return s
}

type param struct {
	name  string // lower case, with the asterisks of RFC 2231; "" for none
	value string
}

// A cutter cuts one parameter after another off what remains of a field, in
// time that is linear in its length.
type cutter struct {
	rest     string
	unclosed bool // no quote in rest closes a value
}

// param cuts the next parameter.
func (c *cutter) param() param {
	s := strings.TrimLeft(c.rest, blanks+";")
	s = strings.TrimLeft(skipComment(s), blanks+";")
	n := strings.IndexAny(s, "=;")
	if n < 0 {
		c.rest = ""
		return param{}
	}
	if s[n] == ';' {
		c.rest = s[n:]
		return param{}
	}
	name := strings.ToLower(strings.Trim(s[:n], blanks+`"'`))
	if i := strings.LastIndexAny(name, blanks); i >= 0 {
		name = name[i+1:] // words before the name belong to nothing
	}
	s = strings.TrimLeft(s[n+1:], blanks)
	if !strings.HasPrefix(s, `"`) {
		value, rest := cutBare(s)
		c.rest = rest
		return param{name, value}
	}
	s = s[1:]
	if !c.unclosed {
		if value, rest, ok := cutQuoted(s); ok {
			c.rest = rest
			return param{name, value}
		}
		c.unclosed = true
	}
	value, rest := cutUnclosed(s)
	c.rest = rest
	return param{name, value}
}

// cutQuoted cuts a quoted string, without its first quote. A quote closes it
// only if what follows can follow a parameter; ok tells whether one does. A
// backslash escapes only quotes and itself: many writers put paths of Windows
// in quotes as they are.
func cutQuoted(s string) (value, rest string, ok bool) {
	var out strings.Builder
	start := 0 // of what is not yet in out
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' && !closes(s[i+2:]) || s[i+1] == '\\'):
			out.WriteString(s[start:i])
			i++
			start = i
		case s[i] == '"' && closes(s[i+1:]):
			if start == 0 {
				return s[:i], s[i+1:], true
			}
			out.WriteString(s[start:i])
			return out.String(), s[i+1:], true
		}
	}
	return "", s, false
}

// closes reports whether a quote before s closes a value: the end, a
// semicolon, a comment or another parameter follows.
func closes(s string) bool {
	s = strings.TrimLeft(s, blanks)
	return s == "" || s[0] == ';' || s[0] == '(' || startsParam(s)
}

// cutUnclosed cuts a value whose quote is never closed: it ends before the next
// parameter.
func cutUnclosed(s string) (value, rest string) {
	for i := range len(s) {
		if s[i] == ';' && startsParam(strings.TrimLeft(s[i+1:], blanks)) {
			return strings.Trim(s[:i], blanks), s[i:]
		}
	}
	return strings.Trim(s, blanks+`"`), ""
}

// cutBare cuts a value without quotes. A semicolon ends it only if a parameter
// or nothing follows, for a name may hold one, and never inside an encoded
// word. A comment at the end is left out.
func cutBare(s string) (value, rest string) {
	end := len(s)
	for i := 0; i < len(s); i++ {
		if strings.HasPrefix(s[i:], "=?") {
			if w, ok := cutWord(s[i:]); ok {
				i += w.size - 1
				continue
			}
		}
		if s[i] != ';' {
			continue
		}
		next := strings.TrimLeft(s[i+1:], blanks+";")
		if next == "" || startsParam(next) {
			end = i
			break
		}
		i = len(s) - len(next) - 1
	}
	value = strings.TrimRight(s[:end], blanks)
	if strings.HasSuffix(value, ")") {
		if i := strings.LastIndex(value, " ("); i > 0 && strings.ContainsRune(value[:i], '.') {
			value = strings.TrimRight(value[:i], blanks)
		}
	}
	return value, s[end:]
}

// startsParam reports whether s begins with a name and "=".
func startsParam(s string) bool {
	n := 0
	for n < len(s) && isName(s[n]) {
		n++
	}
	s = strings.TrimLeft(s[n:], blanks)
	return n > 0 && strings.HasPrefix(s, "=") && !strings.HasPrefix(s, "=?")
}

// isName reports whether c may stand in the name of a parameter.
func isName(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '*'
}

// A segment is one parameter of the extended form: name*, name*0 or name*0*.
type segment struct {
	index int
	coded bool // percent-encoded
	value string
}

// splitName splits the name of a parameter in the extended form. Of any other
// it returns the name as it is.
func splitName(s string) (name string, index int, coded bool) {
	name, rest, ok := strings.Cut(s, "*")
	if !ok || name == "" {
		return s, 0, false
	}
	if rest == "" {
		return name, -1, true // the form without continuation comes first
	}
	digits, coded := strings.CutSuffix(rest, "*")
	index, err := strconv.Atoi(digits)
	if err != nil || index < 0 {
		return s, 0, false
	}
	return name, index, coded
}

// joinSegments decodes the segments of one parameter, in order of their
// index; of two with one index the first counts, and name* alone counts
// before name*0. Gaps are closed up.
func joinSegments(segments []segment) string {
	slices.SortStableFunc(segments, func(a, b segment) int { return cmp.Compare(a.index, b.index) })
	segments = slices.CompactFunc(segments, func(a, b segment) bool { return a.index == b.index })
	if segments[0].index == -1 {
		segments = segments[:1]
	}
	var charset string
	var raw []byte
	for i, s := range segments {
		if !s.coded {
			raw = append(raw, s.value...)
			continue
		}
		text := s.value
		if parts := strings.SplitN(text, "'", 3); i == 0 && len(parts) == 3 {
			charset, text = parts[0], parts[2]
		}
		raw = appendUnescaped(raw, text)
	}
	return decodeWords(decodeCharset(charset, raw))
}

// appendUnescaped appends s with its percent escapes undone; what is no escape
// stays.
func appendUnescaped(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			dst = append(dst, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		dst = append(dst, s[i])
	}
	return dst
}
