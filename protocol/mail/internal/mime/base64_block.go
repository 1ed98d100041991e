package mime

import (
	"bytes"
	stdbase64 "encoding/base64"
	"encoding/binary"
	"runtime"
	"slices"
	"sync"

	"github.com/segmentio/asm/base64"
	"github.com/segmentio/asm/cpu"
	"github.com/segmentio/asm/cpu/x86"
)

// A pair is two characters of base64, as they lie in a word of little endian.
// pairs holds the 12 bits that each stands for. Of its 128 kB only the few that
// base64 has are looked at, so that it takes no more of the cache than a table
// of characters would, with half the look-ups.
var pairs = sync.OnceValue(newPairs)

type pairTable [1 << 16]uint16

// foreign marks a pair in which not both are characters of base64.
const foreign = 1 << 15

func newPairs() *pairTable {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	t := new(pairTable)
	for i := range t {
		t[i] = foreign
	}
	for i, a := range []byte(alphabet) {
		for j, b := range []byte(alphabet) {
			t[binary.LittleEndian.Uint16([]byte{a, b})] = uint16(i<<6 | j)
		}
	}
	return t
}

// decodeGroups appends what the groups of four characters hold with which text
// begins, up to the first with another character in it, padding included. It
// returns how many bytes of text that is.
func (t *pairTable) decodeGroups(dst, text []byte) ([]byte, int) {
	at := len(dst)
	dst = slices.Grow(dst, len(text)/4*3+8) // a group more than needed, for whole words are written
	out := dst[at:cap(dst)]
	in, done := text, 0
	for len(in) >= 8 && len(out) >= 8 {
		a, b := t[binary.LittleEndian.Uint16(in)], t[binary.LittleEndian.Uint16(in[2:])]
		c, d := t[binary.LittleEndian.Uint16(in[4:])], t[binary.LittleEndian.Uint16(in[6:])]
		if (a|b|c|d)&foreign != 0 {
			break
		}
		binary.BigEndian.PutUint64(out, uint64(a)<<52|uint64(b)<<40|uint64(c)<<28|uint64(d)<<16)
		in, out, done = in[8:], out[6:], done+6
	}
	for len(in) >= 4 && len(out) >= 4 {
		a, b := t[binary.LittleEndian.Uint16(in)], t[binary.LittleEndian.Uint16(in[2:])]
		if (a|b)&foreign != 0 {
			break
		}
		binary.BigEndian.PutUint32(out, uint32(a)<<20|uint32(b)<<8)
		in, out, done = in[4:], out[3:], done+3
	}
	return dst[:at+done], len(text) - len(in)
}

// countGroups returns how many bytes decodeGroups takes of text.
func (t *pairTable) countGroups(text []byte) int {
	in := text
	for len(in) >= 8 {
		a, b := t[binary.LittleEndian.Uint16(in)], t[binary.LittleEndian.Uint16(in[2:])]
		c, d := t[binary.LittleEndian.Uint16(in[4:])], t[binary.LittleEndian.Uint16(in[6:])]
		if (a|b|c|d)&foreign != 0 {
			break
		}
		in = in[8:]
	}
	for len(in) >= 4 && (t[binary.LittleEndian.Uint16(in)]|t[binary.LittleEndian.Uint16(in[2:])])&foreign == 0 {
		in = in[4:]
	}
	return len(text) - len(in)
}

// likelyLine is more than a line of base64 has: RFC 2045 allows 76 characters,
// and hardly any writer uses more than some hundreds.
const likelyLine = 1 << 10

// wholeLines goes through the lines with which text begins, as long as they are
// whole and nothing but whole groups of base64, and has groups take those of
// each, and of what stands behind them. It returns how many bytes of text the
// lines take, and how many characters of base64 are in them.
func wholeLines(text []byte, groups func(text []byte) int) (size, data int) {
	if bytes.IndexByte(text[:min(len(text), likelyLine)], '\n') < 0 {
		return 0, 0
	}
	for {
		n := groups(text[size:])
		switch rest := text[size+n:]; {
		case len(rest) > 0 && rest[0] == '\n':
			size += n + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			size += n + 2
		default:
			return size, data
		}
		data += n
	}
}

// wide tells whether the library decodes with wide registers here. Otherwise it
// takes twice as long as the table of pairs.
var wide = hasWide()

func hasWide() bool {
	if _, standard := any(base64.StdEncoding).(*stdbase64.Encoding); standard {
		return false // 386, which may have AVX2 too, and builds with the tag purego
	}
	return cpu.X86.Has(x86.AVX2) || runtime.GOARCH == "arm64"
}

// evenLines appends to dst what the lines hold with which text begins, as long as
// each is as long as the first. It takes none of them if one has anything but
// whole groups of base64. It returns what wholeLines does.
//
// The library knows nothing of lines: their ends are left out before.
func (d *base64Decoder) evenLines(dst, text []byte) (_ []byte, size, data int) {
	if !wide || d.uneven {
		return dst, 0, 0
	}
	end := bytes.IndexByte(text[:min(len(text), likelyLine)], '\n')
	line := end
	if end > 0 && text[end-1] == '\r' {
		line--
	}
	if line < 4 || line%4 != 0 {
		return dst, 0, 0
	}
	d.even = slices.Grow(d.even[:0], len(text))
	even := d.even[:cap(d.even)]
	for size+end < len(text) && text[size+end] == '\n' && text[size+line] == text[line] {
		data += copy(even[data:], text[size:size+line])
		size += end + 1
	}
	start, n := len(dst), data/4*3
	dst = slices.Grow(dst, n)
	if got, err := base64.StdEncoding.Decode(dst[start:start+n], even[:data]); err != nil || got != n {
		d.uneven = true // padding, line ends where none are expected, foreign bytes: there may be more
		return dst, 0, 0
	}
	return dst[:start+n], size, data
}
