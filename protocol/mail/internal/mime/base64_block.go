package mime

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// sextets holds, for each of the four characters of a group of base64, the bits
// that it stands for in the place that they have in the 24 of the group.
var sextets = newSextets()

// foreign marks in sextets what is no character of base64.
const foreign = 1 << 31

func newSextets() (t [4][256]uint32) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for place := range t {
		for c := range t[place] {
			t[place][c] = foreign
		}
		for i, c := range []byte(alphabet) {
			t[place][c] = uint32(i) << (18 - 6*place)
		}
	}
	return t
}

// decodeGroups appends what the groups of four characters hold with which text
// begins, up to the first with another character in it, padding included. It
// returns how many bytes of text that is.
func decodeGroups(dst, text []byte) ([]byte, int) {
	at := len(dst)
	dst = slices.Grow(dst, len(text)/4*3+8) // a group more than needed, for whole words are written
	out := dst[at:cap(dst)]
	in, done := text, 0
	for len(in) >= 8 && len(out) >= 8 {
		a := sextets[0][in[0]] | sextets[1][in[1]] | sextets[2][in[2]] | sextets[3][in[3]]
		b := sextets[0][in[4]] | sextets[1][in[5]] | sextets[2][in[6]] | sextets[3][in[7]]
		if (a|b)&foreign != 0 {
			break
		}
		binary.BigEndian.PutUint64(out, uint64(a)<<40|uint64(b)<<16)
		in, out, done = in[8:], out[6:], done+6
	}
	for len(in) >= 4 && len(out) >= 4 {
		a := sextets[0][in[0]] | sextets[1][in[1]] | sextets[2][in[2]] | sextets[3][in[3]]
		if a&foreign != 0 {
			break
		}
		binary.BigEndian.PutUint32(out, a<<8)
		in, out, done = in[4:], out[3:], done+3
	}
	return dst[:at+done], len(text) - len(in)
}

// likelyLine is more than a line of base64 has: RFC 2045 allows 76 characters,
// and hardly any writer uses more than some hundreds.
const likelyLine = 1 << 10

// decodeLines appends what the lines hold with which text begins, as long as
// they are whole and nothing but whole groups of base64. It returns how many
// bytes of text they take, and how many characters of base64 are in them.
func decodeLines(dst, text []byte) (out []byte, size, data int) {
	if bytes.IndexByte(text[:min(len(text), likelyLine)], '\n') < 0 {
		return dst, 0, 0
	}
	start := len(dst)
	line := start // of dst, what the lines that are done hold
	for {
		var n int
		dst, n = decodeGroups(dst, text[size:])
		switch rest := text[size+n:]; {
		case len(rest) > 0 && rest[0] == '\n':
			size += n + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			size += n + 2
		default:
			return dst[:line], size, (line - start) / 3 * 4
		}
		line = len(dst)
	}
}
