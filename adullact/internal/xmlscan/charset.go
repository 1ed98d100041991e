package xmlscan

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// A charset turns bytes into characters. All that occur are supersets of
// ASCII; UTF-16 is made UTF-8 beforehand, by Plain. Nil stands for UTF-8.
type charset struct{ table *[256]rune }

var windows1252 = tableOf(charmap.Windows1252)

func tableOf(m *charmap.Charmap) *[256]rune {
	var t [256]rune
	for b := range t {
		t[b] = m.DecodeByte(byte(b))
		if t[b] == utf8.RuneError {
			t[b] = rune(b)
		}
	}
	return &t
}

// charsetOf returns the charset of a label. ISO-8859-1 is read as windows-1252,
// of which it is a part: that is what producers mean.
func charsetOf(label string) (charset, bool) {
	switch strings.ToLower(strings.TrimSpace(label)) {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be":
		return charset{}, true
	case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "ansi":
		return charset{windows1252}, true
	case "iso-8859-15", "iso8859-15", "latin9", "latin-9":
		return charset{tableOf(charmap.ISO8859_15)}, true
	case "cp850", "ibm850":
		return charset{tableOf(charmap.CodePage850)}, true
	case "macintosh":
		return charset{tableOf(charmap.Macintosh)}, true
	}
	return charset{}, false
}

// append adds raw bytes to text. Bytes of UTF-8 are looked at only by finish,
// for a character may be cut between two calls.
func (c charset) append(text, raw []byte) []byte {
	if c.table == nil {
		return append(text, raw...)
	}
	for _, b := range raw {
		if b < utf8.RuneSelf {
			text = append(text, b)
		} else {
			text = utf8.AppendRune(text, c.table[b])
		}
	}
	return text
}

// finish returns text as a string of valid UTF-8 without the characters that
// XML forbids.
func finish(text []byte, found *Defects) string {
	if isPlain(text) {
		return string(text)
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			r = windows1252[text[0]]
			*found |= BadCharset
		}
		if isForbidden(r) {
			r = utf8.RuneError
			*found |= BadRune
		}
		b.WriteRune(r)
		text = text[n:]
	}
	return b.String()
}

func isPlain(text []byte) bool {
	for _, b := range text {
		if b < ' ' && isForbidden(rune(b)) {
			return false
		}
	}
	return utf8.Valid(text)
}

func isForbidden(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

// mark is the byte order mark of UTF-8.
const mark = "\xef\xbb\xbf"

// Plain returns r without its byte order mark, and as UTF-8 if it is UTF-16.
// Offsets in a document are those in what Plain returns.
func Plain(r io.Reader) (_ io.Reader, changed bool, _ error) {
	head := make([]byte, 3)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, false, err
	}
	head = head[:n]
	if rest, ok := bytes.CutPrefix(head, []byte(mark)); ok {
		return io.MultiReader(bytes.NewReader(rest), r), true, nil
	}
	r = io.MultiReader(bytes.NewReader(head), r)
	little := bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("<\x00"))
	big := bytes.HasPrefix(head, []byte("\xfe\xff")) || bytes.HasPrefix(head, []byte("\x00<"))
	switch {
	case little:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()), true, nil
	case big:
		return transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder()), true, nil
	}
	return r, false, nil
}
