// Package payload reads files that lie inside XML elements: base64 of a gzip or
// zip of the file, base64 of the file itself, or, where a producer forgot to
// encode, its text.
//
//	p, err := payload.Open(element.Content())
//	if err != nil {
//		return err
//	}
//	_, err = io.Copy(w, p)
//
// Nothing is held in memory but a few buffers, whatever the size.
package payload

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"slices"
)

// A Form is how a file is wrapped.
type Form string

const (
	Empty  Form = "empty"  // nothing but blanks
	Gzip   Form = "gzip"   // base64 of gzip of the file
	Zip    Form = "zip"    // base64 of a zip that holds the file alone
	Base64 Form = "base64" // base64 of the file
	Text   Form = "text"   // the file as it stands, but for blanks before it, in the characters of the document
)

// ErrCorrupt is wrapped by errors about what cannot be unwrapped.
var ErrCorrupt = errors.New("corrupt")

// ErrSeveral is the error of a zip that holds more than one file.
var ErrSeveral = errors.New("several files in one zip")

// ErrEncrypted is the error of a zip that asks for a password.
var ErrEncrypted = errors.New("encrypted")

// A Payload is a file on its way out of its element.
type Payload struct {
	Form Form
	Name string // that the gzip or zip gives the file; "" if none

	r io.Reader
}

// Read implements [io.Reader].
func (p *Payload) Read(b []byte) (int, error) { return p.r.Read(b) }

const headSize = 1 << 10

// Open finds out how the file in content is wrapped, and unwraps it.
func Open(content io.Reader) (*Payload, error) {
	head, rest, err := skipBlanks(content)
	if err != nil {
		return nil, err
	}
	if len(head) == 0 {
		return &Payload{Form: Empty, r: rest}, nil
	}
	return OpenAs(formOf(head), io.MultiReader(bytes.NewReader(head), rest))
}

// OpenAs unwraps what is known to be wrapped in some form.
func OpenAs(f Form, content io.Reader) (*Payload, error) {
	p := &Payload{Form: f}
	switch f {
	case Gzip:
		z, err := newGunzip(NewDecoder(content))
		if err != nil {
			return nil, err
		}
		p.Name, p.r = z.name(), z
	case Zip:
		z, err := newUnzip(NewDecoder(content))
		if err != nil {
			return nil, err
		}
		p.Name, p.r = z.name, z
	case Base64:
		p.r = NewDecoder(content)
	default: // without the indentation before it
		head, rest, err := skipBlanks(content)
		if err != nil {
			return nil, err
		}
		p.r = io.MultiReader(bytes.NewReader(head), rest)
	}
	return p, nil
}

// skipBlanks returns the first bytes of r that are not blanks, and the rest.
func skipBlanks(r io.Reader) (head []byte, rest io.Reader, err error) {
	buf := make([]byte, headSize)
	for {
		n, err := io.ReadFull(r, buf)
		head := bytes.TrimLeft(buf[:n], blanks)
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return head, bytes.NewReader(nil), nil
		case err != nil:
			return nil, nil, err
		case len(head) > 0:
			return head, r, nil
		}
	}
}

const blanks = " \t\r\n"

// formOf tells by its beginning how something is wrapped.
func formOf(head []byte) Form {
	packed := pack(bytes.Clone(head))
	decoded := make([]byte, base64.RawStdEncoding.DecodedLen(len(packed)))
	n, _ := base64.RawStdEncoding.Decode(decoded, packed[:len(packed)&^3])
	decoded = decoded[:n]
	switch {
	case bytes.HasPrefix(decoded, []byte{0x1f, 0x8b}):
		return Gzip
	case bytes.HasPrefix(decoded, []byte("PK\x03\x04")):
		return Zip
	case isKnown(decoded):
		return Base64
	}
	if slices.ContainsFunc(packed, isForeign) || hasBlankInside(head) {
		return Text
	}
	return Base64
}

// isForeign reports whether a character is none of base64.
func isForeign(c byte) bool {
	return (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '/' && c != '='
}

// isKnown reports whether b begins as files of known formats do, so that it is
// no accident of decoding what was never encoded.
func isKnown(b []byte) bool {
	for _, magic := range []string{"%PDF", "<?xml", "\x89PNG", "\xff\xd8\xff", "\xd0\xcf\x11\xe0", "{\\rtf", "II*\x00", "MM\x00*", "GIF8"} {
		if bytes.HasPrefix(b, []byte(magic)) {
			return true
		}
	}
	return false
}

// hasBlankInside reports whether a line of b has a blank between other
// characters, as text has and base64 has not.
func hasBlankInside(b []byte) bool {
	for line := range bytes.Lines(b) {
		if bytes.ContainsAny(bytes.Trim(line, blanks), " \t") {
			return true
		}
	}
	return false
}
