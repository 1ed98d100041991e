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
		s = &scanner{own: make([]byte, scanSize+1)}
	}
	*s = scanner{loan: newLoan(r), size: size, own: s.own}
	return s
}

func (b *Buffers) giveScanner(s *scanner) {
	s.giveBack()
	s.loan, s.buf = loan{}, nil
	b.scanners.Put(s)
}

// NewReader lends a Reader of the body that r holds in a range.
func (b *Buffers) NewReader(e Encoding, r io.ReaderAt, within Range) *Reader {
	d, _ := b.readers.Get().(*Reader)
	if d == nil {
		d = &Reader{own: make([]byte, decodeSize), out: make([]byte, 0, 2*decodeSize)}
	}
	*d = Reader{loan: newLoan(r), rest: within, own: d.own, out: d.out[:0], base64: base64Decoder{group: d.base64.group[:0], even: d.base64.even}}
	d.dec = d.decoder(e)
	return d
}

// GiveBack takes back a Reader. Nobody may use it any more.
func (b *Buffers) GiveBack(d *Reader) {
	d.loan = loan{}
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
