package tnef

import (
	"encoding/binary"
	"fmt"
)

// The two kinds of compressed RTF, and what precedes both: sizes, the kind and
// a check sum.
const (
	rtfCompressed = 0x75465A4C
	rtfPlain      = 0x414C454D
	rtfHeader     = 16
)

// dictionary is what the window of the decompressor begins with ([MS-OXRTFCP],
// section 2.1.2.1).
const dictionary = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0` +
	"\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

// DecompressRTF returns the text that the compressed bytes hold, at most limit
// bytes. With an error, which wraps ErrBroken, it returns what it had.
func DecompressRTF(b []byte, limit int) ([]byte, error) {
	if len(b) < rtfHeader {
		return nil, fmt.Errorf("compressed text of %d bytes: %w", len(b), ErrBroken)
	}
	size := min(int64(binary.LittleEndian.Uint32(b[4:])), int64(limit))
	kind := binary.LittleEndian.Uint32(b[8:])
	b = b[rtfHeader:]
	switch kind {
	case rtfPlain:
		return b[:min(size, int64(len(b)))], nil
	case rtfCompressed:
		return decompress(b, int(size))
	}
	return nil, fmt.Errorf("compressed text of kind %#x: %w", kind, ErrBroken)
}

// decompress undoes the compression: a control byte tells of each of the eight
// tokens after it whether it is a byte, or twelve bits of where in the window
// and four of how much of it to copy.
func decompress(b []byte, size int) ([]byte, error) {
	var window [4096]byte
	at := copy(window[:], dictionary)
	var out []byte
	put := func(c byte) {
		out = append(out, c)
		window[at] = c
		at = (at + 1) % len(window)
	}
	for len(b) > 0 {
		control := b[0]
		b = b[1:]
		for bit := range 8 {
			if control>>bit&1 == 0 {
				if len(b) < 1 || len(out) >= size {
					return out, short(out, size)
				}
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return out, short(out, size)
			}
			token := binary.BigEndian.Uint16(b)
			b = b[2:]
			from := int(token >> 4)
			if from == at {
				return out, short(out, size) // the end
			}
			for range int(token&0xf) + 2 {
				if len(out) >= size {
					return out, nil
				}
				put(window[from])
				from = (from + 1) % len(window)
			}
		}
	}
	return out, short(out, size)
}

// short returns an error if less came out than was promised.
func short(out []byte, size int) error {
	if len(out) < size {
		return fmt.Errorf("compressed text ends at %d of %d bytes: %w", len(out), size, ErrBroken)
	}
	return nil
}
