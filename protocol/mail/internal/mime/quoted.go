package mime

import "bytes"

// quotedDecoder decodes quoted-printable. What is no escape stays as it is.
type quotedDecoder struct {
	held  []byte // the end of a piece that may begin an escape, or blanks at its end
	found Defects
}

// maxBlanks is how many blanks at the end of a line count as padding by
// transports; lines of mail have at most 998 bytes.
const maxBlanks = 998

func (d *quotedDecoder) block(dst, text []byte) ([]byte, int) { return dst, 0 }

func (d *quotedDecoder) line(dst, text []byte, first, last bool) []byte {
	if len(d.held) > 0 {
		text = append(d.held, text...)
		d.held = nil
	}
	content, eol := cutEOL(text)
	if !last { // wait for what may be an escape or blanks at the end of the line
		keep := holdFrom(content)
		d.held = append([]byte(nil), text[keep:]...)
		return d.escapes(dst, text[:keep])
	}
	// RFC 2045, section 6.7 (3): blanks at the end of a line were added in
	// transport.
	if n := len(content) - trailingBlanks(content); n >= len(content)-maxBlanks {
		content = content[:n]
	}
	if n := len(content); n > 0 && content[n-1] == '=' {
		return d.escapes(dst, content[:n-1]) // a soft line break
	}
	return append(d.escapes(dst, content), eol...)
}

// holdFrom returns where the end of s begins that cannot be decoded before
// what follows is known.
func holdFrom(s []byte) int {
	n := len(s)
	if n > 0 && s[n-1] == '\r' {
		n--
	}
	n -= min(trailingBlanks(s[:n]), maxBlanks)
	for i := 1; i <= 2 && n-i >= 0; i++ {
		if s[n-i] == '=' {
			return n - i
		}
	}
	return n
}

func trailingBlanks(s []byte) int {
	n := 0
	for n < len(s) && (s[len(s)-1-n] == ' ' || s[len(s)-1-n] == '\t') {
		n++
	}
	return n
}

// escapes appends s with its escapes undone.
func (d *quotedDecoder) escapes(dst, s []byte) []byte {
	for {
		n := bytes.IndexByte(s, '=')
		if n < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:n]...)
		s = s[n+1:]
		if len(s) >= 2 && isHex(s[0]) && isHex(s[1]) {
			dst = append(dst, unhex(s[0])<<4|unhex(s[1]))
			s = s[2:]
			continue
		}
		d.found |= QuotedInvalid
		dst = append(dst, '=')
	}
}

func (d *quotedDecoder) end(dst []byte) []byte { return d.escapes(dst, d.held) }

func (d *quotedDecoder) defects() Defects { return d.found }
