package mime

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns the value of a header field as UTF-8 on one line, with encoded
// words decoded and control characters made blanks.
func Text(s string) string {
	if s == "" {
		return ""
	}
	return oneLine(decodeWords(s))
}

// Addresses returns the value of a field of addresses as Text does, but with
// quotes around words that hold what would otherwise separate addresses: what
// stands in a name is not to be taken for an address.
func Addresses(s string) string {
	d := wordDecoder{addresses: true}
	return oneLine(d.decode(s))
}

// decodeWords decodes encoded words (RFC 2047) wherever they stand, also where
// the RFC forbids them: inside quoted strings and next to other text.
// Neighbouring words of one charset are joined before decoding, for many
// writers split characters between them. Bytes above ASCII outside of words
// are guessed.
func decodeWords(s string) string {
	var d wordDecoder
	return d.decode(s)
}

// A wordDecoder decodes the encoded words of one field.
type wordDecoder struct {
	addresses bool // the field holds addresses
	out       strings.Builder
	quoted    bool   // inside a quoted string
	charset   string // of pending
	pending   []byte // of the words not yet written; nil: there is none
}

func (d *wordDecoder) decode(s string) string {
	switch {
	case !strings.Contains(s, "=?") && utf8.ValidString(s):
		return s
	case !strings.Contains(s, "=?"):
		return Guess([]byte(s))
	}
	for {
		i := strings.Index(s, "=?")
		if i < 0 {
			d.plain(s)
			return d.out.String()
		}
		w, ok := cutWord(s[i:])
		if !ok {
			d.plain(s[:i+2])
			s = s[i+2:]
			continue
		}
		d.word(s[:i], w)
		s = s[i+w.size:]
	}
}

// word takes a word and the text before it.
func (d *wordDecoder) word(before string, w word) {
	// RFC 2047, section 6.2: blanks between two words are not shown.
	switch {
	case d.pending == nil || strings.Trim(before, blanks) != "":
		d.plain(before)
	case !strings.EqualFold(d.charset, w.charset):
		d.flush()
	}
	if d.pending == nil {
		d.pending = []byte{}
	}
	d.charset, d.pending = w.charset, append(d.pending, w.text...)
}

// plain writes text that is no word.
func (d *wordDecoder) plain(s string) {
	d.flush()
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			d.quoted = !d.quoted
		}
	}
	if utf8.ValidString(s) {
		d.out.WriteString(s)
	} else {
		d.out.WriteString(Guess([]byte(s)))
	}
}

// flush writes the pending words.
func (d *wordDecoder) flush() {
	if d.pending == nil {
		return
	}
	text := decodeCharset(d.charset, d.pending)
	d.pending = nil
	switch {
	case d.addresses && d.quoted:
		text = escapeQuotes(text)
	case d.addresses && strings.ContainsAny(text, `()<>[]:;@\,."`):
		text = `"` + escapeQuotes(text) + `"`
	}
	d.out.WriteString(text)
}

func escapeQuotes(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
}

// A word is an encoded word.
type word struct {
	charset string
	text    []byte // decoded from B or Q, still in charset
	size    int    // bytes that it takes in the field
}

// maxWord is the longest encoded word that is read, in bytes. RFC 2047 allows
// 75; many writers do not care.
const maxWord = 4 << 10

// cutWord reads the encoded word that s, which starts with "=?", begins with.
func cutWord(s string) (word, bool) {
	s = s[:min(len(s), maxWord)]
	charset, rest, ok := strings.Cut(s[2:], "?")
	if !ok || charset == "" || strings.ContainsAny(charset, " \t\r\n\"") {
		return word{}, false
	}
	code, rest, ok := strings.Cut(rest, "?")
	if !ok || len(code) != 1 {
		return word{}, false
	}
	n := strings.Index(rest, "?=")
	if n < 0 {
		return word{}, false
	}
	text := rest[:n]
	w := word{charset: charset, size: len(s) - len(rest) + n + 2}
	switch code {
	case "B", "b":
		w.text, ok = decodeB(text)
	case "Q", "q":
		w.text, ok = decodeQ(text), true
	default:
		ok = false
	}
	return w, ok
}

// decodeB decodes base64, ignoring foreign bytes and missing padding. It
// reports whether anything in s was base64.
func decodeB(s string) ([]byte, bool) {
	clean := make([]byte, 0, len(s))
	for i := range len(s) {
		if isBase64(s[i]) {
			clean = append(clean, s[i])
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out, err := base64.RawStdEncoding.AppendDecode(nil, clean)
	return out, err == nil && (len(out) > 0 || s == "")
}

// decodeQ decodes the "Q" encoding; what is no escape in it stays.
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

// oneLine makes control characters blanks, drops the marks that reverse the
// direction of text, and takes blanks off both ends.
func oneLine(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s))
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
}

// unhex returns the value of a hexadecimal digit.
func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
