package mime

import (
	"bytes"
	"encoding/base64"
)

// base64Decoder decodes base64 as mail programs, gateways and mailing lists
// leave it.
//
// Foreign bytes are skipped. Data may go on after its padding, where several
// encoded pieces were joined. Once the data may have ended, after padding or at
// a line of text between whole groups, only lines that are nothing but base64
// in whole groups are taken; others are a footer that somebody appended.
type base64Decoder struct {
	group  []byte // characters not yet decoded
	even   []byte // lines without their ends, for evenLines
	uneven bool   // evenLines met some that are not
	begun  bool   // data was met
	ended  bool   // the data may have ended
	found  Defects

	count bool  // block only counts
	size  int64 // what it counted, decoded

	good, foreign int64 // bytes met before the data ended
}

func (d *base64Decoder) block(dst, text []byte) ([]byte, int) {
	if d.ended || len(d.group) > 0 {
		return dst, 0
	}
	start := len(dst)
	dst, size, data := d.evenLines(dst, text)
	t, at := pairs(), len(dst)
	groups := func(text []byte) (n int) {
		dst, n = t.decodeGroups(dst, text)
		return n
	}
	if d.count {
		groups = t.countGroups
	}
	n, more := wholeLines(text[size:], groups)
	size, data = size+n, data+more
	d.begun = d.begun || data > 0
	d.good += int64(data)
	if d.count {
		d.size += int64(data / 4 * 3)
		return dst[:start], size
	}
	return dst[:at+more/4*3], size
}

func (d *base64Decoder) line(dst, text []byte, first, last bool) []byte {
	text, _ = cutEOL(text)
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return dst
	}
	if !d.ended && len(d.group) == 0 && len(text)%4 == 0 && text[len(text)-1] != '=' {
		if out, n := pairs().decodeGroups(dst, text); n == len(text) {
			d.begun = true
			d.good += int64(len(text))
			return out // a piece of a line without end
		}
	}
	if d.begun && len(d.group) == 0 && first && last && isProse(text) {
		d.ended = true
	}
	d.begun = true
	if d.ended {
		if !first || !last || !isWholeGroups(text) {
			d.found |= Base64Trailer
			return dst
		}
		d.found |= Base64Joined
		d.ended = false
	}
	if isAllBase64(text) {
		d.good += int64(len(text))
		return d.flush(dst, append(d.group, text...))
	}
	return d.mixed(dst, text)
}

// mixed takes a line that holds padding or foreign bytes.
func (d *base64Decoder) mixed(dst, text []byte) []byte {
	group := d.group
	for i, c := range text {
		d.good++
		switch {
		case isBase64(c):
			group = append(group, c)
		case c != '=':
			d.good--
			d.foreign++
			d.found |= Base64Junk
		case len(group)%4 >= 2:
			dst = d.close(dst, group)
			group = d.group
			rest := bytes.TrimLeft(text[i+1:], "=")
			if len(rest) == 0 {
				d.ended = true
				return dst
			}
			if !isWholeGroups(rest) {
				d.ended = true
				d.found |= Base64Trailer
				return dst
			}
			d.found |= Base64Joined
		}
	}
	return d.flush(dst, group)
}

// flush decodes the whole groups and keeps the rest.
func (d *base64Decoder) flush(dst, group []byte) []byte {
	n := len(group) / 4 * 4
	dst, _ = base64.StdEncoding.AppendDecode(dst, group[:n])
	d.group = append(group[:0], group[n:]...)
	return dst
}

// close decodes everything up to a padding that may be incomplete.
func (d *base64Decoder) close(dst, group []byte) []byte {
	if len(group)%4 == 1 {
		group = group[:len(group)-1]
	}
	dst, _ = base64.RawStdEncoding.AppendDecode(dst, group)
	d.group = group[:0]
	return dst
}

func (d *base64Decoder) end(dst []byte) []byte {
	if len(d.group) > 0 {
		d.found |= Base64Padding
	}
	if d.isUntrue() {
		d.found |= EncodingUntrue
	}
	return d.close(dst, d.group)
}

// isUntrue reports whether so much was foreign that the body never was base64:
// an eighth of it is more than any accident adds, and less than text, markup
// or binary data have. Of little text more is asked.
func (d *base64Decoder) isUntrue() bool {
	const little, share = 100, 8
	if d.good+d.foreign < little {
		return d.foreign*share > d.good*2
	}
	return d.foreign*share > d.good
}

func (d *base64Decoder) defects() Defects { return d.found }

// isAllBase64 reports whether s holds nothing but characters of base64.
func isAllBase64(s []byte) bool {
	for _, c := range s {
		if !isBase64(c) {
			return false
		}
	}
	return true
}

// isWholeGroups reports whether s is base64 in groups of four, the last of
// which may be padded.
func isWholeGroups(s []byte) bool {
	if len(s)%4 != 0 {
		return false
	}
	for pads := 0; pads < 2 && len(s) > 0 && s[len(s)-1] == '='; pads++ {
		s = s[:len(s)-1]
	}
	return isAllBase64(s)
}

// isProse reports whether a line is text rather than base64: there is nothing
// of base64 in it, or there are blanks in it, many or between what is not whole
// groups.
func isProse(s []byte) bool {
	blank, foreign := 0, 0
	for _, c := range s {
		switch {
		case c == ' ' || c == '\t':
			blank++
		case !isBase64(c) && c != '=':
			foreign++
		}
	}
	rest := len(s) - blank - foreign
	return rest == 0 || blank > 0 && rest%4 != 0 || blank*10 > len(s) && foreign > 0
}
