package mime

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// An Encoding is a transfer encoding.
type Encoding uint8

const (
	Identity        Encoding = iota // 7bit, 8bit, binary, and what is not known
	Base64                          // RFC 2045, section 6.8
	QuotedPrintable                 // RFC 2045, section 6.7
	UUEncoded                       // POSIX uuencode, as x-uuencode
)

// parseEncoding reads Content-Transfer-Encoding and the ways in which it is
// misspelt. It reports false for what it does not know.
func parseEncoding(s string) (e Encoding, known bool) {
	s = strings.ToLower(skipComment(strings.TrimLeft(s, blanks)))
	s, _, _ = strings.Cut(s, ";")
	s, _, _ = strings.Cut(s, "(")
	switch strings.Trim(s, blanks+`"'.,`) {
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits", "7 bit", "8 bit", "none", "plain", "us-ascii", "utf-8":
		return Identity, true
	case "base64", "base-64", "base 64", "b64", "b":
		return Base64, true
	case "quoted-printable", "quoted printable", "quotedprintable", "quoted_printable", "quoted-printeable", "q":
		return QuotedPrintable, true
	case "x-uuencode", "uuencode", "x-uue", "uue", "x-uu":
		return UUEncoded, true
	}
	return Identity, false
}

// decodeSize is the size of the window through which a body is decoded.
const decodeSize = 32 << 10

// A Reader undoes a transfer encoding and nothing else: no charset, no line
// end is changed. It fails only with an error of what it reads from, or if that
// is shorter than it claims to be; what is wrong with the encoding is among its
// Defects.
type Reader struct {
	loan
	rest   Range   // what is not yet in text
	dec    decoder // one of the next three, or identity
	base64 base64Decoder
	quoted quotedDecoder
	uu     uuDecoder
	own    []byte // for what is not lent
	text   []byte // not yet decoded; in own, or lent
	failed error  // why nothing follows text
	mid    bool   // the last piece did not end its line
	out    []byte // decoded, from off on not yet read
	off    int
	err    error // what follows out
}

// A decoder decodes a body. All functions append what they decode to dst.
type decoder interface {
	// block decodes as many whole lines at the start of text as need no care,
	// and returns how many bytes they take, which may be none.
	block(dst, text []byte) ([]byte, int)
	// line takes a line, or a piece of one that is longer than decodeSize,
	// with its line end. first and last tell whether it begins and ends one.
	line(dst, text []byte, first, last bool) []byte
	// end is called once, after the last line.
	end(dst []byte) []byte
	defects() Defects
}

// decoder returns the decoder of a transfer encoding.
func (d *Reader) decoder(e Encoding) decoder {
	switch e {
	case Base64:
		return &d.base64
	case QuotedPrintable:
		return &d.quoted
	case UUEncoded:
		return &d.uu
	}
	return identity{}
}

// Measure reads on to the end, and returns how many bytes Read would have
// returned. That takes less time.
func (d *Reader) Measure() (int64, error) {
	d.base64.count = true
	n, err := d.WriteTo(io.Discard)
	n += d.base64.size
	d.base64.count, d.base64.size = false, 0
	return n, err
}

// Defects tells what was wrong with the encoding as far as it has been read.
func (d *Reader) Defects() Defects { return d.dec.defects() }

// Read implements [io.Reader].
func (d *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for d.off == len(d.out) {
		if d.err != nil {
			return 0, d.err
		}
		d.fill()
	}
	n := copy(p, d.out[d.off:])
	d.off += n
	return n, nil
}

// WriteTo implements [io.WriterTo].
func (d *Reader) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		n, err := w.Write(d.out[d.off:])
		total += int64(n)
		d.off += n
		switch {
		case err != nil:
			return total, err
		case d.err == io.EOF:
			return total, nil
		case d.err != nil:
			return total, d.err
		}
		d.fill()
	}
}

// fill decodes until a good many bytes are ready or the end is reached. Nothing
// is lent afterwards.
func (d *Reader) fill() {
	defer d.leave()
	d.out, d.off = d.out[:0], 0
	for len(d.out) < decodeSize/2 && d.err == nil {
		if !d.mid {
			var n int
			d.out, n = d.dec.block(d.out, d.text)
			d.text = d.text[n:]
		}
		text, last, ok := d.cut()
		switch {
		case ok:
			d.out = d.dec.line(d.out, text, !d.mid, last)
			d.mid = !last
		case d.failed == nil:
			d.read()
		default:
			d.err = d.failed
			if d.err == io.EOF {
				d.out = d.dec.end(d.out)
			}
		}
	}
}

// leave gives back what is lent, to have it lent again.
func (d *Reader) leave() {
	if d.lent {
		d.rest.Off -= int64(len(d.text))
		d.text = nil
		d.giveBack()
	}
}

// cut takes a line off the text, or a piece of one that fills all of a window.
// It reports false if there is none without reading on.
func (d *Reader) cut() (text []byte, last, ok bool) {
	text = d.text
	n := bytes.IndexByte(text, '\n') + 1
	switch {
	case n > 0:
		text, last = text[:n], true
	case len(text) == len(d.own):
	case d.failed != nil && len(text) > 0:
		last = true
	default:
		return nil, false, false
	}
	d.text = d.text[len(text):]
	return text, last, true
}

// read has the text begin as it does, and hold more unless the end is reached.
func (d *Reader) read() {
	n := copy(d.own, d.text)
	d.giveBack()
	from := Range{d.rest.Off - int64(n), d.rest.End}
	lent := d.take(from.Off, int(min(int64(len(d.own)), from.Size())))
	if len(lent) > n {
		d.text = lent
		d.rest.Off = from.Off + int64(len(lent))
		return
	}
	d.giveBack()
	want := min(int64(len(d.own)-n), d.rest.Size())
	if len(lent) > 0 {
		want = min(want, int64(max(n, border)))
	}
	d.text = d.own[:n]
	if want <= 0 {
		d.failed = io.EOF
		return
	}
	got, err := d.from.ReadAt(d.own[n:n+int(want)], d.rest.Off)
	d.text = d.own[:n+got]
	d.rest.Off += int64(got)
	switch {
	case int64(got) == want:
	case err == nil || errors.Is(err, io.EOF):
		d.failed = io.ErrUnexpectedEOF
	default:
		d.failed = err
	}
}

// identity is the decoder of what is not encoded.
type identity struct{}

func (identity) block(dst, text []byte) ([]byte, int)           { return append(dst, text...), len(text) }
func (identity) line(dst, text []byte, first, last bool) []byte { return append(dst, text...) }
func (identity) end(dst []byte) []byte                          { return dst }
func (identity) defects() Defects                               { return 0 }

// cutEOL cuts the line end, if any, off a line.
func cutEOL(text []byte) (content, eol []byte) {
	n := len(text)
	if n > 0 && text[n-1] == '\n' {
		n--
		if n > 0 && text[n-1] == '\r' {
			n--
		}
	}
	return text[:n], text[n:]
}
