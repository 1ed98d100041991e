// Package flat reads the YAML that deposits are described in: a flat list of
// keys, each with a text or a list of texts. It is the part of YAML that the
// dumpers of Symfony and Spyc write, together with what older senders made of
// it by hand, where a text need not be valid YAML at all.
//
// Every value is text, as it stands: "007" and "2024-05-17" stay what they are.
// Anchors, aliases and tags have no meaning.
package flat

import (
	"strconv"
	"strings"
)

// A Pair is a key with its text, or with its list.
type Pair struct {
	Key    string
	Value  string
	List   []string
	IsList bool
}

// Parse returns the pairs of a text, in its order; false if there are none.
// Lines that are neither a pair nor part of one are passed over.
func Parse(text string) ([]Pair, bool) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	p := parser{lines: strings.Split(text, "\n")}
	for p.at < len(p.lines) {
		p.pair()
	}
	return p.pairs, len(p.pairs) > 0
}

type parser struct {
	lines []string
	at    int
	pairs []Pair

	endless int // up to here quotes were looked for, and have no end
}

// pair reads the pair that begins at the line at hand.
func (p *parser) pair() {
	line := p.lines[p.at]
	p.at++
	key, value, ok := splitPair(line)
	if !ok {
		return
	}
	pair := Pair{Key: key}
	switch {
	case value == "":
		pair.List, pair.IsList = p.list()
	case value[0] == '|' || value[0] == '>':
		if isBlockHeader(value) {
			pair.Value = p.block(value)
		} else {
			pair.Value = value
		}
	case isEmptyList(value):
		pair.IsList = true
	default:
		pair.Value = p.scalar(value)
	}
	p.pairs = append(p.pairs, pair)
}

// splitPair splits a line at the colon after its key.
func splitPair(line string) (key, value string, ok bool) {
	if line == "" || strings.ContainsRune(" \t#-", rune(line[0])) {
		return "", "", false
	}
	rest := line
	if q := line[0]; q == '\'' || q == '"' {
		i := strings.IndexByte(line[1:], q)
		if i < 0 {
			return "", "", false
		}
		key, rest = line[1:1+i], line[i+2:]
		rest, ok = strings.CutPrefix(rest, ":")
	} else {
		key, rest, ok = strings.Cut(line, ":")
	}
	key = strings.TrimSpace(key)
	if !ok || key == "" || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", "", false
	}
	return key, strings.TrimSpace(rest), true
}

func isEmptyList(value string) bool {
	inner := strings.ReplaceAll(value, " ", "")
	return inner == "{}" || inner == "[]"
}

// list reads the elements that follow a key without text; false if there are
// none.
func (p *parser) list() ([]string, bool) {
	var out []string
	found := false
	for p.at < len(p.lines) {
		line := strings.TrimSpace(p.lines[p.at])
		if line == "" && found {
			p.at++
			continue
		}
		rest, ok := strings.CutPrefix(line, "-")
		if !ok || rest != "" && rest[0] != ' ' || line == "---" {
			break
		}
		p.at++
		found = true
		value := strings.TrimSpace(rest)
		if isBlockHeader(value) {
			out = append(out, p.block(value))
		} else {
			out = append(out, p.scalar(value))
		}
	}
	return out, found
}

// isBlockHeader reports whether a value announces lines to follow: "|", ">-",
// "|2+".
func isBlockHeader(value string) bool {
	return value != "" && (value[0] == '|' || value[0] == '>') && strings.Trim(value[1:], "+-0123456789") == ""
}

// block reads the indented lines after a block header.
func (p *parser) block(header string) string {
	indent := 0
	if i := strings.IndexAny(header, "123456789"); i > 0 {
		indent = int(header[i] - '0')
	}
	var lines []string
	for p.at < len(p.lines) {
		line := p.lines[p.at]
		if strings.TrimSpace(line) != "" {
			n := len(line) - len(strings.TrimLeft(line, " "))
			if indent == 0 {
				indent = n
			}
			if n < indent || n == 0 {
				break
			}
			line = line[indent:]
		} else {
			line = strings.TrimLeft(line, " ")
		}
		lines = append(lines, line)
		p.at++
	}
	return chomp(lines, header)
}

