// Package tnef reads what Outlook and Exchange put into winmail.dat: the
// Transport Neutral Encapsulation Format of [MS-OXTNEF].
//
// Read goes through the stream once and yields files as ranges of bytes; only
// properties other than file contents are held, each at most a few KiB.
package tnef

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A File is a file inside the stream.
type File struct {
	Name      string // decoded; "" if it has none
	MediaType string // as declared, lower case; "" if it is not
	ContentID string // by which HTML refers to it; "" if it has none
	Off, Size int64  // of its bytes in the stream
	Nested    bool   // its bytes are a TNEF stream: an Outlook item
}

// An Item is what a stream holds.
type Item struct {
	Files []File
	RTF   Range // the compressed text of the item; empty if there is none
}

// A Range is a range of bytes of the stream.
type Range struct{ Off, Size int64 }

// ErrBroken is wrapped by the error for a stream that is not TNEF or ends too
// early.
var ErrBroken = errors.New("broken TNEF")

// ErrMany is wrapped by the error for a stream with more files than wanted.
var ErrMany = errors.New("too many files")

// Signature is what a stream begins with, in little-endian order.
const Signature = 0x223E9F78

// Attributes that matter here, with their types.
const (
	attOemCodepage    = 0x00069007
	attMAPIProps      = 0x00069003
	attAttachRenddata = 0x00069002
	attAttachTitle    = 0x00018010
	attAttachData     = 0x0006800F
	attAttachment     = 0x00069005
)

const levelAttachment = 2

// Read reads the stream that r holds in its first size bytes, at most limit
// files. With an error that wraps ErrBroken or ErrMany it returns all the same
// what it found before; other errors are those of r. Check sums are not
// verified: what they would show is for whoever opens the file.
func Read(r io.ReaderAt, size int64, limit int) (Item, error) {
	t := &reader{src: source{r, size}, limit: limit}
	err := t.read()
	return t.item, err
}

// A reader goes from one attribute to the next.
type reader struct {
	src      source
	limit    int
	codepage uint32
	item     Item
	file     *File // under way
}

func (t *reader) read() error {
	sig, err := t.src.uint32(0)
	if err != nil {
		return err
	}
	if sig != Signature {
		return fmt.Errorf("no signature: %w", ErrBroken)
	}
	defer t.finish()           // also what a stream that breaks off had begun
	const before, after = 9, 2 // level, attribute and length; check sum
	for off := int64(6); off < t.src.size; {
		var head [before]byte
		if err := t.src.read(head[:], off); err != nil {
			return err
		}
		n := int64(binary.LittleEndian.Uint32(head[5:]))
		data := Range{off + before, n}
		if data.Off+n > t.src.size {
			return fmt.Errorf("attribute of %d bytes at %d: %w", n, off, ErrBroken)
		}
		if err := t.attribute(head[0], binary.LittleEndian.Uint32(head[1:]), data); err != nil {
			return err
		}
		off = data.Off + n + after
	}
	return nil
}

// attribute takes one attribute.
func (t *reader) attribute(level byte, id uint32, data Range) error {
	switch id {
	case attOemCodepage:
		if data.Size >= 4 {
			var err error
			t.codepage, err = t.src.uint32(data.Off)
			return err
		}
	case attMAPIProps:
		return t.src.properties(data, func(p property) error {
			if p.id == propRTFCompressed && len(t.item.Files) == 0 && t.file == nil {
				t.item.RTF = p.value
			}
			return nil
		})
	case attAttachRenddata:
		t.finish()
		if len(t.item.Files) >= t.limit {
			return fmt.Errorf("more than %d: %w", t.limit, ErrMany)
		}
		t.file = &File{}
	}
	if level != levelAttachment || t.file == nil {
		return nil
	}
	switch id {
	case attAttachTitle:
		name, err := t.src.text(data, t.codepage, false)
		if t.file.Name == "" {
			t.file.Name = name
		}
		return err
	case attAttachData:
		t.file.Off, t.file.Size = data.Off, data.Size
	case attAttachment:
		return t.src.properties(data, t.attachment)
	}
	return nil
}

// attachment takes a property of the file under way.
func (t *reader) attachment(p property) error {
	var err error
	switch p.id {
	case propAttachLongFilename:
		var name string
		if name, err = t.src.text(p.value, t.codepage, p.wide); name != "" {
			t.file.Name = name
		}
	case propAttachFilename, propDisplayName:
		if t.file.Name == "" {
			t.file.Name, err = t.src.text(p.value, t.codepage, p.wide)
		}
	case propAttachMIMETag:
		t.file.MediaType, err = t.src.text(p.value, t.codepage, p.wide)
		t.file.MediaType = strings.ToLower(t.file.MediaType)
	case propAttachContentID:
		t.file.ContentID, err = t.src.text(p.value, t.codepage, p.wide)
	case propAttachData:
		err = t.object(p)
	}
	return err
}

// object takes the property that holds the contents of a file. That of an
// object begins with the identifier of its interface.
func (t *reader) object(p property) error {
	const idSize = 16
	off, size := p.value.Off, p.value.Size
	if !p.object || size < idSize {
		if t.file.Size == 0 {
			t.file.Off, t.file.Size = off, size
		}
		return nil
	}
	off, size = off+idSize, size-idSize
	t.file.Off, t.file.Size = off, size
	if size < 4 {
		return nil
	}
	sig, err := t.src.uint32(off)
	t.file.Nested = sig == Signature
	return err
}

// finish adds the file under way.
func (t *reader) finish() {
	if t.file != nil {
		t.item.Files = append(t.item.Files, *t.file)
		t.file = nil
	}
}
