package mime

import (
	"bufio"
	"bytes"
	"io"
)

// uuDecoder decodes a uuencoded body: what stands between "begin" and "end".
type uuDecoder struct {
	state uuState
	found Defects
}

type uuState uint8

const (
	uuBefore uuState = iota
	uuInside
	uuAfter
)

func (d *uuDecoder) block(dst, text []byte) ([]byte, int) { return dst, 0 }

func (d *uuDecoder) line(dst, text []byte, first, last bool) []byte {
	text, _ = cutEOL(text)
	switch {
	case d.state == uuAfter:
		return dst
	case !first || !last || len(text) > maxUULine:
		d.found |= UUInvalid
		return dst
	case d.state == uuBefore:
		if _, ok := uuBegin(text); ok {
			d.state = uuInside
		}
		return dst
	case isUUEnd(text):
		d.state = uuAfter
		return dst
	}
	dst, ok := uuLine(dst, text)
	if !ok {
		d.found |= UUInvalid
	}
	return dst
}

func (d *uuDecoder) end(dst []byte) []byte {
	if d.state != uuAfter {
		d.found |= UUInvalid
	}
	return dst
}

func (d *uuDecoder) defects() Defects { return d.found }

// maxUULine is the longest line of uuencode: 63 bytes in 84 characters, the
// count, and what programs put behind it.
const maxUULine = 100

// uuBegin returns the file name on a line such as "begin 644 scan.pdf".
func uuBegin(text []byte) (name string, ok bool) {
	rest, ok := bytes.CutPrefix(text, []byte("begin "))
	if !ok {
		return "", false
	}
	mode, file, ok := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	file = bytes.TrimSpace(file)
	if !ok || len(mode) < 3 || len(mode) > 5 || len(file) == 0 {
		return "", false
	}
	for _, c := range mode {
		if c < '0' || c > '7' {
			return "", false
		}
	}
	return decodeWords(string(bytes.Trim(file, `"`))), true
}

func isUUEnd(text []byte) bool { return string(bytes.TrimRight(text, " \t")) == "end" }

// uuLine appends what one line of data holds. It reports false if the line is
// not what its count promises; what is there is appended all the same.
func uuLine(dst, text []byte) ([]byte, bool) {
	if len(text) == 0 {
		return dst, true
	}
	want := int(text[0]-' ') & 0x3f
	ok := text[0] >= ' ' && text[0] <= '`'
	text = text[1:]
	if need := (want + 2) / 3 * 4; len(text) > need {
		text = text[:need] // a check sum, or blanks
	}
	for ; want > 0; text = text[min(4, len(text)):] {
		var g [4]byte // blanks at the end of a line get lost: they are zeroes
		for i, c := range text[:min(4, len(text))] {
			ok = ok && c >= ' ' && c <= '`'
			g[i] = (c - ' ') & 0x3f
		}
		b := [3]byte{g[0]<<2 | g[1]>>4, g[1]<<4 | g[2]>>2, g[2]<<6 | g[3]}
		n := min(3, want)
		dst = append(dst, b[:n]...)
		want -= n
	}
	return dst, ok
}

// A UUFile is a uuencoded file inside a text.
type UUFile struct {
	Name  string // decoded
	Range Range  // from "begin" to "end", in the text
}

// FindUU returns the uuencoded files in a text, at most limit of them: what
// begins with a line such as "begin 644 scan.pdf", goes on with lines of data
// that are as long as they say, and ends with "end", or with what is no data
// where it was cut short.
func (b *Buffers) FindUU(text io.Reader, limit int) ([]UUFile, error) {
	in := b.bufio(text)
	defer b.giveBufio(in)
	var (
		files   []UUFile
		pending UUFile
		open    bool
		off     int64
		lines   int
		scratch []byte
	)
	settle := func(stop int64) {
		if open && lines > 0 {
			pending.Range.End = stop
			files = append(files, pending)
		}
		open = false
	}
	for {
		raw, err := in.ReadSlice('\n')
		start := off
		off += int64(len(raw))
		content, _ := cutEOL(raw)
		switch name, begins := uuBegin(content); {
		case len(files) == limit:
			return files, nil
		case begins:
			settle(start)
			pending, open, lines = UUFile{Name: name, Range: Range{Off: start}}, true, 0
		case open && isUUEnd(content):
			settle(off)
		case open:
			var ok bool
			if scratch, ok = uuLine(scratch[:0], content); !ok || !isUULength(content) {
				settle(start)
			} else if len(scratch) > 0 {
				lines++
			}
		}
		switch {
		case err == io.EOF:
			settle(off)
			return files, nil
		case err != nil && err != bufio.ErrBufferFull:
			return files, err
		}
	}
}

// isUULength reports whether a line of data is as long as its count says, but
// for blanks lost at its end and up to two characters behind it.
func isUULength(text []byte) bool {
	if len(text) == 0 {
		return true
	}
	need := (int(text[0]-' ')&0x3f + 2) / 3 * 4
	have := len(text) - 1
	return have <= need+2 && (have >= need || need-have <= 4)
}