// chomp joins the lines of a block as its header says.
func chomp(lines []string, header string) string {
	end := len(lines)
	for end > 0 && lines[end-1] == "" {
		end--
	}
	sep := "\n"
	if header[0] == '>' {
		sep = " "
	}
	text := strings.Join(lines[:end], sep)
	switch {
	case strings.Contains(header, "+"):
		return text + "\n" + strings.Repeat("\n", len(lines)-end)
	case strings.Contains(header, "-") || end == 0 || sep == " ":
		return text
	}
	return text + "\n"
}

// scalar reads a value that begins on the line at hand. Only what is in quotes
// goes on over further lines, as long as they are indented.
func (p *parser) scalar(value string) string {
	switch {
	case strings.HasPrefix(value, `\"`):
		return strings.TrimSuffix(value[2:], `\"`) // as Pastell 1 writes
	case value == "" || value[0] != '\'' && value[0] != '"':
		return value
	}
	if text, ok := p.quoted(value[0], value[1:]); ok {
		return text
	}
	return value // no end of the quotes: they are part of the text
}

// quoted reads a text in quotes that begins with first, to their end; false if
// they have none.
func (p *parser) quoted(quote byte, first string) (string, bool) {
	var lines []string
	for at, line := p.at, first; ; at++ {
		if i := closing(line, quote); i >= 0 {
			after := strings.TrimSpace(line[i+1:])
			if after != "" && after[0] != '#' {
				return "", false
			}
			p.at = at
			return unquote(strings.Join(append(lines, line[:i]), "\n"), quote), true
		}
		lines = append(lines, line)
		if at == len(p.lines) || at < p.endless || p.lines[at] != "" && p.lines[at][0] != ' ' && p.lines[at][0] != '\t' {
			p.endless = max(p.endless, at)
			return "", false
		}
		line = strings.TrimSpace(p.lines[at])
	}
}

// closing returns the index of the quote that ends text; -1 if there is none.
func closing(text string, quote byte) int {
	for i := 0; i < len(text); i++ {
		switch {
		case quote == '"' && text[i] == '\\':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == '\'':
			i++
		case text[i] == quote:
			return i
		}
	}
	return -1
}

// unquote resolves what is escaped between quotes. A line break folds into a
// blank, two into one.
func unquote(text string, quote byte) string {
	text = fold(text)
	if quote == '\'' {
		return strings.ReplaceAll(text, "''", "'")
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		if n := hexDigits(text[i]); n > 0 && i+n < len(text) {
			if r, err := strconv.ParseUint(text[i+1:i+1+n], 16, 32); err == nil {
				b.WriteRune(rune(r))
				i += n
				continue
			}
		}
		b.WriteString(escaped(text[i]))
	}
	return b.String()
}

func fold(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	var b strings.Builder
	breaks := 0
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			breaks++
		}
		if line == "" && i > 0 {
			continue
		}
		if breaks == 1 {
			b.WriteByte(' ')
		} else if breaks > 1 {
			b.WriteString(strings.Repeat("\n", breaks-1))
		}
		breaks = 0
		b.WriteString(line)
	}
	return b.String()
}

func hexDigits(c byte) int {
	switch c {
	case 'x':
		return 2
	case 'u':
		return 4
	case 'U':
		return 8
	}
	return 0
}

func escaped(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case '0':
		return "\x00"
	case 'a':
		return "\a"
	case 'b':
		return "\b"
	case 'v':
		return "\v"
	case 'f':
		return "\f"
	case 'e':
		return "\x1b"
	case '_':
		return "\u00a0"
	case 'N':
		return "\u0085"
	case 'L':
		return "\u2028"
	case 'P':
		return "\u2029"
	case '"', '\\', '/', ' ':
		return string(c)
	}
	return `\` + string(rune(c))
}
