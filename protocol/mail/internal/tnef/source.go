package tnef

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// maxText is the longest text of a property that is read, in bytes.
const maxText = 4 << 10

// A source reads numbers and text at any place of a stream.
type source struct {
	r    io.ReaderAt
	size int64
}

// read fills p from off on.
func (s source) read(p []byte, off int64) error {
	if off < 0 || off+int64(len(p)) > s.size {
		return fmt.Errorf("%d bytes at %d: %w", len(p), off, ErrBroken)
	}
	n, err := s.r.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s source) uint32(off int64) (uint32, error) {
	var b [4]byte
	err := s.read(b[:], off)
	return binary.LittleEndian.Uint32(b[:]), err
}

// text returns a text up to its first NUL, in UTF-16 if it is wide, else in
// the code page.
func (s source) text(at Range, codepage uint32, wide bool) (string, error) {
	b := make([]byte, min(at.Size, maxText))
	if err := s.read(b, at.Off); err != nil {
		return "", err
	}
	var text string
	if wide {
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		text = string(utf16.Decode(units))
	} else {
		text = decode(b, codepage)
	}
	text, _, _ = strings.Cut(text, "\x00")
	return text, nil
}

// decode returns text in a code page of Windows as UTF-8; one that is not
// known is taken for 1252.
func decode(b []byte, codepage uint32) string {
	enc, err := htmlindex.Get(fmt.Sprintf("windows-%d", codepage))
	switch codepage {
	case 932:
		enc, err = htmlindex.Get("shift_jis")
	case 936:
		enc, err = htmlindex.Get("gbk")
	case 949:
		enc, err = htmlindex.Get("euc-kr")
	case 950:
		enc, err = htmlindex.Get("big5")
	case 65001:
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	if err != nil {
		enc = charmap.Windows1252
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}
