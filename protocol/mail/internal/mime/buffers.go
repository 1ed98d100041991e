package mime

import (
	"bufio"
	"io"
	"sync"
)

// Buffers lends what is needed to read a message, and lends again what comes
// back: whoever takes many messages apart shares one. Its zero value is ready
// for use, is safe for concurrent use, and must not be copied after first use.
type Buffers struct {
	scanners sync.Pool // *scanner
	readers  sync.Pool // *Reader
	lines    sync.Pool // *bufio.Reader
}

// scanner lends a scanner of what r holds in its first size bytes.
func (b *Buffers) scanner(r io.ReaderAt, size int64) *scanner {
	s, _ := b.scanners.Get().(*scanner)
	if s == nil {
		s = &scanner{buf: make([]byte, scanSize+1)}
	}
	*s = scanner{r: r, size: size, buf: s.buf}
	return s
}

func (b *Buffers) giveScanner(s *scanner) {
	s.r = nil
	b.scanners.Put(s)
}

// NewReader lends a Reader of the body that r holds.
func (b *Buffers) NewReader(e Encoding, r io.Reader) *Reader {
	d, _ := b.readers.Get().(*Reader)
	if d == nil {
		d = &Reader{window: make([]byte, decodeSize), out: make([]byte, 0, 2*decodeSize)}
	}
	*d = Reader{in: r, window: d.window, out: d.out[:0], base64: base64Decoder{group: d.base64.group[:0], even: d.base64.even}}
	d.dec = d.decoder(e)
	return d
}

// GiveBack takes back a Reader. Nobody may use it any more.
func (b *Buffers) GiveBack(d *Reader) {
	d.in = nil
	b.readers.Put(d)
}

// bufio lends a reader of lines of r.
func (b *Buffers) bufio(r io.Reader) *bufio.Reader {
	in, _ := b.lines.Get().(*bufio.Reader)
	if in == nil {
		return bufio.NewReaderSize(r, decodeSize)
	}
	in.Reset(r)
	return in
}

func (b *Buffers) giveBufio(in *bufio.Reader) {
	in.Reset(nil)
	b.lines.Put(in)
}
