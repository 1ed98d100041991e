package mime

import (
	"bytes"
	"errors"
	"io"
)

// scanSize is the size of the window through which a message is read, and so
// the most of one line that is looked at together.
const scanSize = 64 << 10

// A line is a line of a message, or a piece of one longer than scanSize.
type line struct {
	text  []byte // without its line end; valid until the next call
	off   int64  // of text
	end   int64  // after the line end
	first bool   // begins a line
	whole bool   // ends with it: a line end follows, or the end of all
}

// stop is where the content of the line ends, before its line end.
func (l line) stop() int64 { return l.off + int64(len(l.text)) }

// A scanner reads lines one after another. Lines end in LF or CRLF.
type scanner struct {
	loan
	size   int64
	own    []byte // a window for what is not lent
	buf    []byte // the window: own, or lent
	at     int64  // offset of buf[0]
	lo, hi int    // buf[lo:hi] is not yet read
	mid    bool   // the last piece did not end its line
	err    error
}

// pos is the offset of what next returns.
func (s *scanner) pos() int64 { return s.at + int64(s.lo) }

// seek makes next go on at the line that begins at off.
func (s *scanner) seek(off int64) {
	if off >= s.at && off <= s.at+int64(s.hi) {
		s.lo = int(off - s.at)
	} else {
		s.at, s.lo, s.hi = off, 0, 0
	}
	s.mid = false
}

// next returns the next line. It returns false at the end, or once s.err is
// set.
func (s *scanner) next() (line, bool) {
	n := bytes.IndexByte(s.buf[s.lo:s.hi], '\n')
	for n < 0 && s.hi-s.lo < len(s.own) {
		seen := s.hi - s.lo
		s.fill()
		if s.err != nil || s.hi == 0 {
			return line{}, false
		}
		if n = bytes.IndexByte(s.buf[seen:s.hi], '\n'); n >= 0 {
			n += seen
		}
		if s.at+int64(s.hi) >= s.size {
			break
		}
	}
	l := line{off: s.pos(), first: !s.mid, whole: true}
	switch {
	case n >= 0:
		l.text = s.buf[s.lo : s.lo+n]
		l.text = bytes.TrimSuffix(l.text, []byte{'\r'})
		s.lo += n + 1
	case s.at+int64(s.hi) >= s.size:
		l.text = s.buf[s.lo:s.hi]
		s.lo = s.hi
	default: // a piece; keep a CR for the LF that may follow it
		l.text = bytes.TrimSuffix(s.buf[s.lo:s.hi], []byte{'\r'})
		l.whole = false
		s.lo += len(l.text)
	}
	s.mid = !l.whole
	l.end = s.pos()
	return l, true
}

// leap goes to the line in which the next '-' stands, or the window ends: no
// line before that one can be a delimiter. It returns where the content of the
// line before ends, and false if it did not move.
func (s *scanner) leap() (stop int64, ok bool) {
	if s.mid {
		return 0, false
	}
	window := s.buf[s.lo:s.hi]
	if dash := bytes.IndexByte(window, '-'); dash >= 0 {
		window = window[:dash]
	}
	n := bytes.LastIndexByte(window, '\n')
	if n < 0 {
		return 0, false
	}
	stop = s.pos() + int64(len(bytes.TrimSuffix(window[:n], []byte{'\r'})))
	s.lo += n + 1
	return stop, true
}

// fill has the window begin with what is not yet read, and hold more than that
// unless it is full or the end is reached.
func (s *scanner) fill() {
	rest := copy(s.own, s.buf[s.lo:s.hi])
	s.at, s.lo = s.at+int64(s.lo), 0
	s.giveBack()
	lent := s.take(s.at, int(min(int64(len(s.own)), s.size-s.at)))
	if len(lent) > rest {
		s.buf, s.hi = lent, len(lent)
		return
	}
	s.giveBack()
	s.buf, s.hi = s.own, rest
	want := min(int64(len(s.own)-rest), s.size-s.at-int64(rest))
	if len(lent) > 0 {
		want = min(want, int64(max(rest, border)))
	}
	if want <= 0 {
		return
	}
	n, err := s.from.ReadAt(s.own[rest:rest+int(want)], s.at+int64(rest))
	s.hi += n
	switch {
	case int64(n) == want:
	case err == nil || errors.Is(err, io.EOF):
		s.err = io.ErrUnexpectedEOF // shorter than it claims to be
	default:
		s.err = err
	}
}
