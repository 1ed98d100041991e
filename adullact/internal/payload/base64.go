package payload

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// A Decoder decodes base64. Blanks and line breaks do not count wherever they
// are, and the padding may be missing. It is also an [io.ByteReader], which
// spares the decompressors a buffer.
type Decoder struct {
	src    io.Reader
	raw    []byte // read, the first kept bytes already packed
	kept   int
	out    []byte // decoded
	pos    int
	offset int64 // of the characters decoded so far, blanks not counted
	padded bool
	err    error
}

const rawSize = 32 << 10

// NewDecoder returns a Decoder of what r yields.
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{src: r, raw: make([]byte, rawSize), out: make([]byte, 0, rawSize)}
}

// Read implements [io.Reader]. Errors about the characters wrap ErrCorrupt.
func (d *Decoder) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for d.pos == len(d.out) {
		if d.err != nil {
			return 0, d.err
		}
		d.fill()
	}
	n := copy(p, d.out[d.pos:])
	d.pos += n
	return n, nil
}

// ReadByte implements [io.ByteReader].
func (d *Decoder) ReadByte() (byte, error) {
	for d.pos == len(d.out) {
		if d.err != nil {
			return 0, d.err
		}
		d.fill()
	}
	b := d.out[d.pos]
	d.pos++
	return b, nil
}

// fill decodes what one read brings.
func (d *Decoder) fill() {
	n, err := d.src.Read(d.raw[d.kept:])
	packed := d.raw[:d.kept+len(pack(d.raw[d.kept:d.kept+n]))]
	whole := len(packed) &^ 3
	if err != nil {
		whole = len(packed)
		d.err = err
	}
	d.pos = 0
	d.decode(packed[:whole])
	d.kept = copy(d.raw, packed[whole:])
}

// decode decodes text, which holds no blanks.
func (d *Decoder) decode(text []byte) {
	d.out = slices.Grow(d.out[:0], len(text))[:len(text)]
	if d.padded {
		text = d.trimPadding(text)
	}
	n, err := base64.RawStdEncoding.Decode(d.out, text)
	var bad base64.CorruptInputError
	if errors.As(err, &bad) && text[min(int(bad), len(text)-1)] == '=' {
		i := slices.Index(text, '=')
		d.padded = true
		d.trimPadding(text[i:])
		n, err = base64.RawStdEncoding.Decode(d.out, text[:i])
	}
	d.out = d.out[:n]
	if errors.As(err, &bad) {
		d.err = fmt.Errorf("base64 character %d: %w", d.offset+int64(bad), ErrCorrupt)
	}
	d.offset += int64(len(text))
}

// trimPadding takes padding off the start of text. What follows padding is
// corrupt.
func (d *Decoder) trimPadding(text []byte) []byte {
	for len(text) > 0 && text[0] == '=' {
		text = text[1:]
	}
	if len(text) > 0 {
		d.err = fmt.Errorf("base64 after its padding: %w", ErrCorrupt)
	}
	return nil
}

// pack removes blanks and line breaks from b, in place.
func pack(b []byte) []byte {
	i := indexBlank(b)
	out := b[:i]
	for i < len(b) {
		if isBlank(b[i]) {
			i++
			continue
		}
		n := indexBlank(b[i:])
		out = append(out, b[i:i+n]...)
		i += n
	}
	return out
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// indexBlank returns the index of the first blank or line break in b, or its
// length. It looks at eight bytes at a time: the high bit of (x - 0x21…) &^ x
// is set where a byte of x is below 0x21.
func indexBlank(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		if (x-0x2121212121212121)&^x&0x8080808080808080 != 0 {
			break
		}
	}
	for i < len(b) && !isBlank(b[i]) {
		i++
	}
	return i
}
