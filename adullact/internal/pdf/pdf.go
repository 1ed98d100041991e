// Package pdf finds the files that are embedded in a PDF: ISO 32000-1, 7.11.4.
// It does not read the PDF as such. It goes through its bytes in sequence, in
// bounded memory, and stops at streams that say that they are embedded files;
// those never lie in object streams. Encrypted files are not decrypted.
package pdf

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"io"
)

// A Finder goes through a PDF.
type Finder struct {
	r      *bufio.Reader
	offset int64
	tail   []byte // what was before offset, as far as a dictionary may need it
}

// A Stream tells where an embedded file lies.
type Stream struct {
	Offset int64 // of its first byte, as stored
	Flate  bool  // it is compressed
}

const (
	windowSize = 64 << 10
	maxDict    = 4 << 10
)

// NewFinder returns a Finder for the PDF that r yields.
func NewFinder(r io.Reader) *Finder {
	return &Finder{r: bufio.NewReaderSize(r, windowSize)}
}

// Next goes on to the next embedded file. It returns io.EOF if there is none.
// Open reads it, before the next call of Next.
func (f *Finder) Next() (Stream, error) {
	const word = "stream"
	for {
		b, err := f.peek()
		if len(b) == 0 {
			return Stream{}, err
		}
		if err != nil && err != io.EOF {
			return Stream{}, err
		}
		i := bytes.Index(b, []byte(word))
		switch {
		case i < 0 && (err == io.EOF || len(b) < len(word)):
			return Stream{}, io.EOF
		case i < 0:
			f.skip(len(b) - len(word))
			continue
		}
		f.skip(i)
		dict := dictOf(f.tail)
		f.skip(len(word))
		if isEmbedded(dict) {
			f.skipBreak()
			return Stream{f.offset, bytes.Contains(dict, []byte("FlateDecode"))}, nil
		}
	}
}

// peek returns what is in the window, and fills it only if that is little.
func (f *Finder) peek() ([]byte, error) {
	if n := f.r.Buffered(); n >= maxDict {
		return f.r.Peek(n)
	}
	return f.r.Peek(windowSize)
}

// skip goes forward by bytes that were peeked at.
func (f *Finder) skip(n int) {
	b, _ := f.r.Peek(n)
	f.tail = append(f.tail, b[max(0, len(b)-maxDict):]...)
	f.tail = append(f.tail[:0], f.tail[max(0, len(f.tail)-maxDict):]...)
	f.r.Discard(len(b))
	f.offset += int64(len(b))
}

// skipBreak goes past the line break after "stream".
func (f *Finder) skipBreak() {
	b, _ := f.r.Peek(2)
	switch {
	case bytes.HasPrefix(b, []byte("\r\n")):
		f.skip(2)
	case len(b) > 0 && (b[0] == '\n' || b[0] == '\r'):
		f.skip(1)
	}
}

// dictOf returns the dictionary at the end of b; nil if there is none.
func dictOf(b []byte) []byte {
	b = bytes.TrimRight(b, " \t\r\n")
	if !bytes.HasSuffix(b, []byte(">>")) {
		return nil
	}
	if i := bytes.LastIndex(b, []byte("obj")); i >= 0 {
		return b[i:]
	}
	return nil
}

func isEmbedded(dict []byte) bool {
	for _, mark := range []string{"/EmbeddedFile", "text#2Fxml", "text#2fxml", "application#2Fxml", "application#2fxml"} {
		if bytes.Contains(dict, []byte(mark)) {
			return true
		}
	}
	return false
}

// Open reads the file that Next came to. What it reads, Next does not see
// again.
func (f *Finder) Open(s Stream) (io.Reader, error) {
	return open(&counted{f}, s)
}

// OpenAt reads a file from r, which yields what begins at Stream.Offset.
func OpenAt(r io.Reader, s Stream) (io.Reader, error) {
	return open(bufio.NewReader(r), s)
}

type byteReader interface {
	io.Reader
	io.ByteReader
}

func open(r byteReader, s Stream) (io.Reader, error) {
	if s.Flate {
		return zlib.NewReader(r)
	}
	return &plain{r: r}, nil
}

// counted keeps the offset of a Finder while its stream is read.
type counted struct{ f *Finder }

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.f.r.Read(p)
	c.f.offset += int64(n)
	c.f.tail = c.f.tail[:0]
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.f.r.ReadByte()
	if err == nil {
		c.f.offset++
		c.f.tail = c.f.tail[:0]
	}
	return b, err
}

// A plain stream ends before "endstream", and the line break before that.
type plain struct {
	r    byteReader
	held []byte // not passed on yet: it may be the end
	done bool
}

const endWord = "endstream"

var errNoEnd = errors.New("stream without an end")

func (p *plain) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) && !p.done {
		c, err := p.r.ReadByte()
		if err == io.EOF {
			err = errNoEnd
		}
		if err != nil {
			return n, err
		}
		p.held = append(p.held, c)
		if bytes.HasSuffix(p.held, []byte(endWord)) {
			p.held = p.held[:len(p.held)-len(endWord)]
			p.held = bytes.TrimSuffix(bytes.TrimSuffix(p.held, []byte("\n")), []byte("\r"))
			p.done = true
			break
		}
		if len(p.held) > len(endWord)+2 {
			b[n] = p.held[0]
			p.held = p.held[1:]
			n++
		}
	}
	if p.done && n < len(b) && len(p.held) > 0 {
		k := copy(b[n:], p.held)
		p.held = p.held[k:]
		n += k
	}
	if p.done && n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
