package xmlscan

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// A window is the part of a document that is in memory.
type window struct {
	src  io.Reader
	buf  []byte
	pos  int   // what is before was read
	end  int   // what is from here on is not filled
	base int64 // offset of buf[0]
	less int   // index of the next "<" at or after pos, or end; -1: not looked for
	max  int   // how long buf may become
	err  error // of src
}

const windowSize = 64 << 10

var errTagTooLong = errors.New("tag too long")

func newWindow(r io.Reader, maxTag int) window {
	return window{src: r, buf: make([]byte, windowSize), less: -1, max: max(windowSize, maxTag+16)}
}

func (w *window) offset() int64 { return w.base + int64(w.pos) }

func (w *window) skip(n int) { w.pos += n }

// fill reads more. It fails only if nothing came.
func (w *window) fill() error {
	if w.err != nil {
		return w.err
	}
	w.less = -1
	if w.pos > 0 {
		copy(w.buf, w.buf[w.pos:w.end])
		w.base += int64(w.pos)
		w.pos, w.end = 0, w.end-w.pos
	}
	if w.end == len(w.buf) {
		if len(w.buf) >= w.max {
			return errTagTooLong
		}
		w.buf = slices.Grow(w.buf, len(w.buf))
		w.buf = w.buf[:min(cap(w.buf), w.max)]
	}
	for range 100 {
		n, err := w.src.Read(w.buf[w.end:])
		w.end += n
		w.err = err
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	w.err = io.ErrNoProgress
	return w.err
}

// peek returns the next n bytes without taking them.
func (w *window) peek(n int) ([]byte, error) {
	for w.end-w.pos < n {
		if err := w.fill(); err != nil {
			return nil, err
		}
	}
	return w.buf[w.pos : w.pos+n], nil
}

// atMost returns the next n bytes, or fewer at the end of the document.
func (w *window) atMost(n int) []byte {
	b, err := w.peek(n)
	if err != nil {
		return w.buf[w.pos:w.end]
	}
	return b
}

// text takes the bytes up to the next "<" or "&", as far as they are in the
// window. If there are none it returns which of the two is next.
func (w *window) text() (piece []byte, mark byte, err error) {
	if w.pos == w.end {
		if err := w.fill(); err != nil {
			return nil, 0, err
		}
	}
	if w.less < w.pos {
		w.less = w.end
		if i := bytes.IndexByte(w.buf[w.pos:w.end], '<'); i >= 0 {
			w.less = w.pos + i
		}
	}
	piece = w.buf[w.pos:w.less]
	if i := bytes.IndexByte(piece, '&'); i >= 0 {
		piece = piece[:i]
	}
	w.pos += len(piece)
	if len(piece) > 0 {
		return piece, 0, nil
	}
	return nil, w.buf[w.pos], nil
}

// upTo takes bytes until mark, as far as they are in the window; found tells
// that mark was taken too.
func (w *window) upTo(mark string) (piece []byte, found bool, err error) {
	for {
		b := w.buf[w.pos:w.end]
		if i := bytes.Index(b, []byte(mark)); i >= 0 {
			w.pos += i + len(mark)
			return b[:i], true, nil
		}
		if keep := len(mark) - 1; len(b) > keep {
			w.pos += len(b) - keep
			return b[:len(b)-keep], false, nil
		}
		if err := w.fill(); err != nil {
			return nil, false, err
		}
	}
}

// skipTo takes everything up to mark, and mark.
func (w *window) skipTo(mark string) error {
	for {
		_, found, err := w.upTo(mark)
		if found || err != nil {
			return err
		}
	}
}

// tag takes a tag and returns what is between its angle brackets. Only it may
// make the window grow.
func (w *window) tag() ([]byte, error) {
	quote := byte(0)
	for n := 1; ; n++ {
		if w.pos+n >= w.end {
			if err := w.fill(); err != nil {
				return nil, err
			}
		}
		switch b := w.buf[w.pos+n]; {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"', b == '\'':
			quote = b
		case b == '>':
			inner := w.buf[w.pos+1 : w.pos+n]
			w.pos += n + 1
			if len(inner) == 0 {
				return []byte{' '}, nil
			}
			return inner, nil
		}
	}
}
